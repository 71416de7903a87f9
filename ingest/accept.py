"""The door: looks at a file, stores it, and writes talk or paper and job in one transaction.

Invariant: a refused file leaves nothing behind; an accepted one is never lost again.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from catalog import joining, submissions, talks, transcripts
from catalog.caption_files import Captions
from catalog.captions import Line
from catalog.engine import Catalog
from catalog.errors import AlreadyThere, CatalogProblem, FileUnreadable
from catalog.papers import NewPaper
from catalog.store import Store
from catalog.submissions import OfferedFile
from catalog.tables import Paper, Submission, Talk
from catalog.talks import NewTalk
from ingest import media
from ingest.captions import MEDIA_TYPES as CAPTION_TYPES
from ingest.captions import CaptionFile, is_captions, read_captions
from ingest.corrections import Heard
from ingest.errors import NoAudio, NothingChanged, StillChanging
from ingest.pdf import read_pdf

MEDIA_TYPES = {
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".opus": "audio/ogg",
    ".wma": "audio/x-ms-wma",
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mkv": "video/x-matroska",
    ".webm": "video/webm",
    ".mov": "video/quicktime",
}
_VIDEO = {"mp4": "video/mp4", "matroska": "video/x-matroska", "webm": "video/webm"}


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPaper:
    """A paper that the catalog has and whose file is not there yet."""

    paper_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A file with what is said about it: as a talk or as a paper.

    `talk` names the talk of the archive to which a recording or captions belong.
    """

    path: Path
    about: NewTalk | NewPaper | KnownPaper
    talk: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A promise: the job, and the talk or paper that it will fill."""

    job_id: str
    kind: str
    public_id: str
    title: str
    remarks: tuple[str, ...] = ()


def is_pdf(path: Path) -> bool:
    """Whether a file is to be taken as a paper: by its name, else by its first bytes."""
    if path.suffix.lower() in MEDIA_TYPES or is_captions(path):
        return False
    try:
        with path.open("rb") as file:
            return path.suffix.lower() == ".pdf" or file.read(5) == b"%PDF-"
    except OSError:
        return path.suffix.lower() == ".pdf"


def accept(catalog: Catalog, store: Store, offer: Offer) -> Accepted:
    """Take a file in and promise its job.

    A recording or captions join the talk that the offer names, or the one that lacks them and has
    exactly its title and day.  Raises: BadInput (it cannot become a talk or paper), AlreadyThere,
    NotThere, Ambiguous, NotTaken, StillChanging, StoreFull, FileUnreadable.
    """
    mark = _mark(offer.path)
    owner = holder(catalog, offer.path)
    if owner is not None:
        raise _there(offer.path.name, owner)
    arrival = _looked_at(offer, mark)
    return _stored(catalog, store, arrival, partial(_written, offer))


def accept_corrections(catalog: Catalog, store: Store, path: Path, *, talk: str) -> Accepted:
    """Take a corrected transcript in and promise its job.

    Raises: NotThere, NotATranscript, BadCaptions, NothingChanged, AlreadyThere, StoreFull,
    FileUnreadable, StillChanging.
    """
    arrival, edited = _captions_at(path, _mark(path))
    with catalog.read() as session:
        owner = talks.find(session, talk)
        heard = Heard.of(*transcripts.current(session, owner))
    if heard.corrected(edited) is None:
        raise NothingChanged(owner.title)

    def write(session: Session, file: OfferedFile) -> Submission:
        return submissions.accept_corrections(session, talks.find(session, talk), file)

    short = _ends_early(heard.lines, edited.lines) if heard.timed and edited.timed else ()
    return _stored(catalog, store, replace(arrival, remarks=arrival.remarks + short), write)


def _ends_early(heard: Sequence[Line], edited: Sequence[Line]) -> tuple[str, ...]:
    """A remark where what was said after the last caption would go."""
    last_ms, end_ms = edited[-1].end_ms, heard[-1].end_ms if heard else 0
    if end_ms - last_ms < EARLY_MS:
        return ()
    return (
        f"its last caption ends {last_ms // 1000} s into the talk, the version before it ends at "
        f"{end_ms // 1000} s; what is not in the file is not searched",
    )


Mark = tuple[int, int]


EARLY_MS = 60_000
"""How much sooner than the version before it a corrected transcript ends before it is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Arrival:
    """A file that was looked at; `mark` is what the disk said of it before."""

    path: Path
    media_type: str
    mark: Mark
    duration_ms: int | None = None
    remarks: tuple[str, ...] = ()


Write = Callable[[Session, OfferedFile], Submission]


def _stored(catalog: Catalog, store: Store, arrival: _Arrival, write: Write) -> Accepted:
    stored = store.put_media(arrival.path)
    file = OfferedFile(
        stored=stored,
        name=arrival.path.name,
        media_type=arrival.media_type,
        duration_ms=arrival.duration_ms,
    )
    try:
        if _mark(arrival.path) != arrival.mark:
            raise StillChanging(arrival.path)
        return replace(_promised(catalog, file, write), remarks=arrival.remarks)
    except (CatalogProblem, StillChanging, IntegrityError) as error:
        with catalog.read() as session:
            owner = submissions.holder_of(session, stored.sha256)
        if owner is None:
            store.forget_media(stored.sha256)
        if owner is None or not isinstance(error, IntegrityError):
            raise
        raise _there(file.name, owner) from error  # the same bytes were offered at this moment


def holder(catalog: Catalog, path: Path) -> Talk | Paper | None:
    """The talk or paper that a recording or PDF belongs to already, without copying it.

    Raises: FileUnreadable.
    """
    size_bytes, _time = _mark(path)
    with catalog.read() as session:
        if not submissions.may_hold(session, size_bytes):
            return None
        return submissions.holder_of(session, _sha256(path))


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise FileUnreadable(f"{path}: {error.strerror or error}") from error


def _there(name: str, owner: Talk | Paper) -> AlreadyThere:
    return AlreadyThere(
        file_name=name,
        kind="paper" if isinstance(owner, Paper) else "talk",
        public_id=owner.public_id,
        title=owner.title,
    )


def _mark(path: Path) -> Mark:
    """Size and time of change: what tells whether a file was written to meanwhile."""
    try:
        found = path.stat()
    except OSError as error:
        raise FileUnreadable(f"{path}: {error.strerror or error}") from error
    return found.st_size, found.st_mtime_ns


def _looked_at(offer: Offer, mark: Mark) -> _Arrival:
    path = offer.path
    if isinstance(offer.about, NewPaper | KnownPaper):
        read_pdf(path)
        return _Arrival(path=path, media_type="application/pdf", mark=mark)
    if is_captions(path):
        return _captions_at(path, mark)[0]
    media_type, duration_ms = look_at_recording(path)
    return _Arrival(path=path, media_type=media_type, mark=mark, duration_ms=duration_ms)


def _captions_at(path: Path, mark: Mark) -> tuple[_Arrival, Captions]:
    read = read_captions(CaptionFile(name=path.name, path=path))
    media_type = CAPTION_TYPES.get(path.suffix.lower(), "text/plain")
    return _Arrival(path=path, media_type=media_type, mark=mark, remarks=read.remarks), read


def look_at_recording(path: Path) -> tuple[str, int | None]:
    """A recording's media type, and its length in ms as far as its container says.

    Raises: BadInput, DecoderStopped.
    """
    info = media.probe(path)
    if not any(track.kind == "audio" for track in info.tracks):
        raise NoAudio(path, "it has no sound track", "offer a recording with sound")
    named = MEDIA_TYPES.get(path.suffix.lower(), "application/octet-stream")
    if info.has_video and named.startswith("audio/"):
        return _VIDEO.get(info.container, named), info.duration_ms
    return named, info.duration_ms


def _promised(catalog: Catalog, file: OfferedFile, write: Write) -> Accepted:
    with catalog.write() as session:
        submission = write(session, file)
        owner = submissions.owner_of(session, submission)
        return Accepted(
            job_id=submission.public_id,
            kind=submission.kind,
            public_id=owner.public_id,
            title=owner.title,
        )


def _written(offer: Offer, session: Session, file: OfferedFile) -> Submission:
    """The file's row and its talk or paper; bytes that are there are refused before all else."""
    submissions.refuse_twice(session, file)
    if isinstance(offer.about, NewPaper):
        return submissions.accept_paper(session, offer.about, file)
    if isinstance(offer.about, KnownPaper):
        return submissions.accept_paper_file(session, offer.about.paper_id, file)
    if is_captions(offer.path):
        talk = joining.talk_for_captions(session, offer.about, offer.talk)
        return submissions.accept_captions(session, talk or offer.about, file)
    talk = joining.talk_for_recording(session, offer.about, offer.talk)
    return submissions.accept_recording(session, talk or offer.about, file)
