"""What was meant by a query with words that no passage has.

Invariant: words that the archive or its notation knows, words in quotes, filters and what is to be
left out stay as they were typed.
"""

import re
from dataclasses import dataclass

from index.notation import Notation
from index.query import MAX_CHARS, ParsedQuery
from index.spelling import Speller, correctable
from index.stopwords import STOP_WORDS
from index.terms import TermsLeg, surface_words

MOST_CORRECTED = 4  # each unknown word costs a look through the vocabulary
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class _Typed:
    """A word of the query where it stands, as the index spells it; `fixed` words stay."""

    start: int
    end: int
    word: str
    fixed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrector:
    """Puts queries to one snapshot right."""

    terms: TermsLeg
    notation: Notation
    speller: Speller

    def corrected(self, query: ParsedQuery) -> str | None:
        """The query as it was meant, whole, or None where it is right as far as can be told."""
        words = _typed(query)
        unknown = [place for place, one in enumerate(words) if self._is_unknown(one)]
        parts, at = [], 0
        for place in unknown[:MOST_CORRECTED]:
            meant = self.speller.nearest(words[place].word, self._beside(words, place))
            if meant is not None:
                parts += [query.typed[at : words[place].start], meant]
                at = words[place].end
        text = "".join([*parts, query.typed[at:]])
        return text if parts and len(text) <= MAX_CHARS else None

    def _is_unknown(self, one: _Typed) -> bool:
        return (
            not one.fixed
            and correctable(one.word)
            and one.word not in STOP_WORDS
            and not self.notation.has(one.word)
            and not self.terms.knows(one.word)
        )

    def _beside(self, words: list[_Typed], place: int) -> "_Beside":
        before = words[place - 1].word if place else ""
        after = words[place + 1].word if place + 1 < len(words) else ""
        return _Beside(
            terms=self.terms,
            before="" if before in STOP_WORDS else before,
            after="" if after in STOP_WORDS else after,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Beside:
    """Whether a word stands beside a neighbour of the query in some passage."""

    terms: TermsLeg
    before: str
    after: str

    def __call__(self, word: str) -> bool:
        return bool(
            (self.before and self.terms.says(f"{self.before} {word}"))
            or (self.after and self.terms.says(f"{word} {self.after}"))
        )


def _typed(query: ParsedQuery) -> list[_Typed]:
    """The words of a query in order; LaTeX, names in capitals and what is not free are fixed."""
    free = tuple(query.free)
    return [
        _Typed(
            start=match.start(),
            end=match.end(),
            word=" ".join(surface_words(match[0])),
            fixed=query.typed[match.start() - 1 : match.start()] == "\\"
            or not match[0][1:].islower()
            or not any(first <= match.start() and match.end() <= last for first, last in free),
        )
        for match in _WORD.finditer(query.typed)
    ]
