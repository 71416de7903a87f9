"""The demonstration's course as an archive: its recordings, its papers, its words at their times.

Nothing is heard anew: the sentences are the scripts', at the times at which they were spoken.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import yaml

from catalog import passages, submissions, transcripts
from catalog.papers import NewPaper
from catalog.passages import NewPassage
from catalog.tables import Recording
from catalog.talks import NewTalk
from catalog.transcripts import NewSegment, NewTranscript
from index.passage import Sentence, cut_talk
from ingest.mention_turn import find_mentions
from ingest.pdf import read_pdf
from tests.app.shelf import Shelf
from tests.archive import DEMO

TYPES = {
    ".opus": "audio/ogg",
    ".ogg": "audio/ogg",
    ".mp4": "video/mp4",
    ".m4a": "audio/mp4",
    ".mp3": "audio/mpeg",
}
DOUBTFUL = {"Rademacher", "Hoeffding", "Fisher", "Stein"}
GUEST = "Labels Come Last"
"""A talk that a speaker of the other series gives here, so that one person is in both."""


def department(shelf: Shelf) -> None:
    """Seven talks in two series and four papers, published, with where the talks name them."""
    listed = yaml.safe_load((DEMO / "manifest.yaml").read_text("utf-8"))
    cues = json.loads((DEMO / "recordings" / "cues.json").read_text("utf-8"))
    papers = {entry["file"].rpartition("/")[2]: _paper(shelf, entry) for entry in listed["papers"]}
    for entry in listed["talks"]:
        _talk(shelf, entry, papers, cues[entry["file"].rpartition("/")[2]])
    find_mentions(shelf.catalog)
    shelf.publish()


def _paper(shelf: Shelf, entry: Mapping[str, Any]) -> str:
    pages = read_pdf(DEMO / entry["file"]).pages
    new = NewPaper(
        title=entry["title"],
        authors=tuple(entry["authors"]),
        year=entry["year"],
        venue=entry["venue"],
        abstract=entry["abstract"],
    )
    return shelf.paper(new, tuple(page.text for page in pages))


def _talk(
    shelf: Shelf, entry: Mapping[str, Any], papers: Mapping[str, str], heard: Mapping[str, Any]
) -> None:
    file = DEMO / entry["file"]
    held_on = entry["date"]
    speakers = [*entry["speakers"], *(["Oskar Lind"] if entry["title"] == GUEST else [])]
    new = NewTalk(
        title=entry["title"],
        speakers=tuple(speakers),
        series=entry["series"],
        held_on=held_on if isinstance(held_on, date) else date.fromisoformat(held_on),
        abstract=entry["abstract"],
        papers=tuple(papers[name] for name in entry.get("papers", ())),
    )
    talk_id = shelf.talk(new, None, media=file.read_bytes(), media_type=TYPES[file.suffix])
    said = [one for part in heard["paragraphs"] for one in part["sentences"]]
    with shelf.catalog.write() as session:
        job = submissions.find(session, talk_id).submission
        recording = session.get(Recording, job.recording_id)
        assert recording is not None
        recording.duration_ms = heard["duration_ms"]
        session.add(recording)
        transcripts.put(session, recording, _transcript(said))
        passages.replace(session, submissions.owner_of(session, job), _passages(said))
        submissions.finish(session, job.public_id, "done")


def _transcript(said: Sequence[Mapping[str, Any]]) -> NewTranscript:
    return NewTranscript(
        engine="faster-whisper",
        model="tiny.en",
        model_fingerprint="0",
        language="en",
        gaps=(),
        segments=tuple(
            NewSegment(
                start_ms=one["start_ms"], end_ms=one["end_ms"], text=one["text"], words=_words(one)
            )
            for one in said
        ),
    )


def _words(one: Mapping[str, Any]) -> tuple[tuple[int, int, str, float], ...]:
    words = one["text"].split()
    step_ms = (one["end_ms"] - one["start_ms"]) // len(words)
    return tuple(
        (
            one["start_ms"] + n * step_ms,
            one["start_ms"] + (n + 1) * step_ms,
            f" {word}",
            0.41 if word.strip(".,?'s") in DOUBTFUL else 0.97,
        )
        for n, word in enumerate(words)
    )


def _passages(said: Sequence[Mapping[str, Any]]) -> list[NewPassage]:
    sentences = [
        Sentence(text=one["text"], start_ms=one["start_ms"], end_ms=one["end_ms"]) for one in said
    ]
    return [
        NewPassage(text=cut.text, start_ms=cut.start_ms, end_ms=cut.end_ms)
        for cut in cut_talk(sentences)
    ]
