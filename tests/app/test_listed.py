"""Talks and papers that the archive knows from lists only: shown as what they are."""

import re
from datetime import date

import pytest

from catalog import papers
from catalog.papers import NewPaper
from catalog.talks import NewTalk
from tests.app.shelf import Shelf, served

PERSIAN = "در این سخنرانی"


def test_a_talk_without_a_recording_is_shown_as_what_it_is(shelf: Shelf) -> None:
    shelf.bare_talk(NewTalk(title="Past", held_on=date(2020, 1, 1), recording_status="declined"))
    shelf.bare_talk(
        NewTalk(
            title="Talk by Ada",
            title_is_known=False,
            speakers=("Ada",),
            held_on=date(2999, 1, 1),
        )
    )
    shelf.bare_talk(
        NewTalk(
            title="Elsewhere",
            abstract=f"{PERSIAN}\n\nIn English.",
            links=(
                ("video", "https://youtu.be/a"),
                ("video", "https://www.youtube.com/watch?v=b"),
                ("video", "https://x.hosted.panopto.com/v"),
                ("video", "http://[half"),
                ("slides", "https://example.org/s.pdf"),
                ("page", "javascript:alert(1)"),
            ),
        )
    )
    with served(shelf) as client:
        listed = client.get("/talks").text
        talk = client.get("/talks/elsewhere").text
        unnamed = client.get("/talks/talk-by-ada").text
        home = client.get("/").text
        items = client.get("/api/v1/talks").json()["items"]
    assert re.findall(r'class="year"><h2>(.*?)</h2>', listed) == ["2999", "2020", "No date"]
    for state in ("announced", "recording declined", "recording elsewhere"):
        assert f'<span class="kind">{state}</span>' in listed
    for words in ("Video on YouTube", "Video 2 on YouTube", "Video on Panopto", "Video elsewhere"):
        assert f">{words}</a>" in listed
        assert f">{words}</a>" in talk
    assert "javascript" not in talk
    assert "The recording of this talk is elsewhere" in talk
    assert f'<p dir="auto">{PERSIAN}</p>' in talk
    assert 'class="stand-in"' in listed
    assert "The title of this talk is not known." in unnamed
    assert "announced for 1 January 2999" in unnamed
    assert "Talk by Ada" not in home
    assert [(one["title_is_known"], len(one["links"])) for one in items] == [
        (False, 0),
        (True, 0),
        (True, 6),
    ]


def test_a_recording_outdates_a_list_that_knew_of_none(shelf: Shelf) -> None:
    shelf.talk(NewTalk(title="T", recording_status="not_recorded"), None)
    with served(shelf) as client:
        assert client.get("/api/v1/talks/t").json()["recording_status"] == "recorded"
        assert "no recording" not in client.get("/talks/t").text.lower()


def test_a_paper_known_by_name_only_leads_to_where_it_is(shelf: Shelf) -> None:
    with shelf.catalog.write() as session:
        papers.add(
            session,
            NewPaper(
                title="lazy training",
                title_is_known=False,
                arxiv_id="1812.07956",
                links=(("page", "https://arxiv.org/abs/1812.07956"), ("page", "https://a.example")),
            ),
        )
        for number in range(60):
            papers.add(session, NewPaper(title=f"Paper {number}", year=2000))
    with served(shelf) as client:
        seen: set[str] = set()
        url = "/papers"
        while url:
            text = client.get(url).text
            seen |= set(re.findall(r'href="(/papers/[a-z0-9-]+)"', text))
            onward = re.search(r'href="(/papers\?cursor=[^"]+)" rel="next"', text)
            url = onward[1].replace("&amp;", "&") if onward else ""
        page = client.get("/papers/lazy-training").text
        answer = client.get("/api/v1/papers/lazy-training").json()
    assert len(seen) == 61
    assert page.count('<a href="https://arxiv.org/abs/1812.07956"') == 1
    assert ">Page at a.example</a>" in page
    assert "knows this paper by name only" in page
    assert (answer["title_is_known"], len(answer["links"])) == (False, 2)


@pytest.mark.parametrize("number", [3, 40])
def test_long_facets_are_folded(shelf: Shelf, number: int) -> None:
    for one in range(number):
        shelf.bare_talk(NewTalk(title=f"T{one}", speakers=(f"Speaker {one}",)))
    with served(shelf) as client:
        text = client.get("/talks").text
        chosen = client.get("/talks?speaker=Speaker+9").text
    assert ("28 more" in text) == (number == 40)
    assert "<details>" in text or number == 3
    if number == 40:
        assert chosen.index("Speaker 9") < chosen.index("<details>")
