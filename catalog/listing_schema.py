"""The schema of a catalogue: what an entry may say of a talk or a paper, and how it is written.

Lists may be written as a spreadsheet does, parted by semicolons.  Invariant: a field that is not
given, null or empty says nothing; a field that is given is right or a fault.
"""

import datetime
import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

NO_TITLE = re.compile(
    r"(title )?(tb[acd]|to be (announced|confirmed|determined)|untitled|n/?a|[?\-–—. ]*)[.!]?",
    re.IGNORECASE,
)
ARXIV = re.compile(
    r"^(?:https?://(?:www\.)?arxiv\.org/(?:abs|pdf)/|arxiv:)?"
    r"(\d{4}\.\d{4,5}|[a-z\-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?(?:\.pdf)?$",
    re.IGNORECASE,
)
DOI = re.compile(r"^(?:https?://(?:dx\.)?doi\.org/|doi:)?(10\.\d{4,9}/\S+)$", re.IGNORECASE)
INITIALS = re.compile(r"^(?:\w\.[\s-]?)+$")


def _stripped(value: Any) -> Any:
    """Text without blanks around it, by the same notion of a blank as where files are read."""
    return value.strip() if isinstance(value, str) else value


def _listed(value: Any) -> Any:
    """A list as a spreadsheet writes it: parted by semicolons."""
    if isinstance(value, str):
        return [part for one in value.split(";") if (part := one.strip())]
    return value


def _day(value: Any) -> Any:
    if value is None or value == "":
        return None
    found = re.match(r"(\d{4}-\d{2}-\d{2})(?:[T ].*)?$", str(value), re.DOTALL)
    try:
        return datetime.date.fromisoformat(found[1] if found else "")
    except ValueError:
        raise ValueError(f"{str(value)[:40]!r} is not a day like 2021-02-01") from None


def _arxiv(value: Any) -> Any:
    if not value:
        return None
    found = ARXIV.match(str(value).strip())
    if found is None:
        raise ValueError(f"{str(value)[:60]!r} is not an arXiv id like 1706.03762")
    return found[1]


def _doi(value: Any) -> Any:
    if not value:
        return None
    found = DOI.match(str(value).strip())
    if found is None:
        raise ValueError(f"{str(value)[:60]!r} is not a DOI like 10.1000/182")
    return found[1]


def _authors(value: Any) -> Any:
    """Authors as a list or as one line, "A. One, B. Two and C. Three".

    A line that may be "Last, F." is one author rather than two wrong ones.
    """
    if not isinstance(value, str):
        return value
    if ";" in value:
        return _listed(value)
    parts = [one.strip() for one in re.split(r",\s+(?:and\s+)?|\s+(?:and|&)\s+", value)]
    if any(INITIALS.match(part) for part in parts):
        return [value.strip()]
    return [part for part in parts if part]


def _nothing(value: Any) -> Any:
    return None if value == "" else value


def _address(value: Any) -> Any:
    if isinstance(value, str) and not re.match(r"https?://[^\s/]", value, re.IGNORECASE):
        raise ValueError(f"{value[:60]!r} is not an address that begins with http:// or https://")
    return value


Stripped = BeforeValidator(_stripped)
Text = Annotated[str, StringConstraints(max_length=200_000), Stripped]
Name = Annotated[str, StringConstraints(min_length=1, max_length=500), Stripped]
Short = Annotated[Name | None, BeforeValidator(_nothing)]
Url = Annotated[str, StringConstraints(max_length=4_000), BeforeValidator(_address), Stripped]
Urls = Annotated[list[Url] | None, BeforeValidator(_listed)]
Names = Annotated[list[Name] | None, BeforeValidator(_listed)]
Language = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)

    id: Short = Field(None, description="Id in the list; never changes. The best way to be found.")
    title: Annotated[Text | None, Field(description="null or TBD: not known yet.")] = None
    abstract: Text | None = None
    visibility: Annotated[
        Literal["public", "unlisted", "withdrawn"] | None, BeforeValidator(_nothing)
    ] = Field(None, description="public when nothing is said.")

    @property
    def known_title(self) -> str | None:
        """The title, unless it only says that there is none yet."""
        return None if self.title is None or NO_TITLE.fullmatch(self.title) else self.title


class TalkEntry(_Entry):
    """A talk in a catalogue."""

    speakers: Names = Field(None, description="In the order of the announcement.")
    series: Short = Field(None, description="Course or seminar.")
    date: Annotated[datetime.date | None, BeforeValidator(_day)] = Field(
        None, description="YYYY-MM-DD; a time of day after it is kept but not used."
    )
    affiliation: Short = None
    language: Annotated[Language | None, BeforeValidator(_nothing)] = Field(
        None, description="ISO code, as en or pt-BR."
    )
    recording_status: Annotated[
        Literal["recorded", "not_recorded", "declined", "withdrawn"] | None,
        BeforeValidator(_nothing),
    ] = Field(None, description="When nothing is said: recorded if there is a video address.")
    video_urls: Urls = None
    slides_urls: Urls = None
    paper_urls: Urls = None
    notes_urls: Urls = None
    page_urls: Urls = None
    tags: Names = None
    note: Annotated[Text | None, BeforeValidator(_nothing)] = None
    papers: Names = Field(None, description="Ids of papers, in this list or in the archive.")


class PaperEntry(_Entry):
    """A paper in a catalogue."""

    authors: Annotated[list[Name] | None, BeforeValidator(_authors)] = None
    year: Annotated[Annotated[int, Field(ge=1000, le=2999)] | None, BeforeValidator(_nothing)] = (
        None
    )
    venue: Short = None
    arxiv_id: Annotated[str | None, BeforeValidator(_arxiv)] = None
    doi: Annotated[str | None, BeforeValidator(_doi)] = None
    labels: Names = Field(None, description="Nicknames, as pages call the paper.")
    url: Annotated[Url | None, BeforeValidator(_nothing)] = None
    pdf_url: Annotated[Url | None, BeforeValidator(_nothing)] = None


class Catalogue(BaseModel):
    """The whole document; a bare list of entries will do as well."""

    talks: list[TalkEntry] = Field(default_factory=list)
    papers: list[PaperEntry] = Field(default_factory=list)
