"""Pages of a search go on to its end, whatever is published in between."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.api import answers
from catalog.talks import NewTalk
from tests.app.shelf import Shelf, Spoken, served, until

SEARCH = "/api/v1/search"


def kernel(shelf: Shelf, number: int) -> str:
    return shelf.talk(
        NewTalk(title=f"Talk {number}"), Spoken(sentences=(f"A kernel of kind {number}.",))
    )


def pages(
    client: TestClient, query: str, limit: int, between: Callable[[int], None] = lambda _: None
) -> list[dict[str, Any]]:
    """Every page to the end."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        parameters = {"q": query, "limit": str(limit), **({"cursor": cursor} if cursor else {})}
        answer = client.get(SEARCH, params=parameters)
        assert answer.status_code == 200, answer.text
        found.append(answer.json())
        cursor = found[-1]["next_cursor"]
        if cursor is None:
            return found
        between(len(found))


def test_paging_goes_on_while_snapshots_are_published(shelf: Shelf) -> None:
    original = {kernel(shelf, n) for n in range(12)}
    shelf.publish()
    generations = []
    with served(shelf) as client:

        def publish(page: int) -> None:
            kernel(shelf, 100 + page)
            wanted = shelf.publish()
            until(lambda: client.get("/api/v1/status").json()["snapshot"]["generation"] == wanted)

        found = pages(client, "kernel", 3, publish)
        generations = [page["generation"] for page in found]
    seen = [hit["id"] for page in found for hit in page["hits"]]
    assert len(seen) == len(set(seen))
    assert original <= set(seen)
    assert len(set(generations)) == len(generations) > 3


def test_what_is_withdrawn_between_pages_moves_nothing_out_of_sight(shelf: Shelf) -> None:
    ids = [kernel(shelf, n) for n in range(9)]
    shelf.publish()
    gone: list[str] = []
    with served(shelf) as client:

        def withdraw(_page: int) -> None:
            first = client.get(SEARCH, params={"q": "kernel", "limit": 1}).json()["hits"][0]["id"]
            shelf.change_talk(first, visibility="withdrawn")
            gone.append(first)

        found = pages(client, "kernel", 3, withdraw)
    seen = [hit["id"] for page in found for hit in page["hits"]]
    assert len(seen) == len(set(seen))
    assert set(seen) >= set(ids) - set(gone)


def test_the_list_goes_on_past_the_first_candidates(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "CANDIDATES", 4)
    monkeypatch.setattr(answers.find, "__kwdefaults__", {"candidates": 4})
    ids = {kernel(shelf, n) for n in range(15)}
    shelf.publish()
    with served(shelf) as client:
        found = pages(client, "kernel", 2)
    assert found[0]["total_is"] == "at least"
    assert found[-1]["total_is"] == "exact"
    assert found[-1]["total"] == len(ids)
    assert {hit["id"] for page in found for hit in page["hits"]} == ids


def test_a_page_with_a_cursor_of_another_search_begins_anew_and_says_so(shelf: Shelf) -> None:
    for n in range(12):
        kernel(shelf, n)
    shelf.publish()
    with served(shelf) as client:
        cursor = client.get(SEARCH, params={"q": "kernel", "limit": 1}).json()["next_cursor"]
        page = client.get("/search", params={"q": "kind", "cursor": cursor})
        assert page.status_code == 200
        assert "these are the first results" in page.text


def test_a_strange_word_ends_the_search_where_little_is_near(shelf: Shelf) -> None:
    """The dense leg proposed all that it may, and little of it was near enough to be kept."""
    for n in range(answers.CANDIDATES + 10):
        kernel(shelf, n)
    shelf.publish()
    with served(shelf) as client:
        for query in ("zzzzqqqq", "qqqq wwww xxxx"):
            found = client.get(SEARCH, params={"q": query})
            assert found.status_code == 200, found.text
