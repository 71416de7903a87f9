"""The pages' routes: each asks the service, makes a context, renders it.

Invariant: pages read and never write.
"""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, FastAPI, Query, Request
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from app.api.answers import Ask, hidden_recording
from app.api.depends import Opened
from app.api.mentions import papers_mentioned, talks_mentioning
from app.api.papers import shown_paper, talks_naming
from app.api.places import paper_url, talk_url
from app.api.similar import similar_to
from app.api.talks import duration_ms, shown_talk
from app.api.transcripts import heard_in
from app.feeds.cards import paper_card, talk_card
from app.feeds.cite import form_wanted, paper_cited, talk_cited
from app.feeds.places import base_of
from app.web import browse, codes, place_pages, views
from app.web.about_view import about_page
from app.web.chapters import themes_of
from app.web.contexts.parts import Card, Frame
from app.web.covered import covered_page
from app.web.inside import inside
from app.web.paper_list import NarrowedPapers, papers_page
from app.web.paper_view import page_lines, paper_page
from app.web.rendering import STATIC, render
from app.web.starts import start_s
from app.web.talk_view import Heard, talk_page
from app.web.unlisted import unlisted
from app.wiring import Service
from catalog import estimates, transcripts
from catalog import papers as catalog_papers
from catalog import passages as catalog_passages
from catalog.claims import UNFINISHED
from catalog.errors import NotATranscript
from catalog.settings import Settings
from catalog.submissions import Job
from catalog.talks import TalkDetails
from index.errors import InvalidQuery

router = APIRouter(include_in_schema=False)
Words = Annotated[str, Query()]


@router.get("/")
def home(service: Opened) -> Response:
    """The way in."""
    return render("home.html", views.home_page(service))


@router.get("/search")
async def search(
    service: Opened,
    q: Words = "",
    kind: Words = "",
    series: Words = "",
    speaker: Words = "",
    year: Words = "",
    mode: Words = "",
    exact: Words = "",
    sort: Words = "",
    cursor: Words = "",
) -> Response:
    """What was found; an address that makes no sense is read as far as it does."""
    if not q.strip():
        return RedirectResponse("/", status_code=303)
    narrowing = views.Narrowing(
        kind=kind, series=series, speaker=speaker, year=year, mode=mode, exact=exact, sort=sort
    )
    ask = views.ask_of(q, narrowing)
    return await service.turns.run(lambda: _results(service, ask, cursor or None))


@router.get("/covered")
async def covered(
    service: Opened,
    q: Words = "",
    series: Words = "",
    speaker: Words = "",
    year: Words = "",
    exact: Words = "",
    cursor: Words = "",
) -> Response:
    """Where something was covered, talk by talk in order of time."""
    if not q.strip():
        return RedirectResponse("/", status_code=303)
    ask = views.ask_of(q, views.Narrowing(series=series, speaker=speaker, year=year, exact=exact))
    return await service.turns.run(lambda: _covered(service, ask, cursor or None))


@router.get("/talks")
def talks(
    request: Request,
    service: Opened,
    series: Words = "",
    speaker: Words = "",
    year: Words = "",
    cursor: Words = "",
) -> Response:
    """All talks, or those of a series, a speaker or a year."""
    narrowed = browse.Narrowed(series=series, speaker=speaker, year=year)
    return render(
        "talks.html",
        browse.talks_page(service, narrowed, cursor or None, base=base_of(request, service)),
    )


@router.get("/talks/{key}")
def talk(request: Request, service: Opened, key: str, t: Words = "", q: Words = "") -> Response:
    """A talk, at a second of it; with `q`, what was found in it."""
    form = form_wanted(request)
    if form is not None:
        return talk_cited(request, service, key, form, t=start_s(t) if t else None)
    details = shown_talk(service, key)
    if key != details.talk.slug:
        return _moved(request, f"/talks/{details.talk.slug}")
    heard = heard_of(service, details)
    start = start_s(t, duration_ms(details))
    page = talk_page(
        _with_estimate(service, details),
        frame=_frame(
            service,
            details.talk.title,
            here="talks",
            query=q,
            canonical=base_of(request, service) + talk_url(details.talk),
        ),
        heard=heard,
        start_s=start,
        found=inside(service, details.talk.public_id, q),
        mentioned=papers_mentioned(service, details.talk),
        similar=similar_to(service, details.talk.public_id),
        card=_talk_card(request, service, details, heard, start),
        base=base_of(request, service),
    )
    return _one_form_of(unlisted(render("talk.html", page), details.talk.visibility))


def _with_estimate(service: Service, details: TalkDetails) -> TalkDetails:
    job, heard = details.submission, details.recording
    if job is None or job.state not in UNFINISHED:
        return details
    with service.catalog.read() as session:
        known = estimates.past(session)
    length_ms = heard.duration_ms if heard else None
    left = known.seconds_left(Job(submission=job, owner=details.talk, length_ms=length_ms))
    return replace(details, seconds_left=left)


@router.get("/papers")
def papers(
    request: Request, service: Opened, author: Words = "", year: Words = "", cursor: Words = ""
) -> Response:
    """All papers, or those of an author or a year."""
    narrowed = NarrowedPapers(author=author, year=year)
    base = base_of(request, service)
    return render("papers.html", papers_page(service, narrowed, cursor or None, base=base))


@router.get("/papers/{key}")
def paper(request: Request, service: Opened, key: str, q: Words = "") -> Response:
    """A paper with its pages; with `q`, what was found in it."""
    form = form_wanted(request)
    if form is not None:
        return paper_cited(request, service, key, form)
    found = shown_paper(service, key)
    if key != found.slug:
        return _moved(request, f"/papers/{found.slug}")
    mentioned = talks_mentioning(service, [found])
    with service.catalog.read() as session:
        pages = catalog_papers.pages(session, found)
        passages = catalog_passages.of(session, found)
        job = catalog_papers.submission(session, found)
    page = paper_page(
        found,
        frame=_frame(
            service,
            found.title,
            here="papers",
            query=q,
            canonical=base_of(request, service) + paper_url(found),
        ),
        pages=page_lines(found, pages, passages),
        talks=talks_naming(service, found, also=[one.talk for one in mentioned]),
        mentioned=mentioned,
        job=job,
        found=inside(service, found.public_id, q),
        similar=similar_to(service, found.public_id),
        card=paper_card(
            found, archive=service.settings.archive_name, base=base_of(request, service)
        ),
    )
    return _one_form_of(unlisted(render("paper.html", page), found.visibility))


@router.get("/about")
def about(request: Request, service: Opened) -> Response:
    """What the archive is, what it holds, and what it keeps."""
    return render("about.html", about_page(service, base=base_of(request, service)))


def install(app: FastAPI, _settings: Settings) -> None:
    """Add the pages and their files to the application."""
    app.include_router(router)
    app.include_router(codes.router)
    app.include_router(place_pages.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")


def _results(service: Service, ask: Ask, cursor: str | None) -> Response:
    try:
        return render("search.html", views.search_page(service, ask, cursor))
    except InvalidQuery as problem:
        page = views.no_search(service, ask.text, str(problem))
        return render("search.html", page, status=422)


def _covered(service: Service, ask: Ask, cursor: str | None) -> Response:
    try:
        return render("covered.html", covered_page(service, ask, cursor))
    except InvalidQuery as problem:
        page = views.no_search(service, ask.text, str(problem))
        return render("search.html", page, status=422)


def _one_form_of(page: Response) -> Response:
    """The page, marked as one of several forms of what is at its address."""
    page.headers["vary"] = "Accept"
    return page


def _frame(service: Service, title: str, *, here: str, query: str, canonical: str) -> Frame:
    return Frame(
        title=title,
        archive=service.settings.archive_name,
        here=here,
        query=query[:1000],
        canonical=canonical,
    )


def _moved(request: Request, path: str) -> Response:
    query = request.url.query
    return RedirectResponse(path + (f"?{query}" if query else ""), status_code=308)


def _talk_card(
    request: Request, service: Service, details: TalkDetails, heard: Heard | None, start: int
) -> Card:
    with service.catalog.read() as session:
        passages = catalog_passages.of(session, details.talk) if heard else []
    return talk_card(
        details,
        archive=service.settings.archive_name,
        base=base_of(request, service),
        start_s=start,
        passages=passages,
        chapters=[(one.start_ms, one.title) for one in heard.themes] if heard else [],
        transcript=" ".join(line.text.strip() for line in heard.lines) if heard else "",
    )


def heard_of(service: Service, details: TalkDetails) -> Heard | None:
    """The talk's transcript as its page shows it; None where there is none to be shown."""
    if hidden_recording(details):
        return None
    try:
        transcript, segments = heard_in(service, details)
    except NotATranscript:
        return None
    if transcript.timed:
        themes = themes_of(service, details.talk.public_id)
        return Heard(transcript=transcript, lines=transcripts.lines(segments), themes=themes)
    with service.catalog.read() as session:
        passages = catalog_passages.of(session, details.talk)
    return Heard(transcript=transcript, lines=transcripts.lines(segments), passages=passages)
