"""Evaluation measures what is served, by definitions that can be checked by hand."""

import gzip
import json
from pathlib import Path

import pytest

from index.encoders import Encoder
from index.errors import UnusableSet
from index.evaluation import evaluate, ndcg, read_set, recall, reciprocal_rank
from index.testing import HashEncoder
from tests.index.conftest import SHARED

CORPUS = [
    {"id": "a", "title": "Kernels", "text": "The tangent kernel stays constant."},
    {"id": "b", "title": "", "text": "Boil the rice for an hour."},
    {"id": "c", "title": "Descent", "text": "The error falls twice."},
]
QUERIES = [
    {"id": "1", "text": "constant tangent kernel"},
    {"id": "2", "text": "rice for an hour"},
    {"id": "3", "text": "not judged"},
]
QRELS = "query\tdoc\tgrade\n1\ta\t2\n1\tc\t1\n2\tb\t1\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "corpus.jsonl").write_text("\n".join(map(json.dumps, CORPUS)))
    (tmp_path / "queries.jsonl").write_text("\n".join(map(json.dumps, QUERIES)) + "\n")
    (tmp_path / "qrels.tsv").write_text(QRELS)
    return tmp_path


def test_ndcg_is_one_for_the_ideal_order_and_less_for_any_other() -> None:
    grades = {"a": 2, "c": 1}
    assert ndcg(["a", "c", "b"], grades) == pytest.approx(1)
    assert ndcg(["c", "a"], grades) == pytest.approx((1 + 3 / 1.5849625) / (3 + 1 / 1.5849625))
    assert ndcg(["b"], grades) == 0
    assert ndcg(["a"], {}) == 0


def test_reciprocal_rank_and_recall() -> None:
    assert reciprocal_rank(["b", "a"], {"a": 1}) == 0.5
    assert reciprocal_rank(["b"] * 10 + ["a"], {"a": 1}) == 0
    assert recall(["a", "b"], {"a": 1, "c": 1}) == 0.5
    assert recall([], {"a": 0}) == 0


def test_every_mode_is_scored_over_the_judged_queries(folder: Path) -> None:
    told: list[tuple[str, int, int]] = []
    scores = evaluate(folder, HashEncoder(), progress=lambda *said: told.append(said))
    assert [one.mode for one in scores] == ["hybrid", "semantic", "keyword"]
    for one in scores:
        assert one.queries == 2
        assert one.ndcg_at_10 > 0.8
        assert one.mrr_at_10 == 1
        assert 0 < one.p50_ms <= one.p95_ms
    assert ("encoding", 3, 3) in told
    assert ("searching (keyword)", 2, 2) in told


def test_a_packed_corpus_is_read_alike(folder: Path) -> None:
    plain = read_set(folder)
    packed = gzip.compress((folder / "corpus.jsonl").read_bytes())
    (folder / "corpus.jsonl").unlink()
    (folder / "corpus.jsonl.gz").write_bytes(packed)
    assert read_set(folder) == plain


@pytest.mark.parametrize("name", ["corpus.jsonl", "queries.jsonl", "qrels.tsv"])
def test_a_set_that_lacks_a_file_is_unusable_and_the_file_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(UnusableSet, match=name):
        read_set(folder)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("qrels.tsv", ""),
        ("qrels.tsv", "1\ta\t2\n"),
        ("qrels.tsv", "query\tdoc\tgrade\n1\ta\tbest\n"),
        ("qrels.tsv", "query\tdoc\tgrade\n"),
        ("corpus.jsonl", "{}\n"),
        ("corpus.jsonl", "not json\n"),
        ("corpus.jsonl", "[1]\n"),
        ("queries.jsonl", '{"id": "1"}\n'),
    ],
)
def test_a_set_with_odd_content_is_unusable(folder: Path, name: str, content: str) -> None:
    (folder / name).write_text(content)
    with pytest.raises(UnusableSet):
        read_set(folder)


def test_hybrid_keeps_up_with_the_better_leg_on_real_abstracts(
    tmp_path: Path, minilm: Encoder
) -> None:
    """A part of a real set, small enough for every run; `bench/fusion.py` does the whole ones."""
    source = SHARED / "retrieval" / "scifact"
    if not source.is_dir():
        pytest.skip(f"no evaluation sets in {SHARED}")
    sample(source, tmp_path, queries=20, others=20)
    scores = {one.mode: one.ndcg_at_10 for one in evaluate(tmp_path, minilm)}
    assert scores["hybrid"] >= max(scores["semantic"], scores["keyword"]) - 0.02
    assert scores["hybrid"] > 0.8


def sample(source: Path, target: Path, *, queries: int, others: int) -> None:
    """The first judged queries of a set, what is relevant to them, and some other passages."""
    whole = read_set(source)
    kept = list(whole.queries)[:queries]
    relevant = {doc for query in kept for doc in whole.grades[query]}
    corpus = [one for one in whole.corpus if one.id in relevant]
    corpus += [one for one in whole.corpus if one.id not in relevant][:others]
    lines = [json.dumps({"id": o.id, "title": o.title, "text": o.text}) for o in corpus]
    (target / "corpus.jsonl").write_text("\n".join(lines))
    asked = [json.dumps({"id": query, "text": whole.queries[query]}) for query in kept]
    (target / "queries.jsonl").write_text("\n".join(asked))
    judged = [f"{q}\t{doc}\t{grade}" for q in kept for doc, grade in whole.grades[q].items()]
    (target / "qrels.tsv").write_text("\n".join(["query\tdoc\tgrade", *judged]))
