from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from catalog.tables import Recording
from catalog.talks import NewTalk
from tests.app.shelf import Shelf, Spoken, served, silent_wav


@pytest.fixture(scope="module")
def url(reader: TestClient) -> str:
    return str(reader.get("/api/v1/talks/the-second-descent").json()["media_url"])


def test_a_recording_is_served_whole_with_its_type_and_name(reader: TestClient, url: str) -> None:
    answer = reader.get(url)
    assert answer.content == silent_wav(40)
    assert answer.headers["content-type"] == "audio/wav"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-disposition"] == 'inline; filename="talk.wav"'
    assert len(answer.headers["etag"]) == 66
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=0-99", 0, 100), ("bytes=1000-", 1000, None), ("bytes=-10", -10, None)],
)
def test_a_range_is_served_as_asked(
    reader: TestClient, url: str, asked: str, start: int, end: int | None
) -> None:
    answer = reader.get(url, headers={"range": asked})
    assert answer.status_code == 206
    assert answer.content == silent_wav(40)[start:end]
    assert answer.headers["content-range"].endswith(f"/{len(silent_wav(40))}")


@pytest.mark.parametrize(
    ("asked", "status"),
    [("bytes=99999999-", 416), ("bytes=5-1", 400), ("bytes=abc", 400)],
)
def test_an_impossible_range_is_a_problem(
    reader: TestClient, url: str, asked: str, status: int
) -> None:
    answer = reader.get(url, headers={"range": asked})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    if status == 416:
        assert answer.headers["content-range"] == f"bytes */{len(silent_wav(40))}"


@pytest.mark.parametrize("asked", ["miles=0-1", "nonsense"])
def test_a_range_of_another_unit_is_not_obeyed(reader: TestClient, url: str, asked: str) -> None:
    answer = reader.get(url, headers={"range": asked})
    assert (answer.status_code, answer.content) == (200, silent_wav(40))


def test_a_hundred_thousand_ranges_are_no_server_error(reader: TestClient, url: str) -> None:
    ranges = ",".join(f"{n}-{n}" for n in range(0, 200_000, 2))
    assert reader.get(url, headers={"range": f"bytes={ranges}"}).status_code in {200, 206, 416}


def test_a_kept_recording_is_not_sent_again(reader: TestClient, url: str) -> None:
    tag = reader.get(url, headers={"range": "bytes=0-0"}).headers["etag"]
    again = reader.get(url, headers={"if-none-match": tag, "range": "bytes=0-9"})
    assert (again.status_code, again.content) == (304, b"")


def test_a_range_of_other_bytes_is_the_whole_file(reader: TestClient, url: str) -> None:
    answer = reader.get(url, headers={"range": "bytes=0-9", "if-range": '"another"'})
    assert answer.status_code == 200
    same = reader.get(url, headers={"range": "bytes=0-9", "if-range": answer.headers["etag"]})
    assert same.status_code == 206


def test_head_says_the_size_and_sends_nothing(reader: TestClient, url: str) -> None:
    answer = reader.head(url)
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) == len(silent_wav(40))


def test_a_pdf_is_shown_in_place(reader: TestClient) -> None:
    paper = reader.get("/api/v1/papers/uniform-convergence").json()
    answer = reader.get(paper["pdf_url"])
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"].startswith("inline")
    assert answer.content.startswith(b"%PDF")


def test_a_lost_file_is_a_problem_and_not_a_crash(shelf: Shelf) -> None:
    talk = shelf.talk(NewTalk(title="Lost"), Spoken(sentences=("Words.",)))
    for file in shelf.store.media_files():
        file.unlink()
    with served(shelf) as client:
        answer = client.get(f"/media/talks/{talk}")
        assert (answer.status_code, answer.json()["code"]) == (503, "file_unavailable")
        assert str(shelf.settings.data_dir) not in answer.text


def test_a_talk_without_recording_has_no_media(shelf: Shelf) -> None:
    talk = shelf.bare_talk(NewTalk(title="Silent", recording_status="not_recorded"))
    with served(shelf) as client:
        answer = client.get(f"/media/talks/{talk}")
        assert (answer.status_code, answer.json()["code"]) == (404, "no_media")


def test_a_strange_name_or_type_cannot_become_a_page(shelf: Shelf) -> None:
    talk = shelf.talk(NewTalk(title="Odd"), None)
    name = '../"><script>é\r\nX-Evil: 1.html'
    with shelf.catalog.write() as session:
        recording = session.get(Recording, 1)
        assert recording is not None
        recording.file_name, recording.media_type = name, "text/html"
        session.add(recording)
    with served(shelf) as client:
        answer = client.get(f"/media/talks/{talk}")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "x-evil" not in answer.headers
    assert quote("<script>") in answer.headers["content-disposition"] or (
        "script" not in answer.headers["content-disposition"]
    )
