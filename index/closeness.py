"""How much of a query a passage says, and which of its words side by side: what BM25 does not see.

BM25 gives a passage with one rare word of a question, said three times, as much as one that says
all of it once.  The rows that either leg proposes are therefore looked at again, stem by stem.
Invariant: a pure function of the stems of a query and of a passage; a row not in the files says
nothing.

Each part of a snapshot has its passages as numbers of stems, in order: `stems.u32`, and where each
row begins in it: `stem_starts.npy`.  A number is a hash of 32 bits, so no dictionary is kept; of
50,000 stems that an archive has, some meet, which costs a rare passage a wrong coverage.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

STEMS_FILE = "stems.u32"
STARTS_FILE = "stem_starts.npy"
WORDINGS_VERSION = "1"
BETWEEN = 0
"""The number that stands between title, speakers and text, so that no pair goes across."""

LOW = np.uint32(0xFFFF)

Numbers: TypeAlias = NDArray[np.uint32]
Places: TypeAlias = NDArray[np.int64]
Shares: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A query's stems with what each weighs (its idf), and those that stand side by side in it."""

    weights: Mapping[str, float]
    pairs: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Closeness:
    """Of each row: the share of the query's weight that it says, and the weight of its pairs."""

    coverage: Shares
    pairs: Shares


class Writer:
    """Writes the stems of a part's passages as they stream by."""

    def __init__(self, part: Path) -> None:
        self._part = part
        self._starts = [0]
        self._stream = (part / STEMS_FILE).open("wb")

    def take(self, said: Sequence[Sequence[str]]) -> None:
        """The next row: the stems of its title, of its speakers, of its text."""
        numbers = [
            number for part in said for number in (*(number_of(stem) for stem in part), BETWEEN)
        ]
        self._stream.write(np.array(numbers, dtype=np.uint32).tobytes())
        self._starts.append(self._starts[-1] + len(numbers))

    def __enter__(self) -> "Writer":
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _problem: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._stream.close()
        np.save(self._part / STARTS_FILE, np.array(self._starts, dtype=np.int64))


class Wordings:
    """The stems of a snapshot's passages, mapped; read-only, safe from several threads."""

    def __init__(self, parts: Sequence[Path]) -> None:
        """Map the files of a verified snapshot's parts, in row order."""
        self._starts = [np.load(part / STARTS_FILE, allow_pickle=False) for part in parts]
        self._stems = [_mapped(part / STEMS_FILE) for part in parts]
        self._first = np.cumsum([0, *(len(starts) - 1 for starts in self._starts)])

    def closeness(self, asked: Asked, rows: Sequence[int] | Places) -> Closeness:
        """How close each of these rows is to the query, in the order given."""
        wanted = np.asarray(rows, dtype=np.int64)
        found = Closeness(coverage=np.zeros(len(wanted)), pairs=np.zeros(len(wanted)))
        part_of = np.searchsorted(self._first, wanted, side="right") - 1
        for part in np.unique(part_of).tolist():
            mine = np.flatnonzero(part_of == part)
            stems, place = self._of(part, wanted[mine] - self._first[part])
            close = close_to(asked, stems, place, len(mine))
            found.coverage[mine], found.pairs[mine] = close.coverage, close.pairs
        return found

    def _of(self, part: int, rows: Places) -> tuple[Numbers, Places]:
        """The stems of some rows of a part, one row after the other, and whose each is."""
        starts = self._starts[part][rows]
        lengths = self._starts[part][rows + 1] - starts
        place = np.repeat(np.arange(len(rows)), lengths)
        within = np.arange(len(place)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return self._stems[part][np.repeat(starts, lengths) + within], place


def close_to(asked: Asked, stems: Numbers, place: Places, rows: int) -> Closeness:
    """Coverage and pairs of `rows` rows whose stems come one row after the other.

    place: whose each stem is, ascending.
    """
    numbers = {number_of(stem): weight for stem, weight in asked.weights.items()}
    known = np.array(sorted(numbers), dtype=np.uint32)
    if not len(known) or not len(stems):
        return Closeness(coverage=np.zeros(rows), pairs=np.zeros(rows))
    weights = np.array([numbers[number] for number in known.tolist()])
    at = np.flatnonzero(_perhaps(known)[stems & LOW])  # few are left to be compared
    at = at[np.isin(stems[at], known)]
    which = np.searchsorted(known, stems[at])
    said = np.zeros((rows, len(known)), dtype=np.bool_)
    said[place[at], which] = True
    return Closeness(
        coverage=said @ weights / max(float(weights.sum()), 1e-9),
        pairs=_paired(asked, known, weights, (at, which, place[at]), rows),
    )


def _perhaps(known: Numbers) -> NDArray[np.bool_]:
    """By a number's low bits, whether it may be one of these."""
    table = np.zeros(int(LOW) + 1, dtype=np.bool_)
    table[known & LOW] = True
    return table


def _paired(
    asked: Asked, known: Numbers, weights: Shares, found: tuple[Places, Places, Places], rows: int
) -> Shares:
    """The weight of the query's pairs that stand side by side in each row, each counted once."""
    at, which, place = found
    beside = np.flatnonzero((np.diff(at) == 1) & (np.diff(place) == 0))
    codes = which[beside] * len(known) + which[beside + 1]
    order = {number: n for n, number in enumerate(known.tolist())}
    total = np.zeros(rows)
    for one, other in dict.fromkeys(asked.pairs):
        first, second = order.get(number_of(one)), order.get(number_of(other))
        if first is None or second is None:
            continue
        holding = place[beside[codes == first * len(known) + second]]
        total[np.unique(holding)] += weights[first] + weights[second]
    return total


def join_wordings(target: Path, parts: Sequence[Path]) -> None:
    """Write the stems of several parts as those of one; no row's number changes."""
    starts, end = [np.zeros(1, dtype=np.int64)], 0
    with (target / STEMS_FILE).open("wb") as stream:
        for part in parts:
            mine = np.load(part / STARTS_FILE, allow_pickle=False)
            starts.append(mine[1:] + end)
            end += int(mine[-1])
            stream.write((part / STEMS_FILE).read_bytes())
    np.save(target / STARTS_FILE, np.concatenate(starts))


@lru_cache(maxsize=131_072)
def number_of(stem: str) -> int:
    """A stem's number; none is `BETWEEN`."""
    return zlib.crc32(stem.encode()) or 1


def _mapped(file: Path) -> Numbers:
    if file.stat().st_size == 0:  # an empty file cannot be mapped
        return np.zeros(0, dtype=np.uint32)
    return np.memmap(file, dtype=np.uint32, mode="r").view(np.ndarray)
