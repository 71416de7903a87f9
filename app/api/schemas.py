"""The shapes of version 1's answers: times are ms of the recording, days are ISO 8601."""

from datetime import date as day_of
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.api.facets import Counts

KindName = Literal["talk", "paper"]


class Shape(BaseModel):
    """Root of the shapes: immutable, nothing unexpected."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SnippetSpan(Shape):
    """A piece of a snippet: plain text, never markup; `hit` where the query's words are."""

    text: str
    hit: bool


class PassageAnswer(Shape):
    """A passage that was found; times for a talk (null if it has none), a page for a paper."""

    id: str
    start_ms: int | None
    end_ms: int | None
    page: int | None
    url: str = Field(description="The second or the words of the talk, or the page of the PDF.")
    snippet: list[SnippetSpan]
    score: float = Field(ge=0, le=1)
    found_by: Literal["meaning", "words", "both"]


class TwinAnswer(Shape):
    """The same talk held again, or the same paper in another edition, which was found too."""

    id: str
    title: str
    year: int | None
    url: str


class HitAnswer(Shape):
    """A talk or paper with its best passages; `more` is how many others of it were found."""

    kind: KindName
    id: str
    title: str
    speakers: list[str] = Field(description="Speakers of a talk, authors of a paper.")
    date: day_of | None = Field(description="The day of a talk; null for a paper.")
    year: int | None
    series: str | None
    url: str
    score: float = Field(ge=0, le=1)
    passages: list[PassageAnswer] = Field(description="Of neighbours only the better one.")
    more: int = Field(ge=0)
    twins: list[TwinAnswer]


class FacetCount(Shape):
    """One value to narrow by, and how many talks and papers it would leave."""

    value: str
    count: int


class FacetsAnswer(Shape):
    """Ways to narrow: at most 20 values of each, the most frequent first, years latest first."""

    kind: list[FacetCount]
    series: list[FacetCount]
    speaker: list[FacetCount]
    year: list[FacetCount]

    @classmethod
    def of(cls, counts: Counts) -> "FacetsAnswer":
        """The shape of some counts."""
        return cls(
            **{
                name: [FacetCount(value=str(value), count=count) for value, count in values]
                for name, values in counts.items()
            }
        )


class UnderstoodPart(Shape):
    """A part of the query that is more than words: a filter, a phrase, something left out."""

    part: Literal["speaker", "series", "year", "kind", "word", "phrase"]
    value: str = Field(description="As typed; a year as `2021` or `2019-2021`.")
    excluded: bool


class SearchAnswer(Shape):
    """Hits, best first; `degraded` names what did not run, `legs` says why."""

    query: str
    understood: list[UnderstoodPart]
    showing_for: str | None = Field(
        description="The query with words put right that no passage has, if there were any; "
        "`exact=true` searches for what was typed."
    )
    remarks: list[str] = Field(description="What else to know of the answer, in sentences.")
    generation: str = Field(description="The snapshot; `none` while nothing is published.")
    took_ms: float = Field(description="Of the search; an answer that was kept says the same.")
    legs: dict[str, str]
    reranker: str = Field(description="Of the best hits: `ok`, `off`, `deadline`, or why not.")
    degraded: list[str]
    total: int = Field(description="How many talks and papers were found.")
    total_is: Literal["exact", "at least"] = Field(
        description="`at least`: going on may find more."
    )
    facets: FacetsAnswer
    hits: list[HitAnswer]
    next_cursor: str | None


class Suggestion(Shape):
    """Something that goes on from what was typed, and where it leads."""

    kind: Literal["talk", "paper", "person", "series", "term"]
    text: str
    url: str


class SuggestAnswer(Shape):
    """Suggestions, best first."""

    query: str
    suggestions: list[Suggestion]


class SimilarItem(Shape):
    """A talk or paper that is like another; `score` is the cosine of their mean vectors."""

    kind: KindName
    id: str
    title: str
    speakers: list[str] = Field(description="Speakers of a talk, authors of a paper.")
    date: day_of | None
    year: int | None
    series: str | None
    url: str
    score: float = Field(ge=-1, le=1)


class SimilarAnswer(Shape):
    """What is similar, most similar first, each unlike those before it; may be empty."""

    generation: str
    items: list[SimilarItem]


class LinkAnswer(Shape):
    """An address elsewhere that belongs to a talk or paper."""

    kind: Literal["video", "slides", "paper", "notes", "page"]
    url: str


class PaperLink(Shape):
    """A paper, by name and address."""

    id: str
    title: str
    url: str


class MentionAnswer(Shape):
    """A place where a talk names a paper: confirmed by staff, or found with high confidence."""

    id: str = Field(description="Of the paper, seen from the talk; of the talk, from the paper.")
    title: str
    url: str = Field(description="The talk's page, at the second where the paper is named.")
    start_ms: int | None = Field(description="Null where the text has no times.")
    end_ms: int | None
    said: str = Field(description="The words that name it.")
    text: str = Field(description="The sentence around them.")
    cues: list[str] = Field(description="What it was known by: its name, title words, authors …")
    confidence: float = Field(ge=0, le=1)
    confirmed: bool = Field(description="By staff.")


class TalkItem(Shape):
    """A talk as a list shows it."""

    id: str
    slug: str
    title: str
    speakers: list[str]
    series: str | None
    date: day_of | None
    duration_ms: int | None
    title_is_known: bool = Field(description="Else the title is a stand-in, like “Talk by …”.")
    recording_status: Literal["recorded", "not_recorded", "declined", "withdrawn"]
    links: list[LinkAnswer] = Field(description="Slides, videos and pages elsewhere.")
    has_transcript: bool
    url: str


class TalkAnswer(TalkItem):
    """A talk with everything that is known of it."""

    abstract: str
    language: str | None
    visibility: Literal["public", "unlisted"]
    media_url: str | None = Field(
        description="For a search key where reading needs one: signed, so that a player may ask "
        "for it without the key, for four hours at least."
    )
    media_type: str | None
    transcripts: dict[str, str] = Field(description="Address of the transcript by format.")
    partial: bool = Field(description="Parts of the recording could not be read.")
    gaps: list[tuple[int, int]]
    papers: list[PaperLink]
    mentions: list[MentionAnswer] = Field(description="Where public papers are named in it.")
    processing: "Progress | None"


class Progress(Shape):
    """A job under way: its step, and how far that is."""

    state: str
    step: str | None
    percent: int | None = Field(ge=0, le=100)


class TalkList(Shape):
    """Talks, newest first."""

    items: list[TalkItem]
    next_cursor: str | None


class WordAnswer(Shape):
    """A spoken word; `confidence` is 0..1."""

    start_ms: int
    end_ms: int
    text: str
    confidence: float | None


class SegmentAnswer(Shape):
    """A stretch of speech as the recogniser emitted it; null where nobody knows when."""

    start_ms: int | None
    end_ms: int | None
    text: str
    doubtful: bool
    words: list[WordAnswer]


class TranscriptAnswer(Shape):
    """What was said, in order."""

    talk: str
    title: str
    language: str | None
    engine: str
    model: str
    version: int
    origin: Literal["machine", "captions", "edited"]
    timed: bool = Field(description="False: text in order without times.")
    complete: bool
    gaps: list[tuple[int, int]]
    segments: list[SegmentAnswer]


class PaperItem(Shape):
    """A paper as a list shows it."""

    id: str
    slug: str
    title: str
    title_is_known: bool = Field(description="Else the title is a nickname or an address.")
    authors: list[str]
    year: int | None
    venue: str | None
    page_count: int | None
    links: list[LinkAnswer] = Field(description="Where it is elsewhere.")
    url: str


class PaperAnswer(PaperItem):
    """A paper with everything that is known of it."""

    abstract: str
    arxiv_id: str | None
    doi: str | None
    pdf_url: str | None
    visibility: Literal["public", "unlisted"]
    talks: list[TalkItem] = Field(description="Public talks for which this paper was named.")
    mentions: list[MentionAnswer] = Field(description="Where public talks name it.")


class PaperList(Shape):
    """Papers, newest first."""

    items: list[PaperItem]
    next_cursor: str | None


class SnapshotStatus(Shape):
    """The snapshot that is served."""

    generation: str
    created_at: datetime
    passages: int
    talks: int
    papers: int


class EncoderStatus(Shape):
    """The encoder of queries."""

    model: str
    state: Literal["loading", "ready", "missing"]
    detail: str


class WorkerStatus(Shape):
    """A worker that lives: its name, its device and the queues that it serves."""

    name: str
    device: str
    queues: list[str]


class StatusAnswer(Shape):
    """What the archive holds, what it runs on, and what does not work."""

    name: str
    version: str
    snapshot: SnapshotStatus | None
    talks: int
    papers: int
    recorded_ms: int
    encoder: EncoderStatus
    speech_models: list[str]
    jobs: dict[str, int]
    worker: Literal["running", "stopped"]
    workers: list[WorkerStatus]
    degraded: list[str]


class ReadyAnswer(Shape):
    """Whether requests should be sent here; `checks` says ok or what is the matter."""

    status: Literal["ready", "degraded", "not ready"]
    checks: dict[str, str]


class Problem(BaseModel):
    """An error.  Source: RFC 9457, problem details."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "/problems/not_found",
                "title": "Not found",
                "status": 404,
                "detail": 'the archive has no talk "second-descent"',
                "code": "not_found",
                "instance": "/api/v1/talks/second-descent",
            }
        }
    )
    type: str = Field(description="Address of the page that explains the code, from the root.")
    title: str
    status: int
    detail: str = Field(description="What is the matter here, and what to do.")
    code: str = Field(description="Stable name of what went wrong.")
    instance: str = Field(description="The path that was asked for.")
    errors: list[dict[str, Any]] | None = None
