"""What staff and lists can say of a talk or paper, as values; read from rows and written to them.

Invariant: a value that was read and is written again changes nothing.  What is not known is None
or empty; a talk or paper without a title is shown under a stand-in, which is never a fact.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from sqlmodel import Session, col, select

from catalog import talks
from catalog.names import row_id
from catalog.tables import Paper, Person, Series, Talk, TalkPaper, TalkSpeaker, now

TALK_LINKS = {
    "video_urls": "video",
    "slides_urls": "slides",
    "paper_urls": "paper",
    "notes_urls": "notes",
    "page_urls": "page",
}
PAPER_LINKS = {"url": "page", "pdf_url": "paper"}
NAMED_SPEAKERS = 3
SAYS_NOTHING = {  # labels of links that are no name of a paper
    *("paper", "original paper", "preprint", "article", "book", "survey", "pdf", "arxiv", "link"),
    *("blog", "blog post", "post", "here", "this", "slides", "notes", "lecture notes", "video"),
}
Facts = TypeVar("Facts", "TalkFacts", "PaperFacts")


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkFacts:
    """A talk as a list describes it; `papers` are public ids in order of the alphabet."""

    title: str | None = None
    speakers: tuple[str, ...] = ()
    series: str | None = None
    date: datetime.date | None = None
    affiliation: str | None = None
    abstract: str = ""
    language: str | None = None
    visibility: str = "public"
    recording_status: str = "recorded"
    video_urls: tuple[str, ...] = ()
    slides_urls: tuple[str, ...] = ()
    paper_urls: tuple[str, ...] = ()
    notes_urls: tuple[str, ...] = ()
    page_urls: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    note: str | None = None
    papers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperFacts:
    """A paper as a list describes it; `labels` are its nicknames."""

    title: str | None = None
    authors: tuple[str, ...] = ()
    year: int | None = None
    venue: str | None = None
    abstract: str = ""
    arxiv_id: str | None = None
    doi: str | None = None
    visibility: str = "public"
    labels: tuple[str, ...] = ()
    url: str | None = None
    pdf_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """What a list may change, and what it may not because staff said otherwise: (old, new)."""

    changes: dict[str, tuple[Any, Any]]
    kept: dict[str, tuple[Any, Any]]


def merged(current: Facts, before: Facts, after: Facts) -> Merge:
    """Where a list now says something else than before; a value that staff set meanwhile stays."""
    changes: dict[str, tuple[Any, Any]] = {}
    kept: dict[str, tuple[Any, Any]] = {}
    for name in names_of(current):
        is_now, was, wanted = (getattr(one, name) for one in (current, before, after))
        if wanted in (was, is_now):
            continue
        (changes if is_now == was else kept)[name] = (is_now, wanted)
    return Merge(changes=changes, kept=kept)


def names_of(facts: "TalkFacts | PaperFacts | type[TalkFacts] | type[PaperFacts]") -> list[str]:
    """The names of the fields, in order."""
    return [field.name for field in fields(facts)]


def of_talk(session: Session, talk: Talk) -> TalkFacts:
    """What is known of a talk."""
    return of_talks(session, [talk])[row_id(talk)]


def of_talks(session: Session, rows: Sequence[Talk]) -> dict[int, TalkFacts]:
    """What is known of talks, by row."""
    ids = [row_id(talk) for talk in rows]
    speakers = _grouped(
        session.exec(
            select(TalkSpeaker.talk_id, Person.name)
            .join(Person, col(Person.id) == TalkSpeaker.person_id)
            .where(col(TalkSpeaker.talk_id).in_(ids))
            .order_by(col(TalkSpeaker.position))
        ).all()
    )
    papers = _grouped(
        session.exec(
            select(TalkPaper.talk_id, Paper.public_id)
            .join(Paper, col(Paper.id) == TalkPaper.paper_id)
            .where(col(TalkPaper.talk_id).in_(ids))
            .order_by(col(Paper.public_id))
        ).all()
    )
    series = dict(session.exec(select(Series.id, Series.name)).all())
    return {
        row_id(talk): TalkFacts(
            title=talk.title if talk.title_is_known else None,
            speakers=tuple(speakers[row_id(talk)]),
            series=series.get(talk.series_id),
            date=talk.held_on,
            affiliation=talk.affiliation,
            abstract=talk.abstract,
            language=talk.language,
            visibility=talk.visibility,
            recording_status=talk.recording_status,
            tags=tuple(talk.tags),
            note=talk.note,
            papers=tuple(papers[row_id(talk)]),
            **{name: _urls(talk.links, kind) for name, kind in TALK_LINKS.items()},
        )
        for talk in rows
    }


def of_paper(paper: Paper) -> PaperFacts:
    """What is known of a paper."""
    firsts = {name: (_urls(paper.links, kind) or (None,))[0] for name, kind in PAPER_LINKS.items()}
    return PaperFacts(
        title=paper.title if paper.title_is_known else None,
        authors=tuple(paper.authors),
        year=paper.year,
        venue=paper.venue,
        abstract=paper.abstract,
        arxiv_id=paper.arxiv_id,
        doi=paper.doi,
        visibility=paper.visibility,
        labels=tuple(paper.labels),
        **firsts,
    )


def set_talk(session: Session, talk: Talk, values: Mapping[str, Any]) -> None:
    """Write these facts of a talk; the others stay.  Raises: NotThere (a paper)."""
    if "speakers" in values:
        talks.name_speakers(session, talk, values["speakers"])
    if "papers" in values:
        talks.name_papers(session, talk, values["papers"])
    if "series" in values:
        talk.series_id = talks.series_named(session, values["series"])
    if "date" in values:
        talk.held_on = values["date"]
    for name in ("affiliation", "abstract", "language", "visibility", "recording_status", "note"):
        if name in values:
            setattr(talk, name, values[name])
    if "tags" in values:
        talk.tags = list(values["tags"])
    urls = {kind: values[name] for name, kind in TALK_LINKS.items() if name in values}
    talk.links = _links(talk.links, urls)
    _set_title(talk, values, talk_stand_in(of_talk(session, talk)))
    talk.updated_at = now()
    session.add(talk)
    session.flush()


def set_paper(session: Session, paper: Paper, values: Mapping[str, Any]) -> None:
    """Write these facts of a paper; the others stay."""
    for name in ("year", "venue", "abstract", "arxiv_id", "doi", "visibility"):
        if name in values:
            setattr(paper, name, values[name])
    for name in ("authors", "labels"):
        if name in values:
            setattr(paper, name, list(values[name]))
    urls = {
        kind: (values[name],) if values[name] else ()
        for name, kind in PAPER_LINKS.items()
        if name in values
    }
    paper.links = _links(paper.links, urls)
    _set_title(paper, values, paper_stand_in(of_paper(paper)))
    paper.updated_at = now()
    session.add(paper)
    session.flush()


def talk_stand_in(known: TalkFacts) -> str:
    """What a talk without a title is called."""
    if known.speakers:
        first = list(known.speakers[:NAMED_SPEAKERS])
        if len(known.speakers) > NAMED_SPEAKERS:
            first.append("others")
        listed = ", ".join(first[:-1])
        return "Talk by " + (f"{listed} and {first[-1]}" if listed else first[-1])
    return f"Talk in {known.series}" if known.series else "Talk without a title"


def paper_stand_in(known: PaperFacts) -> str:
    """What a paper without a title is called: its nickname, its arXiv id, or where it is."""
    telling = [label for label in known.labels if label.casefold() not in SAYS_NOTHING]
    if telling:
        return telling[0]
    if known.arxiv_id:
        return f"arXiv:{known.arxiv_id}"
    url = known.url or known.pdf_url or known.doi or "Paper without a title"
    return url.removeprefix("https://").removeprefix("http://").rstrip("/")


def _set_title(row: Talk | Paper, values: Mapping[str, Any], stand_in: str) -> None:
    if "title" in values:
        row.title_is_known = values["title"] is not None
        row.title = values["title"] or stand_in
    elif not row.title_is_known:
        row.title = stand_in


def _urls(links: Iterable[Mapping[str, str]], kind: str) -> tuple[str, ...]:
    return tuple(link["url"] for link in links if link["kind"] == kind)


def _links(
    links: Sequence[dict[str, str]], urls: Mapping[str, Iterable[str]]
) -> list[dict[str, str]]:
    """The links with all of some kinds replaced."""
    others = [link for link in links if link["kind"] not in urls]
    return others + [{"kind": kind, "url": url} for kind, all_of in urls.items() for url in all_of]


def _grouped(pairs: Iterable[tuple[int, str]]) -> dict[int, list[str]]:
    groups: dict[int, list[str]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return groups
