"""Feeds, maps, the harvester's answers and JSON-LD, held to the schemas of their standards."""

from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from rdflib import RDF, SDO, URIRef
from starlette.testclient import TestClient

from app.feeds.oai import records
from catalog import removal, talks
from catalog.papers import NewPaper
from catalog.talks import NewTalk
from tests.app.feeds.conftest import HARD
from tests.app.feeds.test_embed import data_of, graph_of
from tests.app.shelf import Shelf, Spoken, served

SCHEMAS = Path(__file__).parent / "schemas"
ATOM = {"a": "http://www.w3.org/2005/Atom"}
HARD_SERIES = "script-b-kernels-b-ell-2"
FEEDS = [
    ("atom", "/feeds/talks.atom"),
    ("atom", "/feeds/search.atom?q=kernel"),
    ("atom", "/feeds/search.atom?q=nobodysaidthis&mode=keyword"),
    ("sitemap", "/sitemap.xml"),
    ("sitemap", "/sitemaps/1.xml"),
    ("oai", "/oai?verb=Identify"),
    ("oai", "/oai?verb=ListMetadataFormats"),
    ("oai", "/oai?verb=ListSets"),
    ("oai", "/oai?verb=ListRecords&metadataPrefix=oai_dc"),
    ("oai", "/oai?verb=ListIdentifiers&metadataPrefix=oai_dc&set=talks"),
    ("oai", "/oai?verb=ListIdentifiers&metadataPrefix=oai_dc&until=1990-01-01"),
    ("oai", "/oai?verb=GetRecord&metadataPrefix=oai_dc&identifier=urn:none"),
    ("oai", "/oai?verb=Nothing"),
]
OF_READER = [
    ("atom", "/feeds/series/foundations.atom"),
    ("atom", "/feeds/speakers/priya-raman.atom"),
    ("rss", "/feeds/series/foundations.rss"),
]
OF_HARD = [
    ("atom", f"/feeds/series/{HARD_SERIES}.atom"),
    ("rss", f"/feeds/series/{HARD_SERIES}.rss"),
]


def faults(kind: str, document: bytes) -> list[str]:
    """What the schema of this kind finds wrong."""
    schema = etree.RelaxNG.from_rnc_string((SCHEMAS / f"{kind}.rnc").read_text())
    schema.validate(etree.fromstring(document))
    return [f"line {one.line}: {one.message}" for one in schema.error_log]


def got(client: TestClient, url: str) -> bytes:
    answer = client.get(url)
    assert answer.status_code == 200, answer.text
    return answer.content


@pytest.mark.parametrize(("kind", "url"), [*FEEDS, *OF_READER])
def test_it_is_valid(reader: TestClient, kind: str, url: str) -> None:
    assert faults(kind, got(reader, url)) == []


@pytest.mark.parametrize(("kind", "url"), [*FEEDS, *OF_HARD])
def test_it_is_valid_whatever_talks_are_called(hard: TestClient, kind: str, url: str) -> None:
    assert faults(kind, got(hard, url)) == []


@pytest.mark.parametrize(
    ("kind", "url", "old", "new"),
    [
        ("atom", "/feeds/talks.atom", b"<updated>", b"<updated>soon "),
        ("atom", "/feeds/talks.atom", b"</id>", b"</id><id>twice</id>"),
        ("atom", "/feeds/talks.atom", b'rel="alternate"', b'relation="alternate"'),
        ("rss", "/feeds/series/foundations.rss", b"<pubDate>", b"<pubDate>Today, "),
        ("rss", "/feeds/series/foundations.rss", b"<itunes:duration>", b"<itunes:duration>1:"),
        ("sitemap", "/sitemaps/1.xml", b"<loc>http", b"<loc>gopher"),
        ("oai", "/oai?verb=Identify", b"2.0</protocolVersion>", b"3</protocolVersion>"),
        ("oai", "/oai?verb=ListRecords&metadataPrefix=oai_dc", b"dc:title", b"dc:name"),
    ],
)
def test_a_schema_sees_a_fault(
    reader: TestClient, kind: str, url: str, old: bytes, new: bytes
) -> None:
    """The control of the tests before."""
    document = got(reader, url)
    assert old in document
    assert faults(kind, document.replace(old, new)) != []


@pytest.mark.parametrize("url", [url for kind, url in [*FEEDS, *OF_READER] if kind == "atom"])
def test_a_feed_keeps_the_rules_that_no_grammar_can_say(reader: TestClient, url: str) -> None:
    """RFC 4287, 4.1.1 and 4.1.2: authors, where to read on, and what is said once."""
    feed = etree.fromstring(got(reader, url))
    assert feed.findall("a:author", ATOM)
    ids = [one.findtext("a:id", None, ATOM) for one in feed.findall("a:entry", ATOM)]
    assert len(ids) == len(set(ids))
    for place in (feed, *feed.findall("a:entry", ATOM)):
        links = place.findall("a:link[@rel='alternate']", ATOM)
        assert [one.get("type") for one in links] == ["text/html"]


def test_pages_of_a_harvest_and_what_is_gone_are_valid(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "PER_PAGE", 2)
    gone = shelf.talk(NewTalk(title=HARD, series=HARD), Spoken(sentences=("A kernel.",)))
    for number in range(3):
        shelf.bare_talk(NewTalk(title=f"Talk {number}", tags=("kernels",)))
    shelf.paper(NewPaper(title="A paper", authors=("B <C>",), year=2020, doi="10.1/x"), ("P.",))
    shelf.publish()
    with shelf.catalog.write() as session:
        removal.withdraw(session, talks.find(session, gone))
    url, pages = "/oai?verb=ListRecords&metadataPrefix=oai_dc", []
    with served(shelf) as client:
        while url:
            pages.append(got(client, url))
            assert faults("oai", pages[-1]) == []
            token = etree.fromstring(pages[-1]).findtext(".//{*}resumptionToken")
            url = f"/oai?verb=ListRecords&resumptionToken={token}" if token else ""
    assert len(pages) == 3
    assert b'status="deleted"' in b"".join(pages)


def test_an_empty_archive_is_valid_too(shelf: Shelf) -> None:
    with served(shelf, wait=False) as client:
        for kind, url in FEEDS:
            if kind != "oai" and "search" not in url:
                assert faults(kind, got(client, url)) == [], url


@pytest.mark.parametrize(
    "page",
    [
        "/talks/the-second-descent",
        "/talks/labels-come-last",
        "/papers/notes-on-tangent-kernels",
        "/series/foundations",
        "/speakers/priya-raman",
    ],
)
def test_every_word_of_the_data_is_schema_orgs(reader: TestClient, page: str) -> None:
    assert strangers(data_of(reader.get(page).text)) == []


def test_the_words_of_an_event_are_schema_orgs_too(shelf: Shelf) -> None:
    shelf.bare_talk(NewTalk(title="T", series="S", speakers=("A",), recording_status="declined"))
    with served(shelf) as client:
        data = data_of(client.get("/talks/t").text)
    assert strangers(data) == []
    assert strangers({**data, "speakerName": "A", "@type": "Seminar"}) == ["Seminar", "speakerName"]


def strangers(data: dict[str, Any]) -> list[str]:
    """Types and properties that schema.org does not have, after JSON-LD made triples of them."""
    graph = graph_of(data)
    said = {one for one in graph.predicates() if one != RDF.type} | set(
        graph.objects(None, RDF.type)
    )
    assert said
    names = (str(one) for one in said if isinstance(one, URIRef))
    return sorted(one.removeprefix(str(SDO)) for one in names if URIRef(one) not in SDO)
