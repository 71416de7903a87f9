"""Maps for crawlers, and the search in the browser's address bar."""

from collections.abc import Iterator
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree as ET

import pytest
from starlette.testclient import TestClient

from app.feeds import sitemap
from app.main import create_app
from catalog.papers import NewPaper
from catalog.settings import read_settings
from catalog.talks import NewTalk
from tests.app.shelf import Shelf, served, until

MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
OPEN = "{http://a9.com/-/spec/opensearch/1.1/}"


def maps(client: TestClient) -> Iterator[tuple[str, str | None]]:
    """Every page that the maps name, with its time."""
    listed = ET.fromstring(client.get("/sitemap.xml").content)
    assert listed.tag == f"{MAP}sitemapindex"
    for one in listed:
        loc = one.findtext(f"{MAP}loc")
        assert loc
        part = ET.fromstring(client.get(urlsplit(loc).path).content)
        assert part.tag == f"{MAP}urlset"
        for url in part:
            yield str(url.findtext(f"{MAP}loc")), url.findtext(f"{MAP}lastmod")


def test_the_map_names_every_public_page_and_each_answers(reader: TestClient) -> None:
    found = dict(maps(reader))
    for url, at in found.items():
        assert reader.get(urlsplit(url).path, follow_redirects=False).status_code == 200
        assert at is None or len(at) == len("2024-02-12T10:15:00Z")
    paths = {urlsplit(url).path for url in found}
    talks = {one["url"] for one in reader.get("/api/v1/talks").json()["items"]}
    papers = {one["url"] for one in reader.get("/api/v1/papers").json()["items"]}
    slugs = ("jonas-feldmann", "mira-halvorsen", "oskar-lind", "priya-raman")
    places = {"/series/foundations", "/series/theory-lunch", *(f"/speakers/{s}" for s in slugs)}
    assert paths == talks | papers | {"/", "/talks", "/papers", "/about"} | places
    first = reader.get("/sitemap.xml")
    again = reader.get("/sitemap.xml", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304


def test_a_large_archive_has_several_maps(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemap, "MOST", 2)
    for n in range(5):
        shelf.bare_talk(NewTalk(title=f"Talk {n}"))
    with served(shelf, wait=False) as client:
        listed = ET.fromstring(client.get("/sitemap.xml").content)
        assert len(listed) == 3
        pages = [url for url, at in maps(client) if at]
        assert len(pages) == len(set(pages)) == 5
        for wrong in ("4", "0", "-1", "x", "9" * 40, "²"):
            assert client.get(f"/sitemaps/{wrong}.xml").status_code == 404


def test_what_is_hidden_is_on_no_map(shelf: Shelf) -> None:
    gone = shelf.bare_talk(NewTalk(title="Gone"))
    shelf.bare_talk(NewTalk(title="Alone", visibility="unlisted"))
    paper = shelf.paper(NewPaper(title="Taken"), ("A page.",))
    with served(shelf, wait=False) as client:
        assert "/talks/gone" in str(list(maps(client)))
        shelf.change_talk(gone, visibility="withdrawn")
        shelf.withdraw_paper(paper)
        assert not [url for url, at in maps(client) if at]


def test_crawlers_are_told_what_to_leave(reader: TestClient, shelf: Shelf) -> None:
    rules = RobotFileParser()
    rules.parse(reader.get("/robots.txt").text.splitlines())
    assert rules.can_fetch("anybot", "http://testserver/talks/the-second-descent")
    assert rules.can_fetch("anybot", "http://testserver/search?q=x")
    assert "Disallow: /search?*&\n" in reader.get("/robots.txt").text  # the parser knows no "*"
    assert not rules.can_fetch("anybot", "http://testserver/api/v1/talks")
    assert rules.site_maps() == ["http://testserver/sitemap.xml"]
    settings = read_settings(data_dir=shelf.settings.data_dir, reading="key")
    with TestClient(create_app(settings, load_encoder=lambda _: shelf.encoder)) as client:
        assert client.get("/robots.txt").text == "User-agent: *\nDisallow: /\n"


def test_a_browser_learns_how_to_search(reader: TestClient) -> None:
    page = reader.get("/").text
    assert 'rel="search" type="application/opensearchdescription+xml"' in page
    answer = reader.get("/opensearch.xml")
    assert answer.headers["content-type"].startswith("application/opensearchdescription+xml")
    root = ET.fromstring(answer.content)
    assert 0 < len(str(root.findtext(f"{OPEN}ShortName"))) <= 16
    urls = {one.get("type"): str(one.get("template")) for one in root.iter(f"{OPEN}Url")}
    for kind in ("text/html", "application/atom+xml", "application/x-suggestions+json"):
        asked = urls[kind].replace("{searchTerms}", "gradient%20descent")
        found = reader.get(asked.removeprefix("http://testserver"))
        assert found.status_code == 200
        assert found.headers["content-type"].startswith(kind)
        assert "Gradient Descent" in found.text


def test_suggestions_have_the_form_that_browsers_read(reader: TestClient) -> None:
    until(lambda: reader.get("/opensearch/suggest?q=jonas").json()[1])
    typed, texts, kinds, urls = reader.get("/opensearch/suggest?q=jonas").json()
    assert (typed, texts[0], kinds[0]) == ("jonas", "Jonas Feldmann", "Person")
    assert reader.get(urls[0].removeprefix("http://testserver")).status_code == 200
    assert reader.get("/opensearch/suggest").json() == ["", [], [], []]
