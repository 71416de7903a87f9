"""What a search box offers while somebody types: titles, people, series and terms of the archive.

Invariant: built only of what is public, and each entry is checked again with what may be shown at
the moment it is offered, so that nothing of a withdrawn talk is offered after the next look.

Every word of every entry is in one sorted array of fixed-width keys, `WIDTH` bytes from where it
begins; two binary searches give all that goes on from a prefix.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA

from catalog.shown import Shown
from index.stopwords import STOP_WORDS

EntryKind: TypeAlias = Literal["talk", "paper", "person", "series", "term"]
IsShown: TypeAlias = Callable[[str], Shown | None]

WIDTH = 24
WORDS_KEYED = 12  # of one entry; a title that is longer is found by its first words
OWNERS_KEPT = 8  # of a person, series or term, to see that one of them is still shown
TERM_WORDS = (2, 3)
TERM_TIMES = 3  # in how many titles a phrase stands, to be a term
MOST_TERMS = 5000
FRAGMENT = 0.5  # of a phrase's titles that have it inside one longer phrase
MOST_LOOKED_AT = 400
MOST_OF_A_KIND: Mapping[EntryKind, int] = {
    "talk": 4, "paper": 4, "person": 3, "series": 2, "term": 3,
}  # fmt: skip
_BASE: Mapping[EntryKind, float] = {
    "talk": 1.2, "paper": 0.6, "person": 1.0, "series": 1.6, "term": 1.4,
}  # fmt: skip
_BEGINS = 2.0  # for what begins with what was typed, over what has it in the middle
_WORD = re.compile(r"[^\W_]+")
_LONGEST_TYPED = 100
_LOOKED_AT = 4 * MOST_LOOKED_AT  # before those that stand there twice are one


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something to offer; `owners` are public ids, at most `OWNERS_KEPT`, of which it is made."""

    kind: EntryKind
    text: str
    folded: str
    owners: tuple[str, ...]
    weight: float


class Suggestions:
    """The entries of one moment; never changes, safe from several threads."""

    def __init__(self, owners: Iterable[Shown]) -> None:
        """Make entries of public talks and papers."""
        self._entries = sorted(_entries(list(owners)), key=lambda one: -one.weight)
        keys = [
            (place, entry.folded[start : start + WIDTH].encode("ascii", "replace")[:WIDTH])
            for place, entry in enumerate(self._entries)
            for start in _word_starts(entry.folded)
        ]
        words = np.array([key for _, key in keys], dtype=f"S{WIDTH}")
        order = np.argsort(words, kind="stable")
        self._keys = words[order]
        self._entry_of = np.array([place for place, _ in keys], dtype=np.int32)[order]
        self._words = _by_first_letter(entry.folded for entry in self._entries)

    def __len__(self) -> int:
        """How many entries there are."""
        return len(self._entries)

    def offered(self, typed: str, limit: int, shown: IsShown) -> list[Entry]:
        """The best entries for what was typed so far; without a match, for what was meant.

        shown: gives the talk or paper of a public id while it may be shown.
        """
        words = folded(typed[:_LONGEST_TYPED]).split()
        if not words:
            return []
        found = self._matching(words, limit, shown)
        if not found and (meant := self._meant(words)) != words:
            found = self._matching(meant, limit, shown)
        return found

    def _matching(self, words: Sequence[str], limit: int, shown: IsShown) -> list[Entry]:
        """Entries with the words as one phrase, then those with each of them somewhere."""
        phrase = " ".join(words)
        places = _best(self._going_on(phrase))
        if len(places) < limit and len(words) > 1:
            rarest = min((self._going_on(word) for word in words), key=len)
            places = sorted({*places, *_best(rarest)})
        ranked = [
            (self._worth(entry, phrase), entry)
            for place in places
            if _has_all(entry := self._entries[place], words)
        ]
        ranked.sort(key=lambda pair: -pair[0])
        return _chosen((entry for _, entry in ranked), limit, shown)

    def _going_on(self, prefix: str) -> NDArray[np.int32]:
        """The entries in which a word begins with this, or a few words do; some of them twice."""
        key = prefix.encode("ascii", "replace")[:WIDTH]
        first = np.searchsorted(self._keys, np.bytes_(key), side="left")
        last = np.searchsorted(self._keys, np.bytes_(key.ljust(WIDTH, b"\x7f")), side="right")
        return self._entry_of[first:last]

    @staticmethod
    def _worth(entry: Entry, phrase: str) -> float:
        return entry.weight + (_BEGINS if entry.folded.startswith(phrase) else 0.0)

    def _meant(self, words: Sequence[str]) -> list[str]:
        return [self._nearest(word) for word in words]

    def _nearest(self, word: str) -> str:
        """The word of the archive that begins most like it; the word itself where none is near."""
        if len(word) < 4 or len(self._going_on(word)):
            return word
        allowed = 1 if len(word) < 7 else 2
        near = [
            (distance, -times, known)
            for known, times in self._words.get(word[0], ())
            if len(known) >= len(word) - allowed
            and (distance := _distance(word, known, allowed)) <= allowed
        ]
        return min(near)[2][: len(word) + 1] if near else word


def folded(text: str) -> str:
    """Lower-cased ASCII words with one space between; accents and signs are gone."""
    plain = unicodedata.normalize("NFKD", text)
    bare = "".join(one for one in plain if not unicodedata.combining(one))
    return " ".join(_WORD.findall(bare.casefold()))


def _entries(owners: Sequence[Shown]) -> Iterator[Entry]:
    for owner in owners:
        yield _entry(owner.kind, owner.title, [owner.public_id])
    people: dict[str, list[str]] = {}
    series: dict[str, list[str]] = {}
    for owner in owners:
        for name in owner.names:
            people.setdefault(name, []).append(owner.public_id)
        if owner.series:
            series.setdefault(owner.series, []).append(owner.public_id)
    for kind, named in (("person", people), ("series", series), ("term", _terms(owners))):
        for text, ids in named.items():
            yield _entry(kind, text, ids)  # type: ignore[arg-type]


def _entry(kind: EntryKind, text: str, owners: Sequence[str]) -> Entry:
    return Entry(
        kind=kind,
        text=text,
        folded=folded(text),
        owners=tuple(owners[:OWNERS_KEPT]),
        weight=_BASE[kind] + 0.3 * math.log1p(len(owners)),
    )


def _terms(owners: Sequence[Shown]) -> dict[str, list[str]]:
    """Phrases that stand in several titles, by the talks and papers that have them."""
    counts: Counter[str] = Counter()
    for owner in owners:
        counts.update(_phrases(owner.title))
    frequent = {one: n for one, n in counts.most_common(MOST_TERMS) if n >= TERM_TIMES}
    kept = frequent.keys() - set(_fragments(frequent))
    terms: dict[str, list[str]] = {}
    for owner in owners:
        for phrase in _phrases(owner.title) & kept:
            terms.setdefault(phrase, []).append(owner.public_id)
    return terms


def _fragments(frequent: Mapping[str, int]) -> Iterator[str]:
    """Phrases that mostly stand inside one longer phrase: "graph neural" of "graph neural nets"."""
    for phrase, times in frequent.items():
        words = phrase.split()
        for part in (" ".join(words[:-1]), " ".join(words[1:])) if len(words) > 2 else ():
            if times >= FRAGMENT * frequent.get(part, 3 * times):
                yield part


def _phrases(title: str) -> set[str]:
    """Two and three words in a row with no stop word at either end, and no number."""
    words = folded(title).split()
    return {
        " ".join(run)
        for length in TERM_WORDS
        for n in range(len(words) - length + 1)
        if (run := words[n : n + length])[0] not in STOP_WORDS
        and run[-1] not in STOP_WORDS
        and not any(word.isdigit() or len(word) < 2 for word in (run[0], run[-1]))
    }


def _word_starts(text: str) -> list[int]:
    starts = [0, *(n + 1 for n, one in enumerate(text) if one == " ")]
    return starts[:WORDS_KEYED] if text else []


def _by_first_letter(texts: Iterable[str]) -> dict[str, list[tuple[str, int]]]:
    """Words with how often they stand, by their first letter."""
    counts = Counter(word for text in texts for word in text.split() if len(word) > 3)
    words: dict[str, list[tuple[str, int]]] = {}
    for word, times in counts.items():
        words.setdefault(word[0], []).append((word, times))
    return words


def _distance(typed: str, word: str, allowed: int) -> int:
    """How many slips lead from what was typed to a beginning of the word; more than allowed: +1."""
    return min(
        OSA.distance(typed, word[:length], score_cutoff=allowed)
        for length in (len(typed), len(typed) + 1)
    )


def _best(places: NDArray[np.int32]) -> list[int]:
    """The best of some entries, each once; entries stand in the order of their weight."""
    if len(places) > _LOOKED_AT:
        places = np.partition(places, _LOOKED_AT)[:_LOOKED_AT]
    best: list[int] = np.unique(places)[:MOST_LOOKED_AT].tolist()
    return best


def _has_all(entry: Entry, words: Sequence[str]) -> bool:
    """Whether each of the words begins a word of the entry."""
    text = " " + entry.folded
    return all(f" {word}" in text for word in words)


def _chosen(entries: Iterable[Entry], limit: int, shown: IsShown) -> list[Entry]:
    """The first of each kind that may be shown now, no text twice."""
    room = dict(MOST_OF_A_KIND)
    chosen: list[Entry] = []
    texts: set[str] = set()
    for entry in entries:
        if len(chosen) >= limit:
            break
        if room[entry.kind] and entry.folded not in texts and _may_be_shown(entry, shown):
            room[entry.kind] -= 1
            texts.add(entry.folded)
            chosen.append(entry)
    return chosen


def _may_be_shown(entry: Entry, shown: IsShown) -> bool:
    """Whether one that it is made of is shown, and still says so."""
    return any(owner is not None and _says(owner, entry) for owner in map(shown, entry.owners))


def _says(owner: Shown, entry: Entry) -> bool:
    if entry.kind == "person":
        return entry.text in owner.names
    if entry.kind == "series":
        return entry.text == owner.series
    if entry.kind == "term":
        return f" {entry.text} " in f" {folded(owner.title)} "
    return entry.text == owner.title
