"""The search page without scripts: orders, kinds of evidence, where a thing was covered."""

import re
from datetime import date
from html import unescape

import pytest
from starlette.testclient import TestClient

from app.api import answers
from app.web.evidence import spread
from catalog.papers import NewPaper
from catalog.talks import NewTalk
from tests.app.shelf import Shelf, Spoken, served

MINUTE_MS = 60_000


def kernel(shelf: Shelf, number: int, held_on: date | None, series: str = "Lunch") -> str:
    return shelf.talk(
        NewTalk(title=f"Talk {number}", held_on=held_on, series=series),
        Spoken(sentences=(f"A kernel of kind {number}.",)),
    )


def titles(page: str) -> list[str]:
    return re.findall(r"<h2><a[^>]*>([^<]+)</a>", page)


def pages(client: TestClient, url: str | None) -> list[str]:
    """A page and all that follow it."""
    found = []
    while url:
        found.append(client.get(url).text)
        following = re.search(r'href="([^"]+)" rel="next"', found[-1])
        url = unescape(following[1]) if following else None
    return found


def test_an_order_by_date_holds_over_pages_and_puts_what_has_no_date_last(shelf: Shelf) -> None:
    for n in range(23):
        kernel(shelf, n, date(2000 + (n * 7) % 23, 1, 1))
    kernel(shelf, 99, None)
    shelf.publish()
    newest = [f"Talk {n}" for n in sorted(range(23), key=lambda n: -((n * 7) % 23))]
    with served(shelf) as client:
        found = pages(client, "/search?q=kernel&sort=newest")
        assert len(found) == 3
        assert [one for page in found for one in titles(page)] == [*newest, "Talk 99"]
        assert all("newest first" in page for page in found)
        found = pages(client, "/search?q=kernel&sort=oldest")
        assert [one for page in found for one in titles(page)] == [*newest[::-1], "Talk 99"]
        answer = client.get("/api/v1/search", params={"q": "kernel", "sort": "newest"}).json()
        assert [hit["title"] for hit in answer["hits"]] == newest[:10]


def test_a_paper_stands_by_its_year_among_the_days_of_talks(shelf: Shelf) -> None:
    kernel(shelf, 1, date(2021, 5, 1))
    kernel(shelf, 2, date(2023, 5, 1))
    shelf.paper(NewPaper(title="Kernels", year=2022), ("A kernel is a kernel.",))
    shelf.publish()
    with served(shelf) as client:
        page = client.get("/search?q=kernel&sort=oldest").text
    assert titles(page) == ["Talk 1", "Kernels", "Talk 2"]


def test_an_order_by_date_says_that_it_is_of_the_best(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "CANDIDATES", 4)
    monkeypatch.setattr(answers.find, "__kwdefaults__", {"candidates": 4})
    for n in range(15):
        kernel(shelf, n, date(2000 + n, 1, 1))
    shelf.publish()
    with served(shelf) as client:
        found = pages(client, "/search?q=kernel&sort=newest")
        shown = [one for page in found for one in titles(page)]
        assert f"the {len(shown)} best, newest first" in found[0]
        assert shown == sorted(shown, key=lambda title: -int(title.split()[1]))
        assert len(shown) < len([t for p in pages(client, "/search?q=kernel") for t in titles(p)])


@pytest.mark.parametrize("sort", ["", "best", "newest'", "\x00"])
def test_an_order_that_makes_no_sense_is_by_relevance(reader: TestClient, sort: str) -> None:
    page = reader.get("/search", params={"q": "descent", "sort": sort})
    assert page.status_code == 200
    assert "best first" in page.text


def test_a_search_that_finds_nothing_near_is_answered(shelf: Shelf) -> None:
    for n in range(answers.CANDIDATES + 20):
        kernel(shelf, n, None)
    shelf.publish()
    with served(shelf) as client:
        page = client.get("/search?q=zzzz+qqqq&kind=paper")
        assert page.status_code == 200
        assert "No passage has any of these words" in page.text
        assert "Nothing in the archive comes near this" not in page.text  # once is enough


def test_each_passage_says_what_evidence_it_is(shelf: Shelf) -> None:
    shelf.paper(
        NewPaper(title="Notes", authors=("Ida Wombat",)),
        ("Abstract\nThe gorgon is described here.\n1 Introduction\nA basilisk is another thing.",),
    )
    shelf.talk(
        NewTalk(title="Hippogriffs explained", speakers=("Otto Quagga",)),
        Spoken(sentences=("A manticore was seen.",)),
    )
    shelf.publish()
    expected = {
        "gorgon": "in the abstract",
        "basilisk": "written",
        "manticore": "said",
        "hippogriffs": "found in the title",
        "quagga": "found in a speaker&#39;s name",
    }
    with served(shelf) as client:
        for query, words in expected.items():
            page = client.get("/search", params={"q": query, "mode": "keyword"}).text
            label = re.search(r'class="t" href="[^"]+" aria-label="([^"]+)"', page)
            assert label is not None, query
            assert label[1].endswith(words), query


@pytest.mark.parametrize(
    ("minutes", "says"),
    [
        ([3, 50], "Two passages between minutes 3 and 50"),
        ([5, 20, 22, 25, 31, 58], "Six passages, most between minutes 20 and 31"),
        ([1, 20, 40, 60], "Four passages between minutes 1 and 60"),
        ([7, 7], "Two passages between minutes 7 and 8"),
        (list(range(30, 50)), "20 passages between minutes 30 and 49"),
    ],
)
def test_a_timeline_says_in_words_where_most_passages_are(minutes: list[int], says: str) -> None:
    assert spread([minute * MINUTE_MS for minute in minutes]) == says


def test_where_a_thing_was_covered_goes_through_a_series_in_order_of_time(shelf: Shelf) -> None:
    for n in range(24):
        kernel(shelf, n, date(2024, 1, 1 + n), "Lunch" if n % 8 else "Tea")
    gone = kernel(shelf, 50, date(2024, 2, 1))
    shelf.publish()
    with served(shelf) as client:
        shelf.change_talk(gone, visibility="withdrawn")
        first = client.get("/search?q=kernel&series=Lunch").text
        link = re.search(r'href="(/covered[^"]+)"', first)
        assert link is not None
        found = pages(client, unescape(link[1]))
        shown = [one for page in found for one in titles(page)]
        assert shown == [f"Talk {n}" for n in range(24) if n % 8]
        assert "21 talks, oldest first" in found[0]
        every = pages(client, "/covered?q=kernel")
        assert [one for page in every for one in titles(page)] == [f"Talk {n}" for n in range(24)]


def test_talk_by_talk_keeps_what_narrows_and_says_what_it_reads(shelf: Shelf) -> None:
    for n in range(3):
        kernel(shelf, n, date(2022 + n, 1, 1))
    other = NewTalk(title="Near", held_on=date(2020, 1, 1), series="Lunch")
    shelf.talk(other, Spoken(sentences=("The kernels are wide here, and so is the network.",)))
    shelf.publish()
    with served(shelf) as client:
        first = client.get("/search?q=kernel&year=2023").text
        link = re.search(r'href="(/covered[^"]+)"', first)
        assert link is not None
        page = client.get(unescape(link[1])).text
        assert titles(page) == ["Talk 1"]
        assert "Where “kernel” was covered in 2023" in page
        mistyped = client.get("/covered?q=kernal").text
        assert "Showing results for <b>kernel</b>" in mistyped
        assert "exact=true" in mistyped
        phrase = client.get("/covered", params={"q": '"network stays close"'}).text
        assert "Near" not in titles(phrase)
        assert "Where &#34;network stays close&#34; was covered" in phrase
        nothing = client.get("/covered?q=zzzzqqqq").text
        assert "No talks · " in nothing


@pytest.mark.parametrize("query", ["kernel year:1990", "kernel&year=1990"])
def test_a_narrowed_search_that_finds_nothing_says_only_that(shelf: Shelf, query: str) -> None:
    kernel(shelf, 1, date(2024, 1, 1))
    shelf.publish()
    with served(shelf) as client:
        page = client.get(f"/search?q={query}").text
    assert "The search is narrowed" in page
    assert "Nothing in the archive" not in page


def test_a_covered_address_that_makes_no_sense_is_read_as_far_as_it_does(
    reader: TestClient,
) -> None:
    assert reader.get("/covered", follow_redirects=False).headers["location"] == "/"
    assert "No talk here comes near" in reader.get("/covered?q=descent&series=Nowhere").text
    assert reader.get("/covered?q=descent&cursor=x").status_code == 200
    assert reader.get("/covered", params={"q": "?!"}).status_code == 422
    assert reader.get("/covered", params={"q": "x" * 1001}).status_code == 422


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("of the kernels", True),
        ('"kernel of kind" 1', True),
        ("kernel buy-pills.example", False),
        ("kernel -pills", False),
        ("kernle", False),
        ("speaker:pills kernel", False),
        ("...", False),
    ],
)
def test_search_engines_may_keep_only_what_the_archive_itself_says(
    shelf: Shelf, query: str, kept: bool
) -> None:
    kernel(shelf, 1, date(2021, 5, 1))
    shelf.publish()
    with served(shelf) as client:
        page = client.get("/search", params={"q": query}).text
    assert ('<meta name="robots" content="noindex">' in page) is not kept


def test_many_ways_to_narrow_are_folded_and_the_chosen_one_is_seen(shelf: Shelf) -> None:
    for n in range(30):
        kernel(shelf, n, date(1990 + n, 1, 1), f"Series {n}")
    shelf.publish()
    with served(shelf) as client:
        page = client.get("/search?q=kernel&year=1991").text
        assert page.count("<summary>12 more</summary>") == 1  # of the series; one year has one
        whole = client.get("/search?q=kernel").text
        assert whole.count("<summary>12 more</summary>") == 2
    years = re.search(r"<h2>Year</h2>\s*<ul>(.*?)</ul>", page, re.DOTALL)
    assert years
    assert len(re.findall("<li", years[1])) == 9
    assert re.search(r'<li class="on"><a[^>]*>1991</a>', years[1])
