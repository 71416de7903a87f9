import re
from html import unescape
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.web.about_view import MEASURED, good
from app.web.privacy import rules
from catalog.papers import NewPaper
from catalog.quality import Quality, measured
from catalog.settings import read_settings
from catalog.talks import NewTalk
from tests.app.shelf import Shelf, Spoken, served

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("matter", "setting", "one", "other"),
    [
        ("Who may read", "reading", ("open", "without an account"), ("key", "key from staff")),
        ("Log", "log_level", ("info", "leaves a line"), ("warning", "leave no line")),
        ("Log", "log_level", ("debug", "leaves a line"), ("error", "leave no line")),
        (
            "Your address",
            "limit_per_client",
            ("3000/minute", "more than 3,000 times a minute"),
            ("off", "neither counted nor kept"),
        ),
        (
            "Your address",
            "limit_store",
            ("memory://", "counted in memory"),
            ("redis://h:6379", "in a shared counter"),
        ),
        ("Other sites", "embed_origins", ("*", "Any site"), ("none", "No other site")),
    ],
)
def test_the_privacy_rules_are_those_of_the_settings(
    tmp_path: Path, matter: str, setting: str, one: tuple[str, str], other: tuple[str, str]
) -> None:
    for (value, words), (_, others) in ((one, other), (other, one)):
        settings = read_settings(data_dir=tmp_path, **{setting: value})
        said = dict(rules(settings))[matter]
        assert words in said
        assert others not in said


def test_named_origins_and_the_contact_are_told(tmp_path: Path) -> None:
    given = {"embed_origins": "https://course.example.edu", "contact_email": "staff@example.edu"}
    said = dict(rules(read_settings(data_dir=tmp_path, **given)))
    assert "https://course.example.edu" in said["Other sites"]
    assert said["Questions"] == "Write to staff@example.edu."
    assert "Questions" not in dict(rules(read_settings(data_dir=tmp_path)))


def test_what_is_said_of_the_log_is_so(shelf: Shelf, capsys: pytest.CaptureFixture[str]) -> None:
    with served(shelf) as client:
        client.get("/search?q=xylograph")
        client.get("/talks/xylograph")
        client.get("/xylograph", headers={"accept": "text/html"})
    written = "".join(capsys.readouterr())
    assert "xylograph" not in written
    assert "testclient" not in written


def test_the_page_counts_what_is_there(reader: TestClient) -> None:
    text = " ".join(unescape(re.sub(r"<[^>]+>", " ", reader.get("/about").text)).split())
    assert "Talks 3" in text
    assert "Papers 2 with 3 pages" in text
    assert "Last change" in text
    assert "3 talks have a transcript: 3 as heard by a machine, 0 corrected by staff" in text
    assert re.search(r"unsure of 0\.1 % of its words", text)
    assert "In your browser" in text


def test_doubt_is_counted_in_the_words_of_public_talks(shelf: Shelf) -> None:
    spoken = Spoken(sentences=("one two three four",), doubtful=("two",))
    shelf.talk(NewTalk(title="Seen"), spoken)
    hidden = shelf.talk(NewTalk(title="Hidden"), spoken)
    declined = shelf.talk(NewTalk(title="Declined"), spoken)
    shelf.change_talk(hidden, visibility="unlisted")
    shelf.change_talk(declined, recording_status="declined")
    with shelf.catalog.read() as session:
        known = measured(session, doubt_below=0.5)
    assert known == Quality(machine=1, read=1, words=4, doubtful=1)


def test_an_empty_archive_says_nothing_of_its_transcripts(shelf: Shelf) -> None:
    assert good(Quality(), ["faster-whisper other"]) == ()
    shelf.paper(NewPaper(title="Alone"), ("A page.",))
    with served(shelf) as client:
        page = client.get("/about")
    assert page.status_code == 200
    assert "nothing yet" in page.text
    assert "unsure of" not in page.text


def test_a_figure_is_given_only_for_the_model_that_it_was_measured_for() -> None:
    assert "tiny.en" in good(Quality(), ["faster-whisper tiny.en"])[0]
    assert good(Quality(), ["faster-whisper large-v3-turbo"]) == ()


def test_the_figures_are_those_of_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    for model, errors in MEASURED.items():
        assert f"human-checked clips, {model} | {errors} %" in readme
