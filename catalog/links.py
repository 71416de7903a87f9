"""Submissions that begin as an address: promised, put off, and led to a talk or paper.

Invariant: an address has one row; asked for again it is the same promise.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from catalog import papers, submissions
from catalog.errors import AlreadyThere
from catalog.names import new_public_id, row_id
from catalog.papers import NewPaper
from catalog.tables import Paper, Recording, Submission, Talk, TalkPaper, now

_FIRST_WAIT_S = 30.0
_LONGEST_WAIT_S = 3600.0
_OF_ADDRESSES = 1  # what the locks of a PostgreSQL are for, as the first of their two numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLink:
    """An address, how it is shown, and what staff said of what it will give."""

    url: str
    shown: str
    about: Mapping[str, Any]


def promise(session: Session, new: NewLink) -> Submission:
    """Promise to fetch an address, or find its promise.  Raises: AlreadyThere (what it gave)."""
    _hold(session, new.url)
    query = select(Submission).where(Submission.kind == "link", Submission.source_url == new.url)
    known = session.exec(query.order_by(col(Submission.id).desc())).first()
    if known is None:
        return submissions.promise(
            session,
            Submission(
                public_id=new_public_id(),
                kind="link",
                file_name=new.shown,
                source_url=new.url,
                about=dict(new.about),
            ),
        )
    if known.state == "done":
        owner = submissions.owner_of(session, known)
        raise AlreadyThere(
            file_name=new.shown,
            kind="talk" if isinstance(owner, Talk) else "paper",
            public_id=owner.public_id,
            title=owner.title,
        )
    if known.state in {"failed", "cancelled"}:
        submissions.change(session, known.public_id, about={**known.about, **new.about})
        submissions.retry(session, known.public_id)
        session.refresh(known)
    return known


def _hold(session: Session, url: str) -> None:
    """Let nobody else promise the address until the transaction ends; SQLite has one writer."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        held = sa.func.pg_advisory_xact_lock(_OF_ADDRESSES, sa.func.hashtext(url))
        connection.execute(sa.select(held))


def promise_arxiv(session: Session, paper: NewPaper, new: NewLink) -> Submission:
    """Promise a paper of arXiv: its row exists at once.  Raises: AlreadyThere (with its file)."""
    known = session.exec(select(Paper).where(Paper.arxiv_id == paper.arxiv_id)).first()
    if known is not None and known.sha256 is not None:
        raise AlreadyThere(
            file_name=new.shown, kind="paper", public_id=known.public_id, title=known.title
        )
    promised = promise(session, new)
    if promised.paper_id is None:
        promised.paper_id = row_id(known or papers.add(session, paper))
        promised.about = {**promised.about, "stand_in": known is None}
        session.add(promised)
        session.flush()
    return promised


def begin(session: Session, job_id: str) -> None:
    """Forget why it waited: it is being tried."""
    submissions.change(session, job_id, not_before=None, failure=None)


def put_off(session: Session, job_id: str, problem: str, *, after_s: float | None = None) -> None:
    """Let a job wait for what does not answer; each wait is twice the last, up to an hour."""
    one = submissions.get(session, job_id)
    wait_s = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2 ** min(one.attempt - 1, 10))
    if after_s is not None:
        wait_s = min(_LONGEST_WAIT_S, max(wait_s, after_s))
    until = now() + timedelta(seconds=wait_s)
    times = "once" if one.attempt == 1 else f"{one.attempt} times"
    submissions.change(
        session,
        job_id,
        state="accepted",
        attempt=one.attempt + 1,
        starts=0,
        worker=None,
        not_before=until,
        failure=f"{problem}; tried {times}, the next try is at {until:%H:%M:%S} UTC",
    )


def arrived(session: Session, job_id: str, public_id: str) -> None:
    """Note what a link gave: the talk or paper with this id."""
    one = submissions.get(session, job_id)
    talk = session.exec(select(Talk).where(Talk.public_id == public_id)).first()
    paper = session.exec(select(Paper).where(Paper.public_id == public_id)).first()
    if paper is not None and one.paper_id not in {None, paper.id}:
        _give_way(session, one, paper)
    one.talk_id = talk.id if talk else None
    one.paper_id = paper.id if paper else None
    one.sha256 = _bytes_of(session, talk, paper) or ""
    session.add(one)


def drop_stand_in(session: Session, job_id: str) -> None:
    """Take back the paper row that only an arXiv job's promise made."""
    one = submissions.get(session, job_id)
    paper = session.get(Paper, one.paper_id) if one.about.get("stand_in") else None
    if paper is None:
        return
    one.paper_id = None
    session.add(one)
    session.flush()
    session.delete(paper)


def fill(session: Session, paper: Paper, new: NewPaper) -> None:
    """Write what is known of a paper where nothing is written yet."""
    if not paper.title_is_known and new.title_is_known:
        paper.title, paper.title_is_known = new.title, True
    paper.authors = paper.authors or list(new.authors)
    paper.year = paper.year or new.year
    paper.abstract = paper.abstract or new.abstract
    paper.arxiv_id = paper.arxiv_id or new.arxiv_id
    if new.doi and not session.exec(select(Paper).where(Paper.doi == new.doi)).first():
        paper.doi = paper.doi or new.doi
    known = {link["url"] for link in paper.links}
    fresh = [{"kind": kind, "url": url} for kind, url in new.links if url not in known]
    paper.links = [*paper.links, *fresh]
    session.add(paper)
    session.flush()


def _bytes_of(session: Session, talk: Talk | None, paper: Paper | None) -> str | None:
    if talk is None:
        return paper.sha256 if paper else None
    query = select(Recording.sha256).where(Recording.talk_id == talk.id)
    return session.exec(query.order_by(col(Recording.id).desc())).first()


def _give_way(session: Session, one: Submission, paper: Paper) -> None:
    """Let a stand-in go whose bytes are another paper's, which takes what was known of it.

    Raises: AlreadyThere (the paper was more than a stand-in).
    """
    mine = session.get_one(Paper, one.paper_id)
    named = session.exec(select(TalkPaper).where(TalkPaper.paper_id == mine.id)).first()
    if named is not None or not one.about.get("stand_in"):
        raise AlreadyThere(
            file_name=one.file_name, kind="paper", public_id=paper.public_id, title=paper.title
        )
    known = NewPaper(
        title=mine.title,
        title_is_known=mine.title_is_known,
        authors=tuple(mine.authors),
        year=mine.year,
        abstract=mine.abstract,
        arxiv_id=mine.arxiv_id,
        doi=mine.doi,
        links=tuple((link["kind"], link["url"]) for link in mine.links),
    )
    one.paper_id = paper.id
    session.add(one)
    session.flush()
    session.delete(mine)
    session.flush()
    fill(session, paper, known)
