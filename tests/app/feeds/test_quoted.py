from starlette.testclient import TestClient


def test_words_of_the_talk_are_repeated_in_its_bibtex(reader: TestClient) -> None:
    quote = "the  interpolation threshold\nthe test error explodes."
    said = {"t": "10", "quote": quote}
    entry = reader.get("/talks/the-second-descent.bib", params=said).text
    assert "At 00:10; “the interpolation threshold the test error explodes.”" in entry


def test_words_that_nobody_said_are_left_out(reader: TestClient) -> None:
    entry = reader.get("/talks/the-second-descent.bib", params={"quote": "never said here"})
    assert entry.status_code == 200
    assert "never said" not in entry.text


def test_a_short_talk_has_no_chapters_and_its_passages_are_its_clips(reader: TestClient) -> None:
    page = reader.get("/talks/the-second-descent").text
    assert 'class="chapters"' not in page
    assert '"@type": "Clip"' in page
