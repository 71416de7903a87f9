"""GET /oembed: a talk as a frame for another site, beginning at its second.

Source: https://oembed.com, 2.3.  What is not ours or not shown is 404, another format 501.
"""

import json
import re
from html import escape
from typing import Annotated, Any
from urllib.parse import parse_qs, unquote, urlsplit

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.api.depends import Opened
from app.api.places import talk_url
from app.api.problems import problem_by_status, respond
from app.api.talks import duration_ms, shown_talk
from app.feeds.places import base_of, embed_path
from app.feeds.sending import sent
from app.feeds.talk_facts import changed_at, is_video, playable
from app.feeds.xml import node, written
from app.web.starts import start_s
from app.wiring import Service
from catalog.errors import NotThere
from catalog.talks import TalkDetails

router = APIRouter(include_in_schema=False)
WIDTH = 640
HEIGHTS = {"video": 620, "audio": 400}
KEPT_S = 3600
LONGEST_TOLD = 200
_PATH = re.compile(r"/(?:embed/)?talks/([a-z0-9-]{1,100})/?")
Size = Annotated[int | None, Query(ge=1, le=10_000)]


@router.get("/oembed")
def oembed(
    request: Request,
    service: Opened,
    url: Annotated[str, Query(max_length=2000, description="Address of a talk, with its `t`.")],
    maxwidth: Size = None,
    maxheight: Size = None,
    form: Annotated[str, Query(alias="format", max_length=20)] = "json",
    t: Annotated[str, Query(max_length=20, description="Second to begin at.")] = "",
) -> Response:
    """What a site needs to show the talk."""
    if form not in {"json", "xml"}:
        return respond(problem_by_status(501, request.url.path))
    base = base_of(request, service)
    key, asked = _talk_of(url, base)
    details = shown_talk(service, key)
    start = start_s(t or asked, duration_ms(details))
    answer = _frame(service, details, base, start=start, room=(maxwidth, maxheight))
    if form == "json":
        return sent(
            request,
            _json(answer),
            media_type="application/json",
            updated_at=changed_at(details),
        )
    root = node("oembed", None, *(node(name, None, str(v)) for name, v in answer.items()))
    return sent(request, written(root), media_type="text/xml", updated_at=changed_at(details))


def _talk_of(url: str, base: str) -> tuple[str, str]:
    """The key of a talk and the `t` of its address.  Raises: NotThere (not ours, no talk's)."""
    try:
        parts = urlsplit(url.strip())
        host = urlsplit(base).netloc.casefold()
        ours = parts.netloc.casefold() == host and parts.scheme in {"http", "https"}
        asked = parse_qs(parts.query, max_num_fields=50)
    except ValueError as error:
        raise NotThere("talk", url[:LONGEST_TOLD]) from error
    match = _PATH.fullmatch(unquote(parts.path))
    if not ours or match is None:
        raise NotThere("talk", url[:LONGEST_TOLD])
    return match[1], asked.get("t", [""])[0]


def _frame(
    service: Service,
    one: TalkDetails,
    base: str,
    *,
    start: int,
    room: tuple[int | None, int | None],
) -> dict[str, Any]:
    kind = "video" if is_video(one) or playable(one) is None else "audio"
    width, height = _fitted(HEIGHTS[kind], *room)
    source = escape(base + embed_path(one.talk.public_id, start))
    title = escape(one.talk.title)
    known = {
        "version": "1.0",
        "type": "video" if is_video(one) else "rich",
        "title": one.talk.title,
        "author_name": ", ".join(one.names),
        "provider_name": service.settings.archive_name,
        "provider_url": f"{base}/",
        "cache_age": KEPT_S,
        "url": base + talk_url(one.talk, start * 1000 if start else None),
        "width": width,
        "height": height,
        "html": f'<iframe src="{source}" width="{width}" height="{height}" title="{title}" '
        'frameborder="0" allow="autoplay; fullscreen" allowfullscreen></iframe>',
    }
    return {name: value for name, value in known.items() if value != ""}


def _fitted(height: int, maxwidth: int | None, maxheight: int | None) -> tuple[int, int]:
    """Width and height in CSS pixels, never more than there is room for."""
    return min(WIDTH, maxwidth or WIDTH), min(height, maxheight or height)


def _json(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace")
