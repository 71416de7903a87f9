"""The pages in a real browser.  Skipped where no Chromium is installed."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from catalog.talks import NewTalk
from tests.app.browsing import archive
from tests.app.conftest import filled
from tests.app.shelf import Shelf, Spoken, silent_wav, until
from tests.app.test_pages import HOSTILE
from tests.chromium import IN_A_BROWSER

pytestmark = IN_A_BROWSER
WIDE: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
NARROW: ViewportSize = {"width": 320, "height": 700}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running server over a filled archive."""
    shelf = Shelf(tmp_path_factory.mktemp("browsed"))
    filled(shelf)
    for n, bad in enumerate(HOSTILE):
        shelf.talk(
            NewTalk(title=f"Hostile {n} {bad}", abstract=bad, speakers=(f"{n} {bad}",)),
            Spoken(sentences=(f"{bad} is said {n}.",), doubtful=tuple(bad.split())),
            media=silent_wav(2) + bytes([n]),
        )
    shelf.publish()
    with archive(shelf) as origin:
        yield origin
    shelf.close()


class Visit:
    """A page, and everything it complained about or fetched from elsewhere."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", lambda m: self._complaint(m.type, m.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog {dialog.message}"))
        page.on("request", lambda r: self._elsewhere(r.url, address))
        page.goto(address)

    def _complaint(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.complaints.append(text)

    def _elsewhere(self, url: str, address: str) -> None:
        if not url.startswith((address.rsplit("/", address.count("/") - 2)[0], "data:", "blob:")):
            self.complaints.append(f"fetched {url}")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=WIDE, reduced_motion="reduce")
    yield context.new_page()
    context.close()


def second(page: Page) -> float:
    """Where the player is."""
    return float(page.evaluate("document.querySelector('[data-player]').currentTime"))


def test_a_result_opens_at_the_second_where_it_was_said(page: Page, address: str) -> None:
    visit = Visit(page, address)
    page.keyboard.press("/")
    page.keyboard.type("minimum norm solutions are simpler")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=*")
    hit = page.locator(".hit", has_text="The Second Descent")
    link = hit.locator(".passages a.t").first
    wanted = int(str(link.get_attribute("href")).split("t=")[1])
    link.click()
    page.wait_for_url("**/talks/the-second-descent?t=*")
    until(lambda: abs(second(page) - wanted) < 1)
    assert visit.complaints == []


def test_the_page_starts_at_the_second_of_its_address(page: Page, address: str) -> None:
    visit = Visit(page, f"{address}/talks/the-second-descent?t=21")
    until(lambda: abs(second(page) - 21) < 0.6)
    expect(page.locator(".line.now")).to_have_text(
        "Beyond the threshold minimum norm solutions are simpler."
    )
    assert visit.complaints == []


def test_without_scripts_it_starts_there_too_and_shows_the_transcript(
    browser: Browser, address: str
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/talks/the-second-descent?t=21")
    player = page.locator("audio")
    assert str(player.get_attribute("src")).endswith("#t=21")
    expect(page.locator(".transcript")).to_contain_text("interpolation threshold")
    page.fill("[data-find]", "interpolation")
    page.press("[data-find]", "Enter")
    page.wait_for_url("**/talks/the-second-descent?q=interpolation")
    expect(page.locator(".here h2")).to_contain_text("“interpolation” in this talk")
    page.locator(".para a.t").first.click()
    page.wait_for_url("**?t=0")
    context.close()


def test_the_spoken_line_is_lit_while_it_plays(page: Page, address: str) -> None:
    visit = Visit(page, f"{address}/talks/the-second-descent?t=9")
    expect(page.locator(".line.now")).to_contain_text("Good afternoon")
    page.evaluate("document.querySelector('[data-player]').play()")
    expect(page.locator(".line.now")).to_contain_text("test error explodes", timeout=6000)
    expect(page.locator(".line.now")).to_have_count(1)
    expect(page.locator("[data-share]")).to_have_text("Share at 00:10", timeout=6000)
    assert visit.complaints == []


def test_a_click_on_a_line_seeks_and_a_time_plays(page: Page, address: str) -> None:
    visit = Visit(page, f"{address}/talks/the-second-descent")
    page.locator(".line", has_text="minimum norm").click()
    until(lambda: abs(second(page) - 20) < 0.6)
    assert page.evaluate("document.querySelector('[data-player]').paused")
    page.locator(".para a.t").first.click()
    until(lambda: second(page) < 5)
    assert page.evaluate("location.search") == "?t=0"
    until(lambda: not page.evaluate("document.querySelector('[data-player]').paused"))
    assert visit.complaints == []


def test_following_scrolls_to_the_line_and_can_be_switched_off(page: Page, address: str) -> None:
    visit = Visit(page, f"{address}/talks/what-gradient-descent-prefers")
    page.evaluate("document.querySelector('[data-player]').play()")
    page.evaluate("document.querySelector('[data-player]').currentTime = 351")
    expect(page.locator(".line.now")).to_contain_text("number 35")
    expect(page.locator(".line.now")).to_be_in_viewport()
    assert page.evaluate("scrollY") > 0
    page.locator("[data-follow]").uncheck()
    page.evaluate("scrollTo(0, 0)")
    page.evaluate("document.querySelector('[data-player]').currentTime = 391")
    expect(page.locator(".line.now")).to_contain_text("number 39")
    assert page.evaluate("scrollY") == 0
    assert visit.complaints == []


def test_words_are_found_within_the_talk(page: Page, address: str) -> None:
    visit = Visit(page, f"{address}/talks/the-second-descent")
    page.locator("[data-find]").fill("threshold")
    expect(page.locator("[data-find-count]")).to_have_text("2 found")
    page.locator("[data-find]").press("Enter")
    expect(page.locator("[data-find-count]")).to_have_text("1 of 2")
    page.locator("[data-find]").fill("hreshold")  # no word begins so
    expect(page.locator("[data-find-count]")).to_contain_text("none")
    assert visit.complaints == []


def test_the_captions_are_loaded_by_the_player(page: Page, address: str) -> None:
    Visit(page, f"{address}/talks/the-second-descent")
    cues = page.evaluate(
        """async () => {
            const track = document.querySelector('[data-player]').textTracks[0];
            track.mode = 'hidden';
            for (let n = 0; n < 100 && !track.cues?.length; n++)
                await new Promise((done) => setTimeout(done, 50));
            return [...track.cues].map((cue) => cue.text);
        }"""
    )
    assert any("interpolation" in text for text in cues)


def test_keys_move_the_player_but_not_while_typing(page: Page, address: str) -> None:
    Visit(page, f"{address}/talks/the-second-descent?t=20")
    until(lambda: abs(second(page) - 20) < 0.6)
    page.locator("body").press("l")
    until(lambda: abs(second(page) - 30) < 0.6)
    page.locator("body").press("j")
    until(lambda: abs(second(page) - 20) < 0.6)
    page.locator("[data-find]").press("l")
    time.sleep(0.2)
    assert abs(second(page) - 20) < 0.6
    page.keyboard.press("Escape")


def test_the_keyboard_reaches_the_ticks_of_a_timeline(page: Page, address: str) -> None:
    Visit(page, f"{address}/search?q=gradient+descent")
    tick = page.locator(".timeline a").first
    tick.focus()
    assert page.evaluate("document.activeElement.closest('.timeline') !== null")
    page.keyboard.press("Enter")
    page.wait_for_url("**/talks/*?t=*")


@pytest.mark.parametrize("path", ["/", "/talks", "/search?q=said", "/about", "/papers"])
def test_nothing_that_was_said_runs(page: Page, address: str, path: str) -> None:
    visit = Visit(page, address + path)
    links = page.eval_on_selector_all(
        "main a[href^='/talks/']", "all => all.map((a) => a.getAttribute('href'))"
    )
    for link in sorted(set(links))[:10]:
        page.goto(address + link)
    assert visit.complaints == []


@pytest.mark.parametrize("viewport", [WIDE, PHONE, NARROW], ids=["wide", "phone", "narrow"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_is_wider_than_the_screen(
    browser: Browser, address: str, viewport: ViewportSize, theme: str, tmp_path: Path
) -> None:
    context = browser.new_context(
        viewport=viewport, color_scheme="dark" if theme == "dark" else "light"
    )
    page = context.new_page()
    for n, path in enumerate(
        (
            "/",
            "/search?q=gradient+descent",
            "/talks",
            "/talks/the-second-descent?q=threshold",
            "/papers/notes-on-tangent-kernels",
            "/about",
            "/nothing",
        )
    ):
        page.goto(address + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], path
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert background == ("rgb(20, 23, 26)" if theme == "dark" else "rgb(255, 255, 255)")
        assert page.screenshot(path=tmp_path / f"{n}.png")
        if viewport != WIDE:
            small = page.eval_on_selector_all(
                ".tools a, .facets a, nav a, .next a",
                "all => all.filter((a) => a.getBoundingClientRect().height < 24).length",
            )
            assert small == 0, path
    context.close()


def test_the_box_offers_what_goes_on_and_the_keyboard_takes_it(page: Page, address: str) -> None:
    visit = Visit(page, address)
    box = page.get_by_role("combobox")
    below = page.locator(".home > section").nth(1)
    before = below.bounding_box()
    page.keyboard.type("the seco")
    listbox = page.get_by_role("listbox")
    expect(listbox).to_be_visible()
    expect(box).to_have_attribute("aria-expanded", "true")
    assert below.bounding_box() == before
    page.keyboard.press("ArrowDown")
    option = page.get_by_role("option", selected=True)
    expect(option).to_contain_text("The Second Descent")
    expect(box).to_have_attribute("aria-activedescendant", str(option.get_attribute("id")))
    expect(box).to_have_value("The Second Descent")
    page.keyboard.press("Escape")
    expect(listbox).to_be_hidden()
    expect(box).to_have_value("the seco")
    page.keyboard.press("ArrowDown")
    expect(listbox).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/talks/the-second-descent")
    assert visit.complaints == []


def test_without_scripts_the_box_is_a_plain_input(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    page.fill("input[name=q]", "threshold")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=threshold")
    assert page.locator("[role=combobox], .suggestions").count() == 0
    context.close()
