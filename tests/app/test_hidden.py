from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from catalog.papers import NewPaper
from catalog.talks import NewTalk
from tests.app.shelf import Shelf, Spoken, served, until

PAGE = {"accept": "text/html"}
GONE, ALONE, PAPER, MUTED = "xylograph", "quixotry", "zugzwang", "syzygyan"


class Hidden:
    """An archive in which things were hidden after they were published."""

    def __init__(self, shelf: Shelf) -> None:
        shelf.talk(NewTalk(title="Seen", series="Open"), Spoken(sentences=("A plain kernel.",)))
        self.gone = self._talk(shelf, GONE)
        self.alone = self._talk(shelf, ALONE)
        self.muted = self._talk(shelf, MUTED)
        self.paper = shelf.paper(
            NewPaper(title=f"{PAPER} notes", authors=(f"{PAPER} author",), abstract=PAPER),
            (f"A page on {PAPER} and kernels.",),
        )
        shelf.publish()
        self.slugs = {one: shelf.slug(one) for one in (self.gone, self.alone, self.muted)}

    @staticmethod
    def _talk(shelf: Shelf, marker: str) -> str:
        return shelf.talk(
            NewTalk(
                title=f"{marker} title",
                speakers=(f"{marker} person",),
                series=f"{marker} series",
                abstract=marker,
            ),
            Spoken(sentences=(f"We speak of {marker} and a kernel.",)),
        )


@pytest.fixture
def hidden(shelf: Shelf) -> Iterator[tuple[TestClient, Hidden]]:
    """A running service, and then the talks are hidden; no new snapshot is published."""
    parts = Hidden(shelf)
    with served(shelf) as client:
        found = client.get("/api/v1/search", params={"q": GONE}).json()["hits"]
        assert [hit["id"] for hit in found][:1] == [parts.gone]
        shelf.change_talk(parts.gone, visibility="withdrawn")
        shelf.change_talk(parts.alone, visibility="unlisted")
        shelf.change_talk(parts.muted, recording_status="withdrawn")
        shelf.withdraw_paper(parts.paper)
        yield client, parts


def everywhere(marker: str) -> list[str]:
    """Addresses that show many things, none of them by a hidden thing's own name."""
    queries = (marker, f"{marker} kernel", f'"{marker}"', f"{marker}z")
    asked = [f"q={query}" for query in queries]
    asked += [f"q=kernel&{name}={marker}" for name in ("series", "speaker")]
    return [
        "/",
        "/talks",
        f"/talks?speaker={marker} person",
        f"/talks?series={marker} series",
        "/papers",
        f"/papers?author={marker} author",
        "/series/open",
        "/about",
        "/metrics",
        "/readyz",
        "/talks/seen",
        f"/talks/seen?q={marker}",
        "/api/v1/talks",
        "/api/v1/papers",
        "/api/v1/status",
        *(
            f"/api/v1/search?{one}&mode={m}"
            for one in asked
            for m in ("hybrid", "keyword", "semantic")
        ),
        *(f"/search?{one}" for one in asked),
        f"/api/v1/suggest?q={marker}",
        f"/api/v1/suggest?q={marker[:4]}",
        "/api/v1/talks/seen/similar",
        *("/feeds/talks.atom", "/sitemap.xml", "/sitemaps/1.xml", "/robots.txt"),
        *("/opensearch.xml", f"/opensearch/suggest?q={marker[:4]}", "/embed/talks/seen"),
        *(f"/feeds/search.atom?{one}&mode={m}" for one in asked for m in ("hybrid", "keyword")),
        *(f"/oai?verb={verb}&metadataPrefix=oai_dc" for verb in ("ListRecords", "ListIdentifiers")),
        "/oai?verb=ListSets",
        *("/feeds/series/open.atom", "/feeds/series/open.rss", "/feeds/series/open.ics"),
        *("/talks/seen.bib", "/talks/seen.csl.json"),
    ]


@pytest.mark.parametrize("marker", [GONE, ALONE, PAPER])
def test_no_list_and_no_search_shows_what_is_hidden(
    hidden: tuple[TestClient, Hidden], marker: str
) -> None:
    client, _ = hidden
    for url in everywhere(marker):
        answer = client.get(url)
        assert answer.status_code == 200, url
        said = answer.text.replace(f"{marker} person", "", 2).replace(f"{marker} series", "", 2)
        for asked in (f'"{marker}"', f"{marker} kernel", f"{marker}z", f"{marker}+kernel"):
            said = said.replace(asked, "")
        for shown in (f"{marker} title", f"speak of {marker}", f"page on {marker}"):
            assert shown not in said, url


def test_a_withdrawn_recording_is_not_found_by_what_was_said(
    hidden: tuple[TestClient, Hidden],
) -> None:
    client, parts = hidden
    assert client.get("/api/v1/search", params={"q": MUTED}).json()["hits"] == []
    page = client.get(f"/talks/{parts.slugs[parts.muted]}")
    assert page.status_code == 200
    assert "was withdrawn" in page.text
    assert f"speak of {MUTED}" not in page.text
    assert client.get(f"/media/talks/{parts.muted}").status_code == 404
    for form in ("json", "vtt", "srt", "txt"):
        answer = client.get(f"/api/v1/talks/{parts.muted}/transcript?format={form}")
        assert answer.status_code == 404
    talk = client.get(f"/api/v1/talks/{parts.muted}").json()
    assert (talk["media_url"], talk["transcripts"]) == (None, {})


def test_a_withdrawn_talk_is_gone_at_once(hidden: tuple[TestClient, Hidden]) -> None:
    client, parts = hidden
    for key in (parts.gone, parts.slugs[parts.gone]):
        for url in (
            f"/talks/{key}",
            f"/talks/{key}?q={GONE}",
            f"/api/v1/talks/{key}",
            f"/api/v1/talks/{key}/transcript",
            f"/api/v1/talks/{key}/transcript?format=vtt",
            f"/media/talks/{key}",
            *(f"/embed/talks/{key}", f"/talks/{key}.bib", f"/talks/{key}.csl.json"),
            f"/oembed?url=http://testserver/talks/{key}",
        ):
            for headers in ({}, PAGE):
                answer = client.get(url, headers=headers)
                assert answer.status_code == 410, url
                assert f"speak of {GONE}" not in answer.text
                assert f"{GONE} title" not in answer.text


def test_a_withdrawn_paper_is_gone_at_once(hidden: tuple[TestClient, Hidden]) -> None:
    client, parts = hidden
    for url in (f"/papers/{parts.paper}", f"/api/v1/papers/{parts.paper}"):
        assert client.get(url).status_code == 410
    assert client.get(f"/media/papers/{parts.paper}.pdf").status_code == 410


def test_an_unlisted_talk_opens_by_its_address_only(hidden: tuple[TestClient, Hidden]) -> None:
    client, parts = hidden
    page = client.get(f"/talks/{parts.slugs[parts.alone]}")
    assert page.status_code == 200
    assert "unlisted" in page.text
    assert client.get(f"/api/v1/talks/{parts.alone}").status_code == 200
    assert client.get(f"/media/talks/{parts.alone}").status_code == 200


def test_search_without_a_snapshot_shows_nothing_hidden_either(shelf: Shelf) -> None:
    parts = Hidden(shelf)
    (shelf.settings.index_dir / "CURRENT").unlink()
    shelf.change_talk(parts.gone, visibility="withdrawn")
    shelf.change_talk(parts.alone, visibility="unlisted")
    shelf.withdraw_paper(parts.paper)
    for folder in shelf.settings.index_dir.iterdir():
        folder.rename(shelf.settings.data_dir / f"away-{folder.name}")
    with served(shelf) as client:
        until(lambda: client.get("/api/v1/search", params={"q": "kernel"}).status_code == 200)
        answer = client.get("/api/v1/search", params={"q": "kernel"}).json()
        assert answer["generation"] == "none"
        assert answer["degraded"] == ["dense", "terms"]
        titles = {hit["title"] for hit in answer["hits"]}
        assert titles == {"Seen", f"{MUTED} title"}
        for marker in (GONE, ALONE, PAPER):
            assert client.get("/api/v1/search", params={"q": marker}).json()["hits"] == []
        assert "not available" in client.get("/search", params={"q": "kernel"}).text
