"""GET and POST /oai: the provider.

Invariant: what the protocol calls an error leaves with status 200 and the protocol's code; only
what is no request of the protocol at all is a problem of HTTP.
"""

from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.api.caching import tagged
from app.api.depends import Opened
from app.feeds.oai.answers import answer, document, refusal
from app.feeds.oai.protocol import Refused, parsed
from app.feeds.places import base_of
from app.feeds.sending import EPOCH
from app.feeds.xml import written
from app.wiring import Service
from catalog.tables import now

router = APIRouter(include_in_schema=False)
FORM = "application/x-www-form-urlencoded"
MEDIA_TYPE = "text/xml"
MOST_BYTES = 16_384
MOST_ARGUMENTS = 100
Pairs = list[tuple[str, str]]


async def form(request: Request) -> Pairs:
    """The arguments of a POST.  Raises: HTTPException (too long, another type)."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise HTTPException(415)
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise HTTPException(413)
    try:
        return parse_qsl(
            body.decode("utf-8", "replace"),
            keep_blank_values=True,
            max_num_fields=MOST_ARGUMENTS,
        )
    except ValueError as error:
        raise HTTPException(413) from error


@router.get("/oai")
def harvest(request: Request, service: Opened) -> Response:
    """The answer to a verb in the address."""
    return _answered(request, service, request.query_params.multi_items())


@router.post("/oai")
def harvest_by_form(
    request: Request, service: Opened, pairs: Annotated[Pairs, Depends(form)]
) -> Response:
    """The answer to a verb in a form."""
    return _answered(request, service, pairs)


def _answered(request: Request, service: Service, pairs: Pairs) -> Response:
    base, asked = base_of(request, service), {}
    try:
        verb, arguments = parsed(pairs)
        content = answer(service, base, verb, arguments)
        asked = {"verb": verb, **arguments}
    except Refused as problem:
        content = refusal(problem)
        if problem.code not in {"badVerb", "badArgument"}:
            asked = dict(pairs)
    body = written(document(base, content, asked=asked, at=now()))
    same = written(document(base, content, asked=asked, at=EPOCH))
    return tagged(request, body, media_type=MEDIA_TYPE, same=same)
