"""Words that say nothing about what a question is about.

Invariant: they are left out of queries only; passages keep them, so that phrases can be found
whole.
"""

_ARTICLES_AND_LINKS = (
    "a an the and or but nor so yet if then than as of at by for from in into on onto off over "
    "under up down out to with without within about above below between among through during "
    "before after against upon via per"
)
_PRONOUNS = (
    "i me my mine we us our ours you your yours he him his she her hers it its they them their "
    "theirs this that these those there here one ones someone something anyone anything"
)
_VERBS = (
    "am is are was were be been being do does did done doing have has had having can could may "
    "might must shall should will would get gets got isn aren wasn weren don doesn didn hasn haven "
    "hadn won wouldn couldn shouldn"
)
_QUESTIONS = "who whom whose what which when where why how whether"
_OTHERS = (
    "not no just only also too very such same own any some all both each few more most other "
    "s t d ll m re ve"
)

STOP_WORDS = frozenset(f"{_ARTICLES_AND_LINKS} {_PRONOUNS} {_VERBS} {_QUESTIONS} {_OTHERS}".split())
