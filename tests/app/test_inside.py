"""Within one talk, and around it: search inside, neighbours, twins, what is similar."""

from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.api import similar
from app.api.facets import NARROWS
from catalog.papers import NewPaper
from catalog.talks import NewTalk
from tests.app.shelf import Shelf, Spoken, served

SEARCH = "/api/v1/search"
GRADIENT = "What Gradient Descent Prefers"


def hits(client: TestClient, **parameters: Any) -> list[dict[str, Any]]:
    answer = client.get(SEARCH, params=parameters)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["hits"]
    return found


def test_inside_a_talk_every_passage_is_listed_best_first_with_its_time(
    reader: TestClient,
) -> None:
    everywhere = hits(reader, q="gradient descent step sizes")
    talk = next(hit for hit in everywhere if hit["title"] == GRADIENT)
    for key in (talk["id"], talk["url"].removeprefix("/talks/")):
        (inside,) = hits(reader, q="gradient descent step sizes", talk=key)
        assert inside["id"] == talk["id"]
        assert inside["more"] == 0
        assert len(inside["passages"]) > len(talk["passages"])
        scores = [passage["score"] for passage in inside["passages"]]
        assert scores == sorted(scores, reverse=True)
        assert all(passage["start_ms"] is not None for passage in inside["passages"])


@pytest.mark.parametrize(
    "parameters", [{"talk": "none-such"}, {"paper": "the-second-descent"}, {"talk": "%00"}]
)
def test_inside_what_is_not_there_is_not_found(
    reader: TestClient, parameters: dict[str, str]
) -> None:
    answer = reader.get(SEARCH, params={"q": "kernel", **parameters})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_the_page_of_a_talk_shows_what_is_found_inside_it(reader: TestClient) -> None:
    (inside,) = hits(reader, q="step sizes", talk="what-gradient-descent-prefers")
    page = reader.get("/talks/what-gradient-descent-prefers", params={"q": "step sizes"}).text
    assert f"{len(inside['passages'])} passages for" in page


def test_neighbours_of_a_better_passage_are_not_shown(reader: TestClient) -> None:
    talk = next(h for h in hits(reader, q="gradient descent odd") if h["title"] == GRADIENT)
    spans = sorted((one["start_ms"], one["end_ms"]) for one in talk["passages"])
    assert len(spans) > 1
    assert all(first[1] <= second[0] for first, second in pairwise(spans))


def test_the_same_talk_held_twice_is_one_hit_with_a_twin(shelf: Shelf) -> None:
    ids = [
        shelf.talk(
            NewTalk(title="On Tangent Kernels", speakers=("A. B.",), held_on=date(year, 1, 1)),
            Spoken(sentences=(f"A kernel in the year {year}.",)),
            media=f"RIFF {year}".encode(),
        )
        for year in (2021, 2022)
    ]
    other = shelf.talk(
        NewTalk(title="On Tangent Kernels", speakers=("C. D.",)),
        Spoken(sentences=("A kernel.",)),
        media=b"RIFF other",
    )
    shelf.publish()
    with served(shelf) as client:
        answer = client.get(SEARCH, params={"q": "kernel"}).json()
        page = client.get("/search", params={"q": "kernel"}).text
    assert answer["total"] == 2
    twice = next(hit for hit in answer["hits"] if hit["id"] in ids)
    assert {twice["id"], twice["twins"][0]["id"]} == set(ids)
    assert next(hit for hit in answer["hits"] if hit["id"] == other)["twins"] == []
    assert "Also held" in page


def test_facets_count_what_a_click_would_show(reader: TestClient) -> None:
    query = "the of and descent kernel"
    whole = reader.get(SEARCH, params={"q": query, "limit": 100}).json()
    assert set(whole["facets"]) == set(NARROWS)
    for name in NARROWS:
        assert whole["facets"][name]
        for one in whole["facets"][name]:
            narrowed = reader.get(SEARCH, params={"q": query, name: one["value"]}).json()
            assert narrowed["total"] == one["count"], (name, one)
    chosen = reader.get(SEARCH, params={"q": query, "kind": "paper"}).json()
    assert chosen["facets"]["kind"] == whole["facets"]["kind"] or {
        one["value"]: one["count"] for one in chosen["facets"]["kind"]
    } == {one["value"]: one["count"] for one in whole["facets"]["kind"]}
    page = reader.get("/search", params={"q": query}).text
    for one in whole["facets"]["kind"]:
        assert f'>{one["value"].capitalize()}s</a><span class="count">{one["count"]}<' in page


def test_a_talk_that_is_heard_anew_shows_no_passage_that_is_gone(shelf: Shelf) -> None:
    talk = shelf.talk(NewTalk(title="One"), Spoken(sentences=("A kernel of old.",)))
    kept = shelf.talk(NewTalk(title="Two"), Spoken(sentences=("A kernel that stays.",)))
    shelf.publish()
    with served(shelf) as client:
        assert len(hits(client, q="kernel")) == 2
        shelf.say_again(talk, Spoken(sentences=("Something else was said.",)))
        assert [hit["id"] for hit in hits(client, q="kernel")] == [kept]
        assert "of old" not in client.get("/search", params={"q": "kernel"}).text


def test_what_is_similar_is_public_another_and_on_the_page(shelf: Shelf) -> None:
    text = "Kernels and wide networks share a limit, number"
    ids = [
        shelf.talk(NewTalk(title=f"Wide networks {n}"), Spoken(sentences=(f"{text} {n}.",)))
        for n in range(4)
    ]
    paper = shelf.paper(NewPaper(title="Wide networks on paper"), (f"{text} of pages.",))
    shelf.talk(NewTalk(title="Cooking"), Spoken(sentences=("Soup is made of leeks and water.",)))
    shelf.publish()
    with served(shelf) as client:
        url = f"/api/v1/talks/{ids[0]}/similar"
        found = client.get(url).json()["items"]
        assert {one["id"] for one in found} <= {*ids[1:], paper}
        assert paper in {one["id"] for one in found}
        scores = [one["score"] for one in found]
        assert scores == sorted(scores, reverse=True)
        assert "Wide networks on paper" in client.get("/talks/wide-networks-0").text
        assert client.get(f"/api/v1/papers/{paper}/similar").json()["items"]
        shelf.withdraw_paper(paper)
        assert paper not in {one["id"] for one in client.get(url).json()["items"]}
        assert "Wide networks on paper" not in client.get("/talks/wide-networks-0").text
        shelf.change_talk(ids[0], visibility="withdrawn")
        assert client.get(url).status_code == 410


def test_without_vectors_nothing_is_similar(shelf: Shelf) -> None:
    talk = shelf.bare_talk(NewTalk(title="Never heard"))
    with served(shelf) as client:
        answer = client.get(f"/api/v1/talks/{talk}/similar")
        assert (answer.status_code, answer.json()["items"]) == (200, [])
    assert similar.MOST > 0
