"""GET /sitemap.xml, /sitemaps/{n}.xml and /robots.txt: what crawlers may read, and where.

Invariant: a map has at most `MOST` addresses, each with the time of its last change; what is not
public is in none.  Source: sitemaps.org 0.9; RFC 9309.
"""

from collections.abc import Sequence

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.api import inventory
from app.api.depends import Opened
from app.feeds.places import base_of
from app.feeds.sending import EPOCH, sent, stamp
from app.feeds.xml import node, written
from app.wiring import Service
from catalog.changes import Change

router = APIRouter(include_in_schema=False)
MOST = 40_000
MOST_PLACES = 9_000  # a map may have 50,000 addresses
MAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_CLOSED = (
    *("/api/", "/feeds/search.atom", "/embed/", "/oembed", "/oai", "/opensearch/"),
    *("/search?*&", "/covered"),  # a search is open; narrowed and page by page there is no end
)


@router.get("/sitemap.xml")
def sitemaps(request: Request, service: Opened) -> Response:
    """The list of maps."""
    base, every = base_of(request, service), _shown(service)
    parts = [every[start : start + MOST] for start in range(0, max(1, len(every)), MOST)]
    maps = (
        node(
            "sitemap",
            None,
            node("loc", None, f"{base}/sitemaps/{number}.xml"),
            node("lastmod", None, stamp(part[-1].changed_at)) if part else None,
        )
        for number, part in enumerate(parts, start=1)
    )
    root = node("sitemapindex", {"xmlns": MAP}, *maps)
    return _sent(request, written(root), every)


@router.get("/sitemaps/{number}.xml")
def sitemap(request: Request, service: Opened, number: str) -> Response:
    """One map, numbered from 1: the pages of talks and papers, and with the first the lists."""
    base, every = base_of(request, service), _shown(service)
    place = int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 0
    part = every[max(0, place - 1) * MOST : place * MOST]
    if place != 1 and not part:
        raise HTTPException(404)
    lists = ("/", "/talks", "/papers", "/about", *_places(service)) if place == 1 else ()
    root = node(
        "urlset",
        {"xmlns": MAP},
        *(node("url", None, node("loc", None, base + path)) for path in lists),
        *(
            node(
                "url",
                None,
                node("loc", None, f"{base}/{one.kind}s/{one.slug}"),
                node("lastmod", None, stamp(one.changed_at)),
            )
            for one in part
        ),
    )
    return _sent(request, written(root), part)


@router.get("/robots.txt")
def robots(request: Request, service: Opened) -> Response:
    """What crawlers should leave alone: everything, where reading needs a key."""
    closed = ("/",) if service.settings.reading == "key" else _CLOSED
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed)]
    if service.settings.reading == "open":
        lines += ["", f"Sitemap: {base_of(request, service)}/sitemap.xml"]
    return sent(request, ("\n".join(lines) + "\n").encode(), media_type="text/plain")


def _places(service: Service) -> list[str]:
    """The pages of series and speakers, as many as fit beside the talks of a map."""
    shown = inventory.talks(service)
    series, speakers = inventory.series_slugs(service), inventory.speaker_slugs(service)
    held = {one.series for one in shown if one.series}
    spoken = {name for one in shown for name in one.names}
    found = [f"/series/{series[name]}" for name in held & series.keys()]
    found += [f"/speakers/{speakers[name]}" for name in spoken & speakers.keys()]
    return sorted(found)[:MOST_PLACES]


def _shown(service: Service) -> list[Change]:
    return [one for one in inventory.changes(service) if not one.gone]


def _sent(request: Request, body: bytes, part: Sequence[Change]) -> Response:
    changed = max((one.changed_at for one in part), default=EPOCH)
    return sent(request, body, media_type="application/xml", updated_at=changed)
