"""The archive's own column of `docs/compared.md`, done by hand: each row in as many actions."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.app.shelf import until
from tests.chromium import IN_A_BROWSER
from tests.pages.visits import pasted, second

pytestmark = IN_A_BROWSER
COMPARED = Path(__file__).parents[2] / "docs" / "compared.md"
TALK = "/talks/the-second-descent"
SAID = "interpolation threshold"
OTHERWISE = "why do large models not overfit"


@dataclass(slots=True)
class Hand:
    """Acts on a page, and counts: a click, or a text typed and sent, is one action."""

    page: Page
    actions: int = 0

    def click(self, one: Locator) -> None:
        """Press what is seen."""
        expect(one).to_be_visible()
        one.click()
        self.actions += 1

    def ask(self, text: str) -> None:
        """Type into the box of the first page, and send."""
        self.page.goto("/")
        expect(self.page.locator("[data-search]")).to_be_focused()
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url("**/search?q=*")
        self.actions += 1

    def take(self, one: Locator) -> str:
        """What a press on a link that is seen gives: a file or a page of text, fetched."""
        expect(one).to_be_visible()
        self.actions += 1
        answer = self.page.request.get(one.get_attribute("href") or "")
        assert answer.ok
        return answer.text()


def hit(page: Page, title: str) -> Locator:
    return page.locator(".hit").filter(has=page.get_by_role("link", name=title, exact=True))


def moment(hand: Hand, question: str) -> None:
    hand.ask(question)
    hand.click(hit(hand.page, "The Second Descent").locator(".passages .t").first)
    hand.page.wait_for_url(f"**{TALK}?t=*")
    until(lambda: second(hand.page) > 0)


def weight(hand: Hand) -> None:
    hand.ask(SAID)
    expect(hand.page.locator(".hit .timeline").first).to_be_visible()


def paper_page(hand: Hand) -> None:
    hand.ask("neural tangent kernel")
    paper = hit(hand.page, "Lazy Training and the Neural Tangent Kernel")
    passage = paper.locator(".passages .t").first
    expect(passage).to_have_attribute("href", re.compile(r"#page=\d+$"))
    hand.take(passage)


def transcript(hand: Hand) -> None:
    hand.page.goto(TALK)
    expect(hand.page.locator(".line").first).to_be_in_viewport()


def within(hand: Hand) -> None:
    hand.page.goto(TALK)
    hand.page.locator("[data-find]").fill("norm")
    hand.actions += 1
    expect(hand.page.locator("[data-find-count]")).to_contain_text("found")


def sentence(hand: Hand) -> None:
    hand.page.goto(TALK)
    line = hand.page.locator(".line", has_text="larger model is simpler")
    hand.click(line)
    until(lambda: second(hand.page) > 0)


def share(hand: Hand) -> None:
    hand.page.goto(f"{TALK}?t=60")
    until(lambda: abs(second(hand.page) - 60) < 1)
    hand.click(hand.page.locator("[data-share]"))
    expect(hand.page.locator("[data-share]")).to_have_text("Link copied")
    assert pasted(hand.page).endswith("?t=60")


def taken_away(hand: Hand) -> None:
    hand.page.goto(TALK)
    assert "larger model" in hand.take(hand.page.get_by_label("Transcript as TXT"))


def quote(hand: Hand) -> None:
    hand.page.goto(TALK)
    line = hand.page.locator(".line", has_text="larger model is simpler")
    line.scroll_into_view_if_needed()
    line.evaluate("(one) => getSelection().selectAllChildren(one)")
    hand.actions += 1
    hand.click(hand.page.locator("[data-as=text]"))
    expect(hand.page.locator("[data-as=text]")).to_have_text("Copied")
    said = pasted(hand.page)
    assert re.search(r"larger model is simpler.*Feldmann.*\?t=\d+", said, re.DOTALL)


def cite(hand: Hand) -> None:
    hand.page.goto(TALK)
    assert hand.take(hand.page.get_by_label("Cite as BibTeX")).startswith("@")


def named_paper(hand: Hand) -> None:
    hand.page.goto("/talks/networks-that-hardly-move")
    hand.click(hand.page.locator(".mentions a", has_text="Lazy Training").first)
    hand.page.wait_for_url("**/papers/lazy-training*")


def calendar(hand: Hand) -> None:
    hand.page.goto("/series/theory-lunch")
    assert "BEGIN:VCALENDAR" in hand.take(hand.page.locator("main a[href$='.ics']"))


def feed(hand: Hand) -> None:
    hand.page.goto("/")
    assert "<feed" in hand.take(hand.page.get_by_role("link", name="Feed of new talks"))


WAYS: Mapping[str, Callable[[Hand], None]] = {
    "find the moment when something was said, over all talks": lambda hand: moment(hand, SAID),
    "find it in other words than the speaker's": lambda hand: moment(hand, OTHERWISE),
    "see whether a talk mentions it or is about it": weight,
    "find the page of a paper by the same search": paper_page,
    "read the transcript on the page of the talk": transcript,
    "search within the talk": within,
    "jump to a sentence of the transcript": sentence,
    "share the talk at this second": share,
    "take the transcript away": taken_away,
    "quote a sentence with speaker, date and a link to the second": quote,
    "cite the talk": cite,
    "go to a paper that staff named for the talk": named_paper,
    "put a series into a calendar": calendar,
    "follow new talks in a feed": feed,
}


def told() -> dict[str, int]:
    """What the table says of this archive, by what a student wants to do."""
    rows = (
        line.split("|")[1:3] for line in COMPARED.read_text("utf-8").splitlines() if "|" in line
    )
    found = ((wants.strip(), re.match(r"\s*(\d+)\b", own)) for wants, own in rows)
    return {wants: int(own[1]) for wants, own in found if own}


def test_every_row_of_the_table_is_tried() -> None:
    assert told().keys() == WAYS.keys()


@pytest.mark.parametrize("wants", WAYS)
def test_it_is_done_in_as_many_actions_as_the_table_says(page: Page, wants: str) -> None:
    hand = Hand(page)
    WAYS[wants](hand)
    assert hand.actions == told()[wants]
