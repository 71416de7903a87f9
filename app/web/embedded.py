"""GET /embed/talks/{id}: a talk with its transcript, for the frame of another site.

Invariant: useful without scripts; which sites may show it is the edge's to say.
"""

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.api.caching import tagged
from app.api.depends import Opened
from app.api.talks import duration_ms, shown_talk
from app.feeds.places import embed_path
from app.web.contexts.parts import Frame
from app.web.pages import Words, heard_of
from app.web.rendering import render
from app.web.starts import start_s
from app.web.talk_view import embed_page
from app.web.unlisted import unlisted

router = APIRouter(include_in_schema=False)


@router.get("/embed/talks/{key}")
def embedded(request: Request, service: Opened, key: str, t: Words = "") -> Response:
    """The talk from a second on."""
    details = shown_talk(service, key)
    page = embed_page(
        details,
        frame=Frame(title=details.talk.title, archive=service.settings.archive_name),
        heard=heard_of(service, details),
        start_s=start_s(t, duration_ms(details)),
        here=embed_path(details.talk.public_id),
    )
    body = bytes(render("embed.html", page).body)
    return unlisted(tagged(request, body, media_type="text/html"), details.talk.visibility)
