"""Papers with their pages, and the talks that name them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session, col, delete, select

from catalog.errors import AlreadyThere, Ambiguous, NotThere
from catalog.names import by_key, free_slug, new_public_id, row_id
from catalog.tables import Page, Paper, Submission, Talk, TalkPaper

_NEWEST_FIRST = (col(Paper.year).desc(), col(Paper.title))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPaper:
    """What is known of a paper when it enters the archive."""

    title: str
    authors: tuple[str, ...] = ()
    year: int | None = None
    venue: str | None = None
    abstract: str = ""
    arxiv_id: str | None = None
    doi: str | None = None
    visibility: str = "public"
    external_id: str | None = None
    title_is_known: bool = True
    labels: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    listing: Mapping[str, Any] = field(default_factory=dict)


def add(session: Session, new: NewPaper) -> Paper:
    """Write a paper.  Raises: AlreadyThere (its arXiv id or DOI)."""
    _refuse_known(session, new)
    paper = Paper(
        public_id=new_public_id(),
        slug=free_slug(session, Paper, new.title),
        title=new.title,
        authors=list(new.authors),
        year=new.year,
        venue=new.venue,
        abstract=new.abstract,
        arxiv_id=new.arxiv_id,
        doi=new.doi,
        visibility=new.visibility,
        external_id=new.external_id,
        title_is_known=new.title_is_known,
        labels=list(new.labels),
        links=[{"kind": kind, "url": url} for kind, url in new.links],
        listing=dict(new.listing),
    )
    session.add(paper)
    session.flush()
    return paper


def find(session: Session, key: str) -> Paper:
    """The paper with this public id or slug.  Raises: NotThere."""
    return by_key(session, Paper, "paper", key)


def called(session: Session, words: str) -> Paper:
    """The paper that staff mean: by id, slug, id in its list, arXiv id, DOI or nickname.

    Raises: NotThere, Ambiguous (a nickname of several).
    """
    ids = (Paper.public_id, Paper.slug, Paper.external_id, Paper.arxiv_id, Paper.doi)
    for column in ids:
        if found := session.exec(select(Paper).where(col(column) == words)).first():
            return found
    wanted = words.casefold()
    every = session.exec(select(Paper).order_by(col(Paper.id))).all()
    named = [one for one in every if wanted in map(str.casefold, [*one.labels, one.title])]
    if len(named) > 1:
        listed = ", ".join(f'{one.public_id} ("{one.title}")' for one in named)
        raise Ambiguous(f'"{words}" names {len(named)} papers: {listed}; give an id')
    if not named:
        raise NotThere("paper", words)
    return named[0]


def listed(session: Session, *, include_hidden: bool = False) -> list[Paper]:
    """All papers, newest first; hidden ones only when asked for."""
    query = select(Paper).order_by(*_NEWEST_FIRST)
    if not include_hidden:
        query = query.where(Paper.visibility == "public")
    return list(session.exec(query).all())


def in_order(session: Session) -> list[str]:
    """Public ids of all public papers, in the order of `listed`."""
    query = select(Paper.public_id).where(Paper.visibility == "public")
    return list(session.exec(query.order_by(*_NEWEST_FIRST)))


def without_title(session: Session) -> list[Paper]:
    """Papers that are known by nickname, arXiv id or address only, in the order they came."""
    query = select(Paper).where(~col(Paper.title_is_known)).order_by(col(Paper.id))
    return list(session.exec(query).all())


def by_ids(session: Session, public_ids: Iterable[str]) -> dict[str, Paper]:
    """The papers with these public ids, unknown ones left out."""
    rows = session.exec(select(Paper).where(col(Paper.public_id).in_(list(public_ids)))).all()
    return {paper.public_id: paper for paper in rows}


def replace_pages(session: Session, paper: Paper, texts: Sequence[str]) -> None:
    """Write the text of all pages, in order, in the place of earlier ones."""
    session.exec(delete(Page).where(col(Page.paper_id) == paper.id))
    paper.page_count = len(texts)
    session.add(paper)
    session.add_all(
        Page(paper_id=row_id(paper), number=number, text=text)
        for number, text in enumerate(texts, start=1)
    )
    session.flush()


def pages(session: Session, paper: Paper) -> list[Page]:
    """The pages in order."""
    query = select(Page).where(Page.paper_id == paper.id).order_by(col(Page.number))
    return list(session.exec(query).all())


def talks_naming(session: Session, paper: Paper) -> list[Talk]:
    """Public talks for which staff named this paper, newest first."""
    query = (
        select(Talk)
        .join(TalkPaper, col(TalkPaper.talk_id) == Talk.id)
        .where(TalkPaper.paper_id == paper.id, Talk.visibility == "public")
        .order_by(col(Talk.held_on).is_(None), col(Talk.held_on).desc(), col(Talk.id).desc())
    )
    return list(session.exec(query).all())


def submission(session: Session, paper: Paper) -> Submission | None:
    """The submission that brought this paper's file, if it came as one."""
    query = select(Submission).where(
        Submission.paper_id == paper.id, col(Submission.kind) != "link"
    )
    return session.exec(query).first()


def _refuse_known(session: Session, new: NewPaper) -> None:
    for name, column, value in (
        ("arXiv id", Paper.arxiv_id, new.arxiv_id),
        ("DOI", Paper.doi, new.doi),
    ):
        if value and (known := session.exec(select(Paper).where(col(column) == value)).first()):
            raise AlreadyThere(
                file_name=f'"{new.title}", {name} {value},',
                kind="paper",
                public_id=known.public_id,
                title=known.title,
            )
