"""Where a talk turns to something else, and by which words each part is told from the others.

Pure.  Invariant: a talk is cut only where one of its passages begins, and no part is shorter than
`TurnOptions.shortest_ms`.  `bench/chapters.py` measures the cuts.
Source: Hearst, TextTiling, Computational Linguistics 23 (1997), with the passages' own vectors in
the place of counted words, as Solbiati et al., arXiv 2106.12978; headings by class-based TF-IDF,
Grootendorst, arXiv 2203.05794.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from index.encoders import Vectors
from index.prose import clean
from index.stopwords import STOP_WORDS
from index.terms import surface_words

TERMS_IN_HEADING = 3
LEAST_SAID = 3  # times that a term is said before it can head a part
PAIR_WORTH = 1.6  # how much more two words tell than one
# What people say whatever they speak about.
_SPOKEN = (
    "actually already always another around back basically because better big bit call called case "
    "come comes coming couple course different does doing done else even ever every everything "
    "exactly example fact far feel few find fine first gives given giving goes going gonna good "
    "got great guess happen happening happens hard hi hopefully idea important interesting "
    "interested instead kind kinds know last lastly later least left less let lets like little "
    "long look looked looking looks lot lots made make makes making many matter maybe mean means "
    "moment much multiple need needs never new next nice now number often okay old once order "
    "particular people perhaps person place please point possible pretty probably problem problems "
    "put question questions quick quickly quite rather really reason remember right said say "
    "saying says second see seen sense set should show shown simple simply small somehow "
    "sometimes somewhat sort start started still stuff sure take taken takes taking talk talked "
    "talking tell tells thank thanks thing things think thinking third though thought three time "
    "times today together told towards tried trouble try trying turn turns two type types use "
    "used uses using usually various want wanted wants way ways well went whole work worked "
    "working works would write yeah yes yet zero kinda wanna uh um hmm hello start end ends "
    "four five six seven eight nine ten hundred half full top bottom side high low sit gave keep "
    "keeps run running went until while since whenever might perhaps bunch getting years year"
)
SPOKEN = frozenset(_SPOKEN.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnOptions:
    """How a talk is cut into parts.

    One part on average for every `usual_ms` at the most, none shorter than `shortest_ms`.  `block`
    passages on each side are compared.  A turn is at least the mean of all depths plus `above`
    times their standard deviation.
    """

    shortest_ms: int = 4 * 60_000
    usual_ms: int = 7 * 60_000
    block: int = 8  # this and `above` are chosen by bench.chapters
    above: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.shortest_ms <= self.usual_ms or self.block < 1:
            raise ValueError(f"0 < shortest <= usual, and a block of at least one: {self}")


DEFAULT = TurnOptions()


def cuts(
    vectors: Vectors,
    starts_ms: Sequence[int],
    *,
    end_ms: int,
    options: TurnOptions = DEFAULT,
) -> list[int]:
    """The places of the passages with which something else begins, in order.

    vectors: unit vectors of the passages in the order of the talk, shape (n, dimension);
    starts_ms: when each begins.  The deepest turns are taken first.
    """
    depths = _depths(_likeness(vectors, options.block))
    floor = float(np.mean(depths) + options.above * np.std(depths)) if len(depths) else 0.0
    wanted = round((end_ms - (starts_ms[0] if starts_ms else 0)) / options.usual_ms) - 1
    chosen: list[int] = []
    for place in np.argsort(-depths, kind="stable") + 1:
        if len(chosen) >= wanted or depths[place - 1] <= floor:
            break
        ends = [starts_ms[0], end_ms, *(starts_ms[one] for one in chosen)]
        if all(abs(starts_ms[place] - one) >= options.shortest_ms for one in ends):
            chosen.append(int(place))
    return sorted(chosen)


def headings(parts: Sequence[str]) -> list[tuple[str, ...]]:
    """The terms, at most three, by which each part is told from the others, most telling first."""
    said = [_spelled(text) for text in parts]
    counted = [Counter(term for sentence in one for term in _terms(sentence)) for one in said]
    everywhere = sum(counted, Counter())
    held_by = Counter(term for one in counted for term in one)
    usual = sum(everywhere.values()) / max(1, len(parts))
    return [
        _telling(
            {
                term: _worth(term, times, held_by[term], len(parts))
                * math.log(1 + usual / everywhere[term])
                for term, times in one.items()
                if times >= LEAST_SAID
            }
        )
        for one in counted
    ]


def _likeness(vectors: Vectors, block: int) -> Vectors:
    """How like the passages before each place are to those from it on; shape (n - 1,)."""
    likeness = []
    for place in range(1, len(vectors)):
        before = vectors[max(0, place - block) : place].sum(axis=0)
        after = vectors[place : place + block].sum(axis=0)
        length = float(np.linalg.norm(before) * np.linalg.norm(after))
        likeness.append(float(before @ after) / max(length, 1e-9))
    return np.asarray(likeness, dtype=np.float32)


def _depths(likeness: Vectors) -> Vectors:
    """How far the likeness falls to each place from the peaks on both sides of it."""
    return np.asarray(
        [_peak(likeness[place::-1]) + _peak(likeness[place:]) for place in range(len(likeness))],
        dtype=np.float32,
    )


def _peak(ascent: Vectors) -> float:
    """How high it goes from the first value before it falls."""
    top = ascent[0]
    for value in ascent[1:]:
        if value < top:
            break
        top = value
    return float(top - ascent[0])


def _spelled(text: str) -> list[list[str]]:
    return [surface_words(clean(text).lower())]


def _terms(words: Sequence[str]) -> Iterator[str]:
    yield from (word for word in words if _tells(word))
    yield from (f"{one} {two}" for one, two in pairwise(words) if _tells(one) and _tells(two))


def _tells(word: str) -> bool:
    plain = word.replace("’", "'")
    return len(plain) > 2 and plain.isalpha() and plain not in STOP_WORDS and plain not in SPOKEN


def _worth(term: str, times: int, holders: int, parts: int) -> float:
    pair = PAIR_WORTH if " " in term else 1.0
    return pair * times * math.log(1 + parts / holders)


def _telling(worth: dict[str, float]) -> tuple[str, ...]:
    """The best, none that says again what is in another."""
    chosen: list[str] = []
    for term in sorted(worth, key=lambda one: (-worth[one], one)):
        if not any(_alike(term, one) for one in chosen):
            chosen.append(term)
        if len(chosen) == TERMS_IN_HEADING:
            break
    return tuple(chosen)


def _alike(one: str, other: str) -> bool:
    return any(a[:5] == b[:5] for a in one.split() for b in other.split())
