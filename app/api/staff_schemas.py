"""The shapes of what staff send and are answered: jobs, edits, additions."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints

from app.api.schemas import KindName, Shape
from catalog.listing_schema import PaperEntry, TalkEntry

JobState = Literal["accepted", "running", "committed", "done", "failed", "cancelled"]
Reason = Annotated[str, StringConstraints(max_length=2_000, pattern=r"^[^\x00]*$")]


class JobOwner(Shape):
    """The talk or paper that a job is about."""

    kind: KindName
    id: str
    title: str
    url: str


class JobAnswer(Shape):
    """A job: what it is about, how far it is, and what is the matter with it."""

    id: str
    kind: Literal["talk", "paper", "captions", "transcribe", "link"] = Field(
        description="`link`: something that is fetched, or was uploaded, and is not yet looked at."
    )
    about: JobOwner | None = Field(description="Null until it is known what a link gives.")
    file: str = Field(description="Name of the file, or the address without its query.")
    state: JobState
    step: str | None
    done: int = Field(description="Of `total`, in `unit`s, in this step.")
    total: int | None
    unit: Literal["ms", "pages", "kB"]
    percent: int | None = Field(description="Of this step; null where it cannot tell.")
    seconds_left: int | None = Field(description="As estimated from jobs like it.")
    partial: bool = Field(description="Parts of the recording could not be read.")
    attempt: int
    problem: str | None = Field(description="Why it failed or waits, and what to do.")
    reason: str | None = Field(description="The class of the failure, to be counted.")
    not_before: datetime | None = Field(description="Until when it waits for another try.")
    accepted_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    url: str = Field(description="Where to ask for it again; `/events` after it tells changes.")


class JobList(Shape):
    """Jobs, newest first."""

    items: list[JobAnswer]
    next_cursor: str | None


class TalkEdit(TalkEntry):
    """Facts of a talk to set; what is not given stays, null or "" empties a field."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: Literal[None] = Field(None, exclude=True, description="Never changes; not to be given.")


class PaperEdit(PaperEntry):
    """Facts of a paper to set; what is not given stays, null or "" empties a field."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: Literal[None] = Field(None, exclude=True, description="Never changes; not to be given.")


class Change(Shape):
    """A field's value before and after."""

    old: Any
    new: Any


class EditAnswer(Shape):
    """What was changed of a talk or paper; its `ETag` is that of the talk or paper now."""

    kind: KindName
    id: str
    title: str
    visibility: Literal["public", "unlisted", "withdrawn"]
    changed: dict[str, Change]
    search_follows: bool = Field(
        description="Search shows the change when a worker has published it."
    )


class Withdrawal(Shape):
    """Why it is taken out of view; noted for staff."""

    reason: Reason = ""


class Return(Shape):
    """How it is shown again."""

    visibility: Literal["public", "unlisted"] = "public"
