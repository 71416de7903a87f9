"""One contract for every reranker, the deadline, and the new order."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.contract import SearchRequest
from index.errors import ModelMissing, RerankerMissing
from index.rerankers import AT_ONCE, Reranker, Rereader, reordered
from index.rerankers.cross import open_reranker
from index.searcher import Searcher
from index.testing import HashEncoder, WordReranker
from tests.index.conftest import SEMINAR, written
from tests.index.tiny import cross_encoder

TEXTS = ["the kernel of wide networks", "", "norm \ud800 \0", "a " * 500]
SCORE = st.floats(0, 1)


@pytest.fixture(scope="session")
def cross(tmp_path_factory: pytest.TempPathFactory) -> Reranker:
    return open_reranker(str(cross_encoder(tmp_path_factory.mktemp("cross") / "model")))


@pytest.fixture(params=["cross", "words"])
def reranker(request: pytest.FixtureRequest) -> Reranker:
    if request.param == "words":
        return WordReranker()
    found: Reranker = request.getfixturevalue("cross")
    return found


class Reader:
    """Takes its time by a clock of its own, and notes how much it was given."""

    def __init__(self, took_s: float) -> None:
        self.now, self.read, self._took_s = 0.0, 0, took_s

    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        self.now += self._took_s
        self.read += len(texts)
        return [1.0 - 0.01 * n for n in range(len(texts))]


def test_each_text_gets_one_score_whatever_its_company(reranker: Reranker) -> None:
    scores = reranker.score("wide kernel", TEXTS)
    assert len(scores) == len(TEXTS)
    assert all(0 <= score <= 1 for score in scores)
    alone = [reranker.score("wide kernel", [text])[0] for text in TEXTS]
    assert scores == pytest.approx(alone, abs=1e-4)
    assert reranker.score("wide kernel", []) == []


def test_a_model_with_several_labels_is_no_reranker(tmp_path: Path) -> None:
    with pytest.raises(RerankerMissing, match="3 scores"):
        open_reranker(str(cross_encoder(tmp_path / "model", labels=3)))
    with pytest.raises(ModelMissing):
        open_reranker(str(tmp_path / "nothing"))


def test_reading_stops_before_the_deadline() -> None:
    reader = Reader(took_s=0.1)
    rereader = Rereader(reranker=reader, deadline_ms=250, clock=lambda: reader.now)
    again = rereader.read("q", ["t"] * 20)
    assert (len(again.scores), again.said) == (2 * AT_ONCE, "deadline")
    assert reader.now <= 0.25


def test_with_time_enough_all_is_read() -> None:
    reader = Reader(took_s=0.01)
    again = Rereader(reranker=reader, deadline_ms=250, clock=lambda: reader.now).read("q", TEXTS)
    assert (len(again.scores), again.said) == (len(TEXTS), "ok")


@given(st.lists(SCORE, max_size=30), st.data())
def test_reordering_loses_nothing_and_is_best_first(
    found: list[float], data: st.DataObject
) -> None:
    fused = sorted(found, reverse=True)
    read = data.draw(st.lists(SCORE, max_size=len(fused)))
    order = reordered(fused, read)
    assert sorted(place for place, _ in order) == list(range(len(fused)))
    scores = [score for _, score in order]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert {place for place, _ in order[: len(read)]} == set(range(len(read)))


def test_unread_texts_keep_their_order() -> None:
    order = reordered([0.9, 0.8, 0.7, 0.6], [0.0, 1.0])
    assert [place for place, _ in order] == [1, 0, 2, 3]


def searched(root: Path, rereader: Rereader | None, mode: str = "hybrid") -> tuple[str, list[str]]:
    generation = written(root, SEMINAR)
    searcher = Searcher.open(root, generation, HashEncoder(), rereader)
    result = searcher.search(SearchRequest(text="kernel curve", mode=mode))  # type: ignore[arg-type]
    return result.reranker, [hit.passage.id for hit in result.hits]


def test_the_answer_says_whether_hits_were_read_again(root: Path) -> None:
    class Opposite:
        def score(self, query: str, texts: Sequence[str]) -> list[float]:
            return [float(n) for n in range(len(texts))]

    said, fused = searched(root, None)
    assert said == "off"
    again = Rereader(reranker=Opposite(), deadline_ms=1000)
    assert searched(root, again) == ("ok", list(reversed(fused)))
    assert searched(root, again, "keyword")[0] == "off"


def test_a_reranker_that_fails_leaves_the_fused_order_and_is_named(root: Path) -> None:
    class Broken:
        def score(self, query: str, texts: Sequence[str]) -> list[float]:
            raise RuntimeError("no")

    _, fused = searched(root, None)
    assert searched(root, Rereader(reranker=Broken(), deadline_ms=9)) == (
        "failed: RuntimeError",
        fused,
    )
    generation = written(root, SEMINAR)
    absent = Rereader(reranker="does not load", deadline_ms=9)
    result = Searcher.open(root, generation, HashEncoder(), absent).search(
        SearchRequest(text="kernel")
    )
    assert (result.reranker, result.degraded) == ("does not load", ("reranker",))
