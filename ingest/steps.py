"""The steps that turn an accepted file into a transcript, passages and vectors.

Invariant: each step is idempotent.  It finds its finished work by name and returns at once, so
that a step that is run again after a crash changes nothing.  Steps hand on names of artifacts,
never transcripts or vectors.
"""

import hashlib
import json
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlmodel import Session

from catalog import papers, passages, submissions, transcripts
from catalog.engine import Catalog
from catalog.errors import CatalogProblem
from catalog.passages import NewPassage
from catalog.settings import Settings
from catalog.store import Store
from catalog.tables import Paper, Recording, Submission, Talk
from catalog.transcripts import NewSegment, NewTranscript
from index.encoders import Encoder
from index.passage import CUTTER_VERSION, Cut, Passage, PassageId, cut_paper, cut_talk
from index.weights import ENCODERS, located
from ingest import faults, media, segments
from ingest.background import background
from ingest.engines import Transcriber
from ingest.engines.choose import open_engine, require_engine
from ingest.errors import IngestProblem
from ingest.gate import gated
from ingest.pdf import read_pdf
from ingest.progress import Progress, Watched, held
from ingest.publish import published, publishing
from ingest.repair import Repair
from ingest.segments import Segment
from ingest.sentences import sentences
from ingest.vectors import VectorCache
from ingest.vocabulary import sentences_about, vocabulary

PIPELINE = "2"
"""Version of what the steps make; a new one makes new jobs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRef:
    """A decoded window: its file name in the talk's artifacts, and where it lies."""

    file: str
    start_ms: int
    duration_ms: int


class Steps:
    """The steps with what they work on.  One instance per worker; models load when needed."""

    def __init__(
        self, settings: Settings, catalog: Catalog, store: Store, *, worker: str | None = None
    ) -> None:
        self.settings = settings
        self.catalog = catalog
        self.store = store
        self.worker = worker
        self._decoding = threading.Lock()
        self._other_engine: tuple[tuple[str, str], Transcriber] | None = None

    @cached_property
    def engine(self) -> Transcriber:
        """The speech engine.  Raises: EngineProblem."""
        return open_engine(
            self.settings.whisper_engine, self.settings.whisper_model or "", self.settings.device
        )

    @cached_property
    def encoder(self) -> Encoder:
        """The sentence encoder.  Raises: EncoderMissing, ModelMissing."""
        from index.encoders.sentence import open_encoder

        return open_encoder(self.settings.encoder_model, device=self.settings.device)

    @cached_property
    def vectors(self) -> VectorCache:
        """Vectors by content."""
        return VectorCache(self.store, self.encoder)

    def engine_of(self, job: Submission) -> Transcriber:
        """The engine that a job asks for, else the one of the settings.  Raises: EngineProblem."""
        if job.kind != "transcribe":
            return self.engine
        wanted = job.about["engine"], job.about["model"]
        if wanted == (self.settings.whisper_engine, self.settings.whisper_model or ""):
            return self.engine
        if self._other_engine is None or self._other_engine[0] != wanted:
            self._other_engine = None  # one at a time: memory is short
            self._other_engine = wanted, open_engine(*wanted, self.settings.device)
        return self._other_engine[1]

    def require_models(self, queues: Sequence[str] = ("speech", "text")) -> None:
        """Look for the models, so that no job fails for the lack of one.

        The encoder is loaded when the first talk is through, not beside its transcription:
        memory, not time, is short.  One that only a hub has is fetched now.
        Raises: SpeechModelMissing, EngineMissing, EncoderMissing, ModelMissing, ModelDamaged.
        """
        settings = self.settings
        if "speech" in queues:
            require_engine(settings.whisper_engine, settings.whisper_model or "", settings.device)
            if settings.whisper_engine == "openai-whisper":
                _ = self.engine  # only loading tells whether it is there
        if not located(settings.encoder_model, ENCODERS).is_dir():
            _ = self.encoder

    # a recording

    def decode(self, job_id: str) -> list[dict[str, Any]]:
        """Decode the recording into windows; returns their references in order of time."""
        job, recording = self._recording(job_id)
        progress = self.progress(job_id)
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
        with self.catalog.read() as session:
            talk = session.get_one(Talk, recording.talk_id)
        if talk.language or not windows:
            return talk.language
        longest = max(windows, key=lambda window: int(window["duration_ms"]))
        return self.engine_of(job).detect_language(media.samples(self._pcm(job) / longest["file"]))

    def vocabulary(self, job_id: str) -> str:
        """Settle the names and terms of the talk for the whole job; returns their file's name.

        The name is made of what is in it, so that a talk that is known better is heard anew.
        """
        job, recording = self._recording(job_id)
        with self.catalog.read() as session:
            known = background(session, session.get_one(Talk, recording.talk_id))
        pieces = self.engine_of(job).pieces
        made = {
            "sentences": sentences_about(known, pieces),
            "terms": vocabulary(known, pieces),
        }
        text = json.dumps(made, ensure_ascii=False).encode()
        path = self._all_heard(job) / f"vocabulary-{hashlib.sha256(text).hexdigest()[:16]}.json"
        self.store.write_artifact(path, text)
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
        progress = self.progress(job_id)
        progress.enter("transcribe", done=window.start_ms, total=total_ms)
        pcm = media.samples(self._pcm(job) / window.file)
        engine = Watched(self.engine_of(job), lambda ms: progress.at(window.start_ms + ms))
        likely = json.loads((self._all_heard(job) / terms).read_text())
        repair = Repair(likely["terms"], engine.pieces)
        hotwords = [*likely["sentences"], *likely["terms"]]
        heard = [
            segments.shifted(repair.repaired(segment), window.start_ms)
            for segment in gated(engine, pcm, language=language, hotwords=hotwords)
        ]
        self.store.write_artifact(done, segments.to_json(heard).encode())
        return self._named(job, done)

    def cut_talk(self, job_id: str, names: Sequence[str]) -> str:
        """Cut the transcribed windows into passages; returns the name of the file of them."""
        job, _recording = self._recording(job_id)
        self.progress(job_id).enter("passages")
        cuts = cut_talk(sentences(self._segments(job, names)))
        return self.write_cuts(job, {"passages": [asdict(one) for one in new_passages(cuts)]})

    def commit_talk(
        self, job_id: str, cuts: str, names: Sequence[str], language: str | None
    ) -> None:
        """Write the transcript and, if it is current now, its passages for earlier ones.

        Raises: Cancelled, Lost.
        """
        job, recording = self._recording(job_id)
        known = json.loads((self._pcm(job) / "decoded.json").read_text())
        info = self.engine_of(job).info
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
        with self.catalog.write() as session:
            held(session, job_id, self.worker)
            recording = self._measured(session, recording, known)
            talk = session.get_one(Talk, recording.talk_id)
            if job.kind != "talk" or not _has_captions(session, talk):
                written = transcripts.put(session, recording, transcript)
                if written.is_current:
                    passages.replace(session, talk, self.cuts(job, cuts))
            heard_by = f"{info.engine} {info.model} on {info.device}"
            submissions.change(session, job_id, heard_by=heard_by)
            self.committed(session, job_id, partial=partial)

    def is_captioned(self, job_id: str) -> bool:
        """Whether the talk of a recording has captions, so that it need not be transcribed."""
        job, recording = self._recording(job_id)
        with self.catalog.read() as session:
            talk = session.get_one(Talk, recording.talk_id)
            return job.kind == "talk" and _has_captions(session, talk)

    def commit_recording(self, job_id: str) -> None:
        """Write what was learnt of the recording of a captioned talk.  Raises: Cancelled, Lost."""
        job, recording = self._recording(job_id)
        known = json.loads((self._pcm(job) / "decoded.json").read_text())
        with self.catalog.write() as session:
            held(session, job_id, self.worker)
            self._measured(session, recording, known)
            self.committed(session, job_id, partial=bool(known["gaps"] or known["cut_off"]))

    def _measured(self, session: Session, one: Recording, known: dict[str, Any]) -> Recording:
        recording = session.get_one(Recording, one.id)
        recording.duration_ms = known["container_ms"]
        recording.decoded_ms = known["decoded_ms"]
        session.add(recording)
        return recording

    # a paper

    def read_paper(self, job_id: str) -> str:
        """Read the pages of a PDF and cut them; returns the name of the file of both."""
        job = self.job(job_id)
        progress = self.progress(job_id)
        progress.enter("read")
        read = read_pdf(self.store.media(job.sha256), progress=progress.of)
        progress.enter("passages", done=len(read.pages), total=len(read.pages))
        made = {
            "pages": [page.text for page in read.pages],
            "passages": [asdict(one) for one in new_passages(cut_paper(read.pages))],
        }
        return self.write_cuts(job, made)

    def commit_paper(self, job_id: str, cuts: str) -> None:
        """Write pages and passages whole, for earlier ones.  Raises: Cancelled, Lost."""
        job = self.job(job_id)
        made = json.loads((self.cuts_folder(job) / cuts).read_text())
        with self.catalog.write() as session:
            held(session, job_id, self.worker)
            paper = session.get_one(Paper, job.paper_id)
            papers.replace_pages(session, paper, made["pages"])
            passages.replace(session, paper, self.cuts(job, cuts))
            self.committed(session, job_id, partial=False)

    # both

    def encode(self, job_id: str, cuts: str) -> int:
        """Encode those passages that are new; returns how many there are."""
        job = self.job(job_id)
        self.progress(job_id).enter("encode")
        with self.catalog.read() as session:
            owner = submissions.owner_of(session, job)
        mine = [_unplaced(owner, one) for one in self.cuts(job, cuts)]
        self.vectors.rows(owner.public_id, mine)
        return len(mine)

    def clean(self, job_id: str) -> None:
        """Drop what only the job needed."""
        self._clean(self.job(job_id))

    def publish(self) -> str:
        """Publish what is committed; its jobs are done.  Returns the generation.

        Raises: SomebodyPublishes, IndexProblem, CatalogProblem.
        """
        index_dir = self.settings.index_dir
        with publishing(self.catalog, index_dir, wait_s=0):
            began_at = time.monotonic()
            with self.catalog.read() as session:
                waiting = submissions.listed(session, states=("committed",))
            generation = published(self.catalog, index_dir, self.vectors, self.encoder)
            seconds = time.monotonic() - began_at
            with self.catalog.write() as session:
                for job in waiting:
                    submissions.published(session, job.submission, seconds)
        for job in waiting:
            self._clean(job.submission)
        return generation

    def committed(self, session: Session, job_id: str, *, partial: bool) -> None:
        """Say that a job is in the catalog and waits for a snapshot.  Raises: Cancelled, Lost."""
        held(session, job_id, self.worker)
        submissions.change(session, job_id, state="committed", step="publish", partial=partial)

    def _clean(self, job: Submission) -> None:
        if job.kind != "link":  # the same bytes have a job of their own
            self.store.drop_artifacts("pcm", job.sha256)
            self.store.drop_artifacts("cuts", job.sha256)

    def job(self, job_id: str) -> Submission:
        """The row of a job."""
        with self.catalog.read() as session:
            return submissions.get(session, job_id)

    def _recording(self, job_id: str) -> tuple[Submission, Recording]:
        with self.catalog.read() as session:
            job = submissions.get(session, job_id)
            return job, session.get_one(Recording, job.recording_id)

    def progress(self, job_id: str) -> Progress:
        """Says how far a job is."""
        return Progress(catalog=self.catalog, job_id=job_id, worker=self.worker)

    def _pcm(self, job: Submission) -> Path:
        return self.store.artifact("pcm", job.sha256, "decoded.json").parent

    def _all_heard(self, job: Submission) -> Path:
        return self.store.artifact("heard", job.sha256, "x").parent

    def _heard_folder(self, job: Submission) -> Path:
        how = f"{self.engine_of(job).info.fingerprint[:16]}-{PIPELINE}"
        return self.store.artifact("heard", job.sha256, how, "x").parent

    def _named(self, job: Submission, path: Path) -> str:
        """A name that holds whichever engine the worker has by then."""
        return path.relative_to(self._all_heard(job)).as_posix()

    def _decoded(self, job: Submission, progress: Callable[[int], None]) -> Path:
        """What decoding gave: made aside, so that two workers cannot disturb each other."""
        done = self._pcm(job) / "decoded.json"
        aside = self.store.artifact("pcm", f"{job.sha256}.{self.worker}.aside", "x").parent
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
            self.store.media(job.sha256),
            aside,
            options=_decode_options(self.settings.window_s),
            progress=progress,
        )
        self.store.write_artifact(aside / "decoded.json", _decoded_json(decoded))

    def _segments(self, job: Submission, names: Sequence[str]) -> list[Segment]:
        folder = self._all_heard(job)
        return [
            segment for name in names for segment in segments.from_json((folder / name).read_text())
        ]

    def cuts_folder(self, job: Submission) -> Path:
        """Where a job keeps what it read and cut."""
        return self.store.artifact("cuts", job.sha256, "x").parent

    def write_cuts(self, job: Submission, made: dict[str, Any]) -> str:
        """Keep what was cut; returns the name of the file."""
        path = self.cuts_folder(job) / f"{CUTTER_VERSION}-{PIPELINE}.json"
        self.store.write_artifact(path, json.dumps(made).encode())
        return path.name

    def cuts(self, job: Submission, name: str) -> list[NewPassage]:
        """The passages that were kept under this name."""
        made = json.loads((self.cuts_folder(job) / name).read_text())
        return [NewPassage(**one) for one in made["passages"]]

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


def _unplaced(owner: Talk | Paper, one: NewPassage) -> Passage:
    """A passage as the encoder needs it: title and text."""
    return Passage(
        id=PassageId("unplaced"),
        kind="talk" if isinstance(owner, Talk) else "paper",
        owner_id=owner.public_id,
        title=owner.title,
        text=one.text,
    )


def new_passages(cuts: Sequence[Cut]) -> list[NewPassage]:
    """Cuts as the catalog takes them."""
    return [
        NewPassage(
            text=cut.text,
            start_ms=cut.start_ms,
            end_ms=cut.end_ms,
            page=cut.page,
            section=cut.section,
        )
        for cut in cuts
    ]
