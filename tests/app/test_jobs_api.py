"""Jobs over HTTP: seen, followed, stopped, tried again."""

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.api import progress
from catalog import submissions, talks
from catalog.errors import CatalogUnavailable
from catalog.talks import NewTalk
from tests.app.keys import believed, new_key, revoked, sent, service_of
from tests.app.shelf import Shelf, Spoken, served, until


class Under:
    """An archive with a job that is under way, and staff's key."""

    def __init__(self, shelf: Shelf, client: TestClient) -> None:
        self.shelf = shelf
        self.client = client
        self.talk = shelf.talk(NewTalk(title="The Second Descent"), None)
        self.key, secret = new_key(shelf, "ingest")
        self.headers = sent(secret)
        believed(client)
        with shelf.catalog.read() as session:
            self.job = submissions.find(session, self.talk).submission.public_id

    def ask(self, method: str, path: str, **more: Any) -> Any:
        return self.client.request(method, f"/api/v1/jobs{path}", headers=self.headers, **more)


@pytest.fixture
def shelf(each_shelf: Shelf) -> Shelf:
    return each_shelf


@pytest.fixture
def under(shelf: Shelf) -> Iterator[Under]:
    with served(shelf, wait=False) as client:
        yield Under(shelf, client)


def parsed(text: str) -> list[dict[str, str]]:
    """The events of a stream, as a browser reads them; comments and bare fields left out."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line[:1] != ":")
        if "data" in fields:
            found.append(fields)
    return found


def test_a_job_says_what_it_is_about_and_how_far_it_is(under: Under) -> None:
    under.shelf.change_job(under.talk, state="running", step="transcribe", done=30, total=120)
    [item] = under.ask("GET", "").json()["items"]
    assert (item["id"], item["state"], item["step"]) == (under.job, "running", "transcribe")
    assert (item["percent"], item["unit"], item["url"]) == (25, "ms", f"/api/v1/jobs/{under.job}")
    assert item["about"]["title"] == "The Second Descent"
    one = under.ask("GET", f"/{under.job}")
    assert one.json() == item
    again = under.client.get(
        f"/api/v1/jobs/{under.job}", headers={**under.headers, "if-none-match": one.headers["etag"]}
    )
    assert again.status_code == 304


def test_jobs_are_listed_by_state_and_page_by_page(under: Under) -> None:
    for number in range(4):
        under.shelf.talk(NewTalk(title=f"Done {number}"), Spoken(sentences=("A kernel.",)))
    assert len(under.ask("GET", "", params={"state": "done"}).json()["items"]) == 4
    assert [one["id"] for one in under.ask("GET", "?state=accepted").json()["items"]] == [under.job]
    seen, cursor = [], None
    while True:
        params = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = under.ask("GET", "", params=params).json()
        seen += [one["about"]["title"] for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ["Done 3", "Done 2", "Done 1", "Done 0", "The Second Descent"]
    for wrong in ("state=odd", "limit=0", "cursor=forged"):
        assert under.ask("GET", f"?{wrong}").status_code in {400, 422}


def test_a_job_is_cancelled_and_tried_again(under: Under) -> None:
    assert under.ask("POST", f"/{under.job}/cancel").json()["state"] == "cancelled"
    refused = under.ask("POST", f"/{under.job}/cancel")
    assert (refused.status_code, refused.json()["code"]) == (409, "job_refused")
    again = under.ask("POST", f"/{under.job}/retry").json()
    assert (again["state"], again["attempt"]) == ("accepted", 2)
    refused = under.ask("POST", f"/{under.job}/retry")
    assert (refused.status_code, refused.json()["code"]) == (409, "job_refused")


@pytest.mark.parametrize("path", ["/nothing", "/nothing/events", "/%00", "/" + "x" * 150])
def test_what_is_no_job_is_not_found(under: Under, path: str) -> None:
    answer = under.ask("GET", path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_events_tell_each_change_once_and_end_with_the_job(under: Under) -> None:
    changes = (
        {"state": "running", "step": "decode", "done": 0},
        {"state": "running", "step": "transcribe", "done": 10, "total": 40},
        {"state": "committed", "step": "publish"},
        {"state": "done"},
    )

    def work() -> None:
        for change in changes:
            time.sleep(2.5 * progress.LOOK_EVERY_S)
            under.shelf.change_job(under.talk, **change)

    worker = threading.Thread(target=work)
    worker.start()
    answer = under.ask("GET", f"/{under.job}/events")
    worker.join()
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert "no-store" in answer.headers["cache-control"]
    events = parsed(answer.text)
    states = [json.loads(one["data"])["state"] for one in events]
    assert states == ["accepted", "running", "running", "committed", "done"]
    assert [one["event"] for one in events] == ["progress"] * 4 + ["end"]
    assert len({one["id"] for one in events}) == len(events)


def test_who_comes_back_is_told_only_what_is_new(under: Under) -> None:
    under.shelf.change_job(under.talk, state="failed", failure="the file is damaged")
    first = parsed(under.ask("GET", f"/{under.job}/events").text)
    assert [one["event"] for one in first] == ["end"]
    assert json.loads(first[0]["data"])["problem"] == "the file is damaged"
    headers = {**under.headers, "last-event-id": first[0]["id"]}
    again = under.client.get(f"/api/v1/jobs/{under.job}/events", headers=headers)
    assert (again.status_code, again.content) == (204, b"")
    other = {**under.headers, "last-event-id": "1.running.-.0.-"}
    told = under.client.get(f"/api/v1/jobs/{under.job}/events", headers=other)
    assert len(parsed(told.text)) == 1


def test_a_silent_stream_stays_open_by_comments(
    under: Under, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "SAY_EVERY_S", 0.1)
    ending = threading.Timer(1.6, lambda: under.shelf.change_job(under.talk, state="done"))
    ending.start()
    text = under.ask("GET", f"/{under.job}/events").text
    ending.join()
    assert text.count(": ping\n\n") >= 2
    assert len(parsed(text)) == 2


def test_a_stream_ends_when_its_key_does(under: Under) -> None:
    ending = threading.Timer(0.7, lambda: revoked(under.shelf, under.key))
    ending.start()
    events = parsed(under.ask("GET", f"/{under.job}/events").text)
    ending.join()
    assert [one["event"] for one in events] == ["progress"]
    assert under.ask("GET", f"/{under.job}").json()["code"] == "key_revoked"


def test_a_stream_ends_when_its_job_is_gone_or_the_catalog_does_not_answer(
    under: Under, monkeypatch: pytest.MonkeyPatch
) -> None:
    def remove() -> None:
        with under.shelf.catalog.write() as session:
            session.delete(talks.find(session, under.talk))

    ending = threading.Timer(0.7, remove)
    ending.start()
    assert len(parsed(under.ask("GET", f"/{under.job}/events").text)) == 1
    ending.join()
    assert under.ask("GET", f"/{under.job}/events").status_code == 404

    def broken(*_: object) -> None:
        raise CatalogUnavailable("the catalog does not answer")

    monkeypatch.setattr(progress, "seen", broken)
    assert under.ask("GET", f"/{under.job}/events").status_code == 503


def test_listeners_are_bounded_and_give_their_places_back(under: Under) -> None:
    listeners = service_of(under.client).listeners
    under.shelf.change_job(under.talk, state="done")
    for _ in range(3):
        assert under.ask("GET", f"/{under.job}/events").status_code == 200
    assert under.ask("HEAD", f"/{under.job}/events").status_code == 200
    until(lambda: listeners.taken == 0)
    listeners.taken = listeners.bound
    refused = under.ask("GET", f"/{under.job}/events")
    assert (refused.status_code, refused.json()["code"]) == (503, "too_many_listeners")
    assert refused.headers["retry-after"] == "1"
    assert listeners.taken == listeners.bound


def test_head_of_a_running_job_does_not_wait_for_its_end(under: Under) -> None:
    began = time.monotonic()
    assert under.ask("HEAD", f"/{under.job}/events").status_code == 200
    assert time.monotonic() - began < 5
