"""What a paper shows."""

from dataclasses import dataclass

from app.web.contexts.mentions import MentionGroup
from app.web.contexts.parts import Card, Frame, Link, Notice, PassageLine, SimilarLine


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLine:
    """A page of a paper: its sections, how it begins, and all of its text."""

    anchor: str
    place: str
    url: str
    sections: tuple[str, ...]
    excerpt: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperPage:
    """A paper: facts and abstract left, its pages right."""

    frame: Frame
    title: str
    facts: tuple[str, ...]
    notices: tuple[Notice, ...]
    links: tuple[Link, ...]
    abstract: tuple[str, ...]
    talks: tuple[MentionGroup, ...]
    talks_heading: str
    similar: tuple[SimilarLine, ...]
    found: tuple[PassageLine, ...]
    found_said: str
    outline: tuple[Link, ...]
    pages: tuple[PageLine, ...]
    cited: tuple[Link, ...]
    card: Card
