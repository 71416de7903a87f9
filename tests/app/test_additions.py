"""Adding by address over HTTP: a promise that is written before it is answered."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from catalog import links, submissions
from catalog.papers import NewPaper
from catalog.talks import NewTalk
from tests.app.keys import believed, new_key, sent
from tests.app.shelf import Shelf, served

URL = "https://example.edu/lectures/12.mp4"


@pytest.fixture
def shelf(each_shelf: Shelf) -> Shelf:
    return each_shelf


@pytest.fixture
def asked(shelf: Shelf) -> Iterator[Any]:
    """Asks to add something, with a key of the scope ingest."""
    with served(shelf, wait=False) as client:
        headers = sent(new_key(shelf, "ingest")[1])
        believed(client)
        yield lambda **body: client.post("/api/v1/talks", json=body, headers=headers)


def jobs(shelf: Shelf) -> list[submissions.Job]:
    with shelf.catalog.read() as session:
        return submissions.listed(session)


def test_an_address_is_promised_before_the_answer(shelf: Shelf, asked: Any) -> None:
    paper = shelf.paper(NewPaper(title="Notes"), ("A kernel.",))
    answer = asked(
        url=f"{URL}?token=abc#part",
        title="Lecture 12",
        speakers=["Jonas Feldmann"],
        series="Foundations",
        date="2024-05-02",
        papers=[paper],
        visibility="unlisted",
    )
    assert answer.status_code == 202
    assert (answer.json()["kind"], answer.json()["state"]) == ("link", "accepted")
    assert (answer.json()["file"], answer.json()["about"]) == (URL, None)
    assert answer.headers["location"] == answer.json()["url"]
    [_, job] = jobs(shelf)
    assert job.submission.public_id == answer.json()["id"]
    assert job.submission.source_url == f"{URL}?token=abc"
    assert job.submission.about["held_on"] == "2024-05-02"
    assert job.submission.about["papers"] == [paper]
    assert job.submission.about["visibility"] == "unlisted"


def test_an_address_twice_is_one_promise(shelf: Shelf, asked: Any) -> None:
    first, second = asked(url=URL), asked(url="HTTPS://EXAMPLE.edu:443/lectures/12.mp4")
    assert first.json()["id"] == second.json()["id"]
    assert len(jobs(shelf)) == 1
    with shelf.catalog.write() as session:
        submissions.finish(session, first.json()["id"], "failed", failure="it is away")
    again = asked(url=URL).json()
    assert (again["id"], again["state"], again["attempt"]) == (first.json()["id"], "accepted", 2)


def test_an_address_whose_talk_is_there_names_it(shelf: Shelf, asked: Any) -> None:
    talk = shelf.talk(NewTalk(title="Lecture 12"), None)
    job = asked(url=URL).json()["id"]
    with shelf.catalog.write() as session:
        links.arrived(session, job, talk)
        submissions.finish(session, job, "done")
    refused = asked(url=URL)
    assert (refused.status_code, refused.json()["code"]) == (409, "already_there")
    assert talk in refused.json()["detail"]


def test_a_number_of_arxiv_is_a_paper_at_once(shelf: Shelf, asked: Any) -> None:
    for word in ("arxiv:1912.02292", "https://arxiv.org/abs/1912.02292"):
        answer = asked(url=word, authors=["Preetum Nakkiran"], year=2019)
        assert answer.json()["about"]["kind"] == "paper"
    assert len(jobs(shelf)) == 1


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.edu/x.mp4",
        "file:///etc/passwd",
        "example.edu/x.mp4",
        "https://user:secret@example.edu/x.mp4",
        "https://exa mple.edu/x",
        "https://[::1/x",
        "https:///x",
        "http://example.edu:99999/x",
        "arxiv:nothing",
        "https://example.edu/\n",
        "x",
    ],
)
def test_an_address_that_cannot_be_is_refused(shelf: Shelf, asked: Any, url: str) -> None:
    answer = asked(url=url)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_address")
    assert "secret" not in answer.text
    assert jobs(shelf) == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"url": ""},
        {"url": URL, "date": "soon"},
        {"url": URL, "title": "a\0b"},
        {"url": URL, "year": 12},
        {"url": URL, "visibility": "secret"},
        {"url": URL, "speakers": "Jonas"},
        {"url": URL, "speakers": ["x"] * 201},
        {"url": URL, "speaker": ["x"]},
        {"url": "https://example.edu/" + "x" * 2_000},
        {"url": URL, "language": "english!"},
    ],
)
def test_what_cannot_be_said_of_it_is_refused(
    shelf: Shelf, asked: Any, body: dict[str, Any]
) -> None:
    answer = asked(**body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_parameter")
    assert jobs(shelf) == []


def test_a_paper_that_is_not_there_cannot_be_named(shelf: Shelf, asked: Any) -> None:
    assert asked(url=URL, papers=["nothing"]).status_code == 404
    assert jobs(shelf) == []


def test_where_a_link_leads_is_looked_at_by_the_worker_not_here(asked: Any) -> None:
    assert asked(url="http://127.0.0.1:1/x.mp4").status_code == 202


def test_a_search_key_adds_nothing(shelf: Shelf) -> None:
    with served(shelf, wait=False) as client:
        headers = sent(new_key(shelf, "search")[1])
        believed(client)
        refused: TestClient = client
        answer = refused.post("/api/v1/talks", json={"url": URL}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
    assert jobs(shelf) == []
