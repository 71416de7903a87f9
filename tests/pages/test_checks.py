"""The controls of the checks: a page with each fault, and each is found."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.app.browsing import Answer, Site, listening
from tests.chromium import IN_A_BROWSER
from tests.pages import checks
from tests.pages.visits import opened

pytestmark = IN_A_BROWSER
HEAD = (
    '<!doctype html><html lang="en"><head><title>Faults</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1"></head>'
    "<body><main><h1>Faults</h1>"
)


class Bench:
    """A page that tests write."""

    def __init__(self, page: Page, site: Site, origin: str) -> None:
        self.page = page
        self._site = site
        self._origin = origin

    def show(self, body: str) -> Page:
        """Open a page with this body."""
        self._site.put("/", Answer(body=f"{HEAD}{body}</main></body></html>".encode()))
        self.page.goto(self._origin)
        return self.page


@pytest.fixture
def bench(browser: Browser) -> Iterator[Bench]:
    site = Site()
    context = browser.new_context(viewport=checks.NARROW)
    page = context.new_page()
    page.add_init_script(checks.COUNT_SHIFTS)
    with listening(site) as origin:
        yield Bench(page, site, origin)
    context.close()


def test_axe_finds_pale_words_and_small_targets(bench: Bench) -> None:
    page = bench.show(
        '<p style="color:#bbb;background:#fff">Pale</p>'
        '<button style="width:9px;height:9px;padding:0">a</button>'
        '<button style="width:9px;height:9px;padding:0">b</button>'
    )
    found = " ".join(checks.axe_faults(page))
    assert "color-contrast" in found
    assert "target-size" in found


def test_what_is_wider_than_the_screen_is_found(bench: Bench) -> None:
    page = bench.show('<p style="width:400px">Wide</p>')
    assert "of 320 px" in " ".join(checks.wider_than_the_screen(page))


def test_large_text_is_twice_as_large_unless_the_page_forbids_it(bench: Bench) -> None:
    page = bench.show("<p>Words</p>")
    checks.with_large_text(page)
    assert checks.text_size_px(page) == checks.LARGE_TEXT_PX
    bench.show("<style>html { font-size: 16px }</style>")
    assert checks.text_size_px(page) == 16


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ('<a href="#a" style="outline:none">One</a>', "no visible focus"),
        (
            '<a href="#a">One</a><div style="position:fixed;inset:0;background:#fff"></div>',
            "covered",
        ),
        ('<a href="#a">One</a> <a href="#b" tabindex="1">Two</a>', "order of the source"),
        (
            '<div style="display:flex;flex-direction:column-reverse">'
            '<a href="#a">One</a><a href="#b">Two</a></div>',
            "above what comes before",
        ),
        ("<p>Nothing</p>", "nothing can be reached"),
    ],
)
def test_each_fault_of_focus_is_found(bench: Bench, body: str, fault: str) -> None:
    assert fault in " ".join(checks.focus_faults(bench.show(body)))


def test_a_plain_page_has_no_fault_of_focus(bench: Bench) -> None:
    page = bench.show('<p><a href="#a">One</a></p><p><button>Two</button></p>')
    assert checks.focus_faults(page) == []


def test_what_moves_by_itself_is_found(bench: Bench) -> None:
    page = bench.show('<div id="late"></div><p>Words that are pushed down</p>')
    assert checks.shifts(page) == []
    page.evaluate("setTimeout(() => { late.style.height = '200px' }, 50)")
    page.wait_for_function("window.shifted.length > 0", timeout=3000)


def test_a_button_that_needs_scripts_is_found(bench: Bench) -> None:
    page = bench.show("<button>Alone</button><form><button>Send</button></form>")
    assert checks.dead_buttons(page) == ["Alone"]


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("<script>console.error('something broke')</script>", "something broke"),
        ("<script>nothing.at.all()</script>", "nothing is not defined"),
        ('<img alt="" src="http://127.0.0.1:9/elsewhere.png">', "asked for http://127.0.0.1:9/"),
        ('<img alt="" src="/missing.png">', "404"),
    ],
)
def test_what_a_page_complains_about_and_asks_of_others_is_heard(
    browser: Browser, body: str, fault: str
) -> None:
    site = Site()
    site.put("/", Answer(body=f"{HEAD}{body}</main></body></html>".encode()))
    with listening(site) as origin, opened(browser, f"{origin}/") as visit:
        assert fault in " ".join(visit.complaints)
