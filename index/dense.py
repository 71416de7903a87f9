"""Search by meaning: exact inner products over unit vectors; the only file that imports faiss.

Invariant: a row number is a passage's place in its snapshot.  FAISS does not notice damage, so a
file is only opened after its snapshot was verified.

One thread per search: on two cores that others use too, 100,000 x 384 took 10 ms with one OpenMP
thread and 32 ms with two, and a server answers several queries at once anyway.
"""

from __future__ import annotations

import importlib.metadata
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from index.encoders import Vectors
from index.errors import FaissUnavailable

Rows: TypeAlias = NDArray[np.int64]
Allowed: TypeAlias = NDArray[np.bool_]

FACTORY = "Flat"
GPU_FROM = 500_000
"""From how many vectors on an index that must be trained is built on a GPU.  Not measured yet."""

log = logging.getLogger(__name__)


class DenseLeg:
    """The vectors of one snapshot, mapped into memory; read-only, safe from several threads."""

    def __init__(self, file: Path) -> None:
        """Map the vectors of a verified snapshot.  Raises: FaissUnavailable."""
        faiss = imported()
        self._faiss = faiss
        self._vectors = faiss.read_index(str(file), faiss.IO_FLAG_MMAP_IFC)

    @property
    def count(self) -> int:
        """How many vectors there are."""
        return int(self._vectors.ntotal)

    @property
    def dimension(self) -> int:
        """The length of each vector."""
        return int(self._vectors.d)

    def search(
        self, query: Vectors, limit: int, allowed: Allowed | None = None
    ) -> tuple[Rows, Vectors]:
        """The nearest rows and their cosines, best first; fewer than `limit` if fewer are allowed.

        query: shape (dimension,), of unit length.  allowed: shape (count,), true where a row may
        be found.
        """
        if limit < 1 or self.count == 0 or (allowed is not None and not allowed.any()):
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        self._faiss.omp_set_num_threads(1)
        bitmap = None if allowed is None else np.packbits(allowed, bitorder="little")
        params = None if bitmap is None else self._only(bitmap)
        scores, rows = self._vectors.search(
            query[np.newaxis], min(limit, self.count), params=params
        )
        found = rows[0] >= 0
        return rows[0][found].astype(np.int64), scores[0][found].astype(np.float32)

    def cosines(self, query: Vectors, rows: Sequence[int]) -> Vectors:
        """The exact cosine of each of these rows with the query, in the order given."""
        if not rows:
            return np.zeros(0, dtype=np.float32)
        return np.asarray(self.of(np.asarray(rows, dtype=np.int64)) @ query, dtype=np.float32)

    def of(self, rows: Rows) -> Vectors:
        """The vectors of these rows: shape (rows, dimension)."""
        return np.asarray(self._vectors.reconstruct_batch(rows), dtype=np.float32)

    def vectors(self) -> Vectors:
        """A copy of every vector, in row order: shape (count, dimension)."""
        if self.count == 0:
            return np.zeros((0, self.dimension), dtype=np.float32)
        return np.asarray(self._vectors.reconstruct_n(0, self.count), dtype=np.float32)

    def _only(self, bitmap: NDArray[np.uint8]) -> Any:
        return self._faiss.SearchParameters(sel=self._faiss.IDSelectorBitmap(bitmap))


def write_vectors(file: Path, vectors: Vectors, *, factory: str = FACTORY) -> None:
    """Write unit vectors, one row per passage.  Raises: FaissUnavailable."""
    faiss = imported()
    faiss.write_index(_built(faiss, factory, vectors), str(file))


def preload_cuda() -> None:
    """Load the CUDA libraries that come with faiss-gpu, so that other libraries find them.

    CTranslate2 looks for libcublas.so.12 by name alone.  Without faiss-gpu nothing happens.
    """
    if _has("faiss-gpu"):
        imported()


def _built(faiss: Any, factory: str, vectors: Vectors) -> Any:
    """A filled index; trained on a GPU where there is one and enough to do.

    A flat index is a copy of its vectors: there a GPU has nothing to do.
    """
    made = faiss.index_factory(vectors.shape[1], factory, faiss.METRIC_INNER_PRODUCT)
    rows = np.ascontiguousarray(vectors, dtype=np.float32)
    if not made.is_trained and len(rows) >= GPU_FROM:
        on_gpu = _built_on_gpu(faiss, made, rows)
        if on_gpu is not None:
            return on_gpu
    if not made.is_trained:
        made.train(rows)
    if len(rows):
        made.add(rows)
    return made


def _built_on_gpu(faiss: Any, made: Any, rows: Vectors) -> Any:
    """The index trained and filled on all GPUs, back in memory; None where that fails.  Not run."""
    try:
        if not faiss.get_num_gpus():
            raise RuntimeError("there is no GPU")
        fast = faiss.index_cpu_to_all_gpus(made)
        fast.train(rows)
        fast.add(rows)
        return faiss.index_gpu_to_cpu(fast)
    except (AttributeError, RuntimeError) as problem:
        log.warning("index built on the processor, not on a GPU: %s", problem)
        return None


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
