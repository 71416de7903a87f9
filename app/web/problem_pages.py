"""What went wrong, as a page; an address that leads nowhere is searched for.

Invariant: whatever goes wrong becomes a page with the search box.  Only what anybody may read is
searched, by words alone and for few of them; a problem of that search is no problem of the page.
"""

import re
from collections.abc import Mapping

from fastapi import Request
from starlette.responses import Response

from app.api.answers import Ask, find
from app.api.depends import service_of
from app.api.places import owner_url
from app.api.problems import Page
from app.api.schemas import Problem, Suggestion
from app.api.suggest import suggested
from app.errors import ServiceProblem
from app.web import results
from app.web.browse import place_url
from app.web.contexts.lists import ProblemPage
from app.web.contexts.parts import Frame, SimilarLine
from app.web.rendering import render
from app.wiring import Service
from catalog.errors import CatalogProblem
from catalog.settings import Settings
from index.errors import IndexProblem

MOST_WORDS = 8
MOST_CHARS = 120
MOST_FOUND = 6
_PLACES = {"talks", "papers", "series", "speakers", "search", "index", "html", "htm", "php", "www"}
_WORD = re.compile(r"[^\W_]{2,40}")
HEADINGS: Mapping[int, str] = {
    404: "There is no page here",
    410: "This was withdrawn",
    429: "Too many requests",
    503: "Not available at the moment",
}


def problem_page(settings: Settings) -> Page:
    """Makes a page of a problem, for a browser that asked for a page."""

    async def page(request: Request, problem: Problem) -> Response | None:
        path: str = request.scope["path"]
        if path.startswith(("/api/", "/media/", "/static/")) or not _wants_page(request):
            return None
        words = ""
        found: tuple[SimilarLine, ...] = ()
        if problem.status == 404 and settings.reading == "open":
            words = words_of(path)
            found = await _searched(request, words)
        context = ProblemPage(
            frame=Frame(title=problem.title, archive=settings.archive_name, query=words),
            heading=HEADINGS.get(problem.status, problem.title),
            detail=_sentence(problem.detail),
            code=problem.code,
            found=found,
        )
        response = render("problem.html", context, status=problem.status)
        if problem.status == 503:
            response.headers["retry-after"] = "1"
        return response

    return page


def words_of(path: str) -> str:
    """What an address seems to ask for: the words of its last parts, without names of places."""
    parts = [part for part in path[-400:].split("/") if part][-2:]
    words = [
        word
        for part in parts
        for word in _WORD.findall(part)
        if word.lower() not in _PLACES and not word.isdigit()
    ]
    return " ".join(words[:MOST_WORDS])[:MOST_CHARS]


async def _searched(request: Request, words: str) -> tuple[SimilarLine, ...]:
    """What the archive has for these words; nothing where it cannot search now."""
    if not words:
        return ()
    service = await service_of(request)
    try:
        return await service.turns.run(lambda: _found(service, words))
    except (ServiceProblem, CatalogProblem, IndexProblem):
        return ()


def _found(service: Service, words: str) -> tuple[SimilarLine, ...]:
    """What is called so, or nearly, then what says so."""
    said = {
        owner_url(group.owner): SimilarLine(
            title=group.owner.title,
            url=owner_url(group.owner),
            kind=group.owner.kind,
            who=results.who(group.owner),
        )
        for group in find(service, Ask(text=words, mode="keyword")).groups[:MOST_FOUND]
    }
    offered = (_called(service, one) for one in suggested(service, words, MOST_FOUND))
    called = {line.url: said.get(line.url, line) for line in offered if line}
    return tuple({**called, **said}.values())[:MOST_FOUND]


def _called(service: Service, one: Suggestion) -> SimilarLine | None:
    """A talk, paper, person or series by its name; a term is no place."""
    if one.kind == "term":
        return None
    name = {"person": "speaker", "series": "series"}.get(one.kind)
    url = place_url(service, name, one.text) if name else one.url
    return SimilarLine(title=one.text, url=url or one.url, kind=one.kind, who=())


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")
