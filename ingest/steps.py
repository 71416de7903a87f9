"""The steps that turn an accepted file into a transcript, passages and vectors.

Invariant: each step is idempotent.  It finds its finished work by name and returns at once, so
that a step that is run again after a crash changes nothing.  Steps hand on names of artifacts,
never transcripts or vectors.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import structlog
from sqlmodel import Session

from catalog import papers, passages, submissions
from catalog.engine import Catalog
from catalog.passages import NewPassage
from catalog.settings import Settings
from catalog.store import Store, naming_a_full_disk
from catalog.tables import Paper, Submission, Talk
from index.encoders import Encoder
from index.passage import CUTTER_VERSION, Cut, Passage, PassageId, cut_paper
from index.weights import ENCODERS, located
from ingest.engines import Transcriber
from ingest.engines.choose import open_engine, require_engine
from ingest.pdf import read_pdf
from ingest.progress import Progress, held
from ingest.publish import Told, encode_anew, published, publishing
from ingest.vectors import VectorCache

_SAY_S = 5.0
log = structlog.get_logger(__name__)

PIPELINE = "2"
"""Version of what the steps make; a new one makes new jobs."""


class Steps:
    """The steps with what they work on.  One instance per worker; models load when needed."""

    def __init__(
        self, settings: Settings, catalog: Catalog, store: Store, *, worker: str | None = None
    ) -> None:
        self.settings = settings
        self.catalog = catalog
        self.store = store
        self.worker = worker
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
        from index.encoders.choose import open_encoder

        settings = self.settings
        return open_encoder(
            settings.encoder_model, device=settings.device, backend=settings.encoder_backend
        )

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

    def publish(self, *, wait_s: float = 0, anew: bool = False) -> str:
        """Publish what is committed; its jobs are done.  Returns the generation.

        anew: write all files anew, so that no byte stays of what was taken out.

        Raises: SomebodyPublishes (another still does after `wait_s`), StoreFull, IndexProblem,
        CatalogProblem.
        """
        index_dir = self.settings.index_dir
        self.encode_anew(_logged())
        with publishing(self.catalog, index_dir, wait_s=wait_s):
            began_at = time.monotonic()
            with self.catalog.read() as session:
                waiting = submissions.listed(session, states=("committed",))
            with naming_a_full_disk("no snapshot was published, the old one serves"):
                generation = published(
                    self.catalog,
                    index_dir,
                    self.vectors,
                    self.encoder,
                    anew=anew,
                    encoder_model=self.encoder_model,
                )
            seconds = time.monotonic() - began_at
            with self.catalog.write() as session:
                for job in waiting:
                    submissions.published(session, job.submission, seconds)
        for job in waiting:
            self._clean(job.submission)
        return generation

    def encode_anew(self, told: Told) -> None:
        """After a change of the encoder: encode everything, while the old snapshot is served."""
        encode_anew(self.catalog, self.settings.index_dir, self.vectors, self.encoder, told)

    @property
    def encoder_model(self) -> str:
        """The encoder's name for whoever reads the snapshot; of a folder, the whole path."""
        folder = Path(self.settings.encoder_model).expanduser()
        return str(folder.resolve()) if folder.is_dir() else self.settings.encoder_model

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

    def progress(self, job_id: str) -> Progress:
        """Says how far a job is."""
        return Progress(catalog=self.catalog, job_id=job_id, worker=self.worker)

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


def _logged() -> Told:
    """Says into the log how far it is, every few seconds."""
    said_at = time.monotonic()

    def told(done: int, total: int) -> None:
        nonlocal said_at
        if done == total or time.monotonic() - said_at >= _SAY_S:
            said_at = time.monotonic()
            log.info("encoding everything with another encoder", done=done, of=total)

    return told


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
