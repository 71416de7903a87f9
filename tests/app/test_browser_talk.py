"""The page of a talk in a real browser.  Skipped where no Chromium is installed."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from catalog.talks import NewTalk
from tests.app.browsing import archive
from tests.app.conftest import filled
from tests.app.shelf import SENTENCE_MS, Shelf, Spoken, silent_wav, until
from tests.chromium import IN_A_BROWSER

pytestmark = IN_A_BROWSER
TALK = "/talks/the-second-descent"
LONG_TALK = "/talks/forty-thousand-words"
FORTY_THOUSAND = tuple(
    f"Sentence {n} of a very long talk says that kernels, norms and margins are spoken of." * 2
    for n in range(1_300)
)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running server over a filled archive with a very long talk."""
    shelf = Shelf(tmp_path_factory.mktemp("talked"))
    filled(shelf)
    shelf.talk(
        NewTalk(title="Forty Thousand Words"),
        Spoken(sentences=FORTY_THOUSAND),
        media=silent_wav(len(FORTY_THOUSAND) * SENTENCE_MS // 1000 // 10),
    )
    shelf.talk(
        NewTalk(title="A Broken File"), Spoken(sentences=("Nobody hears this.",)), media=b"no sound"
    )
    shelf.publish()
    with archive(shelf) as origin:
        yield origin
    shelf.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, reduced_motion="reduce", base_url=address
    )
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield context.new_page()
    context.close()


def second(page: Page) -> float:
    """Where the player is."""
    return float(page.evaluate("document.querySelector('[data-player]').currentTime"))


def pasted(page: Page) -> str:
    """What is on the clipboard."""
    return str(page.evaluate("navigator.clipboard.readText()"))


def select(page: Page, first: str, last: str) -> None:
    """Select from the beginning of one line to the end of another."""
    page.evaluate(
        """([first, last]) => {
            const lines = [...document.querySelectorAll('.line')];
            const line = (words) => lines.find((one) => one.textContent.includes(words));
            const range = document.createRange();
            range.setStart(line(first), 0);
            range.setEnd(line(last), line(last).childNodes.length);
            getSelection().removeAllRanges();
            getSelection().addRange(range);
        }""",
        [first, last],
    )
    expect(page.locator("[data-quote]")).to_be_visible()


def test_find_goes_on_and_back_by_buttons_and_marks_the_timeline(page: Page) -> None:
    page.goto(TALK)
    page.locator("[data-find]").fill("threshold")
    expect(page.locator("[data-find-count]")).to_have_text("2 found")
    expect(page.locator("[data-marks] rect")).to_have_count(2)
    page.locator("[data-find-next]").click()
    expect(page.locator("[data-find-count]")).to_have_text("1 of 2")
    page.locator("[data-find-before]").click()
    expect(page.locator("[data-find-count]")).to_have_text("2 of 2")
    elsewhere = page.locator("[data-find-elsewhere]")
    expect(elsewhere).to_have_attribute("href", "/search?q=threshold")


def test_selected_words_are_quoted_in_three_forms(page: Page, address: str) -> None:
    page.goto(TALK)
    select(page, "interpolation threshold", "minimum norm")
    words = (
        "At the interpolation threshold the test error explodes. "
        "Beyond the threshold minimum norm solutions are simpler."
    )
    page.locator("[data-as=text]").click()
    expect(page.locator("[data-as=text]")).to_have_text("Copied")
    assert pasted(page) == (
        f"“{words}”\n\nJonas Feldmann, The Second Descent, Foundations, 12 February 2024, 00:10\n"
        f"{address}{TALK}?t=10\n"
    )
    page.locator("[data-as=markdown]").click()
    expect(page.locator("[data-as=markdown]")).to_have_text("Copied")
    assert pasted(page) == (
        f"> {words}\n\nJonas Feldmann, *The Second Descent*, Foundations, 12 February 2024, "
        f"[00:10]({address}{TALK}?t=10)\n"
    )
    page.locator("[data-as=bibtex]").click()
    expect(page.locator("[data-as=bibtex]")).to_have_text("Copied")
    entry = pasted(page)
    assert entry.startswith("@misc{feldmann2024second-")
    assert f"note = {{At 00:10; “{words}”}}" in entry
    assert f"url = {{{address}{TALK}?t=10}}" in entry


def test_the_keyboard_reaches_the_quotation(page: Page) -> None:
    page.goto(TALK)
    select(page, "Belkin", "Belkin")
    page.keyboard.press("q")
    expect(page.locator("[data-as=text]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("[data-as=text]")).to_have_text("Copied")
    assert "Belkin and others have drawn this curve." in pasted(page)


def test_a_shared_link_opens_at_the_second_and_lit(page: Page, address: str) -> None:
    page.goto(f"{TALK}?t=21")
    until(lambda: abs(second(page) - 21) < 0.6)
    page.locator("[data-share]").click()
    expect(page.locator("[data-share]")).to_have_text("Link copied")
    link = pasted(page)
    assert link == f"{address}{TALK}?t=21"
    page.goto(link)
    expect(page.locator(".line.now")).to_contain_text("minimum norm")


def test_speed_and_place_are_remembered_by_the_browser_alone(page: Page) -> None:
    page.goto(TALK)
    page.locator("[data-speed]").select_option("1.5")
    page.evaluate("document.querySelector('[data-player]').currentTime = 21")
    page.wait_for_timeout(300)
    assert not page.evaluate("Object.keys(localStorage).some((k) => k.includes('place'))")
    page.evaluate("document.querySelector('[data-player]').play()")  # what is heard is remembered
    until(lambda: page.evaluate("Object.keys(localStorage).some((k) => k.includes('place'))"))
    page.goto(TALK)
    rate = "document.querySelector('[data-player]').playbackRate"
    until(lambda: page.evaluate(rate) == 1.5)
    offer = page.locator("[data-continue]")
    expect(offer).to_have_text("Continue at 00:21")
    assert second(page) == 0
    offer.click()
    until(lambda: second(page) >= 21)
    page.goto(f"{TALK}?t=20")
    expect(page.locator("[data-continue]")).to_be_hidden()
    page.goto(f"{TALK}?t=3")
    expect(page.locator("[data-continue]")).to_contain_text("Continue at 00:2")
    assert page.context.cookies() == []


def test_without_storage_it_plays_all_the_same(page: Page) -> None:
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new Error('none'); } })"
    )
    failed: list[str] = []
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.goto(TALK)
    page.locator("[data-speed]").select_option("2")
    until(lambda: page.evaluate("document.querySelector('[data-player]').playbackRate") == 2)
    assert failed == []


def test_a_doubtful_word_plays_from_just_before_it(page: Page) -> None:
    page.goto(TALK)
    page.locator("[data-doubt-next]").click()
    expect(page.locator("[data-doubt-said]")).to_have_text(
        "“Belkin”, heard with 41 % confidence, 1 of 1"
    )
    until(lambda: 28 < second(page) < 32)
    page.evaluate("document.querySelector('[data-player]').currentTime = 0")
    page.locator(".doubt").click()
    until(lambda: 28 < second(page) < 32)


def test_a_file_that_cannot_be_played_is_explained(page: Page) -> None:
    page.goto("/talks/a-broken-file")
    expect(page.locator("[data-unplayable]")).to_contain_text("This browser cannot play")
    expect(page.locator("[data-unplayable] a")).to_be_visible()


def test_keys_are_listed_and_change_the_speed(page: Page) -> None:
    page.goto(TALK)
    page.keyboard.press(">")
    expect(page.locator("[data-speed]")).to_have_value("1.25")
    page.keyboard.press("?")
    expect(page.locator("[data-help]")).to_contain_text("play or pause")
    page.keyboard.press("Escape")
    expect(page.locator("[data-help]")).to_be_hidden()


def test_chapters_are_jumped_to_and_named_in_the_address(page: Page) -> None:
    page.goto(LONG_TALK)
    chapters = page.locator(".chapters a")
    assert chapters.count() > 5
    chapters.nth(1).click()
    expect(chapters.nth(1)).to_have_attribute("aria-current", "true")
    parts = urlsplit(page.url)
    assert parts.fragment.startswith("at-")
    expect(page.locator(f"#{parts.fragment}")).to_be_in_viewport()


def test_forty_thousand_words_are_found_in_and_followed_without_a_long_task(page: Page) -> None:
    page.goto(LONG_TALK)
    page.wait_for_timeout(1_000)
    page.evaluate(
        """() => {
            window.long = [];
            new PerformanceObserver((list) => list.getEntries().forEach(
                (entry) => window.long.push(entry.duration))).observe({ type: 'longtask' });
        }"""
    )
    page.locator("[data-find]").fill("kernels")
    expect(page.locator("[data-find-count]")).to_contain_text("1000 or more")
    page.locator("[data-find-next]").click()
    page.evaluate("document.querySelector('[data-player]').currentTime = 800")
    expect(page.locator(".line.now")).to_have_count(1)
    page.wait_for_timeout(500)
    worst = page.evaluate("Math.max(0, ...window.long)")
    assert worst < 100, f"{worst} ms"


def test_it_prints_with_chapters_text_and_its_address(page: Page, tmp_path: Path) -> None:
    page.goto(TALK)
    page.emulate_media(media="print")
    expect(page.locator(".printed")).to_be_visible()
    expect(page.locator(".screen")).to_be_hidden()
    for what in (".bar", ".tools", ".find", ".follow", ".foot"):
        expect(page.locator(what)).to_be_hidden()
    assert page.pdf(path=tmp_path / "talk.pdf").startswith(b"%PDF")
