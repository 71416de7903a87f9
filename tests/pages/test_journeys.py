"""What a student does, from the first page to what he came for, in a real browser.

Each journey leaves a picture.  `JOURNEY_PICTURES=docs/pictures/journeys pytest
tests/pages/test_journeys.py` makes those of the documents anew.
"""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.app.shelf import until
from tests.chromium import IN_A_BROWSER
from tests.pages.conftest import Opens
from tests.pages.visits import pasted, second

pytestmark = IN_A_BROWSER
QUESTION = "why do large models not overfit"
TALK = "/talks/the-second-descent"


def pictured(page: Page, name: str, tmp_path: Path) -> None:
    """Take the picture of a journey."""
    folder = Path(os.environ.get("JOURNEY_PICTURES", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    page.wait_for_timeout(150)
    assert page.screenshot(path=folder / f"{name}.png")


def is_sounding(page: Page) -> bool:
    """Whether the player has gone on by itself."""
    before = second(page)
    page.wait_for_timeout(300)
    return second(page) > before


def asked(page: Page, question: str) -> None:
    """Ask on the home page."""
    page.goto("/")
    expect(page.locator("[data-search]")).to_be_focused()  # of itself, soon after the page is there
    page.keyboard.type(question)
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=*")


def test_find_a_moment(page: Page, tmp_path: Path) -> None:
    asked(page, QUESTION)
    best = page.locator(".hit").first
    expect(best.locator("h2")).to_have_text("The Second Descent")
    expect(best.locator(".timeline a.best")).to_have_count(1)
    expect(best.locator(".passages .t").first).to_have_attribute("href", re.compile(r"\?t=\d+"))
    pictured(page, "01-find-a-moment", tmp_path)


def test_land_and_listen(page: Page, tmp_path: Path) -> None:
    asked(page, QUESTION)
    moment = page.locator(".hit").first.locator(".passages .t").first
    start_s = int(re.findall(r"t=(\d+)", moment.get_attribute("href") or "")[0])
    moment.click()
    page.wait_for_url("**/talks/the-second-descent?t=*")
    until(lambda: abs(second(page) - start_s) < 1)
    expect(page.locator(".line.now")).to_be_in_viewport()
    lit = page.locator(".line.now").inner_text()
    page.keyboard.press("k")
    until(lambda: is_sounding(page))
    page.locator("[data-speed]").select_option("2")
    until(lambda: page.locator(".line.now").inner_text() != lit)
    expect(page.locator(".line.now")).to_be_in_viewport()
    page.keyboard.press("k")
    pictured(page, "02-land-and-listen", tmp_path)


def test_search_within_the_talk(page: Page, tmp_path: Path) -> None:
    page.goto(TALK)
    page.locator("[data-find]").fill("norm")
    count = page.locator("[data-find-count]")
    expect(count).to_contain_text("found")
    found = int(count.inner_text().split()[0])
    assert found > 2
    expect(page.locator("[data-marks] rect")).to_have_count(found)
    page.locator("[data-find-next]").click()
    page.locator("[data-find-next]").click()
    expect(count).to_have_text(f"2 of {found}")
    page.locator("[data-find-before]").click()
    expect(count).to_have_text(f"1 of {found}")
    pictured(page, "03-search-within", tmp_path)


def test_follow_to_the_paper_and_back(page: Page, tmp_path: Path) -> None:
    page.goto("/talks/networks-that-hardly-move")
    page.get_by_role("link", name="Lazy Training and the Neural Tangent Kernel").first.click()
    page.wait_for_url("**/papers/lazy-training*")
    named = page.locator(".mentions")
    expect(named).to_contain_text("Networks That Hardly Move")
    pictured(page, "04-follow-to-the-paper", tmp_path)
    moment = named.locator(".naming", has_text="Networks That Hardly Move").locator(".t").first
    moment.click()
    page.wait_for_url("**/talks/networks-that-hardly-move?t=*")
    expect(page.locator(".line.now")).to_contain_text("lazy training")


def test_quote(page: Page, tmp_path: Path, origin: str) -> None:
    page.goto(TALK)
    line = page.locator(".line", has_text="larger model is simpler")
    line.scroll_into_view_if_needed()
    words = line.inner_text().strip()
    line.evaluate("(one) => getSelection().selectAllChildren(one)")
    expect(page.locator("[data-quote]")).to_be_visible()
    pictured(page, "05-quote", tmp_path)
    for form, begins in (("text", "“"), ("markdown", "> "), ("bibtex", "@")):
        page.locator(f"[data-as={form}]").click()
        expect(page.locator(f"[data-as={form}]")).to_have_text("Copied")
        quoted = pasted(page)
        assert quoted.startswith(begins)
        assert words in quoted
        assert "Feldmann" in quoted
        assert re.search(rf"{re.escape(origin + TALK)}\?t=\d+", quoted)


def test_share_and_open_the_link_elsewhere(page: Page, opens: Opens, tmp_path: Path) -> None:
    page.goto(f"{TALK}?t=120")
    until(lambda: abs(second(page) - 120) < 1)
    page.locator("[data-share]").click()
    expect(page.locator("[data-share]")).to_have_text("Link copied")
    link = pasted(page)  # before another window has the focus
    other = opens(dark=True).new_page()
    other.goto(link)
    until(lambda: abs(second(other) - 120) < 1)
    expect(other.locator(".line.now")).to_be_in_viewport()
    pictured(other, "06-share", tmp_path)


def test_filter_and_sort(page: Page, tmp_path: Path) -> None:
    page.goto("/search?q=gradient+descent")
    titles = page.locator(".hit h2")
    every = titles.count()
    page.locator(".narrowing").get_by_role("link", name="Theory Lunch").click()
    expect(page.locator(".chosen")).to_contain_text("Theory Lunch")
    assert 0 < titles.count() < every
    page.locator(".orders").get_by_role("link", name="Newest first").click()
    expect(titles.first).to_have_text("What Gradient Descent Prefers")
    pictured(page, "07-filter-and-sort", tmp_path)
    page.go_back()
    page.go_back()
    expect(page).to_have_url(re.compile(r"/search\?q=gradient\+descent$"))
    assert titles.count() == every


def test_browse_a_speaker(page: Page, tmp_path: Path) -> None:
    page.goto("/talks/what-gradient-descent-prefers")
    page.get_by_role("link", name="Oskar Lind").first.click()
    page.wait_for_url("**/speakers/oskar-lind")
    expect(page.locator("main")).to_contain_text("Foundations of Deep Learning")
    expect(page.locator("main")).to_contain_text("Theory Lunch")
    expect(page.locator("main")).to_contain_text("Lazy Training and the Neural Tangent Kernel")
    pictured(page, "08-browse-a-speaker", tmp_path)


def test_the_keyboard_alone(opens: Opens, tmp_path: Path) -> None:
    page = opens(dark=True).new_page()
    asked(page, QUESTION)
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.passages .t')"):
            break
    else:
        pytest.fail("the first moment is out of reach")
    pictured(page, "09-keyboard-alone", tmp_path)
    page.keyboard.press("Enter")
    page.wait_for_url("**/talks/*?t=*")
    start_s = second(page)
    page.keyboard.press("k")
    until(lambda: is_sounding(page))
    page.keyboard.press("l")
    until(lambda: second(page) > start_s + 9)
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()


def test_on_a_phone(opens: Opens, tmp_path: Path) -> None:
    page = opens(390, 844).new_page()
    page.goto("/")
    page.locator("[data-search]").first.tap()
    page.keyboard.type(QUESTION)
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=*")
    pictured(page, "10-on-a-phone", tmp_path)
    page.locator(".passages .t").first.tap()
    page.wait_for_url("**/talks/*?t=*")
    until(lambda: second(page) > 0)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    player = page.locator("[data-player]")
    page.locator(".para").last.scroll_into_view_if_needed()
    expect(player).to_be_in_viewport()  # it stays while one reads
