"""How well the searcher finds what people judged relevant, and how fast.

Invariant: it measures the product's own path (snapshot, searcher, fusion) with the settings that
are served; the throwaway snapshot leaves nothing behind.

A set is a folder with `corpus.jsonl` or `corpus.jsonl.gz` (id, title, text), `queries.jsonl` (id,
text) and `qrels.tsv` with the header `query doc grade`.
"""

import gzip
import json
import math
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO, TypeAlias

import numpy as np

from index import snapshot
from index.contract import MODES, Mode, SearchRequest
from index.encoders import Encoder, Vectors
from index.errors import InvalidQuery, UnusableSet
from index.passage import Passage, PassageId
from index.query import MAX_CHARS
from index.rerankers import Rereader
from index.searcher import Searcher

DEPTH = 100
ENCODED_AT_ONCE = 256

Progress: TypeAlias = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeScores:
    """Means over the judged queries of a set, and the latency of one query after another."""

    mode: Mode
    queries: int
    ndcg_at_10: float
    mrr_at_10: float
    recall_at_100: float
    p50_ms: float
    p95_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedSet:
    """A corpus, queries by id, and for each query the grades of its relevant passages."""

    corpus: tuple[Passage, ...]
    queries: Mapping[str, str]
    grades: Mapping[str, Mapping[str, int]]


def evaluate(
    folder: Path,
    encoder: Encoder,
    modes: Sequence[Mode] = MODES,
    *,
    rereader: Rereader | None = None,
    progress: Progress | None = None,
) -> list[ModeScores]:
    """Score each mode on a judged set, with a second reading of the best hits if there is one.

    progress: called with what is being done, how many are done, and how many there are.
    Raises: UnusableSet.
    """
    judged = read_set(folder)
    told = progress or _silent
    with tempfile.TemporaryDirectory(prefix="seminar-evaluate-") as root:
        vectors = _encoded(judged.corpus, encoder, told)
        manifest = snapshot.write(
            Path(root), judged.corpus, vectors, encoder=encoder, catalog_digest=""
        )
        searcher = Searcher.open(Path(root), manifest.generation, encoder, rereader)
        return [_scored(searcher, judged, mode, told) for mode in modes]


def read_set(folder: Path) -> JudgedSet:
    """Read a judged set; queries without judgement are left out.  Raises: UnusableSet."""
    try:
        grades = _grades(folder / "qrels.tsv")
        queries = {
            line["id"]: line["text"]
            for line in _lines(folder / "queries.jsonl")
            if line["id"] in grades
        }
        corpus = tuple(
            _passage(line) for line in _lines(_corpus_file(folder)) if line["text"].strip()
        )
    except FileNotFoundError as problem:
        raise UnusableSet(folder, f"{problem.filename} is missing") from problem
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise UnusableSet(folder, f"{type(problem).__name__}: {problem}") from problem
    if not corpus or not queries:
        raise UnusableSet(folder, "it holds no passage or no judged query")
    return JudgedSet(corpus=corpus, queries=queries, grades=grades)


def ndcg(ranking: Sequence[str], grades: Mapping[str, int], depth: int = 10) -> float:
    """Normalised discounted cumulative gain of a ranking, 0..1; gains are 2^grade - 1."""
    ideal = _gain(sorted((grade for grade in grades.values() if grade > 0), reverse=True)[:depth])
    return _gain([grades.get(found, 0) for found in ranking[:depth]]) / ideal if ideal else 0.0


def reciprocal_rank(ranking: Sequence[str], grades: Mapping[str, int], depth: int = 10) -> float:
    """One over the place of the first relevant passage, 0 beyond the depth."""
    places = (
        1 / place
        for place, found in enumerate(ranking[:depth], start=1)
        if grades.get(found, 0) > 0
    )
    return next(places, 0.0)


def recall(ranking: Sequence[str], grades: Mapping[str, int], depth: int = DEPTH) -> float:
    """The share of the relevant passages that are found at all."""
    relevant = {name for name, grade in grades.items() if grade > 0}
    return len(relevant.intersection(ranking[:depth])) / len(relevant) if relevant else 0.0


def _gain(grades: Sequence[int]) -> float:
    return sum((2.0**grade - 1) / math.log2(place + 2) for place, grade in enumerate(grades))


def _scored(searcher: Searcher, judged: JudgedSet, mode: Mode, told: Progress) -> ModeScores:
    rows, times_ms = [], []
    for done, (name, text) in enumerate(judged.queries.items(), start=1):
        began = time.perf_counter()
        ranking = _ranking(searcher, text, mode)
        times_ms.append((time.perf_counter() - began) * 1000)
        grades = judged.grades[name]
        rows.append(
            (ndcg(ranking, grades), reciprocal_rank(ranking, grades), recall(ranking, grades))
        )
        told(f"searching ({mode})", done, len(judged.queries))
    means = np.mean(rows, axis=0)
    p50_ms, p95_ms = np.percentile(times_ms, [50, 95])
    return ModeScores(
        mode=mode,
        queries=len(rows),
        ndcg_at_10=float(means[0]),
        mrr_at_10=float(means[1]),
        recall_at_100=float(means[2]),
        p50_ms=float(p50_ms),
        p95_ms=float(p95_ms),
    )


def _ranking(searcher: Searcher, text: str, mode: Mode) -> list[str]:
    """The ids found, best first; a question that is too long is asked as far as it may be."""
    try:
        result = searcher.search(SearchRequest(text=text[:MAX_CHARS], mode=mode, limit=DEPTH))
    except InvalidQuery:
        return []
    return [hit.passage.id for hit in result.hits]


def _encoded(corpus: Sequence[Passage], encoder: Encoder, told: Progress) -> Vectors:
    parts = []
    for first in range(0, len(corpus), ENCODED_AT_ONCE):
        part = corpus[first : first + ENCODED_AT_ONCE]
        parts.append(encoder.encode_passages([passage.encoded_text for passage in part]))
        told("encoding", first + len(part), len(corpus))
    return np.concatenate(parts)


def _passage(line: Mapping[str, str]) -> Passage:
    return Passage(
        id=PassageId(line["id"]),
        kind="paper",
        owner_id=line["id"],
        title=line.get("title", ""),
        text=line["text"],
    )


def _corpus_file(folder: Path) -> Path:
    packed = folder / "corpus.jsonl.gz"
    return packed if packed.is_file() else folder / "corpus.jsonl"


def _lines(file: Path) -> Iterator[dict[str, str]]:
    with _open_text(file) as stream:
        for line in stream:
            if line.strip():
                yield json.loads(line)


def _open_text(file: Path) -> TextIO:
    if file.suffix == ".gz":
        return gzip.open(file, "rt", encoding="utf-8")
    return file.open(encoding="utf-8")


def _grades(file: Path) -> dict[str, dict[str, int]]:
    grades: dict[str, dict[str, int]] = {}
    header, *lines = file.read_text(encoding="utf-8").splitlines()
    if header.split() != ["query", "doc", "grade"]:
        raise ValueError(f"qrels.tsv must begin with the header query, doc, grade, not {header!r}")
    for line in lines:
        if line.strip():
            query, doc, grade = line.split("\t")
            grades.setdefault(query, {})[doc] = int(grade)
    return grades


def _silent(_what: str, _done: int, _total: int) -> None:
    """Say nothing."""
