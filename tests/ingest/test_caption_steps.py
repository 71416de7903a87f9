"""Captions and corrections become the current transcript, with passages that can be found."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog import passages, talks, transcripts
from catalog.errors import NotATranscript, NotTaken
from catalog.tables import Recording, Segment, Transcript
from catalog.talks import NewTalk
from catalog.transcripts import NewSegment, NewTranscript
from ingest.accept import accept_corrections
from ingest.check import check
from ingest.errors import BadCaptions, NothingChanged
from tests.app.shelf import Shelf, Spoken
from tests.captioned import import_corrections, take_captions

SPOKEN = Spoken(sentences=("The kernal trick is old.", "We bound the margin.", "Thank you all."))
VTT = (
    "WEBVTT\n\n00:00.000 --> 00:04.000\nWelcome to kernels.\n\n"
    "00:04.000 --> 00:06.000\n[Music]\n\n00:06.000 --> 00:09.000\nWe bound the margin.\n"
)


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    made = Shelf(tmp_path / "data")
    yield made
    made.close()


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    folder = tmp_path / "desk"
    folder.mkdir()
    return folder


def current(shelf: Shelf, talk: str) -> tuple[Transcript, list[Segment]]:
    with shelf.catalog.read() as session:
        return transcripts.current(session, talks.find(session, talk))


def passage_texts(shelf: Shelf, talk: str) -> list[str]:
    with shelf.catalog.read() as session:
        return [one.text for one in passages.of(session, talks.find(session, talk))]


def exported(shelf: Shelf, talk: str, path: Path) -> Path:
    with shelf.catalog.read() as session:
        owner = talks.find(session, talk)
        form = "txt" if path.suffix == ".txt" else "vtt"
        path.write_text(
            transcripts.rendered(owner, *transcripts.current(session, owner), form)  # type: ignore[arg-type]
        )
    return path


def hear_again(shelf: Shelf, talk: str) -> None:
    """What a machine's run writes."""
    heard = NewTranscript(
        engine="e", model="m", model_fingerprint="new", language="en",
        segments=(NewSegment(start_ms=0, end_ms=1, text="noise", words=()),),
    )  # fmt: skip
    with shelf.catalog.write() as session:
        recording = transcripts.newest_recording(session, talks.find(session, talk))
        assert isinstance(recording, Recording)
        transcripts.put(session, recording, heard)


def test_captions_are_a_transcript_and_their_sounds_are_not_searched(
    shelf: Shelf, desk: Path
) -> None:
    (desk / "a.vtt").write_text(VTT)
    talk = take_captions(shelf, desk / "a.vtt", NewTalk(title="Kernels", language="en"))
    made, segments = current(shelf, talk)
    assert (made.origin, made.timed, made.version, made.language) == ("captions", True, 1, "en")
    assert [one.text for one in segments] == [
        "Welcome to kernels.",
        "[Music]",
        "We bound the margin.",
    ]
    assert passage_texts(shelf, talk) == ["Welcome to kernels. We bound the margin."]
    assert check(shelf.catalog, shelf.store, shelf.settings).faults == []


def test_text_without_times_has_passages_without_times(shelf: Shelf, desk: Path) -> None:
    (desk / "a.txt").write_text("One sentence. " * 200)
    talk = take_captions(shelf, desk / "a.txt", NewTalk(title="Plain"))
    assert not current(shelf, talk)[0].timed
    with shelf.catalog.read() as session:
        found = passages.of(session, talks.find(session, talk))
    assert len(found) > 2
    assert {(one.start_ms, one.end_ms, one.page) for one in found} == {(None, None, None)}
    assert check(shelf.catalog, shelf.store, shelf.settings).faults == []


def test_corrections_are_a_new_version_that_no_machine_replaces(shelf: Shelf, desk: Path) -> None:
    talk = shelf.talk(NewTalk(title="T"), SPOKEN)
    vtt = exported(shelf, talk, desk / "t.vtt")
    vtt.write_text(vtt.read_text().replace("kernal", "kernel"))
    before = current(shelf, talk)[1]
    import_corrections(shelf, vtt, talk)
    made, after = current(shelf, talk)
    assert (made.origin, made.version, made.language) == ("edited", 2, "en")
    assert after[1].words == [[w[0], w[1], w[2].strip(), w[3]] for w in before[1].words]
    assert after[0].words[1] == [before[0].words[1][0], before[0].words[1][1], "kernel", 1.0]
    assert "kernel trick" in passage_texts(shelf, talk)[0]
    hear_again(shelf, talk)
    assert current(shelf, talk)[0].origin == "edited"


def test_an_export_that_was_not_changed_makes_no_version(shelf: Shelf, desk: Path) -> None:
    talk = shelf.talk(NewTalk(title="T"), SPOKEN)
    for name in ("t.vtt", "t.txt"):
        with pytest.raises(NothingChanged):
            import_corrections(shelf, exported(shelf, talk, desk / name), talk)
    assert current(shelf, talk)[0].version == 1
    assert len(list(shelf.store.media_files())) == 1


def test_an_earlier_correction_can_come_again(shelf: Shelf, desk: Path) -> None:
    talk = shelf.talk(NewTalk(title="T"), SPOKEN)
    first = exported(shelf, talk, desk / "first.vtt")
    first.write_text(first.read_text().replace("kernal", "kernel"))
    second = desk / "second.vtt"
    second.write_text(first.read_text().replace("Thank", "Thanks"))
    for file in (first, second, first):
        import_corrections(shelf, file, talk)
    made, segments = current(shelf, talk)
    assert made.version == 4
    assert segments[2].text == "Thank you all."


def test_corrected_text_without_times_keeps_the_times(shelf: Shelf, desk: Path) -> None:
    talk = shelf.talk(NewTalk(title="T"), SPOKEN)
    txt = exported(shelf, talk, desk / "t.txt")
    txt.write_text(txt.read_text().replace("kernal", "kernel"))
    import_corrections(shelf, txt, talk)
    made, segments = current(shelf, talk)
    assert made.timed
    assert [one.start_ms for one in segments] == [0, 10_000, 20_000]


def test_captions_do_not_replace_what_staff_corrected(shelf: Shelf, desk: Path) -> None:
    talk = shelf.talk(NewTalk(title="T"), SPOKEN)
    vtt = exported(shelf, talk, desk / "t.vtt")
    vtt.write_text(vtt.read_text().replace("kernal", "kernel"))
    import_corrections(shelf, vtt, talk)
    (desk / "a.vtt").write_text(VTT)
    with pytest.raises(NotTaken, match="transcript import"):
        take_captions(shelf, desk / "a.vtt", NewTalk(title=""), talk=talk)


def test_a_talk_without_transcript_has_nothing_to_correct(shelf: Shelf, desk: Path) -> None:
    (desk / "a.vtt").write_text(VTT)
    talk = shelf.bare_talk(NewTalk(title="T"))
    with pytest.raises(NotATranscript):
        accept_corrections(shelf.catalog, shelf.store, desk / "a.vtt", talk=talk)


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.vtt", b"\x1aE\xdf\xa3\x00\x00", "not text"),
        ("a.srt", b"1\nno times here\n", "no line in it"),
        ("a.txt", b" \n\n", "no words"),
        ("a.vtt", b"WEBVTT\n\n00:01.000 --> 00:02.000\n[Music]\n", "no words"),
        ("a.txt", b"\xff\xfea", "goes on as something else"),
    ],
)
def test_what_is_no_caption_file_is_refused_and_leaves_nothing(
    shelf: Shelf, desk: Path, name: str, data: bytes, says: str
) -> None:
    (desk / name).write_bytes(data)
    with pytest.raises(BadCaptions, match=says):
        take_captions(shelf, desk / name, NewTalk(title="T"))
    assert list(shelf.store.media_files()) == []


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_captions_in_other_encodings_are_read(shelf: Shelf, desk: Path, encoding: str) -> None:
    text = "Die Grüße aus München gehen über die Maßtheorie hinaus, für alle Räume. " * 4
    (desk / "a.txt").write_bytes(text.encode(encoding))
    talk = take_captions(shelf, desk / "a.txt", NewTalk(title="T"))
    assert current(shelf, talk)[1][0].text == text.strip()


def test_a_correction_that_ends_far_too_early_is_remarked_on(shelf: Shelf, desk: Path) -> None:
    long = Spoken(sentences=tuple(f"Sentence number {n} of many." for n in range(12)))
    talk = shelf.talk(NewTalk(title="T"), long)
    (desk / "a.vtt").write_text(VTT)
    accepted = accept_corrections(shelf.catalog, shelf.store, desk / "a.vtt", talk=talk)
    assert any("ends 9 s into the talk" in text for text in accepted.remarks)
