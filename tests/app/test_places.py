import json
import re
from datetime import date
from html import unescape
from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient

from catalog.papers import NewPaper
from catalog.talks import NewTalk
from tests.app.conftest import filled
from tests.app.shelf import Shelf, Spoken, served, until


def said(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_a_series_tells_what_it_has(reader: TestClient) -> None:
    page = reader.get("/series/foundations").text
    text = said(page)
    assert "Foundations 2 talks · 50 s · 12 February 2024 · 2 speakers" in text
    assert "The Second Descent" in text
    assert "Labels Come Last" in text
    assert "1 paper" in text
    assert "Notes on Tangent Kernels" in text
    assert "What Gradient Descent Prefers" not in text
    assert '<input type="hidden" name="series" value="Foundations">' in page
    for ending in ("atom", "rss", "ics"):
        assert f'<a href="/feeds/series/foundations.{ending}"' in page
    found = reader.get("/search", params={"series": "Foundations", "q": "descent"}).text
    assert "What Gradient Descent Prefers" not in found


def test_a_speaker_is_one_person_across_series_with_what_they_wrote(shelf: Shelf) -> None:
    for n, series in enumerate(("Lunch", "Dinner")):
        shelf.bare_talk(NewTalk(title=f"T{n}", speakers=("Ada Lovelace", "Other"), series=series))
    shelf.paper(NewPaper(title="By her", authors=("Ada Lovelace",)), ("A page.",))
    shelf.paper(NewPaper(title="By a namesake", authors=("A. Lovelace",)), ("Another page.",))
    with served(shelf) as client:
        page = client.get("/speakers/ada-lovelace").text
        assert "2 talks · Dinner and Lunch" in said(page)
        assert "By her" in page
        assert "namesake" not in page
        data = json.loads(re.search(r"ld\+json\">(.*?)</script>", page)[1])  # type: ignore[index]
        assert (data["@type"], data["name"]) == ("Person", "Ada Lovelace")
        talk = client.get("/talks/t0").text
        assert '<a href="/speakers/ada-lovelace">Ada Lovelace</a>' in talk
        assert '<a href="/series/lunch">Lunch</a>' in talk


def test_a_place_has_one_address_that_lists_and_ids_lead_to(reader: TestClient) -> None:
    for path, canonical in (
        ("/series/foundations", "/series/foundations"),
        ("/talks?series=Foundations", "/series/foundations"),
        ("/talks?speaker=Oskar+Lind", "/speakers/oskar-lind"),
        ("/talks?series=Foundations&year=2024", "/talks?series=Foundations&amp;year=2024"),
        ("/talks?series=Nothing", "/talks?series=Nothing"),
        ("/talks/the-second-descent?t=30", "/talks/the-second-descent"),
        ("/papers/uniform-convergence?q=a", "/papers/uniform-convergence"),
        ("/about", "/about"),
    ):
        page = reader.get(path).text
        assert f'<link rel="canonical" href="http://testserver{canonical}">' in page, path
        leads_on = path.startswith("/talks?") and not canonical.startswith("/talks")
        assert (f'<a href="{canonical}">About this s' in page) is leads_on, path
    key = re.search(r"feed:series:(\w+)", reader.get("/feeds/series/foundations.atom").text)
    assert key
    answer = reader.get(f"/series/{key[1]}", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (308, "/series/foundations")


@pytest.mark.parametrize("kind", ["series", "speakers"])
def test_a_place_of_which_nothing_is_shown_does_not_exist(shelf: Shelf, kind: str) -> None:
    for n, visibility in enumerate(("withdrawn", "unlisted")):
        shelf.bare_talk(
            NewTalk(title=f"T{n}", speakers=("Secret",), series="Secret", visibility=visibility)
        )
    with served(shelf) as client:
        for path in (f"/{kind}/secret", f"/{kind}/nothing", f"/{kind}/%00", f"/{kind}/Ω"):
            assert client.get(path).status_code == 404
        assert "secret" not in client.get("/sitemaps/1.xml").text


def test_a_long_series_goes_on_to_its_end_and_shows_its_years(shelf: Shelf) -> None:
    for n in range(130):
        held_on = date(2010 + n // 10, 1 + n % 10, 3) if n % 13 else None
        shelf.bare_talk(NewTalk(title=f"Talk {n}", series="Long", held_on=held_on))
    with served(shelf) as client:
        seen: list[str] = []
        first = client.get("/series/long").text
        url: str | None = "/series/long"
        while url:
            page = client.get(url).text
            seen += re.findall(r'href="/talks/(talk-\d+)"', page)
            onward = re.search(r'href="([^"]+)" rel="next"', page)
            url = unescape(onward[1]) if onward else None
        assert len(seen) == len(set(seen)) == 130
        assert client.get("/series/long?cursor=nonsense").text.count("<h3") == 50
    marks = re.findall(r'<rect x="([\d.]+)%"', first)
    assert len(marks) == 120
    assert all(0 <= float(x) <= 100 for x in marks)
    assert 'aria-label="120 talks from 3 Feb 2010 to 3 Oct 2022"' in first
    years = re.findall(r'<text x="[\d.]+%" y="\d+">(\d{4})</text>', first)
    assert 2 <= len(years) <= 6
    assert years == sorted(years)


@pytest.mark.parametrize(
    "name",
    ["מבוא ללמידה", "C*-algebras & <friends>", "é" * 300, "100 %", "a/b?c#d", "ÅÄ 机器"],
)
def test_odd_names_have_their_page(shelf: Shelf, name: str) -> None:
    shelf.bare_talk(NewTalk(title="T", speakers=(name,), series=name))
    shelf.bare_talk(NewTalk(title="U"))
    with served(shelf) as client:
        talk = client.get("/talks/t").text
        for url in re.findall(r'href="(/(?:series|speakers)/[^"]+)"', talk):
            page = client.get(url)
            assert page.status_code == 200
            assert name in unescape(page.text)
            assert "<friends>" not in page.text
            assert "description" in page.text
        urls = re.findall(r"<loc>([^<]+)</loc>", client.get("/sitemaps/1.xml").text)
        for one in urls:
            assert client.get(urlsplit(one).path).status_code == 200


def test_every_page_describes_itself_once(reader: TestClient) -> None:
    for path in (
        *("/", "/search?q=kernel", "/talks", "/talks/labels-come-last", "/papers", "/about"),
        *("/papers/uniform-convergence", "/series/foundations", "/speakers/oskar-lind"),
    ):
        page = reader.get(path).text
        assert len(re.findall(r'<meta name="description" content="[^"]+">', page)) == 1, path
        assert page.count('rel="canonical"') <= 1


def test_papers_are_narrowed_by_author_and_year(reader: TestClient) -> None:
    page = reader.get("/papers", params={"author": "Priya Raman"}).text
    assert "Notes on Tangent Kernels" in page
    assert "Uniform Convergence" not in page
    assert 'aria-current="true">Priya Raman</a>' in page
    assert "No paper is like that." in reader.get("/papers?author=x&year=2022").text
    assert reader.get("/papers?year=%00&author=%ed%a0%80&cursor=x").status_code == 200


def test_sections_are_an_outline_where_there_are_several(shelf: Shelf) -> None:
    pages = ("1 Introduction\n\nA kernel here.", "2 Proof\n\nA kernel again.")
    shelf.paper(NewPaper(title="Parted"), pages)
    shelf.paper(NewPaper(title="Whole"), ("A page without sections.",))
    with served(shelf) as client:
        parted = client.get("/papers/parted").text
        assert re.findall(r'href="#(page-\d)"[^>]*>([^<]+)<', parted) == [
            ("page-1", "1 Introduction"),
            ("page-2", "2 Proof"),
        ]
        assert 'id="page-2"' in parted
        assert "Sections" not in client.get("/papers/whole").text


PAGE = {"accept": "text/html"}


@pytest.mark.parametrize(
    "path",
    [
        "/talks/second-descent",
        "/second-descent",
        "/talks/2024/the_second_descent.html",
        "/series/second%20descent",
        "/a/b/c/d/second/descent/",
    ],
)
def test_an_address_that_leads_nowhere_is_searched_for(reader: TestClient, path: str) -> None:
    answer = reader.get(path, headers=PAGE)
    assert answer.status_code == 404
    assert "There is no page here" in answer.text
    assert '<a href="/talks/the-second-descent" dir="auto">The Second Descent</a>' in answer.text


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/speakers/pria-ramann", '<a href="/speakers/priya-raman" dir="auto">Priya Raman</a>'),
        ("/series/fondations", '<a href="/series/foundations" dir="auto">Foundations</a>'),
    ],
)
def test_a_mistyped_person_or_series_is_offered(shelf: Shelf, path: str, place: str) -> None:
    filled(shelf)
    shelf.publish()
    with served(shelf) as client:
        until(lambda: client.get("/api/v1/suggest?q=found").json()["suggestions"])
        answer = client.get(path, headers=PAGE)
        assert answer.status_code == 404
        assert place in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/x",
        "/talks/",
        "/%00",
        "/..%2f..",
        "/" + "x" * 5000,
        "/-/-/-",
        "/%ff",
        "/speaker:%22",
        "/()",
    ],
)
def test_an_address_of_no_words_finds_nothing_and_fails_not(reader: TestClient, path: str) -> None:
    answer = reader.get(path, headers=PAGE)
    assert answer.status_code in {200, 404}
    assert "Perhaps you mean" not in answer.text


def test_the_page_of_a_wrong_address_tells_of_nothing_hidden(shelf: Shelf) -> None:
    gone = shelf.talk(NewTalk(title="Xylograph arts"), Spoken(sentences=("Of xylograph arts.",)))
    shelf.publish()
    with served(shelf) as client:
        assert "Xylograph arts" in client.get("/xylograph", headers=PAGE).text
        shelf.change_talk(gone, visibility="withdrawn")
        for path in ("/xylograph", "/talks/xylograph"):
            answer = client.get(path, headers=PAGE)
            assert answer.status_code == 404
            assert "Xylograph arts" not in answer.text
        answer = client.get("/talks/xylograph-arts", headers=PAGE)
        assert answer.status_code == 410
        assert "This was withdrawn" in answer.text
        assert "Xylograph arts" not in answer.text


def test_where_reading_needs_a_key_a_wrong_address_shows_nothing(shelf: Shelf) -> None:
    shelf.talk(NewTalk(title="Kernel arts"), Spoken(sentences=("Of kernel arts.",)))
    shelf.publish()
    shelf.settings = shelf.settings.model_copy(update={"reading": "key"})
    with served(shelf) as client:
        answer = client.get("/kernel", headers=PAGE)
        assert answer.status_code == 404
        assert "Kernel arts" not in answer.text


def test_wrong_addresses_are_counted_like_others(shelf: Shelf) -> None:
    shelf.settings = shelf.settings.model_copy(update={"limit_per_client": "3/hour"})
    with served(shelf) as client:
        statuses = [client.get(f"/nowhere{n}", headers=PAGE).status_code for n in range(5)]
        page = client.get("/nowhere", headers=PAGE)
    assert statuses == [404, 404, 404, 429, 429]
    assert "Too many requests" in page.text
    assert int(page.headers["retry-after"]) > 0
