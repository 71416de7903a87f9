"""A talk in a frame of another site, in a real Chromium; and where frames are refused."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, expect

from app.main import create_app
from catalog.settings import Settings
from tests.app.browsing import Answer, Site, listening
from tests.app.conftest import filled
from tests.app.shelf import Shelf
from tests.chromium import IN_A_BROWSER

pytestmark = IN_A_BROWSER


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path_factory.mktemp("framed"))
    filled(shelf)
    shelf.publish()
    yield shelf
    shelf.close()


@contextmanager
def framed(shelf: Shelf, settings: Settings) -> Iterator[str]:
    """The archive under some settings; its origin."""
    with listening(create_app(settings, load_encoder=lambda _: shelf.encoder)) as origin:
        yield origin


@contextmanager
def another_site(html: str) -> Iterator[str]:
    """A page on another origin."""
    site = Site()
    head = "<!doctype html><title>Course</title><link rel=icon href='data:,'>"
    site.put("/", Answer(body=(head + html).encode()))
    with listening(site) as origin:
        yield f"{origin}/"


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_the_frame_that_oembed_gives_plays_on_another_site(
    stocked: Shelf, browser: Browser, scripts: bool
) -> None:
    with framed(stocked, stocked.settings) as archive:
        context = browser.new_context(java_script_enabled=scripts)
        answer = context.request.get(
            f"{archive}/oembed", params={"url": f"{archive}/talks/the-second-descent?t=12"}
        )
        with another_site(answer.json()["html"]) as site:
            page = context.new_page()
            complaints: list[str] = []
            page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
            page.goto(site)
            frame = page.frame_locator("iframe")
            expect(frame.get_by_role("heading", level=1)).to_have_text("The Second Descent")
            expect(frame.get_by_text("the test error explodes.")).to_be_visible()
            player = frame.locator("[data-player]")
            expect(player).to_be_visible()
            if scripts:
                expect(frame.locator(".line.now")).to_contain_text("interpolation threshold")
                frame.get_by_role("link", name="00:00").first.click()
                expect(frame.locator(".line.now")).to_contain_text("Good afternoon")
                width = frame.locator("html").evaluate("e => [e.scrollWidth, e.clientWidth]")
                assert width[0] <= width[1]
            assert context.cookies() == []
            assert complaints == []
        context.close()


@pytest.mark.parametrize(
    ("path", "origins", "shown"),
    [
        ("/embed/talks/the-second-descent", "*", True),
        ("/embed/talks/the-second-descent", "https://course.example.edu", False),
        ("/embed/talks/the-second-descent", "none", False),
        ("/talks/the-second-descent", "*", False),
        ("/search?q=threshold", "*", False),
    ],
)
def test_only_frames_can_be_framed_and_only_where_the_settings_say(
    stocked: Shelf, browser: Browser, path: str, origins: str, shown: bool
) -> None:
    settings = stocked.settings.model_copy(update={"embed_origins": origins})
    with (
        framed(stocked, settings) as archive,
        another_site(f'<iframe src="{archive}{path}"></iframe>') as site,
    ):
        context = browser.new_context()
        page = context.new_page()
        page.goto(site)
        page.wait_for_load_state("networkidle")
        heading = page.frame_locator("iframe").get_by_role("heading", level=1)
        assert heading.count() == (1 if shown else 0)
        context.close()
