"""What a talk shows, in the archive and in a frame of another site."""

from dataclasses import dataclass
from typing import Literal

from app.web.contexts.mentions import MentionGroup
from app.web.contexts.parts import Card, Frame, Link, Notice, PassageLine, SimilarLine, Tick


@dataclass(frozen=True, slots=True, kw_only=True)
class Player:
    """The recording: `source` begins at the wanted second even without scripts.

    key: under which a browser remembers where it was left.
    """

    key: str
    kind: Literal["video", "audio"]
    source: str
    media_type: str
    start_s: int
    captions: str | None
    language: str
    file_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Some words of the transcript; `doubt` is what to say of them, or empty.

    at_ms: when doubtful words are said.
    """

    text: str
    doubt: str
    at_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenLine:
    """A sentence: what lights up while it is said; `anchors` name passages that begin in it."""

    start_ms: int
    end_ms: int
    parts: tuple[Said, ...]
    anchors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A part of a talk about one thing; `anchor` names its beginning by its millisecond."""

    start_ms: int
    anchor: str
    place: str
    title: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """Some sentences under one time in the margin; `gap` says what is missing before them.

    chapter: the one that begins with it.
    """

    place: str
    url: str
    lines: tuple[SpokenLine, ...]
    gap: str
    chapter: Chapter | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """The talk from end to end: where its chapters begin, and ticks of what is looked for."""

    label: str
    length_ms: int
    end: str
    chapters: tuple[str, ...]
    ticks: tuple[Tick, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a quotation says it is from; `url` and `bibtex` are whole addresses."""

    who: str
    title: str
    within: str
    day: str
    url: str
    bibtex: str


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
    elsewhere: Link | None
    stretch: Stretch | None
    chapters: tuple[Chapter, ...]
    doubtful: int
    share: Link
    source: Source
    downloads: tuple[Link, ...]
    recording: Link | None
    links: tuple[Link, ...]
    abstract: tuple[str, ...]
    papers: tuple[MentionGroup, ...]
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
