"""Pages of problem codes: `/problems` lists them, `/problems/{code}` says what one means.

Invariant: every code that can be answered has its page, for the page is the problem's `type`.
"""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.api.caching import STEADY, tagged
from app.api.codes import CODES, problem_url
from app.api.depends import Opened
from app.api.problems import Answer, answers
from app.web.contexts.parts import Frame
from app.web.rendering import render
from catalog.errors import NotThere

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeLine:
    """A code with its words."""

    code: str
    status: int
    title: str
    means: str
    do: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CodesPage:
    """Some codes, one or all, and what is around them."""

    frame: Frame
    heading: str
    lines: tuple[CodeLine, ...]


@router.get("/problems")
def problems(request: Request, service: Opened) -> Response:
    """All codes."""
    lines = tuple(_line(one) for one in sorted(answers(), key=lambda one: one.code))
    return _page(request, service.settings.archive_name, "Problems of the API", lines)


@router.get("/problems/{code}")
def problem(request: Request, service: Opened, code: str) -> Response:
    """One code.  Raises: NotThere."""
    found = next((one for one in answers() if one.code == code), None)
    if found is None:
        raise NotThere("problem code", code[:100])
    return _page(request, service.settings.archive_name, found.title, (_line(found),))


def _line(one: Answer) -> CodeLine:
    meaning = CODES[one.code]
    return CodeLine(
        code=one.code,
        status=one.status,
        title=one.title,
        means=meaning.means,
        do=meaning.do,
        url=problem_url(one.code),
    )


def _page(request: Request, archive: str, title: str, lines: tuple[CodeLine, ...]) -> Response:
    page = CodesPage(frame=Frame(title=title, archive=archive), heading=title, lines=lines)
    body = bytes(render("problems.html", page).body)
    return tagged(request, body, media_type="text/html", keep=STEADY)
