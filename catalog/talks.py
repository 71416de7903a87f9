"""Talks with their speakers, series and recordings."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlmodel import Session, col, delete, select

from catalog.names import by_key, free_slug, new_public_id, row_id
from catalog.tables import (
    Paper,
    Person,
    Recording,
    Series,
    Submission,
    Talk,
    TalkPaper,
    TalkSpeaker,
    Transcript,
)

T = TypeVar("T")
_NEWEST_FIRST = (col(Talk.held_on).is_(None), col(Talk.held_on).desc(), col(Talk.id).desc())


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTalk:
    """What is known of a talk when it enters the archive."""

    title: str
    speakers: tuple[str, ...] = ()
    series: str | None = None
    held_on: date | None = None
    abstract: str = ""
    language: str | None = None
    visibility: str = "public"
    recording_status: str = "recorded"
    links: tuple[tuple[str, str], ...] = ()  # (kind, address), kinds as in LINK_KINDS
    papers: tuple[str, ...] = ()  # public ids or slugs of papers in the archive
    external_id: str | None = None
    title_is_known: bool = True
    affiliation: str | None = None
    tags: tuple[str, ...] = ()
    note: str | None = None
    listing: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkDetails:
    """A talk with everything a page or an answer shows of it."""

    talk: Talk
    speakers: tuple[Person, ...]
    series: Series | None
    recording: Recording | None
    transcript: Transcript | None
    submission: Submission | None
    papers: tuple[Paper, ...]
    seconds_left: float | None = None  # of its job, as estimated

    @property
    def names(self) -> tuple[str, ...]:
        """The speakers' names, in order."""
        return tuple(person.name for person in self.speakers)

    @property
    def recording_status(self) -> str:
        """Why it can or cannot be heard; a list that knew of no recording is outdated by one."""
        status = self.talk.recording_status
        return "recorded" if status == "not_recorded" and self.recording else status


def add(session: Session, new: NewTalk) -> Talk:
    """Write a talk with its speakers, series and papers.  Raises: NotThere (a paper)."""
    talk = Talk(
        public_id=new_public_id(),
        slug=free_slug(session, Talk, new.title),
        title=new.title,
        series_id=series_named(session, new.series),
        held_on=new.held_on,
        abstract=new.abstract,
        language=new.language,
        visibility=new.visibility,
        recording_status=new.recording_status,
        links=[{"kind": kind, "url": url} for kind, url in new.links],
        external_id=new.external_id,
        title_is_known=new.title_is_known,
        affiliation=new.affiliation,
        tags=list(new.tags),
        note=new.note,
        listing=dict(new.listing),
    )
    session.add(talk)
    session.flush()
    _add_speakers(session, talk, new.speakers)
    _add_papers(session, talk, new.papers)
    return talk


def find(session: Session, key: str) -> Talk:
    """The talk with this public id or slug.  Raises: NotThere."""
    return by_key(session, Talk, "talk", key)


def called(session: Session, words: str) -> Talk:
    """The talk that staff mean: by id or slug, or by its id in its list.  Raises: NotThere."""
    by_list = session.exec(select(Talk).where(Talk.external_id == words)).first()
    return by_list or find(session, words)


def listed(session: Session, *, include_hidden: bool = False) -> list[TalkDetails]:
    """All talks, newest first, those without a date last; hidden ones only when asked for."""
    return _those(session, sa.true(), include_hidden=include_hidden)


def in_order(session: Session) -> list[str]:
    """Public ids of all public talks, in the order of `listed`."""
    query = select(Talk.public_id).where(Talk.visibility == "public")
    return list(session.exec(query.order_by(*_NEWEST_FIRST)))


def of_series(session: Session, key: str) -> list[TalkDetails]:
    """The public talks of the series with this slug or public id, in the order of `listed`."""
    theirs = col(Talk.series_id).in_(select(Series.id).where(_is_called(Series, key)))
    return _those(session, theirs)


def of_speaker(session: Session, key: str) -> list[TalkDetails]:
    """The public talks of the speaker with this slug or public id, in the order of `listed`."""
    theirs = col(Talk.id).in_(
        select(TalkSpeaker.talk_id)
        .join(Person, col(Person.id) == TalkSpeaker.person_id)
        .where(_is_called(Person, key))
    )
    return _those(session, theirs)


def _those(
    session: Session, which: sa.ColumnElement[bool], *, include_hidden: bool = False
) -> list[TalkDetails]:
    query = select(Talk).where(which).order_by(*_NEWEST_FIRST)
    if not include_hidden:
        query = query.where(Talk.visibility == "public")
    return details(session, session.exec(query).all())


def _is_called(table: type[Series | Person], key: str) -> sa.ColumnElement[bool]:
    return sa.or_(col(table.slug) == key, col(table.public_id) == key)


def by_ids(session: Session, public_ids: Iterable[str]) -> dict[str, TalkDetails]:
    """Details of the talks with these public ids, unknown ones left out."""
    rows = session.exec(select(Talk).where(col(Talk.public_id).in_(list(public_ids)))).all()
    return {one.talk.public_id: one for one in details(session, rows)}


def details(session: Session, talks: Sequence[Talk]) -> list[TalkDetails]:
    """The talks with what belongs to them, in the given order, by one query per table."""
    ids = [row_id(talk) for talk in talks]
    speakers = _grouped(
        session.exec(
            select(TalkSpeaker.talk_id, Person)
            .join(Person, col(Person.id) == TalkSpeaker.person_id)
            .where(col(TalkSpeaker.talk_id).in_(ids))
            .order_by(col(TalkSpeaker.position))
        ).all()
    )
    papers = _grouped(
        session.exec(
            select(TalkPaper.talk_id, Paper)
            .join(Paper, col(Paper.id) == TalkPaper.paper_id)
            .where(col(TalkPaper.talk_id).in_(ids), Paper.visibility == "public")
            .order_by(col(Paper.title))
        ).all()
    )
    known = {talk.series_id for talk in talks}
    series = {
        one.id: one for one in session.exec(select(Series).where(col(Series.id).in_(known))).all()
    }
    recordings = {  # the newest comes last and stays
        one.talk_id: one
        for one in session.exec(
            select(Recording).where(col(Recording.talk_id).in_(ids)).order_by(col(Recording.id))
        )
    }
    submissions = {
        one.talk_id: one
        for one in session.exec(
            select(Submission)
            .where(
                col(Submission.talk_id).in_(ids),
                col(Submission.kind).not_in(["transcribe", "link"]),
            )
            .order_by(col(Submission.id))
        )
    }
    transcripts = {
        one.talk_id: one
        for one in session.exec(
            select(Transcript).where(col(Transcript.talk_id).in_(ids), col(Transcript.is_current))
        )
    }
    return [
        TalkDetails(
            talk=talk,
            speakers=tuple(speakers[row_id(talk)]),
            series=series.get(talk.series_id),
            recording=recordings.get(row_id(talk)),
            submission=submissions.get(row_id(talk)),
            transcript=transcripts.get(row_id(talk)),
            papers=tuple(papers[row_id(talk)]),
        )
        for talk in talks
    ]


def _grouped(pairs: Iterable[tuple[int, T]]) -> dict[int, list[T]]:
    groups: dict[int, list[T]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return groups


def name_speakers(session: Session, talk: Talk, names: Sequence[str]) -> None:
    """Let exactly these people speak in the talk, in order; new names become people."""
    session.exec(delete(TalkSpeaker).where(col(TalkSpeaker.talk_id) == talk.id))
    _add_speakers(session, talk, names)


def name_papers(session: Session, talk: Talk, keys: Sequence[str]) -> None:
    """Name exactly these papers, by id or slug, for the talk.  Raises: NotThere."""
    session.exec(delete(TalkPaper).where(col(TalkPaper.talk_id) == talk.id))
    _add_papers(session, talk, keys)


def _add_speakers(session: Session, talk: Talk, names: Sequence[str]) -> None:
    wanted = list(dict.fromkeys(names))
    people = (
        session.exec(select(Person).where(col(Person.name).in_(wanted))).all() if wanted else []
    )
    known = {person.name: person for person in people}
    for position, name in enumerate(wanted):
        if name not in known:
            slug = free_slug(session, Person, name)
            known[name] = Person(public_id=new_public_id(), slug=slug, name=name)
            session.add(known[name])
            session.flush()
        person_id = row_id(known[name])
        session.add(TalkSpeaker(talk_id=row_id(talk), person_id=person_id, position=position))
    session.flush()


def _add_papers(session: Session, talk: Talk, keys: Sequence[str]) -> None:
    found = {row_id(by_key(session, Paper, "paper", key)) for key in keys}
    session.add_all(TalkPaper(talk_id=row_id(talk), paper_id=paper_id) for paper_id in found)
    session.flush()


def series_named(session: Session, name: str | None) -> int | None:
    """The row of the series with this name, made when it is new; None without a name."""
    if not name:
        return None
    series = session.exec(select(Series).where(Series.name == name)).first()
    if series is None:
        series = Series(public_id=new_public_id(), slug=free_slug(session, Series, name), name=name)
        session.add(series)
        session.flush()
    return row_id(series)
