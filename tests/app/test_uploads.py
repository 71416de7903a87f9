"""Uploads over HTTP: begun, continued, checked, ended, and made a job of."""

import base64
import hashlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from catalog import submissions
from catalog.errors import UploadMoved
from catalog.promises import Said, waiting_files
from catalog.talks import NewTalk
from catalog.uploads import MOST_AT_ONCE, NewUpload, Uploads
from tests.app.keys import believed, new_key, sent, service_of
from tests.app.shelf import Shelf, served, silent_wav

DATA = os.urandom(300_000)
PIECE = "application/offset+octet-stream"
TUS = {"tus-resumable": "1.0.0"}


def meta(**said: str) -> str:
    return ",".join(
        f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in said.items()
    )


class Sender:
    """A client of the protocol, as strict as its text."""

    def __init__(self, client: TestClient, secret: str) -> None:
        self.client = client
        self.headers = {**sent(secret), **TUS}

    def ask(self, method: str, url: str, content: Any = None, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.request(method, url, content=content, headers={**self.headers, **named})

    def begin(self, size: int, said: str = meta(filename="talk.wav")) -> Any:
        return self.ask("POST", "/api/v1/uploads", upload_length=str(size), upload_metadata=said)

    def begun(self, size: int, **said: str) -> str:
        answer = self.begin(size, meta(**{"filename": "talk.wav", **said}))
        assert answer.status_code == 201, answer.text
        return str(answer.headers["location"])

    def piece(self, url: str, offset: int, data: Any, **more: str) -> Any:
        return self.ask("PATCH", url, data, upload_offset=str(offset), content_type=PIECE, **more)

    def offset(self, url: str) -> int:
        answer = self.ask("HEAD", url)
        assert answer.status_code == 200
        assert answer.content == b""
        assert "no-store" in answer.headers["cache-control"]
        return int(answer.headers["upload-offset"])


@pytest.fixture
def shelf(each_shelf: Shelf) -> Shelf:
    return each_shelf


@pytest.fixture
def sender(shelf: Shelf) -> Iterator[Sender]:
    with served(shelf, wait=False) as client:
        secret = new_key(shelf, "ingest")[1]
        believed(client)
        yield Sender(client, secret)


def jobs(shelf: Shelf) -> list[submissions.Job]:
    with shelf.catalog.read() as session:
        return submissions.listed(session)


def test_what_it_can_do_is_told_without_a_key(sender: Sender) -> None:
    answer = sender.client.options("/api/v1/uploads")
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == answer.headers["tus-resumable"] == "1.0.0"
    assert answer.headers["tus-extension"] == "creation,termination,expiration,checksum"
    assert answer.headers["tus-max-size"] == "8000000000"


def test_a_file_in_pieces_becomes_media_and_a_job(shelf: Shelf, sender: Sender) -> None:
    url = sender.begun(len(DATA), title="Lecture 12", speakers="Ada; Grace", date="2024-05-02")
    assert sender.offset(url) == 0
    for start in range(0, len(DATA), 100_000):
        answer = sender.piece(url, start, DATA[start : start + 100_000])
        assert answer.status_code == 204
        assert int(answer.headers["upload-offset"]) == min(start + 100_000, len(DATA))
        assert answer.headers["tus-resumable"] == "1.0.0"
        assert answer.headers["upload-expires"].endswith("GMT")
    [job] = jobs(shelf)
    assert answer.headers["link"] == f'</api/v1/jobs/{job.submission.public_id}>; rel="related"'
    told = sender.ask("GET", url).json()
    assert (told["state"], told["offset"]) == ("accepted", len(DATA))
    assert told["job"] == f"/api/v1/jobs/{job.submission.public_id}"
    assert job.submission.file_name == "talk.wav"
    assert job.submission.about["speakers"] == ["Ada", "Grace"]
    assert (job.submission.about["title"], job.submission.about["held_on"]) == (
        "Lecture 12",
        "2024-05-02",
    )
    digest = hashlib.sha256(DATA).hexdigest()
    assert shelf.store.media(digest).read_bytes() == DATA
    assert not list(shelf.settings.data_dir.glob("uploads/*/part"))
    assert sender.offset(url) == len(DATA)
    assert sender.piece(url, len(DATA), b"x").status_code == 409
    shown = sender.client.get(told["job"], headers=sender.headers).json()
    assert shown["file"] == "talk.wav"


def test_a_piece_at_another_offset_is_refused_and_changes_nothing(sender: Sender) -> None:
    url = sender.begun(1_000)
    assert sender.piece(url, 0, DATA[:400]).status_code == 204
    for offset in (0, 399, 401, 1_000):
        answer = sender.piece(url, offset, DATA[:100])
        assert (answer.status_code, answer.json()["code"]) == (409, "offset_mismatch")
    assert sender.offset(url) == 400


def test_more_than_was_said_is_refused_and_taken_back(shelf: Shelf, sender: Sender) -> None:
    url = sender.begun(1_000)
    assert sender.piece(url, 0, DATA[:500]).status_code == 204
    answer = sender.piece(url, 500, DATA[:501])
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert sender.offset(url) == 500
    assert jobs(shelf) == []


def test_a_checksum_keeps_the_piece_or_nothing_of_it(sender: Sender) -> None:
    url = sender.begun(1_000)
    for algorithm in ("sha1", "sha256"):
        digest = base64.b64encode(hashlib.new(algorithm, b"other").digest()).decode()
        answer = sender.piece(url, 0, DATA[:400], upload_checksum=f"{algorithm} {digest}")
        assert (answer.status_code, answer.json()["code"]) == (460, "checksum_mismatch")
        assert sender.offset(url) == 0
    digest = base64.b64encode(hashlib.sha1(DATA[:400]).digest()).decode()
    assert sender.piece(url, 0, DATA[:400], upload_checksum=f"sha1 {digest}").status_code == 204
    assert sender.offset(url) == 400


def test_what_a_dead_process_wrote_without_comparing_does_not_count(
    shelf: Shelf, sender: Sender
) -> None:
    url = sender.begun(1_000)
    sender.piece(url, 0, DATA[:300])
    folder = shelf.settings.data_dir / "uploads" / url.rpartition("/")[2]
    with (folder / "part").open("ab") as part:
        part.write(b"torn")
    assert sender.offset(url) == 304
    (folder / "unchecked").write_text("300")
    assert sender.offset(url) == 300
    assert sender.piece(url, 300, DATA[300:1_000]).status_code == 204
    [sha256] = _waiting(shelf)
    assert shelf.store.media(sha256).read_bytes() == DATA[:1_000]


def _waiting(shelf: Shelf) -> dict[str, str]:
    with shelf.catalog.read() as session:
        return waiting_files(session)


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"tus_resumable": "0.2.2"}, 412, "tus_version"),
        ({"upload_length": "-1"}, 400, "bad_upload"),
        ({"upload_length": "٣"}, 400, "bad_upload"),
        ({"upload_length": "0"}, 400, "bad_upload"),
        ({"upload_length": "9" * 16}, 400, "bad_upload"),
        ({"upload_length": "8000000001"}, 413, "too_large"),
        ({"upload_metadata": ""}, 400, "bad_upload"),
        ({"upload_metadata": "filename ???"}, 400, "bad_upload"),
        ({"upload_metadata": "filename /w=="}, 400, "bad_upload"),
        ({"upload_metadata": meta(filename="a.wav") + "," + meta(filename="b")}, 400, "bad_upload"),
        ({"upload_metadata": meta(filename="..")}, 400, "bad_upload"),
        ({"upload_metadata": meta(filename="a/")}, 400, "bad_upload"),
        ({"upload_metadata": meta(filename="a\0b")}, 400, "bad_upload"),
        ({"upload_metadata": meta(filename="ü" * 101)}, 400, "bad_upload"),
        ({"upload_metadata": meta(filename="a.wav", date="soon")}, 422, "invalid_parameter"),
        ({"upload_metadata": meta(filename="a.wav", titel="x")}, 422, "invalid_parameter"),
        ({"upload_metadata": meta(filename="a.wav", title="a\0")}, 422, "invalid_parameter"),
        ({"upload_metadata": "x" * 20_001}, 422, "invalid_parameter"),
        ({"content": "bytes"}, 400, "bad_upload"),
    ],
)
def test_an_upload_that_cannot_be_is_not_begun(
    shelf: Shelf, sender: Sender, changed: dict[str, str], status: int, code: str
) -> None:
    asked = {"upload_length": "10", "upload_metadata": meta(filename="a.wav"), **changed}
    headers: dict[str, Any] = {name: value.encode() for name, value in asked.items()}
    if "content" in changed:
        headers["content"] = headers.pop("content").decode()
    answer = sender.ask("POST", "/api/v1/uploads", **headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not list(shelf.settings.data_dir.glob("uploads/*"))


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"tus_resumable": "1"}, 412, "tus_version"),
        ({"content_type": "application/octet-stream"}, 415, "not_a_piece"),
        ({"upload_offset": ""}, 400, "bad_upload"),
        ({"upload_offset": "x"}, 400, "bad_upload"),
        ({"upload_checksum": "md5 AAAA"}, 400, "bad_upload"),
        ({"upload_checksum": "sha1 ?"}, 400, "bad_upload"),
    ],
)
def test_a_piece_that_cannot_be_is_refused(
    sender: Sender, changed: dict[str, str], status: int, code: str
) -> None:
    url = sender.begun(10)
    asked = {"upload_offset": "0", "content_type": PIECE, **changed}
    answer = sender.ask("PATCH", url, b"0123456789", **asked)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert sender.offset(url) == 0


def test_what_is_no_upload_is_not_found(sender: Sender) -> None:
    for key in ("nothing", "%2e%2e", "..%2f..", "x" * 150):
        for method in ("GET", "PATCH", "DELETE"):
            headers = {"content_type": PIECE, "upload_offset": "0"}
            answer = sender.ask(method, f"/api/v1/uploads/{key}", **headers)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), (key, method)


def test_an_upload_that_is_ended_is_gone(shelf: Shelf, sender: Sender) -> None:
    url = sender.begun(10)
    sender.piece(url, 0, b"01234")
    assert sender.ask("DELETE", url).status_code == 204
    assert sender.ask("HEAD", url).status_code == 404
    assert sender.ask("DELETE", url).status_code == 404
    assert not list(shelf.settings.data_dir.glob("uploads/*"))


def test_an_upload_that_rests_too_long_is_dropped(shelf: Shelf, sender: Sender) -> None:
    url, other = sender.begun(10), sender.begun(10)
    sender.piece(url, 0, b"01234")
    folder = shelf.settings.data_dir / "uploads" / url.rpartition("/")[2]
    long_ago = time.time() - 49 * 3600
    for file in (*folder.iterdir(), folder):
        os.utime(file, (long_ago, long_ago))
    assert sender.ask("HEAD", url).status_code == 404
    assert sender.piece(url, 5, b"56789").status_code == 404
    Uploads(shelf.settings, shelf.store).sweep(shelf.catalog)
    assert not folder.exists()
    assert sender.offset(other) == 0


def test_the_bytes_of_a_talk_name_the_talk(shelf: Shelf, sender: Sender) -> None:
    sound = silent_wav(1)
    talk = shelf.talk(NewTalk(title="The Second Descent"), None, media=sound)
    url = sender.begun(len(sound))
    answer = sender.piece(url, 0, sound)
    assert answer.status_code == 204
    told = sender.ask("GET", url).json()
    assert (told["state"], told["job"]) == ("exists", None)
    assert told["about"] == {
        "kind": "talk", "id": talk, "title": "The Second Descent", "url": f"/talks/{talk}",
    }  # fmt: skip
    assert answer.headers["link"] == f'</talks/{talk}>; rel="related"'
    assert len(jobs(shelf)) == 1
    assert shelf.store.media(hashlib.sha256(sound).hexdigest()).read_bytes() == sound


def test_the_same_bytes_at_once_are_one_job(shelf: Shelf, sender: Sender) -> None:
    urls = [sender.begun(len(DATA), title=f"Copy {n}") for n in range(6)]
    answers: list[Any] = []
    threads = [
        threading.Thread(target=lambda url=url: answers.append(sender.piece(url, 0, DATA)))
        for url in urls
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.status_code for one in answers] == [204] * 6
    assert len({one.headers["link"] for one in answers}) == 1
    assert len(jobs(shelf)) == 1
    assert len(list(shelf.store.media_files())) == 1


def test_two_pieces_at_once_never_mix(shelf: Shelf, sender: Sender) -> None:
    url = sender.begun(2 * len(DATA))
    uploads = service_of(sender.client).uploads
    with uploads.piece(url.rpartition("/")[2], offset_bytes=0) as piece:
        piece.write(DATA)
        busy = sender.piece(url, 0, DATA)
        assert (busy.status_code, busy.json()["code"]) == (423, "upload_busy")
        piece.end(whole=True)
    assert sender.offset(url) == len(DATA)
    with (
        pytest.raises(UploadMoved),
        uploads.piece(url.rpartition("/")[2], offset_bytes=0) as _,
    ):
        pass


def test_what_was_whole_when_the_server_died_becomes_a_job_later(
    shelf: Shelf, sender: Sender
) -> None:
    urls = [sender.begun(10), sender.begun(10)]
    for number, url in enumerate(urls):
        folder = shelf.settings.data_dir / "uploads" / url.rpartition("/")[2]
        (folder / "part").write_bytes(b"012345678%d" % number)
    assert jobs(shelf) == []
    assert sender.offset(urls[0]) == 10  # whoever asks is promised what he is told
    assert len(jobs(shelf)) == 1
    swept = Uploads(shelf.settings, shelf.store).sweep(shelf.catalog)
    assert swept == [urls[1].rpartition("/")[2]]
    assert len(jobs(shelf)) == 2
    assert Uploads(shelf.settings, shelf.store).sweep(shelf.catalog) == []


@pytest.mark.parametrize("place", ["adopt", "_note"])
def test_a_death_while_it_is_finished_loses_and_doubles_nothing(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    uploads = Uploads(shelf.settings, shelf.store)
    begun = uploads.begin(
        NewUpload(length_bytes=len(DATA), file_name="a.wav", metadata="", said=Said())
    )
    with uploads.piece(begun.id, offset_bytes=0) as piece:
        piece.write(DATA)
        piece.end(whole=True)
    owner = shelf.store if place == "adopt" else uploads
    real = getattr(owner, place)

    def dies(*given: Any) -> None:
        if place == "adopt":
            real(*given)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(owner, place, dies)
        uploads.finish(shelf.catalog, begun.id)
    finished = uploads.finish(shelf.catalog, begun.id)
    [job] = jobs(shelf)
    assert finished.outcome == {"job": job.submission.public_id}
    assert [one.read_bytes() for one in shelf.store.media_files()] == [DATA]


def test_uploads_are_bounded_in_number_and_by_the_disk(
    shelf: Shelf, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(MOST_AT_ONCE):
        sender.begun(10)
    refused = sender.begin(10)
    assert (refused.status_code, refused.json()["code"]) == (503, "too_many_uploads")
    for folder in shelf.settings.data_dir.glob("uploads/*"):
        sender.ask("DELETE", f"/api/v1/uploads/{folder.name}")
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 100 << 20})())
    sender.begun(30 << 20)
    full = sender.begin(30 << 20)
    assert (full.status_code, full.json()["code"]) == (507, "store_full")


def test_a_search_key_uploads_nothing(shelf: Shelf, sender: Sender) -> None:
    search = new_key(shelf, "search")[1]
    believed(sender.client)
    refused = Sender(sender.client, search).begin(10)
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    nobody = sender.client.post("/api/v1/uploads", headers={**TUS, "upload-length": "10"})
    assert (nobody.status_code, nobody.json()["code"]) == (401, "key_missing")
    assert nobody.headers["tus-resumable"] == "1.0.0"
    assert not list(Path(shelf.settings.data_dir).glob("uploads/*"))
