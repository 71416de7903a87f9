"""Answers as values.  Times are milliseconds of the recording.

Invariant: what the archive adds later is ignored here, so that a newer archive breaks no script.
"""

from collections.abc import Mapping, Sequence
from datetime import date as day_of
from typing import Literal

from pydantic import BaseModel, ConfigDict

Kind = Literal["talk", "paper"]


class Value(BaseModel):
    """Root of the values: immutable, and blind for what it does not know."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Span(Value):
    """A piece of a snippet: plain text; `hit` where the query's words are."""

    text: str
    hit: bool


class Passage(Value):
    """A passage that was found: times for a talk, a page for a paper."""

    id: str
    start_ms: int | None
    end_ms: int | None
    page: int | None
    url: str
    snippet: Sequence[Span]
    score: float
    found_by: str

    @property
    def text(self) -> str:
        """The snippet as plain text."""
        return "".join(span.text for span in self.snippet)


class Hit(Value):
    """A talk or paper with its best passages."""

    kind: Kind
    id: str
    title: str
    speakers: Sequence[str]
    date: day_of | None
    year: int | None
    series: str | None
    url: str
    score: float
    passages: Sequence[Passage]
    more: int


class FacetCount(Value):
    """A value to narrow by, and how many hits it would leave."""

    value: str
    count: int


class SearchPage(Value):
    """One page of a search; `degraded` names what did not run."""

    query: str
    generation: str
    took_ms: float
    degraded: Sequence[str]
    remarks: Sequence[str]
    showing_for: str | None
    total: int
    total_is: str
    facets: Mapping[str, Sequence[FacetCount]]
    hits: Sequence[Hit]
    next_cursor: str | None


class Suggestion(Value):
    """Something that goes on from what was typed."""

    kind: str
    text: str
    url: str


class Similar(Value):
    """A talk or paper that is like another; `score` is a cosine."""

    kind: Kind
    id: str
    title: str
    speakers: Sequence[str]
    date: day_of | None
    year: int | None
    series: str | None
    url: str
    score: float


class Link(Value):
    """An address elsewhere."""

    kind: str
    url: str


class PaperLink(Value):
    """A paper, by name and address."""

    id: str
    title: str
    url: str


class TalkSummary(Value):
    """A talk as a list shows it."""

    id: str
    slug: str
    title: str
    speakers: Sequence[str]
    series: str | None
    date: day_of | None
    duration_ms: int | None
    recording_status: str
    links: Sequence[Link]
    has_transcript: bool
    url: str


class Talk(TalkSummary):
    """A talk with everything that is known of it."""

    abstract: str
    language: str | None
    visibility: str
    media_url: str | None
    media_type: str | None
    transcripts: Mapping[str, str]
    partial: bool
    papers: Sequence[PaperLink]


class PaperSummary(Value):
    """A paper as a list shows it."""

    id: str
    slug: str
    title: str
    authors: Sequence[str]
    year: int | None
    venue: str | None
    page_count: int | None
    links: Sequence[Link]
    url: str


class Paper(PaperSummary):
    """A paper with everything that is known of it."""

    abstract: str
    arxiv_id: str | None
    doi: str | None
    pdf_url: str | None
    visibility: str
    talks: Sequence[TalkSummary]


class Word(Value):
    """A spoken word; `confidence` is 0..1."""

    start_ms: int
    end_ms: int
    text: str
    confidence: float | None


class Segment(Value):
    """A stretch of speech; without times where nobody knows when."""

    start_ms: int | None
    end_ms: int | None
    text: str
    doubtful: bool
    words: Sequence[Word]


class Transcript(Value):
    """What was said, in order."""

    talk: str
    title: str
    language: str | None
    version: int
    origin: str
    timed: bool
    complete: bool
    segments: Sequence[Segment]


class Status(Value):
    """What the archive holds and how it is."""

    name: str
    version: str
    talks: int
    papers: int
    recorded_ms: int
    degraded: Sequence[str]
