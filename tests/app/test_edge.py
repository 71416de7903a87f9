import gzip
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.web.rendering import static_url
from catalog.talks import NewTalk
from tests.app.shelf import Shelf, served

PATHS = ["/", "/search?q=kernel", "/talks/the-second-descent", "/about", "/api/v1/talks", "/livez"]


@pytest.mark.parametrize("path", [*PATHS, "/nothing", "/static/look.css", "/api/v1/search"])
def test_every_answer_has_the_strict_headers(reader: TestClient, path: str) -> None:
    headers = reader.get(path).headers
    policy = dict(
        part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "set-cookie" not in headers


@pytest.mark.parametrize("path", [*PATHS, "/static/look.css", "/readyz", "/metrics"])
def test_head_is_get_without_its_body(reader: TestClient, path: str) -> None:
    full, head = reader.get(path), reader.head(path)
    assert (head.status_code, head.content) == (full.status_code, b"")
    assert head.headers["content-type"] == full.headers["content-type"]


def test_text_is_compressed_for_who_wants_it(reader: TestClient) -> None:
    url = "/talks/what-gradient-descent-prefers"
    plain = reader.get(url, headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    small = reader.get(url, headers={"accept-encoding": "gzip"})
    assert small.headers["content-encoding"] == "gzip"
    assert int(small.headers["content-length"]) < len(gzip.compress(plain.content)) * 1.3


def test_nothing_that_was_typed_is_written_down(
    shelf: Shelf, capfd: pytest.CaptureFixture[str]
) -> None:
    typed = "privatewords"
    with served(shelf) as client:
        for url in (
            f"/search?q={typed}",
            f"/api/v1/search?q={typed}",
            f"/api/v1/search?q={typed}&limit=x",
            f"/talks/{typed}?q={typed}",
            f"/api/v1/talks/{typed}",
            f"/{typed}?{typed}",
        ):
            client.get(url, headers={"referer": f"http://x/?q={typed}"})
    written = "".join(capfd.readouterr())
    assert "/api/v1/search" in written
    assert typed not in written
    for file in shelf.settings.data_dir.rglob("*"):
        if file.is_file():
            assert typed.encode() not in file.read_bytes()


def test_a_static_file_named_by_its_content_may_be_kept(reader: TestClient) -> None:
    assert "immutable" in reader.get(static_url("look.css")).headers["cache-control"]
    assert reader.get("/static/look.css").headers["cache-control"] == "no-cache"
    assert reader.get("/static/none.css?v=1").headers["cache-control"] == "no-store"


def test_an_unlisted_talk_asks_not_to_be_indexed(shelf: Shelf) -> None:
    shelf.bare_talk(NewTalk(title="Alone", visibility="unlisted"))
    shelf.bare_talk(NewTalk(title="Open"))
    with served(shelf) as client:
        assert client.get("/talks/alone").headers["x-robots-tag"] == "noindex"
        assert "x-robots-tag" not in client.get("/talks/open").headers


def test_every_route_is_open_by_name(reader: TestClient) -> None:
    """A new route must be written down here, with who may use it."""
    opened = {
        *(
            "/",
            "/search",
            "/covered",
            "/talks",
            "/talks/{key}",
            "/papers",
            "/papers/{key}",
            "/about",
        ),
        *("/series/{slug}", "/speakers/{slug}"),
        *("/problems", "/problems/{code}"),
        *("/api/v1/search", "/api/v1/suggest", "/api/v1/talks", "/api/v1/talks/{talk_id}"),
        *("/api/v1/talks/{talk_id}/similar", "/api/v1/papers/{paper_id}/similar"),
        *("/api/v1/talks/{talk_id}/transcript", "/api/v1/papers", "/api/v1/papers/{paper_id}"),
        *("/api/v1/status", "/api/v1/openapi.json", "/livez", "/readyz", "/metrics"),
        *("/media/talks/{talk_id}", "/media/papers/{paper_id}.pdf", "/static"),
        *("/embed/v1.js", "/embed/v1-{digest}.js", "/embed/integrity.json"),
        *("/oembed", "/embed/talks/{key}", "/feeds/talks.atom", "/feeds/search.atom"),
        *("/feeds/series/{slug}.atom", "/feeds/series/{slug}.rss", "/feeds/series/{slug}.ics"),
        *("/feeds/speakers/{slug}.atom", "/talks/{key}.bib", "/talks/{key}.csl.json"),
        *("/papers/{key}.bib", "/papers/{key}.csl.json", "/sitemap.xml", "/sitemaps/{number}.xml"),
        *("/opensearch.xml", "/opensearch/suggest", "/robots.txt"),
        "/oai",
    }
    staff = {  # closed to all but keys of the scopes ingest and admin
        *(f"/api/v1/jobs{more}" for more in ("", "/{job_id}", "/{job_id}/events")),
        *("/api/v1/uploads", "/api/v1/uploads/{upload_id}"),
        *(f"/api/v1/jobs/{{job_id}}/{verb}" for verb in ("cancel", "retry")),
        *(f"/api/v1/talks/{{talk_id}}/{verb}" for verb in ("withdraw", "restore")),
        *(f"/api/v1/papers/{{paper_id}}/{verb}" for verb in ("withdraw", "restore")),
    }
    assert {path for path, _ in routes(reader.app)} == opened | staff
    writing = {path for path, methods in routes(reader.app) if methods - {"GET", "HEAD"}}
    shared = {"/api/v1/talks", "/api/v1/talks/{talk_id}", "/api/v1/papers/{paper_id}"}
    assert writing - staff == {*shared, "/oai"}


def routes(app: Any) -> list[tuple[str, set[str]]]:
    """Every path of an application with its methods."""
    return [(route.path, set(getattr(route, "methods", None) or ())) for route in flat(app.routes)]


def flat(all_of_them: Iterable[Any]) -> Iterator[Any]:
    """Routes, with those of routers inside."""
    for route in all_of_them:
        inner = getattr(getattr(route, "original_router", None), "routes", None)
        yield from flat(inner) if inner is not None else (route,)
