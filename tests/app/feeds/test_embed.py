"""A talk in another site: its frame, oEmbed, and the cards of its page."""

import json
import re
from datetime import date
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

import pytest
from rdflib import RDF, Graph, Namespace, URIRef
from rdflib.term import Literal, Node
from starlette.testclient import TestClient

from app.main import create_app
from catalog.errors import InvalidSetting
from catalog.settings import read_settings
from catalog.talks import NewTalk
from tests.app.feeds.conftest import HARD, HEBREW
from tests.app.shelf import Shelf, Spoken, served, silent_wav

TALK = "http://testserver/talks/the-second-descent"


def frame_of(client: TestClient, url: str, **asked: Any) -> dict[str, Any]:
    answer = client.get("/oembed", params={"url": url, **asked})
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


def source_of(said: dict[str, Any]) -> str:
    found = re.search(r'<iframe src="([^"]+)"', said["html"])
    assert found
    return unescape(found[1])


def test_a_page_says_where_its_frame_is_and_the_frame_begins_at_the_second(
    reader: TestClient,
) -> None:
    page = reader.get("/talks/the-second-descent?t=31").text
    links = re.findall(r'type="(application/json|text/xml)\+oembed" href="([^"]+)"', page)
    assert [kind for kind, _ in links] == ["application/json", "text/xml"]
    said = reader.get(unescape(links[0][1])).json()
    assert (said["version"], said["type"]) == ("1.0", "rich")
    assert said["title"] == "The Second Descent"
    assert said["url"] == f"{TALK}?t=31"
    frame = reader.get(source_of(said))
    assert 'data-start="31"' in frame.text
    assert "At the interpolation threshold" in frame.text
    tree = ET.fromstring(reader.get(unescape(links[1][1])).content)
    assert {one.tag: one.text for one in tree}["html"] == said["html"]


def test_a_frame_is_never_larger_than_its_room(reader: TestClient) -> None:
    said = frame_of(reader, TALK, maxwidth=320, maxheight=200)
    assert (said["width"], said["height"]) == (320, 200)
    assert 'width="320" height="200"' in said["html"]
    whole = frame_of(reader, TALK)
    assert frame_of(reader, TALK, maxwidth=9000)["width"] == whole["width"]
    assert source_of(frame_of(reader, TALK, t="12")).endswith("?t=12")


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"url": "https://elsewhere.example.org/talks/the-second-descent"}, 404),
        ({"url": "http://testserver/talks/none"}, 404),
        ({"url": "http://testserver/papers/notes-on-tangent-kernels"}, 404),
        ({"url": "http://[half"}, 404),
        ({"url": "\x00"}, 404),
        ({"url": TALK, "format": "yaml"}, 501),
        ({"url": TALK, "maxwidth": "0"}, 422),
        ({"url": TALK + "?" + "&".join("a" * 100)}, 404),
        ({}, 422),
        ({"url": "x" * 3000}, 422),
    ],
)
def test_what_cannot_be_framed_is_a_problem(
    reader: TestClient, asked: dict[str, str], status: int
) -> None:
    answer = reader.get("/oembed", params=asked)
    assert answer.status_code == status
    assert answer.json()["code"]


@pytest.mark.parametrize(
    "spelled",
    [
        "HTTP://TestServer/talks/the-second-descent",
        f" {TALK}\n",
        TALK.replace("-", "%2D"),
        f"{TALK}/",
    ],
)
def test_an_address_may_be_spelled_as_people_paste_it(reader: TestClient, spelled: str) -> None:
    assert frame_of(reader, spelled)["title"] == "The Second Descent"


def test_what_is_no_talk_of_ours_is_named(reader: TestClient) -> None:
    answer = reader.get("/oembed", params={"url": "https://elsewhere.example/talks/x"})
    assert "no talk" in answer.json()["detail"]
    assert "elsewhere.example" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("text", "second"),
    [
        ("12", 12),
        ("12s", 12),
        ("0:12", 12),
        ("0m12s", 12),
        ("12.9", 12),
        ("9999", 0),
        ("9:99", 0),
        ("x", 0),
    ],
)
def test_a_second_may_be_written_as_people_write_it(
    reader: TestClient, text: str, second: int
) -> None:
    url = frame_of(reader, TALK, t=text)["url"]
    assert url == (f"{TALK}?t={second}" if second else TALK)


def test_a_frame_may_be_shown_by_whom_the_settings_name(shelf: Shelf) -> None:
    shelf.bare_talk(NewTalk(title="T"))
    with served(shelf) as client:
        policy = client.get("/embed/talks/t").headers["content-security-policy"]
        assert "frame-ancestors *;" in policy
        assert "frame-ancestors 'none'" in client.get("/talks/t").headers["content-security-policy"]
    named = "https://course.example.edu, https://moodle.example.edu"
    for said, expected in (
        (named, "https://course.example.edu https://moodle.example.edu"),
        ("none", "'none'"),
    ):
        settings = read_settings(data_dir=shelf.settings.data_dir, embed_origins=said)
        with TestClient(create_app(settings, load_encoder=lambda _: shelf.encoder)) as client:
            policy = client.get("/embed/talks/t").headers["content-security-policy"]
        assert f"frame-ancestors {expected};" in policy
        assert "script-src 'self'" in policy


@pytest.mark.parametrize(
    "wrong",
    [
        {"embed_origins": "https://a.example; script-src *"},
        {"embed_origins": "*, https://a.example"},
        {"embed_origins": "http://a.example"},
        {"public_url": "https://a.example/archive"},
        {"public_url": "a.example"},
    ],
)
def test_a_setting_that_cannot_be_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(InvalidSetting, match="SEMINAR_"):
        read_settings(**wrong)


def test_a_frame_is_kept_and_asked_about_again(reader: TestClient) -> None:
    first = reader.get("/embed/talks/the-second-descent")
    tag = first.headers["etag"]
    again = reader.get("/embed/talks/the-second-descent", headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")


def test_the_address_to_the_outside_can_be_set(shelf: Shelf) -> None:
    shelf.talk(NewTalk(title="T"), Spoken(sentences=("One.",)), media=silent_wav(10))
    settings = read_settings(
        data_dir=shelf.settings.data_dir, public_url="https://seminars.example.edu"
    )
    with TestClient(create_app(settings, load_encoder=lambda _: shelf.encoder)) as client:
        page = client.get("/talks/t").text
        said = frame_of(client, "https://seminars.example.edu/talks/t")
    assert source_of(said).startswith("https://seminars.example.edu/embed/talks/")
    assert '<meta name="twitter:card" content="player">' in page
    assert 'property="og:url" content="https://seminars.example.edu/talks/t"' in page


def test_a_host_that_cannot_be_is_not_repeated(reader: TestClient) -> None:
    page = reader.get("/talks/the-second-descent", headers={"host": 'x"><script>'})
    assert "<script>" not in page.text.replace('<script type="module"', "")
    assert 'property="og:url" content="http://127.0.0.1:8000/' in page.text


def data_of(page: str) -> dict[str, Any]:
    """The JSON-LD of a page, as a browser's parser finds it: up to the first end of a script."""
    start = page.index('<script type="application/ld+json">')
    body = page[start:].partition(">")[2].partition("</script")[0]
    said: dict[str, Any] = json.loads(body)
    return said


SCHEMA = Namespace("https://schema.org/")
WORDS = {
    "@vocab": str(SCHEMA),
    **{name: {"@type": "@id"} for name in ("url", "contentUrl", "embedUrl", "sameAs")},
}


def graph_of(data: dict[str, Any]) -> Graph:
    """What a JSON-LD processor makes of it, with schema.org's words as the context."""
    assert data["@context"] == "https://schema.org"
    return Graph().parse(data=json.dumps({**data, "@context": WORDS}), format="json-ld")


def of_kind(graph: Graph, kind: str) -> list[Node]:
    """The things of this type."""
    return list(graph.subjects(RDF.type, SCHEMA[kind]))


def test_a_talk_is_an_object_with_clips_and_its_transcript(reader: TestClient) -> None:
    data = data_of(reader.get("/talks/the-second-descent").text)
    assert data["@type"] == "AudioObject"
    assert data["duration"] == "PT40S"
    assert data["dateCreated"] == "2024-02-12"
    assert "Beyond the threshold minimum norm" in data["transcript"]
    assert reader.get(urlsplit(data["contentUrl"]).path).status_code == 200
    assert reader.get(urlsplit(data["embedUrl"]).path).status_code == 200
    for clip in data["hasPart"]:
        assert clip["@type"] == "Clip"
        assert 0 <= clip["startOffset"] < clip["endOffset"]
        assert parse_qs(urlsplit(clip["url"]).query)["t"] == [str(clip["startOffset"])]
    assert len(data["hasPart"]) >= 1
    assert data["citation"][0]["name"] == "Notes on Tangent Kernels"
    graph = graph_of(data)
    (talk,) = of_kind(graph, "AudioObject")
    assert set(graph.objects(talk, SCHEMA.hasPart)) == set(of_kind(graph, "Clip"))
    assert graph.value(talk, SCHEMA.embedUrl) == URIRef(data["embedUrl"])
    assert [str(graph.value(one, SCHEMA.name)) for one in of_kind(graph, "Person")].count(
        "Jonas Feldmann"
    ) == 1


def test_a_paper_is_an_article_and_names_itself_to_reference_managers(reader: TestClient) -> None:
    page = reader.get("/papers/notes-on-tangent-kernels").text
    graph = graph_of(data_of(page))
    (paper,) = of_kind(graph, "ScholarlyArticle")
    assert graph.value(paper, SCHEMA.datePublished) == Literal("2023")
    assert '<meta name="citation_author" content="Priya Raman">' in page
    assert '<meta property="og:type" content="article">' in page


def test_nothing_in_a_title_ends_the_script_or_the_frame(hard: TestClient) -> None:
    talks = hard.get("/api/v1/talks").json()["items"]
    slug = next(one["slug"] for one in talks if one["title"] == HARD)
    data = data_of(hard.get(f"/talks/{slug}").text)
    assert data["name"] == HARD
    assert [one["name"] for one in data["author"]] == [HEBREW]
    assert HARD in data["transcript"]
    (talk,) = of_kind(graph_of(data), "AudioObject")
    assert str(talk) == data["@id"]
    said = frame_of(hard, f"http://testserver/talks/{slug}")
    assert "<b>" not in said["html"]
    answer = hard.get("/oembed", params={"url": said["url"], "format": "xml"})
    assert ET.fromstring(answer.content).findtext("title") == HARD.replace("\x0b", "")


def test_a_talk_without_a_recording_is_an_event(shelf: Shelf) -> None:
    shelf.bare_talk(
        NewTalk(title="T", held_on=date(2024, 1, 2), recording_status="declined", series="S")
    )
    with served(shelf) as client:
        data = data_of(client.get("/talks/t").text)
    assert (data["@type"], data["startDate"]) == ("EducationEvent", "2024-01-02")
    assert "contentUrl" not in data
    assert len(of_kind(graph_of(data), "EducationEvent")) == 1


def test_of_a_withdrawn_recording_nothing_is_in_the_frame_or_the_card(shelf: Shelf) -> None:
    talk = shelf.talk(NewTalk(title="T"), Spoken(sentences=("A quixotry.",)))
    gone = shelf.talk(NewTalk(title="Gone"), Spoken(sentences=("A zugzwang.",)))
    shelf.publish()
    with served(shelf) as client:
        assert "quixotry" in client.get(f"/embed/talks/{talk}").text
        shelf.change_talk(talk, recording_status="withdrawn")
        shelf.change_talk(gone, visibility="withdrawn")
        for url in (f"/embed/talks/{talk}", "/talks/t"):
            text = client.get(url).text
            assert "quixotry" not in text
            assert "/media/" not in text
        assert client.get(f"/embed/talks/{gone}").status_code == 410
        assert client.get("/oembed", params={"url": f"{TALK[:17]}/talks/gone"}).status_code == 410
