"""A transcript without times: on its page, in answers, and in search."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from catalog.talks import NewTalk
from tests.app.shelf import Shelf, served
from tests.captioned import take_captions

TEXT = "\n\n".join(
    " ".join(f"Sentence {n} of part {part} speaks of {word}." for n in range(12))
    for part, word in enumerate(("margins", "boosting", "kernels", "stumps"))
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    root: Path = tmp_path_factory.mktemp("untimed")
    shelf = Shelf(root / "data")
    (root / "plain.txt").write_text(TEXT)
    take_captions(shelf, root / "plain.txt", NewTalk(title="Plain text"))
    with served(shelf) as opened:
        yield opened
    shelf.close()


def test_the_page_shows_the_text_and_no_clock(client: TestClient) -> None:
    page = client.get("/talks/plain-text").text
    body = page[page.index('aria-label="Transcript"') :]
    assert "Sentence 11 of part 3 speaks of stumps." in body
    assert "data-start" not in body
    assert "0:00" not in body
    assert "From the captions plain.txt. It has no times." in body
    assert "format=txt" in page
    assert "format=vtt" not in page


def test_a_find_leads_to_the_words_on_the_page(client: TestClient) -> None:
    answer = client.get("/api/v1/search?q=stumps&mode=keyword").json()
    [hit] = answer["hits"]
    for found in hit["passages"]:
        assert (found["start_ms"], found["end_ms"], found["page"]) == (None, None, None)
        path, _, anchor = found["url"].partition("#")
        page = client.get(path).text
        [after] = re.findall(f'id="{anchor}"></span>.*?<span class="line">(.*?)</span>', page)
        first = "".join(span["text"] for span in found["snippet"])
        assert after.split(" of ")[0].startswith("Sentence")
        assert "stumps" in first


def test_the_page_of_results_has_no_timeline_and_no_clock(client: TestClient) -> None:
    page = client.get("/search?q=stumps&mode=keyword").text
    assert 'class="timeline"' not in page
    assert re.search(r'<a class="t" href="/talks/plain-text#passage-\w+"[^>]*>text</a>', page)
    here = client.get("/talks/plain-text?q=stumps").text
    assert "in this talk" in here
    assert 'class="timeline"' not in here


def test_captions_of_it_are_refused_by_name(client: TestClient) -> None:
    for form in ("vtt", "srt"):
        refused = client.get(f"/api/v1/talks/plain-text/transcript?format={form}")
        assert refused.status_code == 409
        assert refused.json()["code"] == "untimed"
        assert "txt or json" in refused.json()["detail"]
    assert client.get("/api/v1/talks/plain-text/transcript?format=txt").text.startswith("Sentence")
    whole = client.get("/api/v1/talks/plain-text/transcript").json()
    assert (whole["timed"], whole["origin"]) == (False, "captions")
    assert {one["start_ms"] for one in whole["segments"]} == {None}
    assert set(client.get("/api/v1/talks/plain-text").json()["transcripts"]) == {"json", "txt"}
