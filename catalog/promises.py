"""What is promised of an address that staff give: to fetch it, and to make of it what it is.

Invariant: the row is written before anybody is answered; an address twice is one promise.
"""

from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from catalog import links, papers, submissions
from catalog.addresses import ArxivId, arxiv_id_in, target_of
from catalog.engine import Catalog
from catalog.links import NewLink
from catalog.papers import NewPaper
from catalog.store import StoredFile
from catalog.submissions import Job, OfferedFile
from catalog.tables import Submission

UPLOADED = "upload:"
"""Before the sha256 of a file that was sent here, where others have the address they lie at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What staff said of what a link will give; which of it counts is known when it is there."""

    title: str | None = None
    speakers: tuple[str, ...] = ()
    series: str | None = None
    held_on: str | None = None
    abstract: str = ""
    language: str | None = None
    visibility: str = "public"
    papers: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    year: int | None = None
    venue: str | None = None

    def __post_init__(self) -> None:
        if self.held_on is not None:
            date.fromisoformat(self.held_on)

    @property
    def day(self) -> date | None:
        """The day of the talk."""
        return date.fromisoformat(self.held_on) if self.held_on else None


def promise_link(catalog: Catalog, address: str, said: Said) -> Job:
    """Promise to fetch an address: returns at once, with the job.

    Raises: BadAddress (its form), AlreadyThere, NotThere (a paper of the talk).
    """
    arxiv_id = arxiv_id_in(address)
    if arxiv_id is not None:
        return _promised_arxiv(catalog, arxiv_id, said)
    target = target_of(address)
    with catalog.write() as session:
        for key in said.papers:
            papers.find(session, key)
        new = NewLink(url=target.url, shown=target.shown, about=asdict(said))
        return submissions.seen(session, links.promise(session, new).public_id)


def promise_file(catalog: Catalog, stored: StoredFile, name: str, said: Said) -> Job:
    """Promise to look at a file that is in the store, and to take it in.

    Raises: AlreadyThere (its bytes are a talk's or paper's).
    """
    with catalog.write() as session:
        submissions.refuse_twice(session, OfferedFile(stored=stored, name=name, media_type=""))
        new = NewLink(url=f"{UPLOADED}{stored.sha256}", shown=name, about=asdict(said))
        return submissions.seen(session, links.promise(session, new).public_id)


def waiting_files(session: Session) -> dict[str, str]:
    """The sha256 of every file that was uploaded and not taken in yet, with its job's state."""
    query = select(Submission).where(
        col(Submission.source_url).startswith(UPLOADED), Submission.state != "done"
    )
    found = [one for one in session.exec(query) if not one.sha256]
    return {(one.source_url or "").removeprefix(UPLOADED): one.state for one in found}


def abandoned_files(session: Session, before: datetime) -> list[str]:
    """The sha256 of uploaded files whose jobs failed or were cancelled before that instant."""
    query = select(Submission).where(
        col(Submission.source_url).startswith(UPLOADED),
        col(Submission.state).in_(["failed", "cancelled"]),
        col(Submission.finished_at) < before,
    )
    named = [(one.source_url or "").removeprefix(UPLOADED) for one in session.exec(query)]
    return [sha256 for sha256 in named if submissions.holder_of(session, sha256) is None]


def _promised_arxiv(catalog: Catalog, arxiv_id: ArxivId, said: Said) -> Job:
    try:
        with catalog.write() as session:
            job = links.promise_arxiv(session, stand_in(arxiv_id, said), link_of(arxiv_id, said))
            return submissions.seen(session, job.public_id)
    except IntegrityError:  # somebody else named the same paper at this moment
        return _promised_arxiv(catalog, arxiv_id, said)


def link_of(arxiv_id: ArxivId, said: Said) -> NewLink:
    """The link that a number of arXiv stands for."""
    return NewLink(url=arxiv_id.url, shown=f"arXiv:{arxiv_id}", about=asdict(said))


def stand_in(arxiv_id: ArxivId, said: Said) -> NewPaper:
    """The paper as it is before arXiv was asked: what staff said, and its number."""
    return NewPaper(
        title=said.title or f"arXiv:{arxiv_id.base}",
        title_is_known=said.title is not None,
        authors=said.authors,
        year=said.year,
        venue=said.venue,
        abstract=said.abstract,
        arxiv_id=arxiv_id.base,
        visibility=said.visibility,
    )
