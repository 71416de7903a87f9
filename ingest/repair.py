"""Names and terms that were heard as something that sounds alike, put right.

A speech model writes "callback label or" for Kullback-Leibler, and says itself that it is unsure.
Where words of low confidence sound like a term of the talk's own vocabulary, the term takes their
place; what was heard is kept beside it.  Invariant: nothing else changes, and neither times nor
confidence are invented.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from index.sounds import sounds
from ingest.segments import Segment, Word
from ingest.vocabulary import Pieces

LONGEST_SPAN = 4
SURE = 0.8
"""A stretch in which every word is heard with more confidence is left alone."""
LIKENESS = 0.78
"""How alike a stretch of confidence one half must sound; the rest moves this threshold."""
PER_CONFIDENCE = 0.25
PER_ORDINARY_WORD = 0.07
NOT_A_NAME = 0.05
OTHER_BEGINNING = 0.035
PER_MISSING_SOUND = 0.02
ENOUGH_SOUNDS = 7
MOST_SOUNDS = 10
SEVERAL_WORDS = -0.045
FEWEST_SOUNDS = 4
LEAST_LIKENESS = 0.7
LONGER = 0.01
"""What each word more counts where two changes are equally good."""

EDGES = re.compile(r"^[^\w]+|[^\w]+$")
ENDING = re.compile(r"(['’]s)?[^\w]*$")
POSSESSIVE = re.compile(r"['’]s?$")
NOUN = re.compile(r"(or|er|ion|ent|el|em|ix|ex|ma)s?$")
STOPS = (".", "?", "!", ",", ";", ":")


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One term of a vocabulary with its words in lower case and its sounds."""

    text: str
    words: tuple[str, ...]
    key: str
    name: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Some words in a row of one segment: [first, last), what they are and how they sound."""

    first: int
    last: int
    words: tuple[str, ...]
    key: str
    confidence: float
    ordinary: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A stretch, the text that takes its place, and how far it is above the threshold."""

    stretch: Stretch
    text: str
    margin: float


class Repair:
    """Puts the terms of one vocabulary right."""

    def __init__(self, vocabulary: Iterable[str], pieces: Pieces) -> None:
        self._pieces = lru_cache(maxsize=20_000)(pieces)
        made = (self._term(text) for listed in vocabulary for text in _forms(listed))
        self._terms = [term for term in made if len(term.key) >= FEWEST_SOUNDS]
        self._keys = [term.key for term in self._terms]
        self._right = {term.words for term in self._terms}

    def repaired(self, segment: Segment) -> Segment:
        """The segment with what sounded like a term replaced by it."""
        changes = _apart(self._changes(segment.words)) if self._terms else []
        if not changes:
            return segment
        words: list[Word] = []
        at = 0
        for change in sorted(changes, key=lambda one: one.stretch.first):
            words += segment.words[at : change.stretch.first]
            at = change.stretch.last
            words += _rewritten(segment.words, change)
        words += segment.words[at:]
        return replace(segment, words=tuple(words), text=" ".join(word.text for word in words))

    def _changes(self, words: Sequence[Word]) -> Iterator[Change]:
        from rapidfuzz.distance import Levenshtein
        from rapidfuzz.process import cdist

        stretches = list(self._stretches(words))
        if not stretches:
            return
        likeness = cdist(
            [one.key for one in stretches],
            self._keys,
            scorer=Levenshtein.normalized_similarity,
            score_cutoff=LEAST_LIKENESS,
        )
        for row, column in zip(*likeness.nonzero(), strict=True):
            stretch, term = stretches[row], self._terms[column]
            margin = float(likeness[row, column]) - needed(stretch, term)
            if margin >= 0 and self._comparable(stretch, term):
                yield Change(
                    stretch=stretch, text=term.text, margin=margin + LONGER * len(stretch.words)
                )

    def _stretches(self, words: Sequence[Word]) -> Iterator[Stretch]:
        plain = [EDGES.sub("", word.text).lower() for word in words]
        bare = [POSSESSIVE.sub("", word) for word in plain]
        for first in range(len(words)):
            for last in range(first + 1, min(first + LONGEST_SPAN, len(words)) + 1):
                if last - first > 1 and words[last - 2].text.endswith(STOPS):
                    break
                heard = words[first:last]
                parts = tuple(part for word in bare[first:last] for part in word.split("-"))
                if min(word.confidence for word in heard) >= SURE or parts in self._right:
                    continue
                yield Stretch(
                    first=first,
                    last=last,
                    words=parts,
                    key="".join(sounds(word) for word in bare[first:last]),
                    confidence=sum(word.confidence for word in heard) / len(heard),
                    ordinary=sum(self._pieces(part) == 1 for part in parts) / len(parts),
                )

    def _comparable(self, stretch: Stretch, term: Term) -> bool:
        """A word that is right already is no part of another one's mistake."""
        if abs(len(term.words) - (stretch.last - stretch.first)) > 2:
            return False
        if any((word,) in self._right and word not in term.words for word in stretch.words):
            return False
        same_length = len(stretch.words) == len(term.words)
        return same_length or not set(stretch.words) & set(term.words)

    def _term(self, text: str) -> Term:
        words = tuple(part for part in re.split(r"[\s\-–]+", text) if part)
        return Term(
            text=text,
            words=tuple(word.lower() for word in words),
            key="".join(sounds(word) for word in words),
            name=not text.islower(),
        )


def needed(stretch: Stretch, term: Term) -> float:
    """How alike the two must sound: the surer the words were heard, the more."""
    threshold = (
        LIKENESS
        + PER_CONFIDENCE * (stretch.confidence - 0.5)
        + PER_ORDINARY_WORD * stretch.ordinary
        + NOT_A_NAME * (not term.name)
        + OTHER_BEGINNING * (stretch.key[:1] != term.key[:1])
        + PER_MISSING_SOUND * (ENOUGH_SOUNDS - min(MOST_SOUNDS, len(term.key)))
        + SEVERAL_WORDS * (stretch.last - stretch.first > 1 and not _shared(stretch, term))
    )
    return min(1.0, threshold)


def _shared(stretch: Stretch, term: Term) -> bool:
    return any(a == b for a, b in zip(stretch.words, term.words, strict=False))


def _apart(changes: Iterable[Change]) -> list[Change]:
    """Those that do not overlap, the surest first."""
    taken: set[int] = set()
    kept = []
    for change in sorted(changes, key=lambda one: (-one.margin, one.stretch.first, one.text)):
        places = range(change.stretch.first, change.stretch.last)
        if taken.isdisjoint(places):
            taken.update(places)
            kept.append(change)
    return kept


def _rewritten(words: Sequence[Word], change: Change) -> Iterator[Word]:
    """The new text over the time of what was heard, each word for its share of the letters."""
    first = change.stretch.first
    heard = words[first : change.stretch.last]
    said = " ".join(word.text for word in heard)
    begins = first == 0 or words[first - 1].text.endswith((".", "?", "!"))
    parts = _dressed(change.text, said, capital=begins and said[:1].isupper()).split()
    start, length = heard[0].start_ms, heard[-1].end_ms - heard[0].start_ms
    letters, so_far = sum(map(len, parts)), 0
    for part in parts:
        begin = start + length * so_far // letters
        so_far += len(part)
        yield Word(
            start_ms=begin,
            end_ms=start + length * so_far // letters,
            text=part,
            confidence=min(word.confidence for word in heard),
            heard=said,
        )


def _dressed(text: str, said: str, *, capital: bool) -> str:
    """The text with the capital, the possessive and the punctuation of what was heard."""
    ending = said[len(ENDING.sub("", said)) :]
    if text.endswith("s"):
        ending = ending.lstrip("'’s")
    return (text[0].upper() if capital else text[0]) + text[1:] + ending


def _forms(text: str) -> tuple[str, ...]:
    """The term itself, and for what is no name its other number."""
    if not text.islower() or not NOUN.search(text):
        return (text,)
    return (text, text[:-1] if text.endswith("s") else text + "s")
