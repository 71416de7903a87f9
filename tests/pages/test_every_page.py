"""Every page of a hostile archive, for everyone: with axe, small, large, by keyboard, bare.

Two tests for each page, because opening it is what takes the time.
"""

from urllib.parse import quote

import pytest
from playwright.sync_api import Browser

from tests.chromium import IN_A_BROWSER
from tests.pages import checks
from tests.pages.conftest import Places
from tests.pages.hostile import LONG_TITLE, RIGHT_TO_LEFT, UNPARSED
from tests.pages.visits import opened

pytestmark = IN_A_BROWSER
FIXED = {
    "home": "/",
    "results": "/search?q=interpolation+threshold",
    "narrowed results": "/search?q=gradient+descent&kind=talk&year=2023",
    "no results": "/search?q=zzzzqqqq&kind=paper",
    "a mistyped search": "/search?q=interpolaton",
    "an odd search": f"/search?q={quote(UNPARSED)}",
    "a long search": f"/search?q={quote(LONG_TITLE)}",
    "talks": "/talks",
    "a series": "/talks?series=Foundations",
    "an odd series": f"/talks?series={quote(RIGHT_TO_LEFT)}",
    "a speaker": "/talks?speaker=Priya+Raman",
    "a year": "/talks?year=2024",
    "no such series": "/talks?series=Nothing",
    "talk": "/talks/the-second-descent?t=21",
    "found in a talk": "/talks/what-gradient-descent-prefers?q=descent",
    "nothing found in a talk": "/talks/the-second-descent?q=zzzzqqqq",
    "papers": "/papers",
    "paper": "/papers/notes-on-tangent-kernels",
    "found in a paper": "/papers/notes-on-tangent-kernels?q=kernel",
    "covered": "/covered?q=interpolation+threshold",
    "nothing covered": "/covered?q=zzzzqqqq",
    "series page": "/series/foundations",
    "speaker page": "/speakers/priya-raman",
    "about": "/about",
    "not there": "/nothing/at/all",
    "problems": "/problems",
    "a problem": "/problems/not_found",
    "frame": "/embed/talks/the-second-descent",
}
ODD = (
    "long title", "unbroken title", "right to left", "combining", "unparsed formula",
    "no speaker and no date", "no transcript", "nothing said", "no recording", "no title",
    "recording elsewhere", "unplayable", "many speakers", "declined", "not recorded", "upcoming",
    "recording withdrawn", "withdrawn", "unlisted", "partial", "running", "failed",
    "forty thousand words", "paper without text", "paper by name", "paper with odd words",
)  # fmt: skip
EVERY = [*FIXED, *ODD, "degraded results"]
EACH_KIND = (
    "home", "results", "no results", "talks", "a series", "talk", "found in a talk", "papers",
    "paper", "covered", "series page", "speaker page", "about", "not there", "problems", "frame",
    "long title", "recording elsewhere", "forty thousand words",
)  # fmt: skip
STATUSES = {"not there": 404, "withdrawn": 410}


def path(places: Places, name: str) -> str:
    """Where a page is in every archive."""
    return FIXED.get(name) or places.odd[name]


def address(places: Places, name: str) -> str:
    """Where a page is, for who finds the whole archive or the degraded one."""
    if name == "degraded results":
        return f"{places.degraded}{FIXED['results']}"
    return places.whole + path(places, name)


@pytest.mark.parametrize("name", EVERY)
def test_it_is_quiet_still_without_a_fault_and_the_same_without_scripts(
    browser: Browser, places: Places, name: str
) -> None:
    with opened(browser, address(places, name)) as visit:
        assert visit.status == STATUSES.get(name, 200)
        assert (checks.shifts(visit.page), visit.complaints) == ([], [])
        light = checks.axe_faults(visit.page)
        visit.page.emulate_media(color_scheme="dark")
        dark = checks.axe_faults(visit.page, checks.CONTRAST)  # nothing else can differ
        assert (light, dark) == ([], [])
        heading = visit.page.locator("h1").inner_text()
    context = browser.new_context(java_script_enabled=False, viewport=checks.WIDE)
    page = context.new_page()
    page.goto(address(places, name))
    assert page.locator("h1").inner_text() == heading
    assert checks.dead_buttons(page) == []
    context.close()


@pytest.mark.parametrize("name", EVERY)
def test_it_fits_a_small_screen_by_keyboard_too_and_large_text(
    browser: Browser, places: Places, name: str
) -> None:
    with opened(browser, address(places, name), narrow=True) as visit:
        assert checks.wider_than_the_screen(visit.page) == []
        assert checks.focus_faults(visit.page) == []
        visit.page.set_viewport_size(checks.WIDE)
        checks.with_large_text(visit.page)
        assert checks.text_size_px(visit.page) == checks.LARGE_TEXT_PX
        assert checks.wider_than_the_screen(visit.page) == []


@pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])
@pytest.mark.parametrize("name", EACH_KIND)
def test_it_stays_still_while_it_arrives_in_parts(
    browser: Browser, places: Places, name: str, narrow: bool
) -> None:
    with opened(browser, places.slow + path(places, name), narrow=narrow) as visit:
        assert checks.shifts(visit.page) == []
