"""The tables of the archive.

Invariant: what a CHECK can say, a CHECK says; `table=True` classes do not validate, so
values are validated where they enter and the database is the last word.
"""

from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

RECORDING_STATUSES = ("recorded", "not_recorded", "declined", "withdrawn")
VISIBILITIES = ("public", "unlisted", "withdrawn")
LINK_KINDS = ("video", "slides", "paper", "notes", "page")
TRANSCRIPT_ORIGINS = (
    "machine",  # a speech engine heard it
    "captions",  # it came with the talk, made elsewhere
    "edited",  # staff corrected it; never replaced by a machine
)
SUBMISSION_KINDS = (
    "talk",  # a recording becomes a transcribed talk
    "paper",  # a PDF becomes a paper
    "captions",  # a caption file becomes a talk's transcript
    "transcribe",  # a talk's recording is heard again by another engine or model
    "link",  # an address is fetched; what it gives becomes one of the first two
)
SUBMISSION_STATES = (
    "accepted",  # stored and promised; a worker will take it
    "running",  # a worker is at it
    "committed",  # in the catalog, waits for the next snapshot
    "done",  # in a published snapshot (or nothing to search in it)
    "failed",  # stopped; staff may retry
    "cancelled",  # stopped by staff
)

MENTION_STATES = (
    "found",  # by the detection, with its confidence
    "confirmed",  # staff said that it is one
    "rejected",  # staff said that it is none; stays so when it is found again
)

KEY_SCOPES = (
    "search",  # may read, from the pages and in the series that it names; may stand in a page
    "ingest",  # may also bring recordings and papers in
    "admin",  # may do everything
)
DEEDS = (
    "import",  # a catalogue came in
    "edit",
    "withdraw",  # out of view, still there
    "remove",  # gone with everything that was made of it
)


class UtcDateTime(sa.TypeDecorator[datetime]):
    """An aware UTC instant; SQLite forgets zones, so it is put back on reading."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Refuse naive instants; store UTC."""
        if value is not None and value.tzinfo is None:
            raise ValueError(f"an instant needs a zone: {value}")
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Give every instant its zone back."""
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


def now() -> datetime:
    """The present instant, aware."""
    return datetime.now(UTC)


def _one_of(column: str, values: tuple[str, ...]) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)


def _instant() -> Any:
    return Field(default_factory=now, sa_type=UtcDateTime, nullable=False)


def _maybe_instant() -> Any:
    return Field(default=None, sa_type=UtcDateTime, nullable=True)


def _text(default: str | None = "") -> Any:
    return Field(default=default, sa_type=sa.Text, nullable=default is None)


def _json(default: Any) -> Any:
    return Field(default_factory=default, sa_type=sa.JSON, nullable=False)


def _parent(column: str, *, nullable: bool = False) -> Any:
    return Field(
        default=None, foreign_key=column, ondelete="CASCADE", index=True, nullable=nullable
    )


class Series(SQLModel, table=True):
    """A course or a seminar whose talks belong together."""

    __tablename__ = "series"
    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    slug: str = Field(unique=True)
    name: str = Field(unique=True)
    description: str = _text()


class Person(SQLModel, table=True):
    """One who speaks; one person across series."""

    __tablename__ = "people"
    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    slug: str = Field(unique=True)
    name: str = Field(unique=True)
    affiliation: str | None = None


class Talk(SQLModel, table=True):
    """One event; it may have recordings, or a reason why not.

    `links` are [{"kind": one of LINK_KINDS, "url": …}, …]; `listing` keeps what an imported list
    said besides, so that an export gives it back.
    """

    __tablename__ = "talks"
    __table_args__ = (
        _one_of("recording_status", RECORDING_STATUSES),
        _one_of("visibility", VISIBILITIES),
    )
    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    slug: str = Field(unique=True)
    external_id: str | None = Field(default=None, unique=True)  # in the list it came from
    title: str = _text()
    title_is_known: bool = True  # else the title is a stand-in
    series_id: int | None = Field(default=None, foreign_key="series.id", index=True)
    held_on: date | None = None
    affiliation: str | None = None  # of the speakers, as announced
    abstract: str = _text()
    language: str | None = None  # as set by staff; the transcript says what was heard
    recording_status: str = "recorded"
    visibility: str = "public"
    links: list[dict[str, str]] = _json(list)
    tags: list[str] = _json(list)
    note: str | None = _text(None)
    listing: dict[str, Any] = _json(dict)
    passages_sha256: str = ""  # of its passages, by `catalog.passages`; empty when it has none
    created_at: datetime = _instant()
    updated_at: datetime = _instant()


class TalkSpeaker(SQLModel, table=True):
    """Who speaks in a talk, in the order of the announcement."""

    __tablename__ = "talk_speakers"
    talk_id: int = Field(foreign_key="talks.id", primary_key=True, ondelete="CASCADE")
    person_id: int = Field(foreign_key="people.id", primary_key=True, index=True)
    position: int


class Recording(SQLModel, table=True):
    """One file of a talk: bytes in the store, never modified."""

    __tablename__ = "recordings"
    __table_args__ = (sa.CheckConstraint("size_bytes > 0", name="size_bytes"),)
    id: int | None = Field(default=None, primary_key=True)
    talk_id: int = _parent("talks.id")
    sha256: str = Field(unique=True)
    size_bytes: int = Field(sa_type=sa.BigInteger)
    file_name: str
    media_type: str = "application/octet-stream"
    duration_ms: int | None = None  # as the container says
    decoded_ms: int | None = None  # as could be read
    tracks: list[dict[str, Any]] = _json(list)
    added_at: datetime = _instant()


class Transcript(SQLModel, table=True):
    """What was said in a talk: heard by an engine, brought as captions, or corrected by staff.

    Versions stand side by side, and one is current.  A transcript that is not `timed` has text in
    order and no times: all its segments lie at 0.
    """

    __tablename__ = "transcripts"
    __table_args__ = (
        sa.UniqueConstraint("talk_id", "version"),
        sa.Index(
            "uq_transcripts_current",
            "talk_id",
            unique=True,
            sqlite_where=sa.text("is_current"),
            postgresql_where=sa.text("is_current"),
        ),
        _one_of("origin", TRANSCRIPT_ORIGINS),
        sa.CheckConstraint("origin <> 'machine' OR recording_id IS NOT NULL", name="heard"),
    )
    id: int | None = Field(default=None, primary_key=True)
    talk_id: int = _parent("talks.id")
    recording_id: int | None = _parent("recordings.id", nullable=True)
    version: int
    is_current: bool
    origin: str = "machine"
    timed: bool = True
    engine: str
    model: str
    model_fingerprint: str
    language: str | None = None
    complete: bool
    gaps: list[list[int]] = _json(list)  # [[start_ms, end_ms], …] that could not be read
    created_at: datetime = _instant()


class Segment(SQLModel, table=True):
    """A stretch of speech as the engine emitted it, with its words and their confidence."""

    __tablename__ = "segments"
    __table_args__ = (
        sa.UniqueConstraint("transcript_id", "position"),
        sa.CheckConstraint("0 <= start_ms AND start_ms <= end_ms", name="span"),
    )
    id: int | None = Field(default=None, primary_key=True)
    transcript_id: int = _parent("transcripts.id")
    position: int
    start_ms: int
    end_ms: int
    text: str = _text()
    words: list[list[Any]] = _json(list)  # [[start_ms, end_ms, text, confidence 0..1], …]
    doubtful: bool = False


class Paper(SQLModel, table=True):
    """A course paper or note; `links` and `listing` as of a talk, `labels` are its nicknames."""

    __tablename__ = "papers"
    __table_args__ = (_one_of("visibility", VISIBILITIES),)
    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    slug: str = Field(unique=True)
    external_id: str | None = Field(default=None, unique=True)
    title: str = _text()
    title_is_known: bool = True
    authors: list[str] = _json(list)
    arxiv_id: str | None = Field(default=None, unique=True)
    doi: str | None = Field(default=None, unique=True)
    year: int | None = None
    venue: str | None = None
    abstract: str = _text()
    labels: list[str] = _json(list)
    links: list[dict[str, str]] = _json(list)
    listing: dict[str, Any] = _json(dict)
    visibility: str = "public"
    sha256: str | None = Field(default=None, unique=True)
    size_bytes: int | None = Field(default=None, sa_type=sa.BigInteger)
    file_name: str | None = None
    page_count: int | None = None
    passages_sha256: str = ""  # as of a talk
    created_at: datetime = _instant()
    updated_at: datetime = _instant()


class TalkPaper(SQLModel, table=True):
    """A paper that staff named for a talk."""

    __tablename__ = "talk_papers"
    talk_id: int = Field(foreign_key="talks.id", primary_key=True, ondelete="CASCADE")
    paper_id: int = Field(foreign_key="papers.id", primary_key=True, index=True, ondelete="CASCADE")


class MentionRow(SQLModel, table=True):
    """A place where a talk names a paper; without times where text has none."""

    __tablename__ = "mentions"
    __table_args__ = (
        _one_of("state", MENTION_STATES),
        sa.CheckConstraint("confidence BETWEEN 0 AND 1", name="confidence"),
        sa.CheckConstraint("(start_ms IS NULL) = (end_ms IS NULL)", name="time"),
        sa.CheckConstraint(
            "start_ms IS NULL OR (0 <= start_ms AND start_ms <= end_ms)", name="span"
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    talk_id: int = _parent("talks.id")
    paper_id: int = _parent("papers.id")
    start_ms: int | None = None
    end_ms: int | None = None
    said: str = _text()  # the words that name it
    text: str = _text()  # the sentence around them
    cues: list[str] = _json(list)
    confidence: float
    state: str = "found"


class MentionLook(SQLModel, table=True):
    """What a talk's mentions were last looked for in: a digest of its text and of all papers."""

    __tablename__ = "mention_looks"
    talk_id: int = Field(foreign_key="talks.id", primary_key=True, ondelete="CASCADE")
    seen_sha256: str


class Page(SQLModel, table=True):
    """The text of one page of a paper; numbers start at 1."""

    __tablename__ = "pages"
    __table_args__ = (
        sa.UniqueConstraint("paper_id", "number"),
        sa.CheckConstraint("number >= 1", name="number"),
    )
    id: int | None = Field(default=None, primary_key=True)
    paper_id: int = _parent("papers.id")
    number: int
    text: str = _text()


class PassageRow(SQLModel, table=True):
    """What is retrieved: a stretch of a talk, or a piece of a page."""

    __tablename__ = "passages"
    __table_args__ = (
        sa.CheckConstraint("(talk_id IS NULL) <> (paper_id IS NULL)", name="owner"),
        sa.CheckConstraint("talk_id IS NOT NULL OR start_ms IS NULL", name="time"),
        sa.CheckConstraint("(paper_id IS NULL) = (page IS NULL)", name="page"),
        sa.CheckConstraint("start_ms IS NULL OR start_ms <= end_ms", name="span"),
    )
    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    talk_id: int | None = _parent("talks.id", nullable=True)
    paper_id: int | None = _parent("papers.id", nullable=True)
    position: int
    start_ms: int | None = None
    end_ms: int | None = None
    page: int | None = None
    section: str | None = None
    text: str = _text()


class Submission(SQLModel, table=True):
    """A promise: what was accepted will become, or be added to, a talk or paper.

    The row is the truth of a job; the job engine only drives it.
    """

    __tablename__ = "submissions"
    __table_args__ = (
        _one_of("state", SUBMISSION_STATES),
        _one_of("kind", SUBMISSION_KINDS),
        sa.CheckConstraint("kind IN ('paper', 'link') OR talk_id IS NOT NULL", name="talk"),
        sa.CheckConstraint(
            "kind NOT IN ('talk', 'transcribe') OR recording_id IS NOT NULL", name="recording"
        ),
        sa.CheckConstraint("kind <> 'paper' OR paper_id IS NOT NULL", name="paper"),
        sa.CheckConstraint("kind <> 'link' OR source_url IS NOT NULL", name="link"),
        sa.CheckConstraint("kind = 'link' OR sha256 <> ''", name="sha256"),
        sa.Index(
            "uq_submissions_sha256",
            "sha256",
            unique=True,
            sqlite_where=sa.text("kind IN ('talk', 'paper', 'captions')"),
            postgresql_where=sa.text("kind IN ('talk', 'paper', 'captions')"),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    kind: str
    sha256: str = ""  # empty before a link is fetched
    file_name: str
    source_url: str | None = _text(None)
    about: dict[str, Any] = _json(dict)  # what staff said that no other row has yet
    talk_id: int | None = _parent("talks.id", nullable=True)
    recording_id: int | None = _parent("recordings.id", nullable=True)
    paper_id: int | None = _parent("papers.id", nullable=True)
    state: str = Field(default="accepted", index=True)
    priority: int = 0  # higher goes first
    not_before: datetime | None = _maybe_instant()  # a wait for something outside
    attempt: int = 1  # a retry by staff is a new attempt, and a new workflow
    starts: int = 0  # how often a worker began this attempt
    worker: str | None = None  # who has it
    step: str | None = None
    done: int = 0  # of `total`: milliseconds of a recording, pages of a paper
    total: int | None = None
    speed: float | None = None  # recording seconds per second, over the step
    timings: dict[str, float] = _json(dict)  # seconds by step
    heard_by: str | None = None  # engine, model and device that transcribed it
    failure: str | None = _text(None)
    reason: str | None = None  # the failure's class, to be counted
    partial: bool = False
    accepted_at: datetime = _instant()
    started_at: datetime | None = _maybe_instant()
    finished_at: datetime | None = _maybe_instant()
    heartbeat_at: datetime | None = _maybe_instant()


class WorkerRow(SQLModel, table=True):
    """A worker that lives, or did: whose heartbeat stops is dead."""

    __tablename__ = "workers"
    name: str = Field(primary_key=True)
    host: str
    pid: int
    device: str
    queues: list[str] = _json(list)
    started_at: datetime = _instant()
    beat_at: datetime = _instant()


class Event(SQLModel, table=True):
    """What staff did to the catalog: who, when, to what.  Rows are added, never taken away.

    It names fields and never holds what they said, so that what is removed is not kept here.
    `unswept` is what a removal has still to take from the disk; empty once it is through.
    """

    __tablename__ = "events"
    __table_args__ = (_one_of("deed", DEEDS),)
    id: int | None = Field(default=None, primary_key=True)
    at: datetime = _instant()
    who: str
    deed: str
    kind: str  # talk, paper or catalogue
    public_id: str = ""  # of the talk or paper
    fields: list[str] = _json(list)  # whose values changed; visibility: everybody saw it before
    note: str = _text()
    unswept: dict[str, list[str]] = _json(dict)


class KeyRow(SQLModel, table=True):
    """A key to the service.  The secret is nowhere: only its hash, and its end to know it by.

    A row is never deleted, so that a revoked key is told from one that never was.
    """

    __tablename__ = "keys"
    __table_args__ = (
        _one_of("scope", KEY_SCOPES),
        sa.CheckConstraint("length(sha256) = 64", name="sha256"),
    )
    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    sha256: str = Field(unique=True)
    ending: str  # the secret's last four characters
    scope: str
    label: str = _text()
    origins: list[str] = _json(list)  # of the pages that may send it; none: not from a page
    series: list[str] = _json(list)  # public ids; none: all
    created_at: datetime = _instant()
    expires_at: datetime | None = _maybe_instant()
    revoked_at: datetime | None = _maybe_instant()
