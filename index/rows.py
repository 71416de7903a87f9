"""The passages of a snapshot on disk: what a hit needs, read when it is needed.

Invariant: row n here is row n of the vectors and of the term index.  Only where each row begins
and whose it is stays in memory; the texts are mapped.
"""

import json
import mmap
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.passage import Kind, Passage, PassageId
from index.terms import Row

PASSAGES_FILE = "passages.jsonl"
ROWS_FILE = "rows.npy"
OWNERS_FILE = "owners.json"


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


class RowsWriter:
    """Writes passages as they stream by, and knows afterwards how many there were of whom."""

    def __init__(self, folder: Path) -> None:
        """Write into a folder that holds no passages yet."""
        self._folder = folder
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
                self._rows.append((offset, owner))
                offset += stream.write(json.dumps(asdict(passage)).encode() + b"\n")
                yield Row(row=len(self._rows) - 1, owner=owner, passage=passage)

    def finish(self) -> None:
        """Write where the rows begin and whose they are."""
        table = np.array(self._rows, dtype=np.int64).reshape(-1, 2)
        np.save(self._folder / ROWS_FILE, table, allow_pickle=False)
        owners = [asdict(owner) for owner in self._owners]
        (self._folder / OWNERS_FILE).write_text(json.dumps(owners), encoding="utf-8")

    @property
    def passages(self) -> int:
        """How many passages were written."""
        return len(self._rows)

    def owners(self, kind: Kind) -> int:
        """How many talks or papers have passages."""
        return len({owner.owner_id for owner in self._owners if owner.kind == kind})


class Rows:
    """The passages of a verified snapshot; read-only, safe from several threads."""

    def __init__(self, folder: Path) -> None:
        """Map the texts and load the table of rows."""
        table: NDArray[np.int64] = np.load(folder / ROWS_FILE, allow_pickle=False)
        self._offsets = table[:, 0]
        self.owner_of: NDArray[np.int64] = table[:, 1]
        self.owners = tuple(
            Owner(**{**owner, "speakers": tuple(owner["speakers"])})
            for owner in json.loads((folder / OWNERS_FILE).read_text(encoding="utf-8"))
        )
        self._texts = _mapped(folder / PASSAGES_FILE)

    def __len__(self) -> int:
        """How many passages there are."""
        return len(self._offsets)

    def passage(self, row: int) -> Passage:
        """The passage of a row."""
        start = int(self._offsets[row])
        end = int(self._offsets[row + 1]) if row + 1 < len(self) else len(self._texts)
        fields = json.loads(self._texts[start:end])
        return Passage(**{**fields, "speakers": tuple(fields["speakers"])})

    def ids(self) -> list[PassageId]:
        """Every passage's id, in row order."""
        return [self.passage(row).id for row in range(len(self))]


def _mapped(file: Path) -> mmap.mmap | bytes:
    if file.stat().st_size == 0:  # an empty file cannot be mapped
        return b""
    with file.open("rb") as stream:
        return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
