"""The archive's own words, and which of them was meant by one that the archive lacks.

Invariant: only a word that no passage has is ever replaced, and only by one that some passage has;
numbers, words below four letters and other scripts are left alone.

A word is meant when it is a slip of the pen away (one edit, two in a long word; a short word must
also sound the same), or when it sounds alike: "coolback" is far from "Kullback" as it is spelled
and the same as it is said.  What is only roughly alike, as "raymucker" and "Rademacher", must stand
beside a neighbour of it in the query somewhere in the archive.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from index.sounds import readings

SPELLING_FILE = "spelling.tsv"
MOST_WORDS = 60_000  # the most frequent ones; what is rarer is mostly misspelled itself
FEWEST_LETTERS, MOST_LETTERS = 4, 30
TWO_EDITS_FROM = 8
"""From how many letters on two edits are still a slip of the pen."""
SAME_SOUND_BELOW = 6
"""Below how many letters a slip must sound the same."""
ALIKE, ROUGHLY_ALIKE = 0.8, 0.66
"""How alike a word must be that is no slip: half as it is spelled, half as it is said."""
LEAST_SOUND = 0.7
PER_DOUBLING = 0.012
"""What it counts that a word is in twice as many passages."""
BESIDE = 0.2
"""What it counts that a word stands beside its neighbour somewhere in the archive."""
CONSIDERED = 8
TWICE_FROM = 2_000
"""From how many passages on a word must be in two of them; one may be a slip itself."""

Beside = Callable[[str], bool]


class Speller:
    """The words of one snapshot, by length and by first sound; read-only."""

    def __init__(self, words: Iterable[tuple[str, int, tuple[str, ...]]]) -> None:
        """Each word comes with the number of its passages and the ways it is said."""
        self._passages: dict[str, int] = {}
        self._by_length: dict[int, list[str]] = {}
        self._by_sound: dict[tuple[str, int], tuple[list[str], list[str]]] = {}
        for word, passages, keys in words:
            self._passages[word] = passages
            self._by_length.setdefault(len(word), []).append(word)
            for key in keys:
                sounds, said = self._by_sound.setdefault((key[:1], len(key)), ([], []))
                sounds.append(key)
                said.append(word)

    @classmethod
    def open(cls, file: Path) -> Speller:
        """The words of a verified snapshot."""
        with file.open(encoding="ascii") as lines:
            split = (line.split() for line in lines)
            return cls((word, int(count), tuple(keys)) for word, count, *keys in split)

    def nearest(self, word: str, beside: Beside) -> str | None:
        """The word that was meant, or None where none is near enough.

        word: in lower case.  beside: whether a word stands beside a neighbour of this one.
        """
        if not correctable(word) or word in self._passages:
            return None
        likeness = dict(self._spelled_alike(word))
        slips = frozenset(likeness)
        for other, alike in self._said_alike(word):
            likeness[other] = max(alike, likeness.get(other, 0.0))
        weights = {other: alike + self._frequency(other) for other, alike in likeness.items()}
        best: tuple[float, str] | None = None
        for other in sorted(weights, key=lambda one: (-weights[one], one))[:CONSIDERED]:
            near = beside(other)
            needed = 0.0 if other in slips else ROUGHLY_ALIKE if near else ALIKE
            weight = weights[other] + BESIDE * near
            if likeness[other] >= needed and (best is None or weight > best[0]):
                best = weight, other
        return best[1] if best else None

    def _frequency(self, word: str) -> float:
        return PER_DOUBLING * math.log2(self._passages[word])

    def _spelled_alike(self, word: str) -> Iterator[tuple[str, float]]:
        """Words that are a slip of the pen away, and how alike they are."""
        from rapidfuzz.distance import OSA
        from rapidfuzz.process import extract

        edits = 2 if len(word) >= TWO_EDITS_FROM else 1
        for length in range(len(word) - edits, len(word) + edits + 1):
            near = self._by_length.get(length, [])
            for other, distance, _ in extract(
                word, near, scorer=OSA.distance, score_cutoff=edits, limit=None
            ):
                sound = _sound_likeness(word, other)
                if sound == 1 or len(word) >= SAME_SOUND_BELOW:
                    yield other, (1 - distance / max(len(word), length) + sound) / 2

    def _said_alike(self, word: str) -> Iterator[tuple[str, float]]:
        """Words that sound alike from the first sound on, and how alike they are."""
        from rapidfuzz.distance import OSA, Levenshtein
        from rapidfuzz.process import extract

        for key in readings(word):
            for length in range(math.ceil(LEAST_SOUND * len(key)), int(len(key) / LEAST_SOUND) + 1):
                sounds, said = self._by_sound.get((key[:1], length), ([], []))
                for _, sound, place in extract(
                    key,
                    sounds,
                    scorer=Levenshtein.normalized_similarity,
                    score_cutoff=LEAST_SOUND,
                    limit=None,
                ):
                    yield said[place], (sound + OSA.normalized_similarity(word, said[place])) / 2


def correctable(word: str) -> bool:
    """Whether a word is one that may be mistyped: letters of the Latin alphabet, not too few."""
    return word.isascii() and word.isalpha() and FEWEST_LETTERS <= len(word) <= MOST_LETTERS


def write_words(file: Path, words: Iterable[tuple[str, int]], *, passages: int) -> None:
    """Write the words of a snapshot with their passages and sounds, the most frequent first.

    words: as they are spelled in lower case, and in how many of the passages they are.
    """
    least = 2 if passages >= TWICE_FROM else 1
    kept = sorted((-count, word) for word, count in words if count >= least and correctable(word))[
        :MOST_WORDS
    ]
    with file.open("w", encoding="ascii", newline="\n") as lines:
        for count, word in kept:
            lines.write("\t".join((word, str(-count), *filter(None, readings(word)))) + "\n")


def _sound_likeness(one: str, other: str) -> float:
    from rapidfuzz.distance import Levenshtein

    return max(
        Levenshtein.normalized_similarity(a, b) for a in readings(one) for b in readings(other)
    )
