"""One snapshot, two legs: what is found, where, by whom, and what is said when a leg is dead."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.contract import Mode, SearchRequest
from index.encoders import Encoder, Vectors
from index.errors import InvalidQuery, SnapshotDamaged
from index.searcher import _BESIDE_IS_BUSY, Searcher
from index.testing import HashEncoder
from tests.index.conftest import SEMINAR, Publish, passage, written


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory, minilm: Encoder) -> Searcher:
    root = tmp_path_factory.mktemp("searcher")
    return Searcher.open(root, written(root, SEMINAR, minilm), minilm)


def ids(searcher: Searcher, text: str, **more: object) -> list[str]:
    request = SearchRequest(text=text, **more)  # type: ignore[arg-type]
    return [hit.passage.id for hit in searcher.search(request).hits]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("why does a bigger model not overfit more?", "descent"),
        ("very wide networks behave like a fixed kernel", "kernel"),
        ("L2 regularization", "norms"),
        ("NTK", "kernel"),
        ("Boris Sample", "descent"),
        ('"double descent"', "descent"),
    ],
)
def test_a_question_finds_its_passage_first(searcher: Searcher, text: str, first: str) -> None:
    assert ids(searcher, text)[0] == first


def test_a_hit_carries_everything_that_was_stored(searcher: Searcher) -> None:
    for one in SEMINAR:
        hit = searcher.search(SearchRequest(text=one.text)).hits[0]
        assert hit.passage == one
        assert hit.found_by == "both"
        assert 0 < hit.score <= 1


def test_hits_say_who_found_them(searcher: Searcher) -> None:
    hits = {str(h.passage.id): h for h in searcher.search(SearchRequest(text="Boris")).hits}
    assert hits["descent"].found_by == "words"
    assert hits["kernel"].found_by == "meaning"
    assert hits["kernel"].terms is None


@pytest.mark.parametrize(
    ("mode", "legs"),
    [
        ("hybrid", {"dense": "ok", "terms": "ok"}),
        ("semantic", {"dense": "ok", "terms": "off"}),
        ("keyword", {"dense": "off", "terms": "ok"}),
    ],
)
def test_each_mode_runs_its_legs(searcher: Searcher, mode: Mode, legs: dict[str, str]) -> None:
    result = searcher.search(SearchRequest(text="tangent kernel", mode=mode))
    assert result.legs == legs
    assert result.degraded == ()
    assert result.generation == searcher.generation
    assert result.hits[0].passage.id == "kernel"


@pytest.mark.parametrize("mode", ["hybrid", "semantic", "keyword"])
@pytest.mark.parametrize(
    ("filters", "left"),
    [
        ({"kinds": ("paper",)}, {"norms"}),
        ({"kinds": ("talk",)}, {"descent", "kernel"}),
        ({"owner": "talk-kernel"}, {"kernel"}),
        ({"series": "theory seminar"}, {"descent", "kernel"}),
        ({"speaker": "  boris  SAMPLE "}, {"descent"}),
        ({"speaker": "case"}, {"norms"}),
        ({"year": 2021}, {"descent", "norms"}),
        ({"year": 2021, "kinds": ("talk",)}, {"descent"}),
        ({"year": 1900}, set()),
        ({"kinds": ()}, set()),
    ],
)
def test_filters_hold_in_every_mode(
    searcher: Searcher, mode: Mode, filters: dict[str, object], left: set[str]
) -> None:
    assert set(ids(searcher, "kernel norm descent", mode=mode, **filters)) == left


def test_the_limit_holds_and_order_is_by_score(searcher: Searcher) -> None:
    assert len(ids(searcher, "kernel norm descent", limit=2)) == 2
    scores = [hit.score for hit in searcher.search(SearchRequest(text="kernel norm")).hits]
    assert scores == sorted(scores, reverse=True)


def test_without_an_encoder_words_answer_and_the_answer_is_degraded(
    root: Path, publish: Publish
) -> None:
    searcher = Searcher.open(root, publish(SEMINAR), None)
    result = searcher.search(SearchRequest(text="tangent kernel"))
    assert result.degraded == ("dense",)
    assert result.legs == {"dense": "no encoder is loaded", "terms": "ok"}
    assert [hit.passage.id for hit in result.hits] == ["kernel"]
    assert searcher.legs["dense"] == "no encoder is loaded"


def test_vectors_of_another_encoder_are_never_searched(root: Path, publish: Publish) -> None:
    searcher = Searcher.open(root, publish(SEMINAR), HashEncoder(name="other"))
    for mode in ("hybrid", "semantic"):
        result = searcher.search(SearchRequest(text="tangent kernel", mode=mode))
        assert result.degraded == ("dense",)
        assert "other-64" in result.legs["dense"]
        assert result.legs["terms"] == "ok"
        assert [hit.found_by for hit in result.hits] == ["words"]


class Failing(HashEncoder):
    """An encoder that breaks when it is asked."""

    def encode_query(self, text: str) -> Vectors:
        raise RuntimeError("out of memory")


def test_a_leg_that_fails_is_named_and_the_other_answers(
    root: Path, publish: Publish, caplog: pytest.LogCaptureFixture
) -> None:
    searcher = Searcher.open(root, publish(SEMINAR), Failing())
    result = searcher.search(SearchRequest(text="tangent kernel"))
    assert result.degraded == ("dense",)
    assert result.legs["dense"] == "failed: RuntimeError"
    assert [hit.passage.id for hit in result.hits] == ["kernel"]
    assert "out of memory" in caplog.text


def test_a_damaged_snapshot_is_not_opened(root: Path, publish: Publish) -> None:
    generation = publish(SEMINAR)
    (root / generation / "owners.json").write_text("[]")
    with pytest.raises(SnapshotDamaged, match=r"owners\.json"):
        Searcher.open(root, generation, None)


def test_a_closed_searcher_says_so(root: Path, publish: Publish) -> None:
    searcher = Searcher.open(root, publish(SEMINAR), HashEncoder())
    searcher.close()
    assert searcher.search(SearchRequest(text="kernel")).degraded == ("dense",)


@settings(max_examples=60, deadline=None)
@given(text=st.text(st.characters(), max_size=60))
def test_any_text_is_answered_or_invalid(shared: Searcher, text: str) -> None:
    try:
        result = shared.search(SearchRequest(text=text))
    except InvalidQuery:
        return
    assert result.degraded == ()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    root = tmp_path_factory.mktemp("shared")
    return Searcher.open(root, written(root, SEMINAR), HashEncoder())


def test_a_request_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="mode"):
        SearchRequest(text="x", mode="magic")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="begin at 1"):
        SearchRequest(text="x", limit=0)


def test_similar_talks_come_by_meaning_without_the_talk_itself_and_without_twins(
    root: Path, publish: Publish
) -> None:
    texts = {
        "a": "kernels of wide networks",
        "b": "wide networks and kernels",
        "twin": "wide networks and kernels",
        "c": "kernels of narrow machines",
        "far": "soup of leeks",
    }
    generation = publish([passage(name, text) for name, text in texts.items()])
    searcher = Searcher.open(root, generation, HashEncoder())
    found = [one.owner_id for one in searcher.similar("talk-a", 3)]
    assert found[0] in {"talk-b", "talk-twin"}
    assert len({"talk-b", "talk-twin"} & set(found)) == 1
    assert "talk-a" not in found
    assert "talk-c" in found
    assert searcher.similar("talk-none", 3) == []
    assert Searcher.open(root, generation, None).similar("talk-a", 3) == []


def test_a_leg_that_proposed_all_it_may_says_so(root: Path, publish: Publish) -> None:
    generation = publish([passage(str(n), f"kernel {n}") for n in range(9)])
    searcher = Searcher.open(root, generation, HashEncoder())
    few = searcher.search(SearchRequest(text="kernel", limit=None, candidates=4))
    assert set(few.cut_off) == {"dense", "terms"}
    every = searcher.search(SearchRequest(text="kernel", limit=None, candidates=10))
    assert every.cut_off == ()
    assert len(every.hits) == 9
    assert sorted(hit.row for hit in every.hits) == list(range(9))


@pytest.mark.parametrize("mode", ["hybrid", "keyword", "semantic"])
def test_there_are_no_talks_and_papers_but_those_that_are_named(
    searcher: Searcher, mode: Mode
) -> None:
    text = "double descent of wide networks and the KL divergence"
    everything = {hit.owner_id for hit in searcher.search(SearchRequest(text=text, mode=mode)).hits}
    for owners in (
        frozenset(everything - {"paper-norms"}),
        frozenset({"paper-norms"}),
        frozenset(),
    ):
        request = SearchRequest(text=text, mode=mode, owners=owners)
        found = {hit.owner_id for hit in searcher.search(request).hits}
        assert found == everything & owners
    listed = SearchRequest(text="year:2020-2021", owners=frozenset({"paper-norms"}))
    assert {hit.owner_id for hit in searcher.search(listed).hits} == {"paper-norms"}


def test_a_search_while_another_has_both_legs_running_finds_the_same(searcher: Searcher) -> None:
    wanted = SearchRequest(text="gradient descent")
    alone = searcher.search(wanted)
    with _BESIDE_IS_BUSY:
        beside = searcher.search(wanted)
    assert alone.hits
    assert [(hit.row, hit.score) for hit in beside.hits] == [
        (hit.row, hit.score) for hit in alone.hits
    ]
