"""The steps that turn a recording into a transcript, passages and vectors.

Invariant: as in `ingest.steps`.  A window that was transcribed is found by its name, which is made
of the engine, the language and the talk's vocabulary.
"""

import hashlib
import json
import shutil
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlmodel import Session

from catalog import passages, submissions, transcripts
from catalog.errors import CatalogProblem
from catalog.tables import Recording, Submission, Talk
from catalog.transcripts import NewSegment, NewTranscript
from index.passage import cut_talk
from ingest import faults, media, segments
from ingest.background import background
from ingest.errors import IngestProblem
from ingest.gate import gated
from ingest.progress import Watched, held
from ingest.repair import Repair
from ingest.segments import Segment
from ingest.sentences import sentences
from ingest.steps import PIPELINE, Steps, new_passages
from ingest.vocabulary import sentences_about, vocabulary


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRef:
    """A decoded window: its file name in the talk's artifacts, and where it lies."""

    file: str
    start_ms: int
    duration_ms: int


class RecordingSteps:
    """The steps of a recording, beside those of captions and papers.  One instance per worker."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._decoding = threading.Lock()

    def decode(self, job_id: str) -> list[dict[str, Any]]:
        """Decode the recording into windows; returns their references in order of time."""
        job, recording = self._recording(job_id)
        progress = self._steps.progress(job_id)
        progress.enter("decode", total=recording.duration_ms)
        known = json.loads(self._decoded(job, progress.at).read_text())
        windows: list[dict[str, Any]] = known["windows"]
        return windows

    def decode_ahead(self, job_id: str) -> None:
        """Decode a recording that waits, so that its job finds it done; so do its problems."""
        job, _recording = self._recording(job_id)
        with suppress(IngestProblem, CatalogProblem):
            self._decoded(job, lambda _ms: None)

    def language(self, job_id: str, windows: Sequence[dict[str, Any]]) -> str | None:
        """The language as set for the talk, else as heard in its longest window."""
        job, recording = self._recording(job_id)
        with self._steps.catalog.read() as session:
            talk = session.get_one(Talk, recording.talk_id)
        if talk.language or not windows:
            return talk.language
        longest = max(windows, key=lambda window: int(window["duration_ms"]))
        return self._steps.engine_of(job).detect_language(
            media.samples(self._pcm(job) / longest["file"])
        )

    def vocabulary(self, job_id: str) -> str:
        """Settle the names and terms of the talk for the whole job; returns their file's name.

        The name is made of what is in it, so that a talk that is known better is heard anew.
        """
        job, recording = self._recording(job_id)
        with self._steps.catalog.read() as session:
            known = background(session, session.get_one(Talk, recording.talk_id))
        pieces = self._steps.engine_of(job).pieces
        made = {
            "sentences": sentences_about(known, pieces),
            "terms": vocabulary(known, pieces),
        }
        text = json.dumps(made, ensure_ascii=False).encode()
        path = self._all_heard(job) / f"vocabulary-{hashlib.sha256(text).hexdigest()[:16]}.json"
        self._steps.store.write_artifact(path, text)
        return self._named(job, path)

    def transcribe(
        self,
        job_id: str,
        windows: Sequence[dict[str, Any]],
        number: int,
        language: str | None,
        terms: str,
    ) -> str:
        """Transcribe one window with these terms; returns the name of its finished transcript."""
        job, _recording = self._recording(job_id)
        window = WindowRef(**windows[number])
        done = self._heard(job, number, f"{language or 'any'}-{_digest_in(terms)}")
        if done.exists():
            return self._named(job, done)
        total_ms = sum(int(one["duration_ms"]) for one in windows)
        progress = self._steps.progress(job_id)
        progress.enter("transcribe", done=window.start_ms, total=total_ms)
        pcm = media.samples(self._pcm(job) / window.file)
        engine = Watched(self._steps.engine_of(job), lambda ms: progress.at(window.start_ms + ms))
        likely = json.loads((self._all_heard(job) / terms).read_text())
        repair = Repair(likely["terms"], engine.pieces)
        hotwords = [*likely["sentences"], *likely["terms"]]
        heard = [
            segments.shifted(repair.repaired(segment), window.start_ms)
            for segment in gated(engine, pcm, language=language, hotwords=hotwords)
        ]
        self._steps.store.write_artifact(done, segments.to_json(heard).encode())
        return self._named(job, done)

    def cut_talk(self, job_id: str, names: Sequence[str]) -> str:
        """Cut the transcribed windows into passages; returns the name of the file of them."""
        job, _recording = self._recording(job_id)
        self._steps.progress(job_id).enter("passages")
        cuts = cut_talk(sentences(self._segments(job, names)))
        return self._steps.write_cuts(
            job, {"passages": [asdict(one) for one in new_passages(cuts)]}
        )

    def commit_talk(
        self, job_id: str, cuts: str, names: Sequence[str], language: str | None
    ) -> None:
        """Write the transcript and, if it is current now, its passages for earlier ones.

        Raises: Cancelled, Lost.
        """
        job, recording = self._recording(job_id)
        known = json.loads((self._pcm(job) / "decoded.json").read_text())
        info = self._steps.engine_of(job).info
        partial = bool(known["gaps"] or known["cut_off"])
        transcript = NewTranscript(
            engine=info.engine,
            model=info.model,
            model_fingerprint=info.fingerprint,
            language=language,
            complete=not partial,
            gaps=tuple((start, end) for start, end in known["gaps"]),
            segments=tuple(_new_segment(one) for one in self._segments(job, names)),
        )
        faults.place("inside commit")
        with self._steps.catalog.write() as session:
            held(session, job_id, self._steps.worker)
            recording = self._measured(session, recording, known)
            talk = session.get_one(Talk, recording.talk_id)
            if job.kind != "talk" or not _has_captions(session, talk):
                written = transcripts.put(session, recording, transcript)
                if written.is_current:
                    passages.replace(session, talk, self._steps.cuts(job, cuts))
            heard_by = f"{info.engine} {info.model} on {info.device}"
            submissions.change(session, job_id, heard_by=heard_by)
            self._steps.committed(session, job_id, partial=partial)

    def is_captioned(self, job_id: str) -> bool:
        """Whether the talk of a recording has captions, so that it need not be transcribed."""
        job, recording = self._recording(job_id)
        with self._steps.catalog.read() as session:
            talk = session.get_one(Talk, recording.talk_id)
            return job.kind == "talk" and _has_captions(session, talk)

    def commit_recording(self, job_id: str) -> None:
        """Write what was learnt of the recording of a captioned talk.  Raises: Cancelled, Lost."""
        job, recording = self._recording(job_id)
        known = json.loads((self._pcm(job) / "decoded.json").read_text())
        with self._steps.catalog.write() as session:
            held(session, job_id, self._steps.worker)
            self._measured(session, recording, known)
            self._steps.committed(session, job_id, partial=bool(known["gaps"] or known["cut_off"]))

    def _measured(self, session: Session, one: Recording, known: dict[str, Any]) -> Recording:
        recording = session.get_one(Recording, one.id)
        recording.duration_ms = known["container_ms"]
        recording.decoded_ms = known["decoded_ms"]
        session.add(recording)
        return recording

    def _recording(self, job_id: str) -> tuple[Submission, Recording]:
        with self._steps.catalog.read() as session:
            job = submissions.get(session, job_id)
            return job, session.get_one(Recording, job.recording_id)

    def _pcm(self, job: Submission) -> Path:
        return self._steps.store.artifact("pcm", job.sha256, "decoded.json").parent

    def _all_heard(self, job: Submission) -> Path:
        return self._steps.store.artifact("heard", job.sha256, "x").parent

    def _heard_folder(self, job: Submission) -> Path:
        how = f"{self._steps.engine_of(job).info.fingerprint[:16]}-{PIPELINE}"
        return self._steps.store.artifact("heard", job.sha256, how, "x").parent

    def _named(self, job: Submission, path: Path) -> str:
        """A name that holds whichever engine the worker has by then."""
        return path.relative_to(self._all_heard(job)).as_posix()

    def _decoded(self, job: Submission, progress: Callable[[int], None]) -> Path:
        """What decoding gave: made aside, so that two workers cannot disturb each other."""
        done = self._pcm(job) / "decoded.json"
        aside = self._steps.store.artifact(
            "pcm", f"{job.sha256}.{self._steps.worker}.aside", "x"
        ).parent
        with self._decoding:
            if not done.exists():
                try:
                    self._decode_aside(job, aside, progress)
                    _take_place(aside, done.parent, wanted=done)
                finally:
                    shutil.rmtree(aside, ignore_errors=True)
        return done

    def _decode_aside(self, job: Submission, aside: Path, progress: Callable[[int], None]) -> None:
        shutil.rmtree(aside, ignore_errors=True)
        decoded = media.decode(
            self._steps.store.media(job.sha256),
            aside,
            options=_decode_options(self._steps.settings.window_s),
            progress=progress,
        )
        self._steps.store.write_artifact(aside / "decoded.json", _decoded_json(decoded))

    def _segments(self, job: Submission, names: Sequence[str]) -> list[Segment]:
        folder = self._all_heard(job)
        return [
            segment for name in names for segment in segments.from_json((folder / name).read_text())
        ]

    def _heard(self, job: Submission, number: int, how: str) -> Path:
        return self._heard_folder(job) / f"{how}-{number:04d}.json"


def _digest_in(name: str) -> str:
    """The digest in the name of a file of terms."""
    return Path(name).stem.removeprefix("vocabulary-")


def _take_place(made: Path, place: Path, *, wanted: Path) -> None:
    """Move a folder to its place, unless another worker was quicker: the bytes are the same."""
    try:
        made.rename(place)
    except OSError:
        if not wanted.exists():
            raise


def _decode_options(window_s: int) -> media.DecodeOptions:
    return media.DecodeOptions(window_s=window_s, quiet_search_s=min(60, window_s // 4))


def _decoded_json(decoded: media.Decoded) -> bytes:
    windows = [
        {"file": one.file.name, "start_ms": one.start_ms, "duration_ms": one.duration_ms}
        for one in decoded.windows
    ]
    known = {
        "windows": windows,
        "decoded_ms": decoded.decoded_ms,
        "container_ms": decoded.container_ms,
        "gaps": [list(gap) for gap in decoded.gaps],
        "cut_off": decoded.cut_off,
    }
    return json.dumps(known).encode()


def _new_segment(one: Segment) -> NewSegment:
    return NewSegment(
        start_ms=one.start_ms,
        end_ms=one.end_ms,
        text=one.text,
        words=tuple(w.row for w in one.words),
        doubtful=one.doubtful,
    )


def _has_captions(session: Session, talk: Talk) -> bool:
    return submissions.has_captions(session, talk) or transcripts.is_by_hand(session, talk)
