"""Which way to find the nearest vectors, by the size of an archive: speed, recall, room.

Passages and questions are those of the judged sets; above their number, slightly moved copies of
their vectors (`bench/real_vectors.py`).  Every kind and size has a process of its own, with one
thread; recall is against the exact cosines of all rows.
    python -m bench.dense
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from bench import real_vectors
from bench.record import record
from index import dense
from index.encoders import Vectors
from index.encoders.choose import open_encoder

SIZES = (10_000, 50_000, 200_000, 1_000_000)
QUESTIONS = 100
KINDS = (
    "exact",
    "cells 1/32",
    "cells 1/16",
    "cells 1/8",
    "signs+2000",
    "signs+8000",
    "SQ8",
    "IVF1024,Flat nprobe=64",
)
DEPTH = 200
FILTERS = (0.5, 0.01)

Search = Callable[[Vectors], Any]


def main() -> None:
    encoder = open_encoder("all-MiniLM-L6-v2")
    real = real_vectors.passages(encoder)
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        np.save(folder / "questions.npy", real_vectors.questions(encoder, QUESTIONS))
        rows = [one for size in SIZES for one in _of_size(folder, real, size)]
    record("dense", {
        "vectors": "passages of the judged sets, by all-MiniLM-L6-v2",
        "real_vectors": len(real),
        "beyond_them": f"copies moved by {real_vectors.MOVED} of their length, in any direction",
        "questions": QUESTIONS,
        "threads": 1,
        "rows": rows,
    })  # fmt: skip


def _of_size(folder: Path, real: Vectors, size: int) -> list[dict[str, Any]]:
    vectors = real_vectors.grown(real, size)
    dense.CELLS_FROM = 1 << 40
    _written(folder / "part", vectors)
    dense.CELLS_FROM = 0
    build_s = _written(folder / "cells", vectors)
    del vectors
    truth = _measured(folder, "exact", size)
    np.save(folder / "truth.npy", np.load(folder / "found.npy"))
    rows = [truth, *(_measured(folder, kind, size) for kind in KINDS[1:])]
    for row in rows:
        row["build_s"] = build_s if row["kind"].startswith("cells") else None
        print(row, flush=True)
    for file in folder.glob("*.faiss"):
        file.unlink()
    return rows


def _written(part: Path, vectors: Vectors) -> float:
    """Write a part; the seconds it took."""
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    began = time.perf_counter()
    dense.write_vectors(part, vectors)
    return round(time.perf_counter() - began, 1)


def _measured(folder: Path, kind: str, size: int) -> dict[str, Any]:
    run = subprocess.run(
        [sys.executable, "-m", "bench.dense", "--one", str(folder), kind, str(size)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    measured: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return measured


def one(folder: Path, kind: str, size: int) -> None:
    """Measure one kind at one size and print it as a line of JSON."""
    questions: Vectors = np.load(folder / "questions.npy")
    began = time.perf_counter()
    search, size_bytes = _opened(folder, kind)
    opened_s = time.perf_counter() - began
    for question in questions[:10]:
        search(question)
    times_ms, found = [], []
    for question in questions:
        began = time.perf_counter()
        rows = search(question)
        times_ms.append((time.perf_counter() - began) * 1000)
        found.append(np.resize(rows, DEPTH))
    np.save(folder / "found.npy", np.array(found))
    p50, p99 = np.percentile(times_ms, [50, 99])
    measured = {
        "kind": kind,
        "passages": size,
        "p50_ms": round(float(p50), 2),
        "p99_ms": round(float(p99), 2),
        **_recall(folder, kind, np.array(found)),
        **_filtered(folder, kind, questions),
        "build_or_open_s": round(opened_s, 2),
        "mb_on_disk": round(size_bytes / 1e6, 1),
        "resident_mb": _resident_mb(),
    }
    print(json.dumps(measured))


def _opened(folder: Path, kind: str) -> tuple[Search, int]:
    part = folder / "part"
    if kind == "exact" or kind.startswith("cells"):
        leg = _leg(folder, kind)
        return (
            lambda question: leg.search(question, DEPTH)[0],
            sum(file.stat().st_size for file in leg_folder(folder, kind).iterdir()),
        )
    if kind.startswith("signs"):
        return _signs(part, int(kind.partition("+")[2]))
    faiss = dense.imported()
    factory, _, probes = kind.partition(" nprobe=")
    file = folder / f"{factory}.faiss"
    if not file.is_file():  # another number of probes needs no other file
        built = _built(faiss, factory, np.load(part / dense.VECTORS_FILE, mmap_mode="r"))
        faiss.write_index(built, str(file))
    opened = faiss.read_index(str(file))
    if probes:
        opened.nprobe = int(probes)
    return lambda question: opened.search(question[np.newaxis], DEPTH)[1][0], file.stat().st_size


def leg_folder(folder: Path, kind: str) -> Path:
    """Where the part of that kind lies."""
    return folder / ("part" if kind == "exact" else "cells")


def _leg(folder: Path, kind: str) -> dense.DenseLeg:
    if kind != "exact":
        dense.PROBED = dense.LARGE_PROBED = 1 / int(kind.partition("/")[2])
        dense.ENOUGH_PROBED, dense.MOST_PROBED = 0, 1 << 40
    return dense.DenseLeg([leg_folder(folder, kind)])


def _signs(part: Path, rescored: int) -> tuple[Search, int]:
    """The sign of each component as a bit; the nearest by these are multiplied."""
    faiss = dense.imported()
    rows = np.load(part / dense.VECTORS_FILE, mmap_mode="r").view(np.ndarray)
    codes, apart = np.packbits(rows > 0, axis=1), np.empty(len(rows), dtype=np.int32)

    def search(question: Vectors) -> Any:
        code = np.packbits(question[np.newaxis] > 0, axis=1)
        pointers = (faiss.swig_ptr(one) for one in (code, codes))
        faiss.hammings(*pointers, 1, len(codes), codes.shape[1], faiss.swig_ptr(apart))
        near = np.flatnonzero(apart <= np.partition(apart, rescored)[rescored])
        return near[np.argsort(-(rows[near] @ question))[:DEPTH]]

    return search, rows.nbytes + codes.nbytes


def _built(faiss: Any, factory: str, rows: Vectors) -> Any:
    built = faiss.index_factory(rows.shape[1], factory, faiss.METRIC_INNER_PRODUCT)
    built.train(np.array(rows[:: max(1, len(rows) // 50_000)]))
    for at in range(0, len(rows), 100_000):
        built.add(np.array(rows[at : at + 100_000]))
    return built


def _recall(folder: Path, kind: str, found: Any) -> dict[str, float]:
    if kind == "exact":
        return {"recall_at_10": 1.0, "recall_at_200": 1.0}
    truth = np.load(folder / "truth.npy")
    return {
        f"recall_at_{depth}": round(
            float(
                np.mean([
                    len(np.intersect1d(mine[:depth], best[:depth])) / depth
                    for mine, best in zip(found, truth, strict=True)
                ])
            ),
            4,
        )
        for depth in (10, DEPTH)
    }  # fmt: skip


def _filtered(folder: Path, kind: str, questions: Vectors) -> dict[str, float]:
    """Median milliseconds where only a share of the rows may be found."""
    if kind != "exact" and not kind.startswith("cells"):
        return {}
    leg, spent = _leg(folder, kind), {}
    for share in FILTERS:
        allowed = np.random.default_rng(3).random(leg.count) < share
        times = []
        for question in questions[:20]:
            began = time.perf_counter()
            leg.search(question, DEPTH, allowed)
            times.append((time.perf_counter() - began) * 1000)
        spent[f"p50_ms_of_{share:.0%}"] = round(float(np.median(times)), 2)
    return spent


def _resident_mb() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS"))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
    else:
        main()
