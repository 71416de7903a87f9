"""The steps that turn a caption file into a talk's transcript, passages and vectors.

Invariant: as in `ingest.steps`; a machine's transcript is never touched, a new version is made.
"""

import json
from dataclasses import asdict
from typing import Any

from catalog import passages, transcripts
from catalog.captions import Line, TimedWord
from catalog.tables import Submission, Talk
from catalog.transcripts import NewSegment, NewTranscript, Origin
from ingest.captions import CaptionFile, cuts_of, read_captions
from ingest.corrections import Heard
from ingest.progress import held
from ingest.steps import Steps, new_passages


class CaptionSteps:
    """The steps of captions, beside those of recordings and papers."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps

    def read(self, job_id: str) -> str:
        """Read the file, for corrections beside what it corrects; the name of the artifact."""
        job = self._steps.job(job_id)
        self._steps.progress(job_id).enter("read")
        path = self._steps.cuts_folder(job) / f"captions-{job.attempt}.json"
        if not path.exists():
            made = json.dumps(self._read(job)).encode()
            self._steps.store.write_artifact(path, made)
        return path.name

    def cut(self, job_id: str, name: str) -> str:
        """Cut what was read into passages; returns the name of the file of them."""
        job = self._steps.job(job_id)
        self._steps.progress(job_id).enter("passages")
        read = self._known(job, name)
        lines = [_line(one) for one in _segments(read)]
        cuts = new_passages(cuts_of(lines, timed=read["timed"]))
        return self._steps.write_cuts(job, {"passages": [asdict(one) for one in cuts]})

    def commit(self, job_id: str, name: str, cuts: str) -> None:
        """Write transcript and passages whole, as the current version.  Raises: Cancelled, Lost."""
        job = self._steps.job(job_id)
        read = self._known(job, name)
        with self._steps.catalog.write() as session:
            held(session, job_id, self._steps.worker)
            talk = session.get_one(Talk, job.talk_id)
            new = NewTranscript(
                engine=read["origin"],
                model=job.file_name,
                model_fingerprint=job.sha256,
                language=read["language"] or talk.language,
                segments=tuple(_segments(read)),
                complete=read["complete"],
                gaps=tuple((start, end) for start, end in read["gaps"]),
                timed=read["timed"],
            )
            transcripts.put_by_hand(session, talk, new, origin=read["origin"])
            passages.replace(session, talk, self._steps.cuts(job, cuts))
            self._steps.committed(session, job_id, partial=False)

    def _read(self, job: Submission) -> dict[str, Any]:
        file = CaptionFile(name=job.file_name, path=self._steps.store.media(job.sha256))
        read = read_captions(file)
        origin: Origin = job.about.get("origin", "captions")
        if origin == "captions":
            made = [_new_segment(line) for line in read.lines]
            return _known(made, origin=origin, timed=read.timed)
        with self._steps.catalog.read() as session:
            current, rows = transcripts.current(session, session.get_one(Talk, job.talk_id))
            heard = Heard.of(current, rows)
        made = heard.corrected(read) or [_new_segment(line) for line in heard.lines]
        return {
            **_known(made, origin=origin, timed=heard.timed or read.timed),
            "language": current.language,
            "complete": current.complete or bool(current.gaps),
            "gaps": current.gaps,
        }

    def _known(self, job: Submission, name: str) -> dict[str, Any]:
        known: dict[str, Any] = json.loads((self._steps.cuts_folder(job) / name).read_text())
        return known


def _known(segments: list[NewSegment], *, origin: Origin, timed: bool) -> dict[str, Any]:
    return {
        "origin": origin,
        "timed": timed,
        "segments": [asdict(one) for one in segments],
        "language": None,
        "complete": True,
        "gaps": [],
    }


def _segments(read: dict[str, Any]) -> list[NewSegment]:
    return [
        NewSegment(**{**one, "words": tuple(tuple(word) for word in one["words"])})
        for one in read["segments"]
    ]


def _new_segment(line: Line) -> NewSegment:
    words = tuple((w.start_ms, w.end_ms, w.text, w.confidence or 1.0) for w in line.words)
    return NewSegment(start_ms=line.start_ms, end_ms=line.end_ms, text=line.text, words=words)


def _line(one: NewSegment) -> Line:
    return Line(
        start_ms=one.start_ms,
        end_ms=one.end_ms,
        text=one.text,
        words=tuple(
            TimedWord(start_ms=start, end_ms=end, text=text, confidence=confidence)
            for start, end, text, confidence, *_heard in one.words
        ),
    )
