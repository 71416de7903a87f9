"""The passages of a snapshot on disk: what a hit needs, read when it is needed.

Invariant: row n here is row n of the vectors and of the term index.  Rows lie in parts that never
change; a row keeps its number for as long as its snapshot has descendants, so what was taken out
leaves a hole.  Only where each row begins and whose it is stays in memory; a text is read from its
file when it is wanted, because mapped ones would fill memory with their neighbours.
"""

import json
import os
import weakref
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.passage import Kind, Passage, PassageId
from index.terms import Row

PASSAGES_FILE = "passages.jsonl"
ROWS_FILE = "rows.npy"
OWNERS_FILE = "owners.json"
MOST_PARTS = 32
"""How many parts' owners a process keeps: a generation of a million rows has at most twenty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """What passages of one talk or paper share, and what filters look at."""

    kind: Kind
    owner_id: str
    series: str | None
    year: int | None
    speakers: tuple[str, ...]


def _owner(passage: Passage) -> Owner:
    return Owner(
        kind=passage.kind,
        owner_id=passage.owner_id,
        series=passage.series,
        year=passage.year,
        speakers=passage.speakers,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a part begins: the number of its first row, and of its first owner."""

    row: int
    owner: int


class RowsWriter:
    """Writes the passages of a part as they stream by, and counts them."""

    def __init__(self, folder: Path, *, begin: Place, stamps: Mapping[str, str]) -> None:
        """Write into a folder that holds no passages yet.

        stamps: by owner, what its passages were made of; see `Rows.stamps`.
        """
        self._folder = folder
        self._begin = begin
        self._stamps = stamps
        self._owners: dict[Owner, int] = {}
        self._rows: list[tuple[int, int]] = []

    def written(self, passages: Iterable[Passage]) -> Iterator[Row]:
        """Write each passage and hand it on with its row.

        Raises: ValueError for an id that came before.
        """
        seen: set[PassageId] = set()
        offset = 0
        with (self._folder / PASSAGES_FILE).open("wb") as stream:
            for passage in passages:
                if passage.id in seen:
                    raise ValueError(f"passage {passage.id} comes twice")
                seen.add(passage.id)
                owner = self._owners.setdefault(_owner(passage), len(self._owners))
                row = self._begin.row + len(self._rows)
                self._rows.append((offset, owner))
                offset += stream.write(json.dumps(_fields(passage)).encode() + b"\n")
                yield Row(row=row, owner=self._begin.owner + owner, passage=passage)

    def finish(self) -> None:
        """Write where the rows begin and whose they are."""
        table = np.array(self._rows, dtype=np.int64).reshape(-1, 2)
        np.save(self._folder / ROWS_FILE, table, allow_pickle=False)
        owners = [
            {**_fields(owner), "stamp": self._stamps.get(owner.owner_id, "")}
            for owner in self._owners
        ]
        (self._folder / OWNERS_FILE).write_text(json.dumps(owners), encoding="utf-8")

    @property
    def passages(self) -> int:
        """How many passages were written."""
        return len(self._rows)


class Rows:
    """The passages of a verified snapshot; read-only, safe from several threads."""

    def __init__(self, parts: Sequence[Path], gone: Sequence[int] = ()) -> None:
        """Map the texts and load the tables of rows.

        gone: the ordinals of owners whose rows are holes.
        """
        tables = [np.load(part / ROWS_FILE, allow_pickle=False) for part in parts]
        listed = [_owners_in(part / OWNERS_FILE) for part in parts]
        self._texts = [os.open(part / PASSAGES_FILE, os.O_RDONLY) for part in parts]
        for text in self._texts:  # searches may run on when a snapshot is let go
            weakref.finalize(self, os.close, text)
        self._offsets = [
            np.append(table[:, 0], os.fstat(texts).st_size)
            for table, texts in zip(tables, self._texts, strict=True)
        ]
        self._first = np.cumsum([0, *(len(table) for table in tables)]).tolist()
        begin = np.cumsum([0, *(len(owners) for owners in listed)])
        self.owner_of: NDArray[np.int64] = np.concatenate(
            [table[:, 1] + first for table, first in zip(tables, begin, strict=False)]
        )
        self.owners = tuple(owner for owners in listed for owner, _ in owners)
        self.stamps = tuple(stamp for owners in listed for _, stamp in owners)
        self.gone = frozenset(gone)
        self.live = self._without_holes()

    def __len__(self) -> int:
        """How many passages there are; holes are none."""
        return self.total if self.live is None else int(np.count_nonzero(self.live))

    @property
    def total(self) -> int:
        """How many rows there are, holes included."""
        return int(self._first[-1])

    def passage(self, row: int) -> Passage:
        """The passage of a row."""
        part = bisect_right(self._first, row) - 1
        start, end = self._offsets[part][row - self._first[part] :][:2].tolist()
        fields = json.loads(os.pread(self._texts[part], end - start, start))
        return Passage(**{**fields, "speakers": tuple(fields["speakers"])})

    def numbers(self) -> list[int]:
        """Every row that is no hole."""
        return list(range(self.total)) if self.live is None else np.flatnonzero(self.live).tolist()

    def ids(self) -> list[PassageId]:
        """Every passage's id, in row order."""
        return [self.passage(row).id for row in self.numbers()]

    def living(self) -> dict[str, str]:
        """The stamp of every talk and paper that can be found, by its id."""
        return {owner.owner_id: self.stamps[place] for place, owner in self._living()}

    def ordinals_of(self, owner_ids: Iterable[str]) -> list[int]:
        """The ordinals that these talks and papers have now."""
        wanted = set(owner_ids)
        return [place for place, owner in self._living() if owner.owner_id in wanted]

    def count(self, kind: Kind) -> int:
        """How many talks or papers can be found."""
        return len({owner.owner_id for _, owner in self._living() if owner.kind == kind})

    def _living(self) -> Iterator[tuple[int, Owner]]:
        return (pair for pair in enumerate(self.owners) if pair[0] not in self.gone)

    def _without_holes(self) -> NDArray[np.bool_] | None:
        if not self.gone:
            return None
        kept = np.ones(len(self.owners), dtype=np.bool_)
        kept[list(self.gone)] = False
        return kept[self.owner_of]


def join_rows(folder: Path, parts: Sequence[Path]) -> None:
    """Write the passages of several parts, one after the other, as one; no row's number changes."""
    tables, owners = [], []
    begin = np.zeros(2, dtype=np.int64)
    with (folder / PASSAGES_FILE).open("wb") as stream:
        for part in parts:
            tables.append(np.load(part / ROWS_FILE, allow_pickle=False) + begin)
            owners += json.loads((part / OWNERS_FILE).read_text("utf-8"))
            begin += (stream.write((part / PASSAGES_FILE).read_bytes()), 0)
            begin[1] = len(owners)
    np.save(folder / ROWS_FILE, np.concatenate(tables), allow_pickle=False)
    (folder / OWNERS_FILE).write_text(json.dumps(owners), encoding="utf-8")


def rows_in(part: Path) -> int:
    """How many rows a part has."""
    return len(np.load(part / ROWS_FILE, mmap_mode="r", allow_pickle=False))


def _fields(value: Passage | Owner) -> dict[str, Any]:
    """As `asdict`, which is slow because it copies deeply."""
    return {name: getattr(value, name) for name in value.__slots__}


@dataclass(frozen=True, slots=True)
class _File:
    """One file under whichever of its names: what grew out of a generation has links to it."""

    device: int
    inode: int
    size_bytes: int
    changed_ns: int
    path: Path = field(compare=False)


def _owners_in(path: Path) -> tuple[tuple[Owner, str], ...]:
    """The owners of a part with their stamps."""
    about = path.stat()
    return _read_owners(
        _File(about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns, path=path)
    )


@lru_cache(maxsize=MOST_PARTS)
def _read_owners(file: _File) -> tuple[tuple[Owner, str], ...]:
    """Read once for all generations that have the file: the largest part is in nearly all."""
    listed = json.loads(file.path.read_text("utf-8"))
    return tuple(map(_stamped, listed))


def _stamped(fields: dict[str, Any]) -> tuple[Owner, str]:
    stamp = fields.pop("stamp")
    return Owner(**{**fields, "speakers": tuple(fields["speakers"])}), stamp
