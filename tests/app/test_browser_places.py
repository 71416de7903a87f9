"""Series, speakers, papers and what is around them in a real browser."""

from collections.abc import Iterator
from datetime import date

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize, expect

from catalog.papers import NewPaper
from catalog.talks import NewTalk
from tests.app.browsing import archive
from tests.app.conftest import filled
from tests.app.shelf import Shelf, Spoken, silent_wav
from tests.chromium import IN_A_BROWSER

pytestmark = IN_A_BROWSER
WIDE: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
NARROW: ViewportSize = {"width": 320, "height": 700}
LONG_TITLE = ("A title without an end " * 22)[:500]
RTL = "מבוא ללמידה חישובית והכללה"
COMBINED = "Z" + "\u0351\u0343\u033d" * 40 + "algo and Universita\u0308t"
PAPER = "/papers/rates-in-ell-2"
PLACES = [
    "/series/seminar",
    "/series/foundations",
    "/speakers/priya-raman",
    PAPER,
    "/papers",
    "/papers?author=Priya+Raman",
    "/about",
    "/second-descent",
    "/talks?series=Seminar",
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running server over an archive with formulas, long titles and a long series."""
    shelf = Shelf(tmp_path_factory.mktemp("places"))
    filled(shelf)
    for n, title in enumerate((LONG_TITLE, "W" * 500, RTL, COMBINED)):
        shelf.talk(
            NewTalk(title=title, speakers=("V" * 200,), series="Seminar", abstract=title),
            Spoken(sentences=(f"A kernel, number {n}.",)),
            media=silent_wav(2) + bytes([n]),
        )
    for n in range(40):
        held_on = date(2016 + n // 6, 1 + n % 12, 5)
        shelf.bare_talk(NewTalk(title=f"On $x_{n}$", series="Seminar", held_on=held_on))
    shelf.paper(
        NewPaper(
            title="Rates in $\\ell_2$",
            authors=("Priya Raman", "B" * 200),
            abstract="At most $\\sqrt{n}$ for $$" + "+".join(f"x_{n}^2" for n in range(40)) + "$$",
        ),
        ("1 Introduction\n\nA kernel.", "2 Proof\n\nA kernel again."),
    )
    shelf.publish()
    with archive(shelf) as origin:
        yield origin
    shelf.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=WIDE, reduced_motion="reduce")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_to_mend(browser: Browser, address: str, theme: str) -> None:
    context = browser.new_context(
        viewport=WIDE, color_scheme="dark" if theme == "dark" else "light"
    )
    page = context.new_page()
    for path in PLACES:
        page.goto(address + path)
        found = Axe().run(page, options={"rules": {"target-size": {"enabled": True}}})
        assert found.violations_count == 0, (path, found.generate_report())
    context.close()


@pytest.mark.parametrize(
    ("viewport", "text"),
    [(NARROW, "100%"), (PHONE, "200%"), (NARROW, "200%"), (WIDE, "200%")],
    ids=["320", "390 at 200 %", "320 at 200 %", "1280 at 200 %"],
)
def test_nothing_is_wider_than_the_window(
    browser: Browser, address: str, viewport: ViewportSize, text: str
) -> None:
    context = browser.new_context(viewport=viewport)
    page = context.new_page()
    titles = [f"/talks/{slug}" for slug in ("untitled", "w" * 72)]
    for path in [*PLACES, *titles, "/", "/talks", "/search?q=kernel", "/problems"]:
        page.goto(address + path)
        page.evaluate(f"document.documentElement.style.fontSize = '{text}'")
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, (path, wide)
    context.close()


def test_what_can_be_clicked_is_large_enough_and_shows_its_focus(
    browser: Browser, address: str
) -> None:
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    for path in PLACES:
        page.goto(address + path)
        small = page.eval_on_selector_all(
            ".tools a, .facets a, nav a, .next a, .foot a, .outline a, summary",
            """all => all.filter((one) => one.checkVisibility())
                .filter((one) => one.getBoundingClientRect().height < 24)
                .map((one) => one.textContent)""",
        )
        assert small == [], path
        for _ in range(12):
            page.keyboard.press("Tab")
            seen = page.evaluate(
                """() => {
                    const one = document.activeElement;
                    if (one === document.body) return "body";
                    const box = one.closest(".box");
                    const style = getComputedStyle(one);
                    const ring = style.outlineStyle !== "none" && style.outlineWidth !== "0px";
                    return ring || (box && getComputedStyle(box).boxShadow !== "none");
                }"""
            )
            assert seen, (path, page.evaluate("document.activeElement.outerHTML"))
    context.close()


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_the_bar_is_gone_through_in_the_order_that_is_seen(
    browser: Browser, address: str, viewport: ViewportSize
) -> None:
    context = browser.new_context(viewport=viewport)
    page = context.new_page()
    page.goto(address + "/about")
    boxes = page.eval_on_selector_all(
        ".bar a, .bar .box",
        """all => all.map((one) => one.getBoundingClientRect())
            .map((box) => [box.top + box.height / 2, box.left])""",
    )
    rows = [(round(middle / 20), left) for middle, left in boxes]
    assert rows == sorted(rows)
    context.close()


def test_a_formula_is_drawn_and_copied_as_its_source(page: Page, address: str) -> None:
    complaints: list[str] = []
    page.on("console", lambda one: complaints.append(one.text))
    page.on("pageerror", lambda one: complaints.append(str(one)))
    page.goto(address + PAPER)
    drawn = page.locator("h1 math msub").bounding_box()
    assert drawn is not None
    assert drawn["width"] > 5
    assert page.locator("h1 annotation").bounding_box() is None
    page.evaluate("getSelection().selectAllChildren(document.querySelector('h1'))")
    page.keyboard.press("Control+c")
    assert page.evaluate("navigator.clipboard.readText()") == "Rates in $\\ell_2$"
    page.evaluate("getSelection().selectAllChildren(document.querySelector('.sheets h3'))")
    page.keyboard.press("Control+c")
    assert page.evaluate("navigator.clipboard.readText()") == "1 Introduction"
    wide = page.locator(".formula")
    wide.focus()
    assert page.evaluate("document.activeElement.className") == "formula"
    assert page.title().startswith("Rates in $\\ell_2$")
    assert complaints == []


def test_a_section_leads_to_its_page(page: Page, address: str) -> None:
    page.goto(address + PAPER)
    page.get_by_role("link", name="2 Proof").click()
    page.wait_for_url("**#page-2")
    expect(page.locator("#page-2")).to_be_in_viewport()


def test_a_series_is_searched_by_itself(page: Page, address: str) -> None:
    page.goto(address + "/series/seminar")
    page.get_by_role("searchbox", name="Search in Seminar").fill("kernel")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?series=Seminar&q=kernel")
    expect(page.locator(".hit").first).to_be_visible()
    assert page.locator(".hit", has_text="Tangent").count() == 0


def test_a_wrong_address_leads_on_by_the_keyboard(page: Page, address: str) -> None:
    answer = page.goto(address + "/talks/second-descent")
    assert answer is not None
    assert answer.status == 404
    page.get_by_role("link", name="The Second Descent").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/talks/the-second-descent")


def test_nothing_moves_while_a_page_loads(page: Page, address: str) -> None:
    for path in PLACES:
        page.goto(address + path)
        moved = page.evaluate(
            """() => new Promise((done) => {
                let sum = 0;
                new PerformanceObserver((list) => {
                    for (const one of list.getEntries()) sum += one.value;
                }).observe({ type: "layout-shift", buffered: true });
                setTimeout(() => done(sum), 200);
            })"""
        )
        assert moved < 0.01, path
