"""Atom, podcasts and calendars, read by independent parsers."""

import re
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import feedparser
import pytest
from icalendar import Calendar
from starlette.testclient import TestClient

from catalog.talks import NewTalk
from tests.app.feeds.conftest import HARD, HEBREW
from tests.app.shelf import Shelf, Spoken, served, silent_wav, until

FEEDS = [
    "/feeds/talks.atom",
    "/feeds/series/foundations.atom",
    "/feeds/speakers/priya-raman.atom",
    "/feeds/search.atom?q=gradient+descent",
    "/feeds/series/foundations.rss",
    "/feeds/series/foundations.ics",
]
CLEAN_HARD = HARD.replace("\x0b", "")


def parsed(client: TestClient, url: str) -> Any:
    answer = client.get(url)
    assert answer.status_code == 200, answer.text
    feed = feedparser.parse(answer.content, sanitize_html=False)
    assert not feed.bozo, feed.bozo_exception
    return feed


@pytest.mark.parametrize("url", FEEDS)
def test_a_feed_is_asked_about_again_and_not_sent_twice(reader: TestClient, url: str) -> None:
    first = reader.get(url)
    assert first.headers["last-modified"].endswith("GMT")
    again = reader.get(url, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    time.sleep(1.1)
    assert reader.get(url).content == first.content  # nothing in it is the time of asking


def test_a_feed_of_talks_says_who_when_and_where(reader: TestClient) -> None:
    feed = parsed(reader, "/feeds/series/foundations.atom")
    assert feed.version == "atom10"
    assert feed.feed.title == "Foundations"
    assert feed.feed.id.startswith("urn:seminar-archive:feed:series:")
    by_title = {one.title: one for one in feed.entries}
    assert set(by_title) == {"The Second Descent", "Labels Come Last"}
    talk = by_title["The Second Descent"]
    assert [one.name for one in talk.authors] == ["Jonas Feldmann"]
    assert talk.link == "http://testserver/talks/the-second-descent"
    (enclosure,) = [one for one in talk.links if one.rel == "enclosure"]
    sound = reader.get(urlsplit(enclosure.href).path)
    assert (len(sound.content), sound.headers["content-type"]) == (
        int(enclosure.length),
        enclosure.type,
    )
    assert talk.updated_parsed >= talk.published_parsed
    speaker = parsed(reader, "/feeds/speakers/priya-raman.atom")
    assert [one.title for one in speaker.entries] == ["What Gradient Descent Prefers"]
    assert len(parsed(reader, "/feeds/talks.atom").entries) == 3


def test_an_entry_keeps_its_id_and_a_change_brings_it_to_the_top(shelf: Shelf) -> None:
    old = shelf.talk(NewTalk(title="Old", series="S"), Spoken(sentences=("One kernel.",)))
    shelf.talk(NewTalk(title="New", series="S"), Spoken(sentences=("Two kernels.",)))
    with served(shelf) as client:
        before = parsed(client, "/feeds/series/s.atom")
        assert [one.title for one in before.entries] == ["New", "Old"]
        later = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
        shelf.change_talk(old, title="Renamed", updated_at=later)
        after = parsed(client, "/feeds/series/s.atom")
    assert [one.title for one in after.entries] == ["Renamed", "New"]
    assert after.entries[0].id == before.entries[1].id == f"urn:seminar-archive:talk:{old}"
    assert after.entries[0].updated == f"{later:%Y-%m-%dT%H:%M:%SZ}" == after.feed.updated
    assert after.entries[0].published == before.entries[1].published


def test_a_saved_search_tells_of_a_new_talk_first(shelf: Shelf) -> None:
    shelf.talk(NewTalk(title="Old"), Spoken(sentences=("A xylograph was printed.",)))
    shelf.talk(NewTalk(title="Other"), Spoken(sentences=("Entirely different things.",)))
    shelf.publish()
    url = "/feeds/search.atom?q=xylograph&mode=keyword"
    with served(shelf) as client:
        before = parsed(client, url)
        assert [one.title for one in before.entries] == ["Old, 00:00"]
        time.sleep(1.1)
        talk = shelf.talk(NewTalk(title="New"), Spoken(sentences=("The xylograph again.",)))
        shelf.publish()
        until(lambda: len(parsed(client, url).entries) == 2)
        after = parsed(client, url)
        assert [one.title for one in after.entries] == ["New, 00:00", "Old, 00:00"]
        assert after.entries[1] == before.entries[0]
        assert after.feed.id == before.feed.id
        assert after.feed.updated == after.entries[0].updated > before.feed.updated
        assert after.entries[0].link == "http://testserver/talks/new?t=0"
        assert "xylograph again" in after.entries[0].summary
        shelf.change_talk(talk, visibility="withdrawn")
        assert [one.title for one in parsed(client, url).entries] == ["Old, 00:00"]


@pytest.mark.parametrize(
    ("url", "status", "code"),
    [
        ("/feeds/search.atom", 422, "invalid_parameter"),
        ("/feeds/search.atom?q=" + "x" * 2000, 422, "invalid_parameter"),
        ("/feeds/search.atom?q=kernel&limit=0", 422, "invalid_parameter"),
        ("/feeds/search.atom?q=kernel&talk=none", 404, "not_found"),
        ("/feeds/search.atom?q=...", 422, "invalid_query"),
        ("/feeds/search.atom?q=kernel&serie=x", 422, "unknown_parameter"),
        ("/feeds/search.atom?q=kernel&series=x&series=y", 422, "repeated_parameter"),
        ("/feeds/series/none.atom", 404, "not_found"),
        ("/feeds/series/none.rss", 404, "not_found"),
        ("/feeds/series/none.ics", 404, "not_found"),
        ("/feeds/speakers/%00.atom", 404, "not_found"),
        ("/feeds/speakers/none.atom", 404, "not_found"),
        ("/feeds/series/foundations.xml", 404, "not_found"),
    ],
)
def test_what_is_no_feed_is_a_problem(reader: TestClient, url: str, status: int, code: str) -> None:
    answer = reader.get(url)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    ("page", "kinds"),
    [
        ("/talks?series=Foundations", ["atom+xml", "rss+xml", "calendar"]),
        ("/talks?speaker=Priya+Raman", ["atom+xml"]),
        ("/talks?series=Foundations&year=2024", []),
        ("/talks?series=Nothing", []),
        ("/search?q=gradient+descent&kind=talk&exact=1", ["atom+xml"]),
    ],
)
def test_a_list_offers_its_feeds(reader: TestClient, page: str, kinds: list[str]) -> None:
    text = reader.get(page).text
    found = re.findall(r'<a href="(/feeds/[^"]+)" type="\w+/([^"]+)"', text)
    assert [kind for _, kind in found] == kinds
    for url, kind in found:
        answer = reader.get(unescape(url))
        assert answer.headers["content-type"].split(";")[0].endswith(kind)
        assert f'href="{url}" title="' in text  # for programs, too


def test_a_podcast_has_the_picture_that_is_set(shelf: Shelf) -> None:
    shelf.talk(NewTalk(title="T", series="S"), Spoken(sentences=("A kernel.",)))
    picture = "https://example.edu/cover.png"
    with served(shelf, wait=False) as client:
        assert "image" not in parsed(client, "/feeds/series/s.rss").feed
    shelf.settings = shelf.settings.model_copy(update={"podcast_cover": picture})
    with served(shelf, wait=False) as client:
        text = client.get("/feeds/series/s.rss").text
        assert parsed(client, "/feeds/series/s.rss").feed.image.href == picture
    assert f'<itunes:image href="{picture}"' in text
    assert f"<url>{picture}</url>" in text


def test_a_podcast_has_recordings_that_can_be_fetched(reader: TestClient) -> None:
    feed = parsed(reader, "/feeds/series/foundations.rss")
    assert feed.version == "rss20"
    assert feed.feed.title == "Foundations"
    talk = next(one for one in feed.entries if one.title == "The Second Descent")
    (enclosure,) = talk.enclosures
    sound = reader.get(urlsplit(enclosure.href).path)
    assert (str(len(sound.content)), sound.headers["content-type"]) == (
        enclosure.length,
        enclosure.type,
    )
    assert talk.itunes_duration == "40"
    assert talk.author == "Jonas Feldmann"
    assert talk.published == "Mon, 12 Feb 2024 00:00:00 GMT"
    assert talk.id.startswith("urn:seminar-archive:talk:")


def test_a_calendar_has_the_talks_that_have_a_day(reader: TestClient) -> None:
    answer = reader.get("/feeds/series/foundations.ics")
    assert answer.headers["content-type"].startswith("text/calendar")
    made = Calendar.from_ical(answer.content)
    (event,) = made.events  # the other has no day
    assert event["summary"] == "Jonas Feldmann: The Second Descent"
    assert event.decoded("dtstart") == date(2024, 2, 12)
    assert event.decoded("dtend") == date(2024, 2, 13)
    assert event.decoded("dtstamp").tzinfo is not None
    assert str(event["url"]) == "http://testserver/talks/the-second-descent"
    assert str(made["x-wr-calname"]) == "Foundations"


def test_a_hard_title_stays_itself_in_every_format(hard: TestClient) -> None:
    slug = next(one for one in hard.get("/api/v1/talks").json()["items"] if one["title"] == HARD)
    talk = f"http://testserver{slug['url']}"
    series = "script-b-kernels-b-ell-2"
    for ending in ("atom", "rss"):
        feed = parsed(hard, f"/feeds/series/{series}.{ending}")
        (one,) = feed.entries
        assert (one.title, one.link) == (CLEAN_HARD, talk), ending
        assert one.author == HEBREW
    (event,) = Calendar.from_ical(hard.get(f"/feeds/series/{series}.ics").content).events
    assert event["summary"] == f"{HEBREW}: {CLEAN_HARD}"
    (entry,) = [one for one in parsed(hard, "/feeds/talks.atom").entries if one.title == "Bare"]
    assert "authors" not in entry or entry.authors == [{"name": "Seminar archive"}]


@pytest.mark.parametrize(
    "hide",
    [
        lambda shelf, talk: shelf.change_talk(talk, visibility="withdrawn"),
        lambda shelf, talk: shelf.change_talk(talk, visibility="unlisted"),
    ],
    ids=["withdrawn", "unlisted"],
)
def test_what_is_hidden_is_in_no_feed(shelf: Shelf, hide: Callable[[Shelf, str], None]) -> None:
    talk = shelf.talk(
        NewTalk(
            title="Quixotry",
            series="Quixotic",
            speakers=("Ann Quixote",),
            held_on=date(2024, 1, 1),
        ),
        Spoken(sentences=("A quixotry and a kernel.",)),
    )
    shelf.talk(NewTalk(title="Seen"), Spoken(sentences=("A kernel.",)))
    shelf.publish()
    own = ["/feeds/series/quixotic." + end for end in ("atom", "rss", "ics")]
    own.append("/feeds/speakers/ann-quixote.atom")
    with served(shelf) as client:
        assert all("Quixotry" in client.get(url).text for url in own)
        hide(shelf, talk)
        assert [client.get(url).status_code for url in own] == [404] * len(own)
        for url in ("/feeds/talks.atom", "/feeds/search.atom?q=kernel"):
            assert "uixot" not in client.get(url).text, url


def test_a_hidden_recording_is_no_enclosure(shelf: Shelf) -> None:
    talk = shelf.talk(
        NewTalk(title="T", series="S"), Spoken(sentences=("A kernel.",)), media=silent_wav(10)
    )
    shelf.publish()
    with served(shelf) as client:
        assert parsed(client, "/feeds/series/s.rss").entries
        shelf.change_talk(talk, recording_status="withdrawn")
        assert parsed(client, "/feeds/series/s.rss").entries == []
        assert "/media/" not in client.get("/feeds/series/s.atom").text
        assert parsed(client, "/feeds/search.atom?q=kernel").entries == []
