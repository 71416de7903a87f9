"""Who may keep an answer, and for how long."""

import pytest
from starlette.testclient import TestClient

from app.api.caching import FILES, PRIVATE, SHARED
from catalog.talks import NewTalk
from tests.app.shelf import Shelf, Spoken, served

PATHS = [
    *("/api/v1/search?q=kernel", "/api/v1/suggest?q=a", "/api/v1/talks", "/api/v1/papers"),
    *("/api/v1/talks/the-second-descent", "/api/v1/papers/notes-on-tangent-kernels"),
    *("/api/v1/talks/the-second-descent/similar", "/api/v1/papers/uniform-convergence/similar"),
    *("/api/v1/talks/the-second-descent/transcript?format=vtt", "/api/v1/status"),
]


@pytest.mark.parametrize("path", PATHS)
def test_a_shared_cache_keeps_an_answer_for_a_second_and_never_a_stale_one(
    reader: TestClient, path: str
) -> None:
    for _ in range(2):  # the second may come from memory
        headers = reader.get(path).headers
        assert headers["cache-control"] == SHARED
        assert "Authorization" in headers["vary"]
        assert headers["etag"].startswith('W/"')
    assert "stale" not in SHARED
    assert "s-maxage=1," in SHARED


@pytest.mark.parametrize("path", PATHS)
def test_what_was_asked_for_with_a_key_is_nobody_elses(reader: TestClient, path: str) -> None:
    reader.get(path)
    answer = reader.get(path, headers={"authorization": "Bearer x"})
    if answer.status_code == 200:
        assert answer.headers["cache-control"] == PRIVATE
    assert reader.get(path).headers["cache-control"] == SHARED


def test_what_is_unlisted_is_private_with_its_transcript_and_recording(shelf: Shelf) -> None:
    new = NewTalk(title="Alone", visibility="unlisted")
    talk = shelf.talk(new, Spoken(sentences=("A kernel.",)), media=b"RIFF")
    open_talk = shelf.talk(NewTalk(title="Open"), Spoken(sentences=("A kernel.",)), media=b"RIF")
    shelf.publish()
    with served(shelf) as client:
        for path in (
            f"/api/v1/talks/{talk}",
            f"/api/v1/talks/{talk}/transcript",
            f"/api/v1/talks/{talk}/similar",
            f"/media/talks/{talk}",
        ):
            assert client.get(path).headers["cache-control"] == PRIVATE
        assert client.get(f"/media/talks/{open_talk}").headers["cache-control"] == FILES


def test_a_withdrawn_talk_is_refused_to_who_still_has_its_tag(shelf: Shelf) -> None:
    talk = shelf.talk(NewTalk(title="Gone"), Spoken(sentences=("A kernel.",)), media=b"RIFF")
    shelf.publish()
    with served(shelf) as client:
        paths = (
            f"/api/v1/talks/{talk}",
            f"/api/v1/talks/{talk}/transcript",
            f"/media/talks/{talk}",
        )
        tags = [client.get(path).headers["etag"] for path in paths]
        listed = client.get("/api/v1/talks").headers["etag"]
        shelf.change_talk(talk, visibility="withdrawn")
        for path, tag in zip(paths, tags, strict=True):
            gone = client.get(path, headers={"if-none-match": tag})
            assert (gone.status_code, gone.headers["cache-control"]) == (410, "no-store")
        now = client.get("/api/v1/talks", headers={"if-none-match": listed})
        assert (now.status_code, now.json()["items"]) == (200, [])
