"""What an answer must say of itself, in words that a page can show.

Invariant: remarks are whole sentences; they never repeat more of a query than its phrases and
filters.
"""

from collections.abc import Iterator

from index.query import ParsedQuery
from index.stopwords import STOP_WORDS
from index.terms import TermsLeg, surface_words


def remarks(query: ParsedQuery, terms: TermsLeg, *, found: bool) -> tuple[str, ...]:
    """What to know of an answer to this query: what is nowhere, what says too little."""
    return tuple(_remarks(query, terms, found=found))


def _remarks(query: ParsedQuery, terms: TermsLeg, *, found: bool) -> Iterator[str]:
    if not query.text:
        if not found:
            yield "No talk or paper fits; change a filter, or take one away."
        return
    typed = (one.value for one in query.understood if one.is_phrase)
    for phrase, normal in zip(typed, query.phrases, strict=True):
        if not terms.says(normal):
            yield f"No passage has “{phrase}” word for word."
    words = surface_words(query.words)
    if words and not query.phrases and STOP_WORDS.issuperset(words):
        yield "These words are in almost every passage; add one that says what it is about."
    elif not terms.knows_any(query):
        yield (
            "No passage has any of these words; what is shown is near them in meaning."
            if found
            else "No passage has any of these words, and none is near them in meaning."
        )
