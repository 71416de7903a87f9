"""Suggestions while typing: what fits, in good order, and nothing that is hidden."""

from collections.abc import Iterator
from datetime import date

import pytest
from starlette.testclient import TestClient

from app.suggestions import Suggestions, folded
from catalog.papers import NewPaper
from catalog.shown import Shown
from catalog.talks import NewTalk
from tests.app.shelf import Shelf, Spoken, served, until

SUGGEST = "/api/v1/suggest"


def paper(number: int, title: str, *names: str) -> Shown:
    return Shown(kind="paper", public_id=f"p{number}", slug=f"p{number}", title=title, names=names)


OWNERS = {
    one.public_id: one
    for one in (
        Shown(
            kind="talk", public_id="t1", slug="t1", title="The Second Descent",
            names=("Jonas Feldmann",), series="Foundations of Deep Learning",
            held_on=date(2024, 2, 12),
        ),
        paper(1, "The neural tangent kernel of wide networks", "Élodie Müller"),
        paper(2, "A neural tangent kernel view of pruning"),
        paper(3, "Limits of the neural tangent kernel"),
        paper(4, "Interpolation without fear"),
    )
}  # fmt: skip
KNOWN = Suggestions(OWNERS.values())


def texts(typed: str, limit: int = 8) -> list[tuple[str, str]]:
    return [(one.kind, one.text) for one in KNOWN.offered(typed, limit, OWNERS.get)]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("the sec", ("talk", "The Second Descent")),
        ("desc", ("talk", "The Second Descent")),
        ("FELD", ("person", "Jonas Feldmann")),
        ("elodie m", ("person", "Élodie Müller")),
        ("müll", ("person", "Élodie Müller")),
        ("found", ("series", "Foundations of Deep Learning")),
        ("neural tan", ("term", "neural tangent kernel")),
        ("kernel prun", ("paper", "A neural tangent kernel view of pruning")),
        ("interplation", ("paper", "Interpolation without fear")),
        ("feldman", ("person", "Jonas Feldmann")),
        ("tangnet", ("term", "neural tangent kernel")),
    ],
)
def test_what_was_typed_leads_to_what_was_meant(typed: str, first: tuple[str, str]) -> None:
    assert texts(typed)[0] == first


@pytest.mark.parametrize("typed", ["", "  ", "?!", "zzzzzz", "\x00", "x" * 5000, "\ud800"])
def test_what_leads_nowhere_offers_nothing(typed: str) -> None:
    assert texts(typed) == []


def test_never_more_than_asked_for_and_no_text_twice() -> None:
    assert len(texts("n", 2)) == 2
    found = texts("ne", 20)
    assert len({text for _, text in found}) == len(found) > 2


def test_an_entry_is_gone_when_its_last_owner_is() -> None:
    left = {key: one for key, one in OWNERS.items() if key not in {"p1", "p2", "p3", "t1"}}
    for typed in ("neural", "second", "feld", "found", "elodie"):
        assert KNOWN.offered(typed, 8, left.get) == []
    some = {key: one for key, one in OWNERS.items() if key != "p1"}
    offered = [(one.kind, one.text) for one in KNOWN.offered("neural", 8, some.get)]
    assert ("term", "neural tangent kernel") in offered


def test_an_old_title_is_not_offered_any_more() -> None:
    renamed = {**OWNERS, "p4": paper(4, "Another name")}
    assert KNOWN.offered("interpolation", 8, renamed.get) == []


def test_letters_are_folded_to_what_a_keyboard_has() -> None:
    assert folded("Émile Borel’s  ℓ₂-Räume") == "emile borel s l2 raume"


@pytest.fixture
def client(shelf: Shelf) -> Iterator[TestClient]:
    """A service over one talk and one paper."""
    shelf.talk(
        NewTalk(title="Second Descent", speakers=("Jonas Feldmann",), series="Foundations"),
        Spoken(sentences=("A kernel.",)),
    )
    shelf.paper(NewPaper(title="Second Order Methods", authors=("Priya Raman",)), ("A page.",))
    shelf.publish()
    with served(shelf) as client:
        until(lambda: client.get(SUGGEST, params={"q": "sec"}).json()["suggestions"])
        yield client


def test_every_suggestion_leads_to_a_page_that_is_there(client: TestClient) -> None:
    kinds = set()
    for typed in ("sec", "feld", "raman", "found"):
        for one in client.get(SUGGEST, params={"q": typed}).json()["suggestions"]:
            kinds.add(one["kind"])
            assert client.get(one["url"]).status_code == 200, one
    assert kinds == {"talk", "paper", "person", "series"}


def test_what_is_withdrawn_is_not_suggested_within_a_second(
    client: TestClient, shelf: Shelf
) -> None:
    talk = client.get("/api/v1/talks/second-descent").json()["id"]
    shelf.change_talk(talk, visibility="withdrawn")
    for typed in ("second d", "feld", "found"):
        until(
            lambda typed=typed: (
                "escent" not in (text := client.get(SUGGEST, params={"q": typed}).text)
                and "Feldmann" not in text
                and "Foundations" not in text
            ),
            within_s=1.0,
        )
