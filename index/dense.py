"""Search by meaning: the only file that imports faiss.

Invariant: a row number is a passage's place in its snapshot, and a cosine is always the exact one.
Vectors lie in parts, as plain float32 rows that are mapped into memory; a file of them is only
opened after its snapshot was verified.

A part of fewer than `CELLS_FROM` rows is multiplied whole: small archives are always exact.  The
rows of a larger one are sorted into cells around centres of their own, and the cells nearest to a
query are multiplied; so the only error is a row in a cell that was not looked into.  A filter that
leaves few rows is always answered exactly, and one that leaves some makes more cells be looked
into.  Parts are added and joined, never changed, so nothing is trained but when a part becomes
large; see docs/decisions/0018 and bench/results/dense.json for what was measured.

One thread per search: memory feeds one core as fast as two, and a server answers several queries
at once anyway.
"""

from __future__ import annotations

import importlib.metadata
import math
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from index.encoders import Vectors
from index.errors import FaissUnavailable

Rows: TypeAlias = NDArray[np.int64]
Allowed: TypeAlias = NDArray[np.bool_]

VECTORS_FILE = "vectors.npy"
CELLS_FILE = "cells.npz"
LAYOUT = "float32+cells"
"""What the files of a part hold; another name is another format."""

CELLS_FROM = 50_000
"""From how many rows on a part has cells: below, all are multiplied in about 2.5 ms."""
PROBED, LARGE_PROBED = 1 / 8, 1 / 16
"""The share of the rows that is looked at, in an archive with few cells and in a large one."""
ENOUGH_PROBED = 16_000
"""So many rows are enough: above 128,000 the share falls, from 256,000 on it is the lesser."""
MOST_PROBED = 64_000
"""Of a very large archive no more than about so many rows: 100 MB, read in 3 ms."""
GATHERED = 8_000
"""How many allowed rows are picked out and multiplied one by one rather than looked for."""
_CELLS_PER_ROOT = 2
_SAMPLE_PER_CELL = 48
_ROUNDS = 10


class DenseLeg:
    """The vectors of one snapshot, mapped into memory; read-only, safe from several threads."""

    def __init__(self, parts: Sequence[Path], *, live: Allowed | None = None) -> None:
        """Map the vectors of a verified snapshot's parts.

        live: shape (count,), false for rows that are gone.  Raises: FaissUnavailable.
        """
        imported()
        self._parts = [_Part(part) for part in parts]
        self._first = np.cumsum([0, *(part.count for part in self._parts)])
        self._live = live

    @property
    def count(self) -> int:
        """How many rows there are, those that are gone included."""
        return int(self._first[-1])

    @property
    def dimension(self) -> int:
        """The length of each vector."""
        return self._parts[0].dimension

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
        if may is not None and left <= GATHERED:
            rows = np.flatnonzero(may)
            return _best(rows, _products(asked, self.of(rows)), limit)
        share = _looked_at(self.count) / left
        rows, cosines = self._near(asked, may, share)
        if len(rows) < min(limit, left):  # the filter keeps out what is near
            rows, cosines = self._near(asked, may, 1.0)
        return _best(rows, cosines, limit)

    def cosines(self, query: Vectors, rows: Rows) -> Vectors:
        """The exact cosine of each of these rows with the query, in the order given."""
        asked = np.ascontiguousarray(query, dtype=np.float32)
        return _products(asked, self.of(rows))

    def of(self, rows: Rows) -> Vectors:
        """The vectors of these rows, in the order given: shape (rows, dimension)."""
        found = np.empty((len(rows), self.dimension), dtype=np.float32)
        places = np.searchsorted(self._first, rows, side="right") - 1
        for place in np.unique(places):
            mine = places == place
            found[mine] = self._parts[place].rows(rows[mine] - self._first[place])
        return found

    def vectors(self) -> Vectors:
        """A copy of every vector, in row order, holes included: shape (count, dimension)."""
        return np.concatenate([part.rows(np.arange(part.count)) for part in self._parts])

    def _near(self, query: Vectors, may: Allowed | None, share: float) -> tuple[Rows, Vectors]:
        """Rows that may be found in each part, and their cosines; in no order."""
        found = []
        for part, first, end in zip(self._parts, self._first, self._first[1:], strict=False):
            rows, cosines = part.near(query, None if may is None else may[first:end], share)
            found.append((rows + first, cosines))
        rows, cosines = (np.concatenate(some) for some in zip(*found, strict=True))
        return rows, cosines


class _Part:
    """The vectors of one part, by its own row numbers; sorted into cells when it is large.

    `_order` is the row at each position of the file, `_place` the position of each row, `_starts`
    where each cell begins.
    """

    def __init__(self, folder: Path) -> None:
        self._vectors = _mapped(folder / VECTORS_FILE)
        self._place: Rows | None = None
        if (folder / CELLS_FILE).is_file():
            with np.load(folder / CELLS_FILE, allow_pickle=False) as cells:
                self._centres, self._starts = cells["centres"], cells["starts"]
                self._order = cells["order"]
            self._place = np.empty(self.count, dtype=np.int64)
            self._place[self._order] = np.arange(self.count)

    @property
    def count(self) -> int:
        return len(self._vectors)

    @property
    def dimension(self) -> int:
        return int(self._vectors.shape[1])

    def rows(self, rows: Rows) -> Vectors:
        """A copy of the vectors of these rows."""
        found: Vectors = self._vectors[rows if self._place is None else self._place[rows]]
        return found

    def near(self, query: Vectors, may: Allowed | None, share: float) -> tuple[Rows, Vectors]:
        """The rows of the nearest cells, or of all when there are none, and their cosines."""
        if self._place is None:
            rows, cosines = np.arange(self.count), _products(query, self._vectors)
            return (rows, cosines) if may is None else (rows[may], cosines[may])
        cells = self._nearest_cells(query, share)
        spans = [(int(self._starts[cell]), int(self._starts[cell + 1])) for cell in cells]
        places = np.concatenate([np.arange(start, end) for start, end in spans])
        rows = self._order[places]
        if may is not None:
            places, rows = places[may[rows]], rows[may[rows]]
        return rows, _products_at(query, self._vectors, places)

    def _nearest_cells(self, query: Vectors, share: float) -> list[int]:
        """In the order of the file, so that memory is read forwards."""
        wanted = min(len(self._centres), math.ceil(share * len(self._centres)))
        return sorted(_largest(_products(query, self._centres), wanted).tolist())


def _looked_at(rows: int) -> float:
    """How many rows of so many are multiplied."""
    return min(PROBED * rows, max(ENOUGH_PROBED, LARGE_PROBED * rows), MOST_PROBED)


def write_vectors(folder: Path, vectors: Vectors) -> None:
    """Write unit vectors, one row per passage, as a part of a snapshot."""
    rows = np.ascontiguousarray(vectors, dtype=np.float32)
    if len(rows) < CELLS_FROM:
        np.save(folder / VECTORS_FILE, rows, allow_pickle=False)
        return
    centres, cell_of = _cells(rows)
    order = np.argsort(cell_of, kind="stable")
    starts = np.searchsorted(cell_of[order], np.arange(len(centres) + 1))
    np.save(folder / VECTORS_FILE, rows[order], allow_pickle=False)
    np.savez(folder / CELLS_FILE, centres=centres, starts=starts, order=order)


def join_vectors(folder: Path, parts: Sequence[Path]) -> None:
    """Write the vectors of several parts, one after the other, as one."""
    write_vectors(folder, DenseLeg(parts).vectors())


def _cells(rows: Vectors) -> tuple[Vectors, Rows]:
    """Centres, and the cell of each row; the same for the same rows."""
    faiss = imported()
    cells = int(_CELLS_PER_ROOT * math.sqrt(len(rows)))
    means = faiss.Kmeans(
        rows.shape[1],
        cells,
        niter=_ROUNDS,
        spherical=True,
        seed=1,
        max_points_per_centroid=_SAMPLE_PER_CELL,
    )
    means.train(rows)
    centres = faiss.IndexFlatIP(rows.shape[1])
    centres.add(means.centroids)
    _, nearest = centres.search(rows, 1)
    return np.asarray(means.centroids, dtype=np.float32), nearest[:, 0].astype(np.int64)


def _products(query: Vectors, rows: Vectors) -> Vectors:
    """The inner product of each row, in this thread alone."""
    faiss = imported()
    found = np.empty(len(rows), dtype=np.float32)
    pointer = faiss.swig_ptr
    faiss.fvec_inner_products_ny(
        pointer(found), pointer(query), pointer(rows), len(query), len(rows)
    )
    return found


def _products_at(query: Vectors, rows: Vectors, places: Rows) -> Vectors:
    """The inner product of each of these rows, in the order given, in this thread alone."""
    faiss = imported()
    faiss.omp_set_num_threads(1)  # holds for this thread; it would wake one for each core
    found = np.empty(len(places), dtype=np.float32)
    pointer = faiss.swig_ptr
    faiss.fvec_inner_products_by_idx(
        pointer(found), pointer(query), pointer(rows), pointer(places), len(query), 1, len(places)
    )
    return found


def _mapped(file: Path) -> Vectors:
    rows: Vectors = np.load(file, mmap_mode="r", allow_pickle=False)
    return rows.view(np.ndarray)


def _largest(scores: Vectors, limit: int) -> Rows:
    if limit >= len(scores):
        return np.arange(len(scores))
    return np.argpartition(scores, len(scores) - limit)[len(scores) - limit :]


def _best(rows: Rows, cosines: Vectors, limit: int) -> tuple[Rows, Vectors]:
    """Best first, equal ones by row."""
    chosen = _largest(cosines, limit)
    order = chosen[np.lexsort((rows[chosen], -cosines[chosen]))]
    return rows[order].astype(np.int64), cosines[order]


def preload_cuda() -> None:
    """Load the CUDA libraries that come with faiss-gpu, so that other libraries find them.

    CTranslate2 looks for libcublas.so.12 by name alone.  Without faiss-gpu nothing happens.
    """
    if _has("faiss-gpu"):
        imported()


@cache
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
            "FAISS is not installed: `pip install -e '.[cpu]'`, "
            "or `pip install -e '.[gpu]'` on a machine with a GPU"
        )
    if len(distributions) > 1:
        raise FaissUnavailable(
            f"{' and '.join(distributions)} are both installed and overwrite each other's files; "
            f"`pip uninstall {' '.join(distributions)}`, then `pip install -e '.[cpu]'`"
        )


def _has(distribution: str) -> bool:
    try:
        importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
