"""Search by meaning: the only file that imports faiss.

Invariant: a row number is a passage's place in its snapshot, and a cosine is always the exact one.
Vectors lie in parts, as plain float32 rows that are mapped into memory; beside them lies the sign
of each component as a bit.  The file of vectors is only opened after its snapshot was verified.

A small archive is scanned exactly.  Above `EXACT_UP_TO` rows the signs are scanned (48 bytes a row
instead of 1536), and the nearest `RESCORED` rows are multiplied exactly; a filter that leaves few
rows is always answered exactly.  Both scans take a mask of rows, grow by appending, and need no
training; see docs/decisions/0018 and bench/results/dense.json for what was measured.

One thread per search: memory feeds one core as fast as two, and a server answers several queries
at once anyway.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from index.encoders import Vectors
from index.errors import FaissUnavailable

Rows: TypeAlias = NDArray[np.int64]
Allowed: TypeAlias = NDArray[np.bool_]
Codes: TypeAlias = NDArray[np.uint8]

VECTORS_FILE = "vectors.npy"
CODES_FILE = "signs.npy"
LAYOUT = "float32+signs"
"""What the files of a part hold; another name is another format."""

EXACT_UP_TO = 50_000
"""Up to how many rows all are multiplied: about 2.5 ms."""
RESCORED = 2_000
"""How many of the nearest by sign are multiplied, at the least."""
RESCORED_PER_HIT = 10
_MOST_TIES = 4
_FAR = np.int32(1 << 20)
_CODE_BYTES = 8
"""FAISS compares codes whose length is a multiple of this."""


class DenseLeg:
    """The vectors of one snapshot, mapped into memory; read-only, safe from several threads."""

    def __init__(self, parts: Sequence[Path], *, live: Allowed | None = None) -> None:
        """Map the vectors of a verified snapshot's parts.

        live: shape (count,), false for rows that are gone.  Raises: FaissUnavailable.
        """
        self._faiss = imported()
        self._vectors = [_mapped(part / VECTORS_FILE) for part in parts]
        self._codes = [_mapped(part / CODES_FILE) for part in parts]
        self._first = np.cumsum([0, *(len(rows) for rows in self._vectors)])
        self._live = live

    @property
    def count(self) -> int:
        """How many rows there are, those that are gone included."""
        return int(self._first[-1])

    @property
    def dimension(self) -> int:
        """The length of each vector."""
        return int(self._vectors[0].shape[1])

    def search(
        self, query: Vectors, limit: int, allowed: Allowed | None = None
    ) -> tuple[Rows, Vectors]:
        """The nearest rows and their cosines, best first; fewer than `limit` if fewer are allowed.

        query: shape (dimension,), of unit length.  allowed: shape (count,), true where a row may
        be found.
        """
        may = self._live if allowed is None else allowed
        if allowed is not None and self._live is not None:
            may = allowed & self._live
        left = self.count if may is None else int(np.count_nonzero(may))
        if limit < 1 or left == 0:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        asked = np.ascontiguousarray(query, dtype=np.float32)
        if may is not None and left <= _rescored(limit):
            rows = np.flatnonzero(may)
            return _best(rows, self._cosines(asked, rows), limit)
        if self.count <= EXACT_UP_TO:
            return self._by_product(asked, limit, may)
        rows = self._near_by_sign(asked, min(_rescored(limit), left), may)
        return _best(rows, self._cosines(asked, rows), limit)

    def cosines(self, query: Vectors, rows: Sequence[int]) -> Vectors:
        """The exact cosine of each of these rows with the query, in the order given."""
        asked = np.ascontiguousarray(query, dtype=np.float32)
        return self._cosines(asked, np.asarray(rows, dtype=np.int64))

    def vectors(self) -> Vectors:
        """A copy of every vector, in row order, holes included: shape (count, dimension)."""
        return np.concatenate(self._vectors)

    def vector(self, row: int) -> Vectors:
        """A copy of the vector of one row."""
        part = int(np.searchsorted(self._first, row, side="right")) - 1
        return np.array(self._vectors[part][row - self._first[part]])

    def _by_product(self, query: Vectors, limit: int, may: Allowed | None) -> tuple[Rows, Vectors]:
        """All rows multiplied."""
        cosines = np.empty(self.count, dtype=np.float32)
        for rows, found in zip(self._vectors, self._split(cosines), strict=True):
            self._multiply(query, rows, found)
        if may is not None:
            cosines[~may] = -np.inf
        rows = _largest(cosines, limit)
        found_rows, found = _best(rows, cosines[rows], limit)
        return found_rows[found > -np.inf], found[found > -np.inf]

    def _near_by_sign(self, query: Vectors, wanted: int, may: Allowed | None) -> Rows:
        """At least `wanted` rows with the fewest signs that differ, in row order."""
        code = signs(query[np.newaxis])
        apart = np.empty(self.count, dtype=np.int32)
        pointer = self._faiss.swig_ptr
        for codes, found in zip(self._codes, self._split(apart), strict=True):
            self._faiss.hammings(
                pointer(code), pointer(codes), 1, len(codes), code.shape[1], pointer(found)
            )
        if may is not None:
            apart += np.multiply(~may, _FAR, dtype=np.int32)
        bound = np.partition(apart, wanted - 1)[wanted - 1]
        return np.flatnonzero(apart <= bound)[: _MOST_TIES * wanted]

    def _cosines(self, query: Vectors, rows: Rows) -> Vectors:
        cosines = np.empty(len(rows), dtype=np.float32)
        parts = np.searchsorted(self._first, rows, side="right") - 1
        for part in np.unique(parts):
            mine = parts == part
            gathered = self._vectors[part][rows[mine] - self._first[part]]
            found = np.empty(len(gathered), dtype=np.float32)
            self._multiply(query, gathered, found)
            cosines[mine] = found
        return cosines

    def _multiply(self, query: Vectors, rows: Vectors, found: Vectors) -> None:
        """The inner product of each row, in this thread alone."""
        pointer = self._faiss.swig_ptr
        self._faiss.fvec_inner_products_ny(
            pointer(found), pointer(query), pointer(rows), len(query), len(rows)
        )

    def _split(self, whole: NDArray[Any]) -> Iterator[NDArray[Any]]:
        """The stretch of each part."""
        for first, end in zip(self._first, self._first[1:], strict=False):
            yield whole[first:end]


def signs(vectors: Vectors) -> Codes:
    """The sign of each component as a bit: shape (n, bytes), bytes a multiple of eight."""
    bits = np.packbits(vectors > 0, axis=1)
    padded = np.zeros((len(bits), -(-bits.shape[1] // _CODE_BYTES) * _CODE_BYTES), dtype=np.uint8)
    padded[:, : bits.shape[1]] = bits
    return padded


def write_vectors(folder: Path, vectors: Vectors) -> None:
    """Write unit vectors, one row per passage, as a part of a snapshot."""
    rows = np.ascontiguousarray(vectors, dtype=np.float32)
    np.save(folder / VECTORS_FILE, rows, allow_pickle=False)
    np.save(folder / CODES_FILE, signs(rows), allow_pickle=False)


def join_vectors(folder: Path, parts: Sequence[Path]) -> None:
    """Write the vectors of several parts, one after the other, as one."""
    for name in (VECTORS_FILE, CODES_FILE):
        joined = np.concatenate([_mapped(part / name) for part in parts])
        np.save(folder / name, joined, allow_pickle=False)


def _mapped(file: Path) -> NDArray[Any]:
    rows: NDArray[Any] = np.load(file, mmap_mode="r", allow_pickle=False)
    return rows.view(np.ndarray)


def _rescored(limit: int) -> int:
    return max(RESCORED, RESCORED_PER_HIT * limit)


def _largest(scores: Vectors, limit: int) -> Rows:
    if limit >= len(scores):
        return np.arange(len(scores))
    return np.argpartition(scores, len(scores) - limit)[len(scores) - limit :]


def _best(rows: Rows, cosines: Vectors, limit: int) -> tuple[Rows, Vectors]:
    """Best first, equal ones by row."""
    order = np.lexsort((rows, -cosines))[:limit]
    return rows[order].astype(np.int64), cosines[order]


def preload_cuda() -> None:
    """Load the CUDA libraries that come with faiss-gpu, so that other libraries find them.

    CTranslate2 looks for libcublas.so.12 by name alone.  Without faiss-gpu nothing happens.
    """
    if _has("faiss-gpu"):
        imported()


def imported() -> Any:
    """The faiss module, if exactly one of its two distributions is installed.

    Raises: FaissUnavailable.
    """
    check_installed([name for name in ("faiss-cpu", "faiss-gpu") if _has(name)])
    try:
        import faiss
    except ImportError as problem:
        raise FaissUnavailable(
            f"FAISS is installed but does not load ({problem}); install it again"
        ) from problem
    return faiss


def check_installed(distributions: Sequence[str]) -> None:
    """Refuse none and more than one.

    Raises: FaissUnavailable, naming what to install or remove.
    """
    if not distributions:
        raise FaissUnavailable(
            "FAISS is not installed: `pip install 'seminar-archive[cpu]'`, "
            "or `pip install 'seminar-archive[gpu]'` on a machine with a GPU"
        )
    if len(distributions) > 1:
        raise FaissUnavailable(
            f"{' and '.join(distributions)} are both installed and overwrite each other's files; "
            f"`pip uninstall {' '.join(distributions)}`, then `pip install 'seminar-archive[cpu]'`"
        )


def _has(distribution: str) -> bool:
    try:
        importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
