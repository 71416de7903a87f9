"""The search box and the player on another site, in a real browser."""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, ViewportSize, expect

from catalog.talks import NewTalk
from tests.app.browsing import Answer, Site, archive, listening
from tests.app.conftest import filled
from tests.app.shelf import Shelf, Spoken, until
from tests.chromium import IN_A_BROWSER

pytestmark = IN_A_BROWSER
COURSE = Path(__file__).resolve().parents[2] / "demo" / "course-site"
FILM = COURSE.parent / "recordings" / "02-the-second-descent.mp4"
WIDE: ViewportSize = {"width": 1280, "height": 900}
NARROW: ViewportSize = {"width": 320, "height": 640}
FOUND = "minimum norm solutions"
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The two origins, and the site that tests write pages for."""

    archive: str
    site: str
    pages: Site

    def strict(self) -> str:
        """The policy that the guide gives to a strict host."""
        a = self.archive
        return (
            f"default-src 'none'; script-src {a}; connect-src {a}; media-src {a}; "
            "style-src 'self'; base-uri 'none'"
        )

    def page(self, body: str, *, lang: str = "en", policy: str | None = None) -> str:
        """Write a page with the script and this body; its address."""
        html = (
            f'<!DOCTYPE html><html lang="{lang}"><head><title>Course</title>'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<script type="module" src="{self.archive}/embed/v1.js"></script></head>'
            f"<body><main><h1>Course</h1>{body}</main></body></html>"
        )
        headers = {"content-security-policy": policy} if policy else {}
        self.pages.put("/page", Answer(body=html.encode(), headers=headers))
        return f"{self.site}/page"

    def box(self, attributes: str = "") -> str:
        """The search box of this archive."""
        return f'<talk-search archive="{self.archive}" {attributes}></talk-search>'


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    """An archive, and a course's site on another port."""
    shelf = Shelf(tmp_path_factory.mktemp("embedded"))
    filled(shelf)
    shelf.talk(
        NewTalk(title="With Slides", speakers=("Jonas Feldmann",)),
        Spoken(sentences=tuple(f"Slide {n} has a picture of a curve." for n in range(1, 9))),
        media=FILM.read_bytes(),
        media_type="video/mp4",
    )
    shelf.publish()
    site = Site()
    with listening(site) as other, archive(shelf, cors_origins=other) as origin:
        course = (COURSE / "index.html").read_text().replace("http://localhost:8000", origin)
        site.put("/", Answer(body=course.encode()))
        style = (COURSE / "style.css").read_bytes()
        site.put("/style.css", Answer(body=style, media_type="text/css"))
        yield Places(archive=origin, site=other, pages=site)
    shelf.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=WIDE, reduced_motion="reduce", locale="en-GB")
    yield context.new_page()
    context.close()


def complaints(page: Page, places: Places) -> list[str]:
    """What a page complains about or asks of others, from now on."""
    found: list[str] = []
    known = (places.archive, places.site, "data:")
    page.on("console", lambda m: found.append(m.text) if m.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("request", lambda r: None if r.url.startswith(known) else found.append(r.url))
    return found


def search(page: Page, words: str = FOUND) -> None:
    """Type into the box and wait for what is found."""
    page.get_by_role("combobox").click()
    page.keyboard.type(words)
    expect(page.get_by_role("option").first).to_be_visible()


def second(page: Page) -> float:
    """Where the player is."""
    return float(
        page.locator("talk-player audio, talk-player video").evaluate("one => one.currentTime")
    )


def test_results_come_as_one_types_with_speaker_date_and_times(page: Page, places: Places) -> None:
    heard = complaints(page, places)
    page.goto(places.site)
    search(page)
    group = page.get_by_role("group", name="The Second Descent")
    expect(group).to_contain_text("Jonas Feldmann · 12 February 2024 · Foundations")
    expect(group.get_by_role("option").first).to_contain_text(re.compile(r"\d\d:\d\d"))
    expect(group.locator("mark").first).to_be_visible()
    expect(page.get_by_role("combobox")).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("status")).to_contain_text(re.compile(r"\d+ passages? in \d+ talk"))
    assert page.context.cookies() == []
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert heard == []


def test_the_keyboard_alone_opens_a_talk_at_its_second_and_comes_back(
    page: Page, places: Places
) -> None:
    heard = complaints(page, places)
    page.goto(places.site)
    page.keyboard.press("Tab")
    page.keyboard.type("gradient descent and step sizes")
    name = "What Gradient Descent Prefers"
    option = page.get_by_role("group", name=name).get_by_role("option").last
    expect(option).to_be_visible()
    for _ in range(20):
        page.keyboard.press("ArrowDown")
        if option.get_attribute("aria-selected") == "true":
            break
    box = page.get_by_role("combobox")
    expect(box).to_have_attribute("aria-activedescendant", str(option.get_attribute("id")))
    wanted = int(str(option.get_attribute("href")).split("t=")[1])
    assert wanted > 0
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name=name)
    expect(dialog).to_be_visible()
    expect(dialog.locator(".line[aria-current]")).to_be_visible()
    until(lambda: wanted <= second(page) < wanted + 5)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("combobox")).to_be_focused()
    expect(option).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    assert heard == []


def test_the_transcript_follows_and_a_line_seeks(page: Page, places: Places) -> None:
    page.goto(
        places.page(
            f'<talk-player archive="{places.archive}" talk="what-gradient-descent-prefers" t="52">'
        )
    )
    expect(page.locator(".line.now")).to_contain_text("number 5 ")
    until(lambda: abs(second(page) - 52) < 0.6)
    page.locator("audio").evaluate("one => { one.currentTime = 351 }")
    expect(page.locator(".line.now")).to_contain_text("number 35")
    expect(page.locator(".line.now")).to_be_in_viewport()
    assert page.evaluate("scrollY") == 0
    page.locator(".line", has_text="number 34").click()
    until(lambda: abs(second(page) - 340) < 0.6)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    until(lambda: abs(second(page) - 350) < 0.6)


def test_whoever_scrolls_is_not_pulled_back(page: Page, places: Places) -> None:
    page.goto(
        places.page(
            f'<talk-player archive="{places.archive}" talk="what-gradient-descent-prefers">'
        )
    )
    page.locator(".line").first.hover()
    page.mouse.wheel(0, 60)
    expect(page.get_by_role("checkbox", name="Follow")).not_to_be_checked()
    page.locator("audio").evaluate("one => { one.currentTime = 351 }")
    expect(page.locator(".line.now")).to_contain_text("number 35")
    expect(page.locator(".line.now")).not_to_be_in_viewport()


def test_stale_answers_are_never_shown(page: Page, places: Places) -> None:
    """The answer to the first question comes a second after that to the newer one."""

    def late(route: Route) -> None:
        answer = route.fetch()
        time.sleep(1)
        try:
            route.fulfill(response=answer)
        except Exception as gone:  # the widget broke it off
            assert "aborted" in str(gone).lower() or "handled" in str(gone).lower()  # noqa: PT017

    page.goto(places.page(places.box()))
    page.route(re.compile(r"q=label\b"), late)
    page.get_by_role("combobox").click()
    page.keyboard.type("label")
    page.wait_for_timeout(300)
    page.get_by_role("combobox").fill("threshold")
    expect(page.get_by_role("group", name="The Second Descent")).to_be_visible()
    page.wait_for_timeout(1500)
    shown = page.get_by_role("option").last.get_attribute("href")
    assert "q=threshold" in str(shown)


def test_a_strict_policy_of_the_host_works_as_the_guide_says(page: Page, places: Places) -> None:
    heard = complaints(page, places)
    page.goto(places.page(places.box(), policy=places.strict()))
    search(page)
    page.get_by_role("option").first.click()
    expect(page.locator("talk-player .line").first).to_be_visible()
    until(lambda: page.locator("audio").evaluate("one => one.readyState") >= 1)
    assert page.locator(".popup").evaluate("one => getComputedStyle(one).position") == "static"
    assert heard == []


def test_the_series_narrows_and_modified_clicks_go_to_the_archive(
    page: Page, places: Places
) -> None:
    page.goto(places.page(places.box('series="Theory Lunch"')))
    search(page, "gradient descent")
    groups = page.locator(".group .title")
    expect(groups).to_have_text(["What Gradient Descent Prefers"])
    with page.context.expect_page() as opened:
        page.get_by_role("option").first.click(modifiers=["Control"])
    assert opened.value.url.startswith(f"{places.archive}/talks/what-gradient-descent-prefers")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_open_archive_goes_there(page: Page, places: Places) -> None:
    page.goto(places.page(places.box('open="archive"')))
    search(page)
    page.get_by_role("group", name="The Second Descent").get_by_role("option").first.click()
    page.wait_for_url(f"{places.archive}/talks/the-second-descent?t=*")


def test_an_archive_that_is_away_is_said_in_place(page: Page, places: Places) -> None:
    page.goto(places.page('<talk-search archive="http://127.0.0.1:9"></talk-search><p>Rest.'))
    page.get_by_role("combobox").click()
    page.keyboard.type("threshold")
    expect(page.locator(".state")).to_have_text(
        "The archive cannot be reached from this page at the moment."
    )
    expect(page.get_by_text("Rest.")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("cannot be reached")


@pytest.mark.parametrize(
    ("status", "code", "says"),
    [
        (401, "key_revoked", "was revoked"),
        (401, "key-expired", "has expired"),
        (403, "origin_refused", "not for this site"),
        (403, "whatever", "does not accept this page’s key"),
        (500, "internal", "could not answer"),
    ],
)
def test_refusals_say_why(page: Page, places: Places, status: int, code: str, says: str) -> None:
    """The answers are made up; test_widget_keys asks a real archive."""
    page.goto(places.page(places.box('key="k"')))
    refuse(page, status, {"code": code})
    page.get_by_role("combobox").click()
    page.keyboard.type("threshold")
    expect(page.locator(".state")).to_contain_text(says)


def test_a_busy_archive_is_asked_again(page: Page, places: Places) -> None:
    page.goto(places.page(places.box()))
    refuse(page, 429, {"code": "rate_limited"}, {"retry-after": "1"}, times=1)
    page.get_by_role("combobox").click()
    page.keyboard.type("threshold")
    expect(page.locator(".state")).to_have_text("The archive is busy. Trying again in 1 s.")
    expect(page.get_by_role("option").first).to_be_visible(timeout=4000)


@pytest.mark.parametrize("named", ["/talks/{}", "https://elsewhere.example/talks/{}?t=3#x", " {} "])
def test_a_player_takes_an_address_and_waits_for_a_busy_archive(
    page: Page, places: Places, named: str
) -> None:
    talk = named.format("what-gradient-descent-prefers")
    player = f'<talk-player archive="{places.archive}" talk="{talk}" t="0:52"></talk-player>'
    refuse(page, 429, {"code": "rate_limited"}, {"retry-after": "1"}, times=1, at="/talks/*")
    page.goto(places.page(player))
    expect(page.get_by_role("alert")).to_have_text("The archive is busy. Trying again in 1 s.")
    expect(page.locator(".line.now")).to_contain_text("number 5 ", timeout=5000)


def test_a_player_of_no_talk_says_so(page: Page, places: Places) -> None:
    page.goto(places.page(f'<talk-player archive="{places.archive}"></talk-player>'))
    expect(page.get_by_role("alert")).to_have_text("The archive does not have this talk.")


def test_a_recording_that_is_gone_meanwhile_is_explained(page: Page, places: Places) -> None:
    talk = "what-gradient-descent-prefers"
    page.goto(places.page(f'<talk-player archive="{places.archive}" talk="{talk}">'))
    expect(page.locator(".line").first).to_be_visible()
    refuse(page, 410, {"code": "withdrawn"}, at="/talks/*")
    page.locator("audio").evaluate("(one) => one.dispatchEvent(new Event('error'))")
    expect(page.get_by_role("alert")).to_have_text("This talk was withdrawn.")


def test_the_page_s_white_space_stays_outside(page: Page, places: Places) -> None:
    outside = '<style>* { white-space: pre } nav { display: flex }</style><nav style="width:60rem">'
    page.goto(places.page(f"{outside}{places.box()}</nav>"))
    page.get_by_role("combobox").click()
    page.keyboard.type("threshold")
    option = page.get_by_role("option").first
    expect(option).to_be_visible()
    snippet = option.locator(".snippet")
    assert snippet.evaluate("(one) => one.scrollWidth <= one.clientWidth + 1")
    assert page.locator("talk-search").evaluate("(one) => one.offsetWidth") > 800


def refuse(
    page: Page,
    status: int,
    body: dict[str, Any],
    headers: dict[str, str] | None = None,
    *,
    times: int | None = None,
    at: str = "/search?*",
) -> None:
    """Answer searches with a problem; those that ask for leave first are given it."""

    def answer(route: Route) -> None:
        if route.request.method == "OPTIONS":
            route.continue_()
            return
        route.fulfill(
            status=status,
            body=json.dumps(body),
            content_type="application/problem+json",
            headers={
                "access-control-allow-origin": "*",
                "access-control-expose-headers": "retry-after",
                **(headers or {}),
            },
        )

    page.route(f"**/api/v1{at}", answer, times=times)


@pytest.mark.parametrize(
    ("lang", "label", "none"),
    [
        ("de", "Vorträge durchsuchen", "Nichts gefunden für „zzzqq“."),
        ("fr-CH", "Chercher dans les exposés", "Aucun résultat pour « zzzqq »."),
        ("xx", "Search the talks", "Nothing found for “zzzqq”."),
    ],
)
def test_texts_follow_the_language_of_the_page(
    page: Page, places: Places, lang: str, label: str, none: str
) -> None:
    page.goto(places.page(places.box('series="Nowhere"'), lang=lang))
    page.get_by_role("combobox", name=label).click()
    page.keyboard.type("zzzqq")
    expect(page.locator(".state")).to_have_text(none)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_it_fits_and_axe_finds_no_fault(
    browser: Browser, places: Places, theme: str, viewport: ViewportSize
) -> None:
    context = browser.new_context(
        viewport=viewport,
        reduced_motion="reduce",
        color_scheme="dark" if theme == "dark" else "light",
    )
    page = context.new_page()
    page.goto(places.site)
    search(page)
    page.keyboard.press("ArrowDown")
    fits(page, viewport)
    page.keyboard.press("Enter")
    expect(page.locator("talk-player .line").first).to_be_visible()
    fits(page, viewport)
    page.goto(places.page(player(places, "the-second-descent", theme)))
    expect(page.locator("talk-player .line").first).to_be_visible()
    fits(page, viewport)
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_what_is_empty_refused_or_on_its_way_fits_too(
    browser: Browser, places: Places, theme: str, viewport: ViewportSize
) -> None:
    context = browser.new_context(viewport=viewport, reduced_motion="reduce")
    page = context.new_page()
    page.goto(places.page(places.box(f'series="Nowhere" theme="{theme}"')))
    page.get_by_role("combobox").click()
    page.keyboard.type("zzzqq")
    expect(page.locator(".state")).to_contain_text("Nothing found")
    fits(page, viewport)
    refuse(page, 500, {"code": "internal"})
    page.get_by_role("combobox").fill("threshold")
    expect(page.locator(".state")).to_contain_text("could not answer")
    fits(page, viewport)
    page.goto(places.page(player(places, "no-such-talk", theme)))
    expect(page.get_by_role("alert")).to_be_visible()
    fits(page, viewport)
    held: list[Route] = []
    page.route("**/api/v1/talks/**", lambda route: held.append(route))
    page.goto(places.page(player(places, "the-second-descent", theme)))
    expect(page.get_by_role("status")).to_have_text("Loading the talk…")
    fits(page, viewport)
    for route in held:
        route.abort()
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    fits(page, viewport)
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_talk_with_doubtful_words_in_the_dialog_fits(
    browser: Browser, places: Places, theme: str, viewport: ViewportSize
) -> None:
    """The widget shows doubtful words as all others; the archive's own page marks them."""
    context = browser.new_context(viewport=viewport, reduced_motion="reduce")
    page = context.new_page()
    page.goto(places.page(places.box(f'theme="{theme}"')))
    search(page, "Belkin has drawn this curve")
    page.get_by_role("group", name="The Second Descent").get_by_role("option").first.click()
    dialog = page.get_by_role("dialog", name="The Second Descent")
    expect(dialog.locator(".line", has_text="Belkin and others")).to_be_visible()
    fits(page, viewport)
    context.close()


def player(places: Places, talk: str, theme: str) -> str:
    """The player of one talk of this archive."""
    return f'<talk-player archive="{places.archive}" talk="{talk}" theme="{theme}"></talk-player>'


def fits(page: Page, viewport: ViewportSize) -> None:
    """Nothing is wider than the screen, too small to hit, or against WCAG 2.2 A and AA."""
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    small = page.locator("[role=option], .line, .bar button, .bar a, .tools label").evaluate_all(
        "all => all.filter((one) => one.getBoundingClientRect().height < 24).length"
    )
    assert small == 0
    found = Axe().run(page, options=RULES).response["violations"]
    assert found == [], json.dumps(found, indent=1)


def test_axe_sees_into_the_shadow(page: Page, places: Places) -> None:
    """The control of the test before: a fault within the box is found."""
    page.goto(places.page(places.box()))
    page.get_by_role("combobox").evaluate(
        "one => { one.removeAttribute('aria-label'); one.removeAttribute('placeholder') }"
    )
    found = Axe().run(page, options=RULES).response["violations"]
    assert "label" in {one["id"] for one in found}


def test_a_film_has_captions_and_axe_finds_no_fault(page: Page, places: Places) -> None:
    page.goto(
        places.page(f'<talk-player archive="{places.archive}" talk="with-slides" t="31" lang="de">')
    )
    film = page.locator("video")
    until(lambda: abs(second(page) - 31) < 0.6)
    cues = film.evaluate("one => [...one.textTracks[0].cues].map((cue) => cue.text)")
    assert cues[3] == "Slide 4 has a picture of a curve."
    expect(page.locator(".line.now")).to_contain_text("Slide 4")
    fits(page, WIDE)


def test_the_theme_is_the_pages_unless_it_is_set(browser: Browser, places: Places) -> None:
    """A page that is always light keeps a light list, whatever the reader's system prefers."""
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    grounds = []
    for attribute in ("", 'theme="auto"', 'theme="light"', 'theme="dark"'):
        page.goto(places.page(places.box(attribute)))
        search(page)
        grounds.append(
            page.locator(".popup").evaluate("one => getComputedStyle(one).backgroundColor")
        )
    light, dark = "rgb(255, 255, 255)", "rgb(20, 23, 26)"
    assert grounds == [light, dark, light, dark]
    context.close()


def test_who_leaves_a_busy_archive_asks_it_no_more(page: Page, places: Places) -> None:
    asked: list[str] = []
    page.goto(places.page(places.box() + "<button>Elsewhere</button>"))
    refuse(page, 429, {"code": "rate_limited"}, {"retry-after": "1"})
    page.on("request", lambda r: asked.append(r.url) if "/search?" in r.url else None)
    page.get_by_role("combobox").click()
    page.keyboard.type("threshold")
    expect(page.locator(".state")).to_contain_text("busy")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Elsewhere")).to_be_focused()
    before = len(asked)
    page.wait_for_timeout(1500)
    assert before > 0
    assert len(asked) == before
    expect(page.locator(".popup")).to_be_hidden()
