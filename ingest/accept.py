"""The door: looks at a file, stores it, and writes talk or paper and job in one transaction.

Invariant: a refused file leaves nothing behind; an accepted one is never lost again.
"""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import IntegrityError

from catalog import submissions
from catalog.engine import Catalog
from catalog.errors import AlreadyThere, CatalogProblem
from catalog.papers import NewPaper
from catalog.store import Store
from catalog.submissions import OfferedFile
from catalog.talks import NewTalk
from ingest import media
from ingest.errors import NoAudio
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
    """A file with what is said about it: as a talk or as a paper."""

    path: Path
    about: NewTalk | NewPaper | KnownPaper


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A promise: the job, and the talk or paper that it will fill."""

    job_id: str
    kind: str
    public_id: str
    title: str


def is_pdf(path: Path) -> bool:
    """Whether a file is to be taken as a paper: by its name, else by its first bytes."""
    if path.suffix.lower() in MEDIA_TYPES:
        return False
    try:
        with path.open("rb") as file:
            return path.suffix.lower() == ".pdf" or file.read(5) == b"%PDF-"
    except OSError:
        return path.suffix.lower() == ".pdf"


def accept(catalog: Catalog, store: Store, offer: Offer) -> Accepted:
    """Take a file in and promise its job.

    Raises: BadInput (it cannot become a talk or paper), AlreadyThere, StoreFull, FileUnreadable.
    """
    media_type = _looked_at(offer)
    stored = store.put_media(offer.path)
    file = OfferedFile(stored=stored, name=offer.path.name, media_type=media_type)
    try:
        return _promised(catalog, offer, file)
    except (CatalogProblem, IntegrityError) as error:
        with catalog.read() as session:
            owner = submissions.holder_of(session, stored.sha256)
        if owner is None:
            store.forget_media(stored.sha256)
        if owner is None or isinstance(error, CatalogProblem):
            raise
        raise AlreadyThere(  # somebody else offered the same bytes at this moment
            file_name=offer.path.name,
            kind="talk" if isinstance(offer.about, NewTalk) else "paper",
            public_id=owner.public_id,
            title=owner.title,
        ) from error


def _looked_at(offer: Offer) -> str:
    if isinstance(offer.about, NewPaper | KnownPaper):
        read_pdf(offer.path)
        return "application/pdf"
    info = media.probe(offer.path)
    if not any(track.kind == "audio" for track in info.tracks):
        raise NoAudio(offer.path, "it has no sound track", "offer a recording with sound")
    named = MEDIA_TYPES.get(offer.path.suffix.lower(), "application/octet-stream")
    if info.has_video and named.startswith("audio/"):
        return _VIDEO.get(info.container, named)
    return named


def _promised(catalog: Catalog, offer: Offer, file: OfferedFile) -> Accepted:
    with catalog.write() as session:
        if isinstance(offer.about, NewPaper):
            submission = submissions.accept_paper(session, offer.about, file)
        elif isinstance(offer.about, KnownPaper):
            submission = submissions.accept_paper_file(session, offer.about.paper_id, file)
        else:
            submission = submissions.accept_recording(session, offer.about, file)
        owner = submissions.owner_of(session, submission)
        return Accepted(
            job_id=submission.public_id,
            kind=submission.kind,
            public_id=owner.public_id,
            title=owner.title,
        )
