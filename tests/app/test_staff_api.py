"""Talks and papers changed over HTTP: edited, withdrawn, shown again, removed."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.api.bodies import MOST_BYTES
from catalog import events, papers, talks
from catalog.papers import NewPaper
from catalog.talks import NewTalk
from tests.app.keys import believed, new_key, sent
from tests.app.shelf import Shelf, Spoken, served, until

TALK, PAPER = "/api/v1/talks/the-second-descent", "/api/v1/papers/notes-on-kernels"


class Staff:
    """A published archive of one talk and one paper, and staff's key."""

    def __init__(self, shelf: Shelf, client: TestClient) -> None:
        self.shelf = shelf
        self.client = client
        self.key, secret = new_key(shelf, "admin")
        self.headers = sent(secret)
        believed(client)

    def ask(
        self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any
    ) -> Any:
        return self.client.request(
            method, path, headers={**self.headers, **(headers or {})}, **more
        )

    def deeds(self) -> list[tuple[str, str, str]]:
        with self.shelf.catalog.read() as session:
            return [(one.deed, one.kind, one.who) for one in events.listed(session)]


@pytest.fixture
def shelf(each_shelf: Shelf) -> Shelf:
    return each_shelf


@pytest.fixture
def staff(shelf: Shelf) -> Iterator[Staff]:
    paper = shelf.paper(NewPaper(title="Notes on Kernels", arxiv_id="1912.02292"), ("A kernel.",))
    shelf.paper(NewPaper(title="Other Notes", doi="10.1000/182"), ("A margin.",))
    shelf.talk(
        NewTalk(title="The Second Descent", held_on=date(2024, 2, 12), papers=(paper,)),
        Spoken(sentences=("Beyond the threshold.",)),
    )
    shelf.publish()
    with served(shelf) as client:
        yield Staff(shelf, client)


def test_an_edit_sets_what_is_given_and_says_what_changed(staff: Staff) -> None:
    edit = {"title": "A Second Descent", "speakers": ["Jonas Feldmann"], "date": "2024-02-13"}
    answer = staff.ask("PATCH", TALK, json=edit)
    assert answer.status_code == 200
    assert answer.json()["changed"] == {
        "title": {"old": "The Second Descent", "new": "A Second Descent"},
        "speakers": {"old": [], "new": ["Jonas Feldmann"]},
        "date": {"old": "2024-02-12", "new": "2024-02-13"},
    }
    assert answer.json()["search_follows"] is True
    shown = staff.client.get(TALK).json()
    assert (shown["title"], shown["speakers"]) == ("A Second Descent", ["Jonas Feldmann"])
    assert len(shown["papers"]) == 1
    assert staff.ask("PATCH", TALK, json=edit).json()["changed"] == {}
    assert staff.ask("PATCH", TALK, json={}).json()["changed"] == {}
    emptied = staff.ask("PATCH", TALK, json={"speakers": [], "papers": None, "title": None})
    assert set(emptied.json()["changed"]) == {"speakers", "papers", "title"}
    assert staff.deeds() == [("edit", "talk", f"key {staff.key}")] * 2


def test_a_paper_is_edited_as_a_talk_is(staff: Staff) -> None:
    answer = staff.ask("PATCH", PAPER, json={"authors": ["Priya Raman"], "year": 2023, "doi": ""})
    assert set(answer.json()["changed"]) == {"authors", "year"}
    shown = staff.client.get(PAPER)
    assert (shown.json()["authors"], shown.json()["year"]) == (["Priya Raman"], 2023)
    assert shown.headers["etag"] == answer.headers["etag"]
    taken = staff.ask("PATCH", PAPER, json={"doi": "10.1000/182"})
    assert (taken.status_code, taken.json()["code"]) == (409, "already_there")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"title": 3}, "invalid_parameter"),
        ({"titel": "x"}, "invalid_parameter"),
        ({"id": "x"}, "invalid_parameter"),
        ({"date": "tomorrow"}, "invalid_parameter"),
        ({"visibility": "hidden"}, "invalid_parameter"),
        ({"video_urls": ["javascript:alert(1)"]}, "invalid_parameter"),
        ({"abstract": "x" * 200_001}, "invalid_parameter"),
        ({"speakers": "x" * 501}, "invalid_parameter"),
        ({"note": "a\0b"}, "bad_edit"),
        ([], "invalid_parameter"),
        ("x", "invalid_parameter"),
    ],
)
def test_an_edit_that_cannot_be_is_refused_whole(staff: Staff, body: Any, code: str) -> None:
    answer = staff.ask("PATCH", TALK, json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert staff.deeds() == []


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 422),
        (b"{", 422),
        (b'{"title": "\\ud800"}', 422),
        (b"\xff\xfe", 422),
        (b"[" * 100_000, 400),
        (b'{"title": "' + b"x" * MOST_BYTES + b'"}', 413),
    ],
)
def test_a_body_that_is_none_is_a_problem(staff: Staff, content: bytes, status: int) -> None:
    answer = staff.ask("PATCH", TALK, {"content-type": "application/json"}, content=content)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    if status == 413:
        assert answer.json()["code"] == "too_large"


def test_a_body_that_is_not_said_to_be_json_is_told_what_to_say(staff: Staff) -> None:
    answer = staff.ask("PATCH", TALK, content=b'{"title": "x"}')
    assert answer.status_code == 422
    assert "Content-Type: application/json" in answer.json()["detail"]
    assert answer.json()["errors"][0]["parameter"] == "body"


def test_a_body_without_its_length_is_bounded_too(staff: Staff) -> None:
    chunks = (b"x" * 100_000 for _ in range(12))
    answer = staff.ask("PATCH", TALK, {"content-type": "application/json"}, content=chunks)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_what_changed_meanwhile_is_not_overwritten(staff: Staff) -> None:
    seen = staff.client.get(TALK).headers["etag"]
    first = staff.ask("PATCH", TALK, {"if-match": seen}, json={"note": "a", "abstract": "One."})
    assert first.status_code == 200
    assert staff.client.get(TALK).headers["etag"] == first.headers["etag"] != seen
    for method, path, body in (
        ("PATCH", TALK, {"abstract": "Two."}),
        ("POST", f"{TALK}/withdraw", None),
        ("DELETE", TALK, None),
    ):
        refused = staff.ask(method, path, {"if-match": seen}, json=body)
        assert (refused.status_code, refused.json()["code"]) == (412, "version_mismatch")
    assert staff.client.get(TALK).json()["abstract"] == "One."
    for tag in (first.headers["etag"], f'"x", {first.headers["etag"]}', "*"):
        again = staff.ask("PATCH", TALK, {"if-match": tag}, json={})
        assert again.status_code == 200


def test_a_withdrawn_talk_is_gone_at_once_and_comes_back(staff: Staff) -> None:
    answer = staff.ask("POST", f"{TALK}/withdraw", json={"reason": "the speaker asked"})
    assert answer.json()["visibility"] == "withdrawn"
    assert staff.client.get(TALK).status_code == 410
    assert staff.client.get("/api/v1/search?q=threshold").json()["hits"] == []
    again = staff.ask("POST", f"{TALK}/withdraw", {"if-match": answer.headers["etag"]})
    assert again.json()["changed"] == {}
    back = staff.ask("POST", f"{TALK}/restore", json={"visibility": "unlisted"})
    assert back.json()["changed"] == {"visibility": {"old": "withdrawn", "new": "unlisted"}}
    assert staff.client.get(TALK).json()["visibility"] == "unlisted"
    assert staff.ask("POST", f"{TALK}/restore").json()["changed"] == {}
    assert staff.client.get(TALK).json()["visibility"] == "unlisted"
    assert [deed for deed, _, _ in staff.deeds()] == ["edit", "withdraw"]


def test_a_withdrawn_paper_comes_back_to_everybody(staff: Staff) -> None:
    assert staff.ask("POST", f"{PAPER}/withdraw").status_code == 200
    assert staff.client.get(PAPER).status_code == 410
    assert staff.ask("POST", f"{PAPER}/restore").json()["visibility"] == "public"
    until(lambda: staff.client.get("/api/v1/search?q=kernel").json()["hits"] != [])


def test_what_is_removed_is_gone_and_its_files_are_noted(staff: Staff) -> None:
    with staff.shelf.catalog.read() as session:
        talk = talks.find(session, "the-second-descent").public_id
    assert staff.ask("DELETE", TALK).status_code == 204
    assert staff.client.get(TALK).status_code == 404
    assert staff.ask("DELETE", TALK).status_code == 404
    assert staff.ask("DELETE", PAPER).status_code == 204
    with staff.shelf.catalog.read() as session:
        left = [one.unswept["owners"] for one in events.unswept(session)]
        assert [talk] in left
        assert len(left) == 2
        assert len(papers.listed(session)) == 1


def test_what_has_an_open_job_is_not_removed(staff: Staff) -> None:
    staff.shelf.talk(NewTalk(title="Under Way"), None, media=b"RIFF other")
    answer = staff.ask("DELETE", "/api/v1/talks/under-way")
    assert (answer.status_code, answer.json()["code"]) == (409, "job_refused")
    assert staff.client.get("/api/v1/talks/under-way").status_code == 200


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_what_is_not_there_cannot_be_changed(staff: Staff, method: str) -> None:
    for path in ("/api/v1/talks/nothing", "/api/v1/papers/nothing", "/api/v1/talks/%00"):
        answer = staff.ask(method, path, json={} if method == "PATCH" else None)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
