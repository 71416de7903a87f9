"""A key that is held to some series finds those and nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from starlette.testclient import TestClient

from catalog.papers import NewPaper
from catalog.talks import NewTalk
from tests.app.conftest import filled
from tests.app.keys import answered_from_memory, believed, new_key, sent
from tests.app.shelf import Shelf, Spoken, served, until


@dataclass(frozen=True, kw_only=True)
class Course:
    """A client, and the headers of keys for one series, for two, and for one that is gone."""

    client: TestClient
    one: dict[str, str]
    two: dict[str, str]
    shelf: Shelf


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    """The usual archive, and a third series with a talk, and a paper that only it names."""
    shelf = Shelf(tmp_path_factory.mktemp("course"))
    filled(shelf)
    other = shelf.paper(
        NewPaper(title="Threshold Phenomena", authors=("Ada Okafor",), year=2020),
        ("The interpolation threshold and gradient descent, said on paper zebrafish.",),
    )
    shelf.talk(
        NewTalk(
            title="Threshold Matters", speakers=("Ada Okafor",), series="Reading Group",
            papers=(other,),
        ),
        Spoken(sentences=("The interpolation threshold of gradient descent is okapi.",)),
    )  # fmt: skip
    shelf.publish()
    _, one = new_key(shelf, "search", series=("foundations",))
    _, two = new_key(shelf, "search", series=("foundations", "Reading Group"))
    with served(shelf) as client:
        believed(client)
        yield Course(client=client, one=sent(one), two=sent(two), shelf=shelf)
    shelf.close()


def found(course: Course, headers: dict[str, str], **parameters: str) -> set[str]:
    answer = course.client.get(
        "/api/v1/search", params={"limit": "50", **parameters}, headers=headers
    )
    assert answer.status_code == 200
    return {hit["title"] for hit in answer.json()["hits"]}


def test_a_search_finds_only_its_series_and_their_papers(course: Course) -> None:
    everything = found(course, {}, q="threshold gradient descent network")
    assert {"Threshold Matters", "Threshold Phenomena"} <= everything
    for mode in ("hybrid", "keyword", "semantic"):
        one = found(course, course.one, q="threshold gradient descent network", mode=mode)
        assert one
        assert one <= {"The Second Descent", "Labels Come Last", "Notes on Tangent Kernels"}
    two = found(course, course.two, q="threshold gradient descent network")
    assert {"Threshold Matters", "Threshold Phenomena", "The Second Descent"} <= two
    assert "What Gradient Descent Prefers" not in two


def test_what_was_kept_for_one_caller_is_not_given_to_another(course: Course) -> None:
    before = answered_from_memory(course.client)
    for _ in range(2):
        assert "Threshold Matters" in found(course, {}, q="okapi threshold")
        assert "Threshold Matters" not in found(course, course.one, q="okapi threshold")
        assert "Threshold Matters" in found(course, course.two, q="okapi threshold")
    assert answered_from_memory(course.client) >= before + 3


def test_narrowing_comes_before_ranking(shelf: Shelf) -> None:
    for number in range(60):
        shelf.talk(
            NewTalk(title=f"Kernel talk {number}", series="Big"),
            Spoken(sentences=("kernel kernel kernel methods and kernel machines.",) * 6),
        )
    shelf.talk(
        NewTalk(title="A small one", series="Small"),
        Spoken(sentences=("Once somebody said kernel in passing among many other words.",)),
    )
    shelf.publish()
    _, secret = new_key(shelf, "search", series=("small",))
    with served(shelf) as client:
        believed(client)
        answer = client.get("/api/v1/search?q=kernel&limit=1", headers=sent(secret)).json()
    assert [hit["title"] for hit in answer["hits"]] == ["A small one"]
    assert answer["total"] == 1


def test_facets_count_only_its_series(course: Course) -> None:
    answer = course.client.get(
        "/api/v1/search", params={"q": "threshold", "kind": "talk"}, headers=course.one
    ).json()
    assert {one["value"] for one in answer["facets"]["series"]} <= {"Foundations"}
    assert "Ada Okafor" not in {one["value"] for one in answer["facets"]["speaker"]}


def test_another_series_is_refused_and_its_own_may_be_named(course: Course) -> None:
    for named in ("Foundations", "foundations"):
        assert found(course, course.one, q="threshold", series=named) == {"The Second Descent"}
    for named in ("Reading Group", "reading-group", "nowhere"):
        answer = course.client.get(
            "/api/v1/search", params={"q": "threshold", "series": named}, headers=course.one
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "series_refused")
    assert found(course, course.one, q='threshold series:"Reading Group"') == set()


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/talks/threshold-matters",
        "/api/v1/talks/threshold-matters/transcript",
        "/api/v1/talks/threshold-matters/similar",
        "/api/v1/papers/threshold-phenomena",
        "/api/v1/papers/threshold-phenomena/similar",
        "/media/talks/threshold-matters",
        "/media/papers/threshold-phenomena.pdf",
        "/api/v1/search?q=threshold&talk=threshold-matters",
        "/api/v1/search?q=threshold&paper=threshold-phenomena",
    ],
)
def test_what_is_outside_its_series_is_not_there(course: Course, path: str) -> None:
    assert course.client.get(path).status_code == 200
    assert course.client.get(path, headers=course.two).status_code == 200
    refused = course.client.get(path, headers=course.one)
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")


def test_lists_and_suggestions_show_only_its_series(course: Course) -> None:
    def titles(path: str, headers: dict[str, str]) -> set[str]:
        return {one["title"] for one in course.client.get(path, headers=headers).json()["items"]}

    assert titles("/api/v1/talks", course.one) == {"The Second Descent", "Labels Come Last"}
    assert titles("/api/v1/papers", course.one) == {"Notes on Tangent Kernels"}
    for typed in ("thresh", "ada", "reading", "okafor"):
        offered = course.client.get(f"/api/v1/suggest?q={typed}").json()["suggestions"]
        mine = course.client.get(f"/api/v1/suggest?q={typed}", headers=course.one).json()
        assert offered
        assert mine["suggestions"] == []
    mine = course.client.get("/api/v1/suggest?q=found", headers=course.one).json()["suggestions"]
    assert [one["text"] for one in mine] == ["Foundations"]


def test_similar_ones_are_of_its_series(course: Course) -> None:
    path = "/api/v1/talks/the-second-descent/similar"
    mine = course.client.get(path, headers=course.one).json()["items"]
    assert {one["title"] for one in mine} <= {"Labels Come Last", "Notes on Tangent Kernels"}


def test_a_small_course_is_offered_all_that_it_has(shelf: Shelf) -> None:
    for number in range(90):
        shelf.talk(
            NewTalk(title=f"Kernels {number}", speakers=("Ada Okafor",), series="Big"),
            Spoken(sentences=(f"Kernels of wide networks, part {number} of many.",)),
        )
    for number in range(3):
        shelf.talk(
            NewTalk(title=f"All about kernels {number}", speakers=("Ada Okafor",), series="Small"),
            Spoken(sentences=(f"Kernels of wide networks, and of soup of leeks {number}.",)),
        )
    shelf.publish()
    _, secret = new_key(shelf, "search", series=("small",))
    with served(shelf) as client:
        believed(client)
        until(lambda: client.get("/api/v1/suggest?q=kernels").json()["suggestions"])
        headers = sent(secret)
        offered = {
            typed: {
                one["text"]
                for one in client.get(f"/api/v1/suggest?q={typed}", headers=headers).json()[
                    "suggestions"
                ]
            }
            for typed in ("kernels", "ada")
        }
        path = "/api/v1/talks/all-about-kernels-0/similar"
        alike = client.get(path, headers=headers).json()["items"]
    mine = {f"All about kernels {number}" for number in range(3)}
    assert offered["kernels"] >= mine
    assert offered["ada"] == {"Ada Okafor"}
    assert {one["title"] for one in alike} == mine - {"All about kernels 0"}


def test_a_paper_does_not_tell_of_talks_in_other_series(shelf: Shelf) -> None:
    paper = shelf.paper(NewPaper(title="Shared Paper"), ("Both courses read this one.",))
    for series in ("Mine", "Theirs"):
        shelf.bare_talk(NewTalk(title=f"About it in {series}", series=series, papers=(paper,)))
    _, secret = new_key(shelf, "search", series=("mine",))
    with served(shelf) as client:
        believed(client)
        answer = client.get("/api/v1/papers/shared-paper", headers=sent(secret)).json()
    assert [one["title"] for one in answer["talks"]] == ["About it in Mine"]


def test_an_unlisted_talk_brings_no_paper_into_its_series(shelf: Shelf) -> None:
    paper = shelf.paper(NewPaper(title="Quiet Paper"), ("Only an unlisted talk reads marmoset.",))
    shelf.bare_talk(NewTalk(title="Quiet", series="Mine", visibility="unlisted", papers=(paper,)))
    shelf.bare_talk(NewTalk(title="Loud", series="Mine"))
    shelf.publish()
    _, secret = new_key(shelf, "search", series=("mine",))
    with served(shelf) as client:
        believed(client)
        headers = sent(secret)
        assert client.get("/api/v1/search?q=marmoset", headers=headers).json()["hits"] == []
        assert client.get("/api/v1/papers/quiet-paper", headers=headers).status_code == 404
        listed = client.get("/api/v1/talks", headers=headers).json()["items"]
    assert [one["title"] for one in listed] == ["Loud"]


def test_a_key_whose_series_is_gone_finds_nothing(shelf: Shelf) -> None:
    filled(shelf)
    shelf.publish()
    shelf.bare_talk(NewTalk(title="Last of it", series="Passing"))
    _, secret = new_key(shelf, "search", series=("passing",))
    with shelf.catalog.write() as session:
        from catalog import removal, talks

        removal.remove(session, talks.find(session, "last-of-it"), said="")
    with served(shelf) as client:
        believed(client)
        headers = sent(secret)
        assert client.get("/api/v1/search?q=threshold", headers=headers).json()["hits"] == []
        assert client.get("/api/v1/talks", headers=headers).json()["items"] == []


def test_without_a_snapshot_the_catalog_is_narrowed_too(shelf: Shelf) -> None:
    filled(shelf)
    _, secret = new_key(shelf, "search", series=("theory-lunch",))
    with served(shelf) as client:
        believed(client)
        answer = client.get("/api/v1/search?q=threshold+descent", headers=sent(secret)).json()
        everything = client.get("/api/v1/search?q=threshold+descent").json()
    assert {hit["title"] for hit in answer["hits"]} == {"What Gradient Descent Prefers"}
    assert len(everything["hits"]) > 1
