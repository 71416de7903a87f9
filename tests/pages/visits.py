"""Opening a page as a reader does, and hearing what it complains about."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, ConsoleMessage, Page, Request

from tests.pages import checks


@dataclass(slots=True, kw_only=True)
class Visit:
    """A page that was opened, and what it complained about or asked of others."""

    page: Page
    url: str
    status: int = 0
    complaints: list[str] = field(default_factory=list)

    def heard(self, message: ConsoleMessage) -> None:
        """Keep errors and warnings; that a page is a 404 is said of its own address only."""
        own_status = message.text.startswith("Failed to load resource: the server responded")
        if message.type in {"error", "warning"} and not (
            own_status and message.location["url"] == self.url
        ):
            self.complaints.append(f"{message.text} {message.location['url']}")

    def asked(self, request: Request) -> None:
        """Keep what is asked of other places."""
        origin = self.url[: self.url.index("/", 8)]
        if not request.url.startswith((f"{origin}/", "data:", "blob:")):
            self.complaints.append(f"asked for {request.url}")


@contextmanager
def opened(browser: Browser, url: str, *, narrow: bool = False) -> Iterator[Visit]:
    """A page in a window of its own, loaded and at rest."""
    context = browser.new_context(
        viewport=checks.NARROW if narrow else checks.WIDE, reduced_motion="reduce"
    )
    visit = Visit(page=context.new_page(), url=url)
    page = visit.page
    page.add_init_script(checks.COUNT_SHIFTS)
    page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    page.on("console", lambda message: visit.heard(message))
    page.on("request", lambda request: visit.asked(request))
    answer = page.goto(url, wait_until="load")
    assert answer
    visit.status = answer.status
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 150)))")
    yield visit
    context.close()


def second(page: Page) -> float:
    """Where the player is."""
    return float(page.evaluate("document.querySelector('[data-player]').currentTime"))


def pasted(page: Page) -> str:
    """What is on the clipboard."""
    return str(page.evaluate("navigator.clipboard.readText()"))
