"""GET /opensearch.xml and /opensearch/suggest: the archive in the browser's address bar.

Source: OpenSearch 1.1 (draft 6) and its Suggestions extension.
"""

import json
from typing import Annotated
from xml.etree import ElementTree as ET

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.api.depends import Opened
from app.api.suggest import suggested
from app.feeds.places import base_of
from app.feeds.sending import sent
from app.feeds.xml import node, written
from app.web.rendering import static_url

router = APIRouter(include_in_schema=False)
SUGGESTIONS = "application/x-suggestions+json"
SHORT_NAME = 16  # characters at the most, says the standard
MOST = 8
_KINDS = {
    "talk": "Talk",
    "paper": "Paper",
    "person": "Person",
    "series": "Series",
    "term": "Term",
}


@router.get("/opensearch.xml")
def description(request: Request, service: Opened) -> Response:
    """How to search here, for browsers and feed readers."""
    base, name = base_of(request, service), service.settings.archive_name
    root = node(
        "OpenSearchDescription",
        {"xmlns": "http://a9.com/-/spec/opensearch/1.1/"},
        node("ShortName", None, name[:SHORT_NAME].strip()),
        node("LongName", None, name[:48].strip()),
        node("Description", None, "Find the second of the talk, or the page of the paper."),
        node("InputEncoding", None, "UTF-8"),
        node("OutputEncoding", None, "UTF-8"),
        node("Image", {"type": "image/svg+xml"}, base + static_url("mark.svg")),
        _url("text/html", f"{base}/search?q={{searchTerms}}"),
        _url("application/atom+xml", f"{base}/feeds/search.atom?q={{searchTerms}}"),
        _url(SUGGESTIONS, f"{base}/opensearch/suggest?q={{searchTerms}}", rel="suggestions"),
        _url("application/opensearchdescription+xml", f"{base}/opensearch.xml", rel="self"),
    )
    return sent(request, written(root), media_type="application/opensearchdescription+xml")


@router.get("/opensearch/suggest")
def suggestions(
    request: Request, service: Opened, q: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """What the address bar offers: texts, what they are, and where they lead."""
    base, offered = base_of(request, service), suggested(service, q, MOST)
    answer = [
        q,
        [one.text for one in offered],
        [_KINDS.get(one.kind, "") for one in offered],
        [base + one.url for one in offered],
    ]
    return sent(request, json.dumps(answer).encode(), media_type=SUGGESTIONS)


def _url(kind: str, template: str, rel: str = "results") -> ET.Element:
    return node("Url", {"type": kind, "method": "get", "rel": rel, "template": template})
