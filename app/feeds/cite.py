"""Citations of a talk, a paper, or a place in one: by address and by content negotiation.

GET /talks/{id}.bib, .csl.json; /papers/{id}.bib, .csl.json; with `t` a second, with `passage` one.
The pages themselves answer so, too, when a client asks for one of these media types.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.api.answers import hidden_recording
from app.api.depends import Opened
from app.api.papers import shown_paper
from app.api.places import paper_url, pdf_url, talk_url
from app.api.talks import duration_ms, shown_talk
from app.citations.bibtex import bibtex
from app.citations.citation import Citation
from app.citations.csl import csl_json
from app.feeds.negotiation import preferred
from app.feeds.places import base_of
from app.feeds.sending import sent
from app.feeds.talk_facts import changed_at, heard, paper_changed_at
from app.web.unlisted import unlisted
from app.wiring import Service
from catalog import passages as catalog_passages
from catalog import transcripts
from catalog.errors import NotATranscript, NotThere
from catalog.tables import Paper, PassageRow, Talk
from catalog.talks import TalkDetails

router = APIRouter(include_in_schema=False)
Form: TypeAlias = Literal["bib", "csl.json"]
MEDIA_TYPES: Mapping[Form, str] = {
    "bib": "application/x-bibtex",
    "csl.json": "application/vnd.citationstyles.csl+json",
}
Second = Annotated[
    float | None, Query(ge=0, le=10_000_000, allow_inf_nan=False, description="Second of the talk.")
]
Quote = Annotated[str, Query(max_length=2_000, description="Words of the talk to repeat.")]
Passage = Annotated[str | None, Query(max_length=100, description="Id of a passage of it.")]


@router.get("/talks/{key}.bib")
def talk_bibtex(
    request: Request,
    service: Opened,
    key: str,
    t: Second = None,
    passage: Passage = None,
    quote: Quote = "",
) -> Response:
    """A talk as BibTeX; `quote` are words of it that the entry repeats."""
    return talk_cited(request, service, key, "bib", t=t, passage=passage, quote=quote)


@router.get("/talks/{key}.csl.json")
def talk_csl(
    request: Request, service: Opened, key: str, t: Second = None, passage: Passage = None
) -> Response:
    """A talk as CSL-JSON."""
    return talk_cited(request, service, key, "csl.json", t=t, passage=passage)


@router.get("/papers/{key}.bib")
def paper_bibtex(request: Request, service: Opened, key: str, passage: Passage = None) -> Response:
    """A paper as BibTeX."""
    return paper_cited(request, service, key, "bib", passage=passage)


@router.get("/papers/{key}.csl.json")
def paper_csl(request: Request, service: Opened, key: str, passage: Passage = None) -> Response:
    """A paper as CSL-JSON."""
    return paper_cited(request, service, key, "csl.json", passage=passage)


def form_wanted(request: Request) -> Form | None:
    """The form of citation that a client would rather have than the page; None: the page."""
    kinds = {kind: form for form, kind in MEDIA_TYPES.items()}
    kind = preferred(request.headers.get("accept"), ("text/html", *kinds))
    return kinds.get(kind)


def talk_cited(
    request: Request,
    service: Service,
    key: str,
    form: Form,
    *,
    t: float | None = None,
    passage: str | None = None,
    quote: str = "",
) -> Response:
    """A talk, or a place in it, as a citation; a quote that nobody said is left out.

    Raises: NotThere, Withdrawn.
    """
    one = shown_talk(service, key)
    base = base_of(request, service)
    said = _of_talk(one, base, service.settings.archive_name)
    start_ms = None if t is None or _is_past(one, t) else int(t) * 1000
    quote = quote if quote and _is_said(service, one, quote) else ""
    if passage is not None:
        if hidden_recording(one):
            raise NotThere("passage", passage)
        row = _passage(service, one.talk, passage)
        start_ms, quote = row.start_ms, row.text
    if start_ms is not None or quote:
        url = base + talk_url(one.talk, start_ms)
        said = said.at(url=url, start_ms=start_ms, quote=quote)
    answer = _written(request, said, form, name=one.talk.slug, changed=changed_at(one))
    return unlisted(answer, one.talk.visibility)


def paper_cited(
    request: Request, service: Service, key: str, form: Form, *, passage: str | None = None
) -> Response:
    """A paper, or a page of it, as a citation.  Raises: NotThere, Withdrawn."""
    paper = shown_paper(service, key)
    base = base_of(request, service)
    said = _of_paper(paper, base, service.settings.archive_name)
    if passage is not None:
        row = _passage(service, paper, passage)
        url = base + (pdf_url(paper, row.page) or paper_url(paper))
        said = said.at(url=url, page=row.page, quote=row.text)
    answer = _written(request, said, form, name=paper.slug, changed=paper_changed_at(paper))
    return unlisted(answer, paper.visibility)


def _written(
    request: Request, said: Citation, form: Form, *, name: str, changed: datetime
) -> Response:
    body = bibtex(said) if form == "bib" else csl_json(said)
    answer = sent(
        request,
        body.encode("utf-8", "replace"),
        media_type=MEDIA_TYPES[form],
        updated_at=changed,
    )
    answer.headers["vary"] = "Accept"
    answer.headers["content-disposition"] = f'inline; filename="{name}.{form}"'
    return answer


def _is_past(one: TalkDetails, second: float) -> bool:
    """Whether the talk has ended by then."""
    length_ms = duration_ms(one)
    return length_ms is not None and second * 1000 >= length_ms


def _is_said(service: Service, one: TalkDetails, quote: str) -> bool:
    """Whether these words stand in the talk's transcript, whatever parts them."""
    if hidden_recording(one):
        return False
    try:
        with service.catalog.read() as session:
            _, segments = transcripts.current(session, one.talk)
    except NotATranscript:
        return False
    wanted = "".join(quote.split())
    return bool(wanted) and wanted in "".join("".join(part.text.split()) for part in segments)


def _passage(service: Service, owner: Talk | Paper, passage_id: str) -> PassageRow:
    """The passage of this talk or paper with this id.  Raises: NotThere."""
    with service.catalog.read() as session:
        every = catalog_passages.of(session, owner)
    for one in every:
        if one.public_id == passage_id:
            return one
    raise NotThere("passage", passage_id)


def _of_talk(one: TalkDetails, base: str, archive: str) -> Citation:
    talk, transcript = one.talk, heard(one)
    return Citation(
        kind="talk",
        public_id=talk.public_id,
        title=talk.title,
        authors=one.names,
        url=base + talk_url(talk),
        archive=archive,
        within=one.series.name if one.series else "",
        held_on=talk.held_on,
        language=talk.language or (transcript.language if transcript else None),
        abstract=talk.abstract,
    )


def _of_paper(paper: Paper, base: str, archive: str) -> Citation:
    return Citation(
        kind="paper",
        public_id=paper.public_id,
        title=paper.title,
        authors=tuple(paper.authors),
        url=base + paper_url(paper),
        archive=archive,
        within=paper.venue or "",
        year=paper.year,
        abstract=paper.abstract,
        doi=paper.doi,
        arxiv_id=paper.arxiv_id,
    )
