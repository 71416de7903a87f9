"""The search page in a real browser: results while typing, the history, a server that goes away."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, Route, ViewportSize, expect
from starlette.types import Receive, Scope, Send

from app.main import create_app
from tests.app.browsing import archive, listening
from tests.app.conftest import filled
from tests.app.shelf import Shelf, until
from tests.chromium import IN_A_BROWSER
from tests.pages.checks import COUNT_SHIFTS, shifts

pytestmark = IN_A_BROWSER
WIDE: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
NARROW: ViewportSize = {"width": 320, "height": 700}
PATHS = (
    "/search?q=gradient+descent",
    "/search?q=descent&series=Foundations&sort=newest",
    "/covered?q=descent",
    "/search?q=zzzzqqqq&kind=paper",
    "/search?q=" + "%D7%A9%D7%9C%D7%95%D7%9D+" * 100,
    "/search?q=" + "x" * 1000,
    "/search?q=%3F%21...",
)


@pytest.fixture(scope="module")
def browsed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path_factory.mktemp("searched"))
    filled(shelf)
    shelf.publish()
    yield shelf
    shelf.close()


@pytest.fixture(scope="module")
def address(browsed: Shelf) -> Iterator[str]:
    with archive(browsed) as origin:
        yield origin


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=WIDE, reduced_motion="reduce")
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


class Server:
    """The archive on a port that stays the same when it is stopped and started."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.origin = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Come up, and return when searches are answered."""
        encoder = self._shelf.encoder
        app = create_app(self._shelf.settings, load_encoder=lambda _: encoder)
        config = uvicorn.Config(app, port=self.port, access_log=False, log_level="warning")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        until(lambda: self._server.started)
        until(lambda: app.state.service.live.encoder.state == "ready")

    def stop(self) -> None:
        """Go away."""
        self._server.should_exit = True
        self._thread.join()


def type_anew(page: Page, words: str) -> None:
    """Write other words into the box, letter by letter."""
    box = page.get_by_role("searchbox")
    box.press("Control+a")
    box.press_sequentially(words, delay=20)


def test_results_come_while_typing_and_the_address_is_theirs(page: Page, address: str) -> None:
    page.goto(f"{address}/search?q=kernel")
    page.evaluate("window.same = true")
    type_anew(page, "contrastive learning")
    page.wait_for_url("**/search?q=contrastive+learning")
    expect(page.locator(".hit h2").first).to_have_text("Labels Come Last")
    expect(page).to_have_title("contrastive learning – Seminar archive")
    expect(page.get_by_role("searchbox")).to_be_focused()
    assert page.evaluate("window.same")
    live = page.locator(".hits").inner_text()
    page.reload()
    assert page.locator(".hits").inner_text() == live
    assert page.get_by_role("searchbox").input_value() == "contrastive learning"


def test_back_leads_to_the_query_before_and_not_through_its_letters(
    page: Page, address: str
) -> None:
    page.goto(f"{address}/search?q=kernel")
    for part in ("contras", "tive"):
        (type_anew if part == "contras" else page.get_by_role("searchbox").press_sequentially)(
            *((page, part) if part == "contras" else (part,))
        )
        page.wait_for_url(f"**{part}")
    page.wait_for_timeout(1700)  # the results stand long enough to be a place to come back to
    type_anew(page, "rademacher")
    page.wait_for_url("**/search?q=rademacher")
    expect(page.locator(".hit h2").first).to_have_text("Uniform Convergence")
    page.go_back()
    expect(page.get_by_role("searchbox")).to_have_value("contrastive")
    expect(page.locator(".hit h2").first).to_have_text("Labels Come Last")
    page.go_back()
    expect(page.get_by_role("searchbox")).to_have_value("kernel")
    expect(page.locator(".hit h2").first).to_have_text("Notes on Tangent Kernels")
    page.go_forward()
    expect(page.get_by_role("searchbox")).to_have_value("contrastive")
    expect(page.locator(".hit h2").first).to_have_text("Labels Come Last")


def test_an_older_answer_never_covers_a_newer_one(page: Page, address: str) -> None:
    page.goto(f"{address}/search?q=kernel")

    def late(route: Route) -> None:
        if route.request.url.endswith("q=rademacher"):
            time.sleep(0.8)
        route.continue_()

    page.route("**/search?*", late)
    type_anew(page, "rademacher")
    page.wait_for_timeout(300)
    type_anew(page, "contrastive")
    expect(page.locator(".hit h2").first).to_have_text("Labels Come Last")
    page.wait_for_timeout(1200)
    expect(page.locator(".hit h2").first).to_have_text("Labels Come Last")
    assert page.url.endswith("q=contrastive")


def test_how_much_was_found_is_said_once_typing_stops(page: Page, address: str) -> None:
    page.goto(f"{address}/search?q=kernel")
    page.evaluate(
        """() => {
            window.heard = [];
            const said = document.querySelector("form span[role=status]");
            new MutationObserver(() => heard.push(said.textContent))
                .observe(said, { childList: true, characterData: true, subtree: true });
        }"""
    )
    box = page.get_by_role("searchbox")
    box.press("Control+a")
    box.press_sequentially("contrastive", delay=300)
    until(lambda: page.evaluate("window.heard.length > 0"))
    page.wait_for_timeout(900)
    heard = page.evaluate("window.heard")
    assert len(heard) == 1
    assert heard[0] == page.locator(".said b").inner_text()


def test_what_narrows_and_orders_stays_while_typing(page: Page, address: str) -> None:
    page.goto(f"{address}/search?q=kernel&series=Foundations&sort=oldest")
    type_anew(page, "descent")
    page.wait_for_url("**/search?q=descent&series=Foundations&sort=oldest")
    expect(page.locator(".orders [aria-current]")).to_have_text("Oldest first")
    box = page.get_by_role("searchbox")
    box.press("Enter")
    page.wait_for_load_state()
    assert page.url.endswith("q=descent&series=Foundations&sort=oldest")


def test_a_server_that_restarts_while_one_types_is_waited_for(page: Page, browsed: Shelf) -> None:
    server = Server(browsed)
    server.start()
    page.goto(f"{server.origin}/search?q=kernel")
    before = page.locator(".hits").inner_text()
    server.stop()
    type_anew(page, "contrastive")
    expect(page.locator(".adrift")).to_have_text("The archive does not answer; trying again.")
    assert page.locator(".hits").inner_text() == before
    assert page.url.endswith("q=kernel")
    server.start()
    expect(page.locator(".hit h2").first).to_have_text("Labels Come Last", timeout=10_000)
    expect(page.locator(".adrift")).to_be_hidden()
    assert page.url.endswith("q=contrastive")
    server.stop()


def test_a_busy_archive_is_tried_again(page: Page, address: str) -> None:
    page.goto(f"{address}/search?q=kernel")
    refused: list[str] = []

    def busy(route: Route) -> None:
        if refused:
            route.continue_()
            return
        refused.append(route.request.url)
        route.fulfill(status=503, body="busy", content_type="text/html")

    page.route("**/search?*", busy)
    type_anew(page, "contrastive")
    expect(page.locator(".adrift")).to_have_text("The archive is busy; trying again.")
    expect(page.locator(".hit h2").first).to_have_text("Labels Come Last")
    expect(page.locator(".adrift")).to_be_hidden()


def test_the_keyboard_alone_finds_a_moment(page: Page, address: str) -> None:
    page.goto(f"{address}/search?q=kernel")
    page.keyboard.press("/")
    page.keyboard.type("interpolation threshold")
    page.wait_for_url("**/search?q=interpolation+threshold")
    expect(page.locator(".hit h2").first).to_have_text("The Second Descent")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.passages a')"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/talks/the-second-descent?t=*")


def test_the_ways_to_narrow_stand_open_beside_results_and_fold_on_a_phone(
    browser: Browser, address: str
) -> None:
    for viewport, folded in ((WIDE, False), (PHONE, True)):
        context = browser.new_context(viewport=viewport, java_script_enabled=False)
        page = context.new_page()
        page.goto(f"{address}/search?q=gradient+descent+kernel")
        series = page.locator(".ways").get_by_role("link", name="Foundations")
        summary = page.locator(".ways > summary")
        if folded:
            expect(series).to_be_hidden()
            summary.click()
        else:
            expect(summary).to_be_hidden()
        expect(series).to_be_visible()
        series.click()
        page.wait_for_url("**series=Foundations*")
        if folded:
            taken = page.get_by_role("link", name="Take away Foundations")
            expect(taken).to_be_visible()
            taken.click()
            page.wait_for_url(lambda url: "series" not in url)
        context.close()


def test_sorted_and_talk_by_talk_work_without_scripts(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/search?q=gradient+descent+label")
    page.get_by_role("link", name="Newest first").click()
    expect(page.locator(".orders [aria-current]")).to_have_text("Newest first")
    page.get_by_role("link", name="Talk by talk").click()
    page.wait_for_url("**/covered?q=*")
    expect(page.get_by_role("heading", level=1)).to_contain_text("was covered")
    days = page.locator(".hit .when").all_inner_texts()
    assert days[:2] == ["10 Apr 2023", "12 Feb 2024"]
    page.locator(".passages a").first.click()
    page.wait_for_url("**/talks/*?t=*")
    context.close()


@pytest.mark.parametrize("viewport", [WIDE, PHONE, NARROW], ids=["wide", "phone", "narrow"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_search_is_wider_than_the_screen(
    browser: Browser, address: str, viewport: ViewportSize, theme: str, tmp_path: Path
) -> None:
    context = browser.new_context(
        viewport=viewport, color_scheme="dark" if theme == "dark" else "light"
    )
    page = context.new_page()
    for n, path in enumerate(PATHS):
        page.goto(address + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], path
        assert page.screenshot(path=tmp_path / f"{n}.png", full_page=True)
        small = page.eval_on_selector_all(
            ".orders a, .chosen a, .ways a, .ways summary, .passages .t",
            """all => all.filter((a) => a.checkVisibility()
                && a.getBoundingClientRect().height < 24).map((a) => a.outerHTML)""",
        )
        assert small == [], path
    context.close()


class InPieces:
    """A page that arrives bit by bit, as over a slow network."""

    def __init__(self, pieces: Sequence[str]) -> None:
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send one piece after another, with a wait in which a browser paints."""
        if scope["type"] != "http":
            return
        headers = [(b"content-type", b"text/html; charset=utf-8")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for piece in self._pieces:
            body = piece.encode()
            await send({"type": "http.response.body", "body": body, "more_body": True})
            await asyncio.sleep(0.4)
        await send({"type": "http.response.body", "body": b""})


def test_results_that_arrive_bit_by_bit_do_not_move(page: Page, address: str) -> None:
    html = page.request.get(f"{address}/search?q=gradient+descent").text()
    html = html.replace("<head>", f'<head><base href="{address}/">', 1)
    first = html.index('<li class="hit">') + 600
    with listening(InPieces((html[:first], html[first:]))) as slow:
        page.add_init_script(COUNT_SHIFTS)
        page.goto(slow)
        assert page.locator(".hit").count() > 1
        assert shifts(page) == []
