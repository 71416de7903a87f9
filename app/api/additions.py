"""POST /api/v1/talks: something that lies elsewhere is promised to be fetched.

Invariant: the promise is written before it is answered; what the address gives is looked at by a
worker, and its job says what came of it.
"""

from datetime import date as day_of
from typing import Annotated, Literal, Self

from fastapi import APIRouter
from pydantic import Field, StringConstraints, model_validator
from starlette.responses import Response

from app.api.depends import Opened
from app.api.jobs import seen
from app.api.problems import documented
from app.api.schemas import Shape
from app.api.staff_schemas import JobAnswer
from catalog.listing import unfit
from catalog.listing_schema import Language, Name, Text
from catalog.promises import Said, promise_link

router = APIRouter(prefix="/api/v1/talks", tags=["staff"])
Names = Annotated[list[Name], Field(max_length=200)]


class About(Shape):
    """What staff say of a recording or paper; what is not said is taken from the file."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=2_000)] | None = None
    speakers: Names = Field([], description="Of a talk, in the order of the announcement.")
    series: Name | None = Field(None, description="Course or seminar.")
    date: day_of | None = Field(None, description="The day of the talk.")
    abstract: Text = ""
    language: Language | None = Field(None, description="ISO code, as en or pt-BR.")
    visibility: Literal["public", "unlisted", "withdrawn"] = "public"
    papers: Names = Field([], description="Papers of the talk, by id or slug.")
    authors: Names = Field([], description="Of a paper.")
    year: Annotated[int, Field(ge=1000, le=2999)] | None = Field(None, description="Of a paper.")
    venue: Name | None = Field(None, description="Of a paper.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        """Refuse what no database keeps."""
        why = unfit(self.model_dump())
        if why is not None:
            raise ValueError(why)
        return self

    @property
    def said(self) -> Said:
        """The same as the catalog keeps it."""
        return Said(
            title=self.title,
            speakers=tuple(self.speakers),
            series=self.series,
            held_on=self.date.isoformat() if self.date else None,
            abstract=self.abstract,
            language=self.language,
            visibility=self.visibility,
            papers=tuple(self.papers),
            authors=tuple(self.authors),
            year=self.year,
            venue=self.venue,
        )


class Addition(About):
    """An address, and what is known of what it gives."""

    url: str = Field(
        min_length=1,
        max_length=2_000,
        description="Of a recording or PDF, of a page with one, or a paper as `arxiv:1912.02292`.",
        examples=["https://example.edu/lectures/12.mp4"],
    )


@router.post(
    "",
    status_code=202,
    response_model=JobAnswer,
    summary="Add by address",
    responses={
        202: {
            "description": "Promised",
            "headers": {
                "Location": {"description": "The job.", "schema": {"type": "string"}},
            },
        },
        **documented(404, 409, 413, 422),
    },
)
def add(service: Opened, addition: Addition) -> Response:
    """Promise to fetch an address and to take in what it gives; the job says how far it is.

    An address that is promised already is the same job; one whose talk or paper is there is 409.
    """
    job = promise_link(service.catalog, addition.url, addition.said)
    answer = seen(service, job.submission.public_id)
    return Response(
        answer.model_dump_json(),
        status_code=202,
        media_type="application/json",
        headers={"location": answer.url, "cache-control": "no-store"},
    )
