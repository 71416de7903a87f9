"""Where papers are named, as pages show it: by paper or talk, each moment with its sentence."""

from collections.abc import Iterable, Mapping, Sequence

from app.api.places import paper_url, talk_url
from app.web.contexts.lists import TalkLine
from app.web.contexts.mentions import MentionGroup, Moment
from app.web.contexts.parts import Link, Piece
from app.web.formats import clock
from app.web.results import who_of_paper
from catalog.mentions import Mentioned
from catalog.tables import Paper
from catalog.talks import TalkDetails

SENTENCES_OF_A_PAPER, SENTENCES_OF_A_TALK = 1, 3
"""How many moments have their sentence, on the page of a talk and of a paper; others their time."""

MOST_TIMES = 20


def papers_of(linked: Iterable[Paper], found: Sequence[Mentioned]) -> tuple[MentionGroup, ...]:
    """The papers of a talk: those it names, in the order in which it first does, then others that
    staff linked with it."""
    papers: dict[str, Paper] = {}
    moments: dict[str, list[Mentioned]] = {}
    for one in found:
        papers[one.paper.public_id] = one.paper
        moments.setdefault(one.paper.public_id, []).append(one)
    papers |= {paper.public_id: paper for paper in linked}
    return tuple(
        MentionGroup(
            title=paper.title,
            url=paper_url(paper),
            who=who_of_paper(paper),
            moments=_moments(moments.get(key, ())[:SENTENCES_OF_A_PAPER]),
            later=_times(moments.get(key, ())[SENTENCES_OF_A_PAPER:]),
        )
        for key, paper in papers.items()
    )


def talks_naming_it(
    talks: Iterable[tuple[TalkDetails, TalkLine]], found: Sequence[Mentioned]
) -> tuple[MentionGroup, ...]:
    """The talks that name a paper, each with where, in the given order."""
    by_talk: dict[str, list[Mentioned]] = {}
    for one in found:
        by_talk.setdefault(one.talk.public_id, []).append(one)
    return tuple(
        MentionGroup(
            title=line.title,
            url=line.url,
            who=tuple(part for part in (line.day, *line.who, line.state) if part),
            moments=_moments(by_talk.get(details.talk.public_id, ())[:SENTENCES_OF_A_TALK]),
            later=_times(by_talk.get(details.talk.public_id, ())[SENTENCES_OF_A_TALK:]),
            links=line.links,
        )
        for details, line in talks
    )


def first_places(found: Iterable[Mentioned]) -> Mapping[str, Link]:
    """By the paper's public id: where it is named most surely, in words."""
    best: dict[str, Mentioned] = {}
    for one in found:
        before = best.get(one.paper.public_id)
        if before is None or _sureness(one) > _sureness(before):
            best[one.paper.public_id] = one
    return {
        key: Link(
            text=f"Mentioned in {one.talk.title}{_at(one.row.start_ms)}",
            url=talk_url(one.talk, one.row.start_ms),
        )
        for key, one in best.items()
    }


def _sureness(one: Mentioned) -> tuple[bool, float]:
    return one.row.state == "confirmed", one.row.confidence


def _at(start_ms: int | None) -> str:
    return "" if start_ms is None else f", {clock(start_ms)}"


def _moments(group: Sequence[Mentioned]) -> tuple[Moment, ...]:
    return tuple(
        Moment(
            place="text" if one.row.start_ms is None else clock(one.row.start_ms),
            url=talk_url(one.talk, one.row.start_ms),
            label=f"{one.talk.title}{_at(one.row.start_ms)}",
            pieces=_pieces(one.row.text, one.row.said),
        )
        for one in group
    )


def _times(group: Sequence[Mentioned]) -> tuple[Link, ...]:
    timed = [(one, one.row.start_ms) for one in group if one.row.start_ms is not None]
    return tuple(
        Link(text=clock(start_ms), url=talk_url(one.talk, start_ms))
        for one, start_ms in timed[:MOST_TIMES]
    )


def _pieces(text: str, said: str) -> tuple[Piece, ...]:
    before, named, after = text.partition(said)
    parts = (Piece(text=before, hit=False), Piece(text=named, hit=True))
    return tuple(part for part in (*parts, Piece(text=after, hit=False)) if part.text)
