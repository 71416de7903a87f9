import json
from datetime import date

import pytest
from starlette.testclient import TestClient

from catalog.caption_files import read_timed
from catalog.papers import NewPaper
from catalog.talks import NewTalk
from tests.app.shelf import Shelf, Spoken, served

SECOND = "/api/v1/talks/the-second-descent"


def test_talks_are_listed_newest_first_and_undated_last(reader: TestClient) -> None:
    items = reader.get("/api/v1/talks").json()["items"]
    assert [item["title"] for item in items] == [
        "The Second Descent",
        "What Gradient Descent Prefers",
        "Labels Come Last",
    ]
    assert items[0]["duration_ms"] == 40_000
    assert items[0]["has_transcript"] is True


@pytest.mark.parametrize("resource", ["talks", "papers"])
def test_a_list_goes_on_by_cursor_to_its_end(reader: TestClient, resource: str) -> None:
    whole = [item["id"] for item in reader.get(f"/api/v1/{resource}").json()["items"]]
    seen, cursor = [], None
    while True:
        asked = {"limit": "1", **({"cursor": cursor} if cursor else {})}
        part = reader.get(f"/api/v1/{resource}", params=asked).json()
        seen += [item["id"] for item in part["items"]]
        cursor = part["next_cursor"]
        if cursor is None:
            break
    assert seen == whole


def test_a_new_talk_does_not_move_what_a_cursor_continues(shelf: Shelf) -> None:
    ids = [shelf.bare_talk(NewTalk(title=f"T{n}", held_on=date(2024, 1, n))) for n in (3, 2, 1)]
    with served(shelf) as client:
        first = client.get("/api/v1/talks", params={"limit": 1}).json()
        shelf.bare_talk(NewTalk(title="Newer", held_on=date(2024, 1, 9)))
        second = client.get(
            "/api/v1/talks", params={"limit": 1, "cursor": first["next_cursor"]}
        ).json()
    assert [one["items"][0]["id"] for one in (first, second)] == ids[:2]


def test_a_cursor_of_one_list_is_no_good_for_another(reader: TestClient) -> None:
    cursor = reader.get("/api/v1/talks", params={"limit": 1}).json()["next_cursor"]
    answer = reader.get("/api/v1/papers", params={"limit": 1, "cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_cursor")


def test_a_talk_is_found_by_id_and_by_slug(reader: TestClient) -> None:
    by_slug = reader.get(SECOND).json()
    assert reader.get(f"/api/v1/talks/{by_slug['id']}").json() == by_slug
    assert by_slug["media_type"] == "audio/wav"
    assert set(by_slug["transcripts"]) == {"json", "vtt", "srt", "txt"}
    assert [paper["title"] for paper in by_slug["papers"]] == ["Notes on Tangent Kernels"]
    assert by_slug["partial"] is False


def test_a_partial_transcript_says_its_gaps(reader: TestClient) -> None:
    talk = reader.get("/api/v1/talks/labels-come-last").json()
    assert (talk["partial"], talk["gaps"]) == (True, [[2000, 4000]])


def test_a_job_under_way_is_told_with_its_step_and_percent(shelf: Shelf) -> None:
    talk = shelf.talk(NewTalk(title="Running"), None)
    shelf.change_job(talk, state="running", step="transcribe", done=30, total=120)
    with served(shelf) as client:
        answer = client.get(f"/api/v1/talks/{talk}").json()
        assert answer["processing"] == {"state": "running", "step": "transcribe", "percent": 25}
        none = client.get(f"/api/v1/talks/{talk}/transcript")
        assert (none.status_code, none.json()["code"]) == (404, "no_transcript")


def test_a_transcript_comes_in_four_forms(reader: TestClient) -> None:
    forms = {
        form: reader.get(f"{SECOND}/transcript", params={"format": form})
        for form in ("json", "vtt", "srt", "txt")
    }
    segments = forms["json"].json()["segments"]
    assert segments[3]["words"][0] == {
        "start_ms": 30_000,
        "end_ms": 31_285,
        "text": " Belkin",
        "confidence": 0.41,
    }
    assert read_timed(forms["vtt"].text).lines[0].start_ms == 0
    assert read_timed(forms["srt"].text).lines == read_timed(forms["vtt"].text).lines
    assert "interpolation threshold" in forms["txt"].text
    assert forms["vtt"].headers["content-type"].startswith("text/vtt")
    assert 'filename="the-second-descent.vtt"' in forms["vtt"].headers["content-disposition"]


def test_a_transcript_that_did_not_change_is_not_sent_again(reader: TestClient) -> None:
    url = f"{SECOND}/transcript?format=vtt"
    tag = reader.get(url).headers["etag"]
    assert reader.get(url, headers={"if-none-match": f'"x", {tag}'}).status_code == 304


def test_an_unknown_form_is_a_problem(reader: TestClient) -> None:
    answer = reader.get(f"{SECOND}/transcript", params={"format": "docx"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == "format"


def test_a_paper_says_its_pages_and_the_talks_that_name_it(reader: TestClient) -> None:
    paper = reader.get("/api/v1/papers/notes-on-tangent-kernels").json()
    assert paper["authors"] == ["Priya Raman"]
    assert paper["page_count"] == 2
    assert [talk["title"] for talk in paper["talks"]] == ["The Second Descent"]
    assert reader.get(f"/api/v1/papers/{paper['id']}").json() == paper


def test_papers_are_listed_newest_first(reader: TestClient) -> None:
    items = reader.get("/api/v1/papers").json()["items"]
    assert [item["year"] for item in items] == [2023, 2022]


def test_status_counts_what_is_shown(shelf: Shelf) -> None:
    shelf.talk(NewTalk(title="Seen"), Spoken(sentences=("One. ", "Two.")))
    shelf.bare_talk(NewTalk(title="Hidden", visibility="unlisted"))
    shelf.paper(NewPaper(title="Notes"), ("A page.",))
    running = shelf.talk(NewTalk(title="Running"), None)
    shelf.change_job(running, state="running")
    generation = shelf.publish()
    with served(shelf) as client:
        status = client.get("/api/v1/status").json()
    assert (status["talks"], status["papers"], status["recorded_ms"]) == (2, 1, 20_000)
    assert status["snapshot"]["generation"] == generation
    assert status["jobs"]["running"] == 1
    assert status["worker"] == "stopped"
    assert status["speech_models"] == ["test-engine test-model"]
    assert status["degraded"] == []


def test_the_description_documents_every_error_as_a_problem(reader: TestClient) -> None:
    described = reader.get("/api/v1/openapi.json").json()
    for path, operations in described["paths"].items():
        if not path.startswith("/api/"):
            continue
        for method, operation in operations.items():
            answers = operation["responses"]
            errors = {code: one for code, one in answers.items() if int(code) >= 400}
            assert {"500", "503"} <= set(errors), (method, path)
            for code, one in errors.items():
                assert "application/problem+json" in one["content"], (method, path, code)
    example = described["paths"]["/api/v1/search"]["get"]["responses"]["200"]
    assert json.dumps(example["content"]["application/json"]["example"])


def test_the_documented_example_is_a_valid_answer() -> None:
    from app.api.schemas import SearchAnswer
    from app.api.search import EXAMPLE

    assert SearchAnswer.model_validate(EXAMPLE).hits
