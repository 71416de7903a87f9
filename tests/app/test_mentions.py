"""Where papers are named, in pages, in the API and on the command line; and where they must not."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any

import pytest
from starlette.testclient import TestClient

from catalog import mentions
from catalog.papers import NewPaper
from catalog.talks import NewTalk
from ingest.housekeeping import Housekeeping
from ingest.mention_turn import find_mentions
from tests.app.shelf import Shelf, Spoken, served
from tests.archive import seminar, seminar_json

TITLE = "Wobbleboard Dynamics of Quokka Herds"
SENTENCE = "Read wobbleboard dynamics of quokka herds before next week."


@dataclass(frozen=True, kw_only=True)
class Named:
    """An archive in which one talk names one paper at second 10, and nobody else does."""

    shelf: Shelf
    talk: str
    paper: str


@pytest.fixture
def named(shelf: Shelf) -> Named:
    talk = shelf.talk(
        NewTalk(title="Herds at Rest", speakers=("Ada Berg",)),
        Spoken(sentences=("Welcome to all of you.", SENTENCE, "That was it for today.")),
    )
    paper = shelf.paper(NewPaper(title=TITLE, year=2019), ("A page on quokka herds.",))
    assert find_mentions(shelf.catalog).talks == 1
    shelf.publish()
    return Named(shelf=shelf, talk=talk, paper=paper)


@pytest.fixture
def client(named: Named) -> Iterator[TestClient]:
    with served(named.shelf) as made:
        yield made


def answer(client: TestClient, path: str) -> Any:
    return client.get(f"/api/v1/{path}").json()["mentions"]


def test_both_pages_lead_to_the_moment(client: TestClient) -> None:
    paper = client.get("/papers/wobbleboard-dynamics-of-quokka-herds").text
    assert "Talks that name it" in paper
    assert '<a class="t" href="/talks/herds-at-rest?t=11"' in paper
    assert "<mark>wobbleboard dynamics of quokka herds</mark>" in paper
    talk = client.get("/talks/herds-at-rest").text
    assert "<h2>Papers</h2>" in talk
    assert f">{TITLE}</a></h3>" in talk


def test_further_moments_are_times(shelf: Shelf) -> None:
    said = ("We use PlibberNet.", *["And so on, for a while."] * 8) * 6
    shelf.talk(NewTalk(title="Long"), Spoken(sentences=said))
    shelf.paper(NewPaper(title="Nets", labels=("PlibberNet",)), ("Page.",))
    find_mentions(shelf.catalog)
    with served(shelf) as client:
        talk, paper = client.get("/talks/long").text, client.get("/papers/nets").text
    for page, sentences in ((talk, 1), (paper, 3)):
        assert page.count("<mark>PlibberNet</mark>") == sentences
        assert '<a href="/talks/long?t=456">07:36</a>' in page  # the sixth and last


def test_a_search_says_where_the_paper_is_mentioned(client: TestClient) -> None:
    page = unescape(client.get("/search", params={"q": "quokka herds", "kind": "paper"}).text)
    assert '<a href="/talks/herds-at-rest?t=11">Mentioned in Herds at Rest, 00:11</a>' in page


def test_the_api_tells_both_sides(client: TestClient, named: Named) -> None:
    [seen] = answer(client, f"talks/{named.talk}")
    assert (seen["id"], seen["title"]) == (named.paper, TITLE)
    [back] = answer(client, f"papers/{named.paper}")
    assert back["id"] == named.talk
    assert back["url"] == "/talks/herds-at-rest?t=11"
    assert back["text"] == SENTENCE
    assert back["confirmed"] is False
    assert back["confidence"] >= mentions.SHOWN_FROM


@pytest.mark.parametrize(
    "hidden",
    [{"visibility": "withdrawn"}, {"visibility": "unlisted"}, {"recording_status": "withdrawn"}],
)
def test_a_hidden_talk_is_named_nowhere(
    client: TestClient, named: Named, hidden: dict[str, str]
) -> None:
    named.shelf.change_talk(named.talk, **hidden)
    assert answer(client, f"papers/{named.paper}") == []
    for path in ("/papers/wobbleboard-dynamics-of-quokka-herds", "/search?q=quokka+herds"):
        page = client.get(path).text
        assert "Herds at Rest" not in page
        assert "before next week" not in page
    if "recording_status" in hidden:
        assert answer(client, f"talks/{named.talk}") == []
        assert "before next week" not in client.get("/talks/herds-at-rest").text


def test_a_withdrawn_paper_is_named_nowhere(client: TestClient, named: Named) -> None:
    named.shelf.withdraw_paper(named.paper)
    assert answer(client, f"talks/{named.talk}") == []
    assert TITLE not in client.get("/talks/herds-at-rest").text


def test_a_talk_is_looked_at_again_only_when_something_changed(named: Named) -> None:
    catalog = named.shelf.catalog
    assert find_mentions(catalog).talks == 0
    assert find_mentions(catalog, only=named.talk).talks == 1
    named.shelf.say_again(named.talk, Spoken(sentences=("Nothing is named any more.",)))
    assert find_mentions(catalog).talks == 1
    with catalog.read() as session:
        assert mentions.listed(session) == []
    named.shelf.say_again(named.talk, Spoken(sentences=("We use the plibbernet model here.",)))
    find_mentions(catalog)
    named.shelf.paper(NewPaper(title="Late", labels=("PlibberNet",)), ("Page.",))
    assert find_mentions(catalog).talks == 1  # the paper came later
    with catalog.read() as session:
        assert [one.paper.title for one in mentions.listed(session)] == ["Late"]


def test_the_rest_waits_when_time_is_up(named: Named) -> None:
    for n in range(3):
        named.shelf.bare_talk(NewTalk(title=f"T {n}"))
    looked = find_mentions(named.shelf.catalog, within_s=0)
    assert (looked.talks, looked.waiting) == (1, 2)


def test_a_worker_finds_them_beside_its_jobs(shelf: Shelf) -> None:
    shelf.bare_talk(NewTalk(title="Announced", abstract=f"On {TITLE}."))
    shelf.paper(NewPaper(title=TITLE), ("Page.",))
    Housekeeping(settings=shelf.settings, catalog=shelf.catalog, store=shelf.store).turn(idle=True)
    with shelf.catalog.read() as session:
        [one] = mentions.listed(session)
    assert (one.row.start_ms, one.talk.title) == (None, "Announced")


def test_a_talk_that_breaks_the_detection_costs_nobody_else_anything(
    named: Named, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr("ingest.mentions.Finder.find", broken)
    assert find_mentions(named.shelf.catalog, only=named.talk).talks == 1
    assert find_mentions(named.shelf.catalog).talks == 0


def test_staff_decide_on_the_command_line(shelf: Shelf, named: Named) -> None:
    root = shelf.settings.data_dir
    [one] = seminar_json(root, "mentions", "list", "--talk", named.talk, "--state", "found")
    assert one["text"] == SENTENCE
    assert seminar_json(root, "mentions", "list", "--paper", named.paper) == [one]
    said = seminar(root, "mentions", "reject", one["id"]).stdout
    assert "rejected" in said
    assert seminar_json(root, "mentions", "find", "--talk", named.talk) == {"talks": 1}
    [again] = seminar_json(root, "mentions", "list")
    assert again["state"] == "rejected"
    with served(shelf) as client:
        assert answer(client, f"talks/{named.talk}") == []
    seminar(root, "mentions", "confirm", one["id"])
    assert json.loads(seminar(root, "mentions", "list", "--json").stdout)[0]["state"] == "confirmed"
    refused = seminar(root, "mentions", "confirm", "nothing", check=False)
    assert refused.returncode == 1
    assert 'no mention "nothing"' in refused.stderr
    assert seminar(root, "mentions", "list", "--state", "x", check=False).returncode == 2
