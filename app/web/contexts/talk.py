"""What a talk shows, in the archive and in a frame of another site."""

from dataclasses import dataclass
from typing import Literal

from app.web.contexts.mentions import MentionGroup
from app.web.contexts.parts import Card, Frame, Link, Notice, PassageLine, SimilarLine, Timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Player:
    """The recording: `source` begins at the wanted second even without scripts."""

    kind: Literal["video", "audio"]
    source: str
    media_type: str
    start_s: int
    captions: str | None
    language: str
    file_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Some words of the transcript; `doubt` is what to say of them, or empty."""

    text: str
    doubt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenLine:
    """A sentence: what lights up while it is said; `anchors` name passages that begin in it."""

    start_ms: int
    end_ms: int
    parts: tuple[Said, ...]
    anchors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """Some sentences under one time in the margin; `gap` says what is missing before them."""

    place: str
    url: str
    lines: tuple[SpokenLine, ...]
    gap: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkPage:
    """A talk: player and facts left, transcript right."""

    frame: Frame
    title: str
    speakers: tuple[Link, ...]
    series: Link | None
    day: str
    day_iso: str
    length: str
    notices: tuple[Notice, ...]
    player: Player | None
    found: tuple[PassageLine, ...]
    found_said: str
    timeline: Timeline | None
    share: Link
    downloads: tuple[Link, ...]
    links: tuple[Link, ...]
    abstract: tuple[str, ...]
    papers: tuple[Link, ...]
    mentions: tuple[MentionGroup, ...]
    similar: tuple[SimilarLine, ...]
    language: str
    paragraphs: tuple[Paragraph, ...]
    timed: bool
    heard_said: str
    cited: tuple[Link, ...]
    card: Card


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedPage:
    """A talk in another site's frame: player and transcript; `url` is its own page."""

    frame: Frame
    title: str
    url: str
    who: tuple[str, ...]
    notices: tuple[Notice, ...]
    player: Player | None
    language: str
    paragraphs: tuple[Paragraph, ...]
    timed: bool
