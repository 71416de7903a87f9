"""Where a talk names a paper, on the page of either."""

from dataclasses import dataclass

from app.web.contexts.parts import Link, Piece


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A sentence that names a paper, with its time in the margin; `label` says where it leads."""

    place: str
    url: str
    label: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MentionGroup:
    """A paper and where the talk names it, or a talk and where it names the paper.

    `later` are times of further moments; `links` lead elsewhere.
    """

    title: str
    url: str
    who: tuple[str, ...]
    moments: tuple[Moment, ...] = ()
    later: tuple[Link, ...] = ()
    links: tuple[Link, ...] = ()
