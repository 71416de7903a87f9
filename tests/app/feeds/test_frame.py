"""A talk in a frame of another site, in a real Chromium; and where frames are refused."""

import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, expect, sync_playwright

from app.main import create_app
from catalog.settings import Settings
from tests.app.conftest import filled
from tests.app.shelf import Shelf, until

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium is installed here"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--mute-audio"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path_factory.mktemp("framed"))
    filled(shelf)
    shelf.publish()
    yield shelf
    shelf.close()


@contextmanager
def listening(shelf: Shelf, settings: Settings) -> Iterator[str]:
    """The archive at a real address."""
    app = create_app(settings, load_encoder=lambda _: shelf.encoder)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]})
        thread.start()
        try:
            until(lambda: server.started)
            yield f"http://127.0.0.1:{taken.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=30)


class _Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and tells nobody."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def another_site(folder: Path, html: str) -> Iterator[str]:
    """A page on another origin."""
    head = "<!doctype html><title>Course</title><link rel=icon href='data:,'>"
    (folder / "index.html").write_text(head + html)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join(timeout=30)
        server.server_close()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_the_frame_that_oembed_gives_plays_on_another_site(
    stocked: Shelf, browser: Browser, tmp_path: Path, scripts: bool
) -> None:
    with listening(stocked, stocked.settings) as archive:
        context = browser.new_context(java_script_enabled=scripts)
        answer = context.request.get(
            f"{archive}/oembed", params={"url": f"{archive}/talks/the-second-descent?t=12"}
        )
        with another_site(tmp_path, answer.json()["html"]) as site:
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
    stocked: Shelf, browser: Browser, tmp_path: Path, path: str, origins: str, shown: bool
) -> None:
    settings = stocked.settings.model_copy(update={"embed_origins": origins})
    with (
        listening(stocked, settings) as archive,
        another_site(tmp_path, f'<iframe src="{archive}{path}"></iframe>') as site,
    ):
        context = browser.new_context()
        page = context.new_page()
        page.goto(site)
        page.wait_for_load_state("networkidle")
        heading = page.frame_locator("iframe").get_by_role("heading", level=1)
        assert heading.count() == (1 if shown else 0)
        context.close()
