"""The search box with real keys, in a real browser: its series, its origin, its end."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from catalog import keys
from catalog.keys import NewKey
from catalog.tables import now
from catalog.talks import NewTalk
from tests.app.browsing import Answer, Site, archive, listening
from tests.app.conftest import filled
from tests.app.shelf import Shelf, Spoken, until
from tests.chromium import IN_A_BROWSER

pytestmark = IN_A_BROWSER
GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "course-site.md"
WITHIN_MS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A course's site and the archive that it searches."""

    shelf: Shelf
    archive: str
    site: str
    pages: Site

    def key(self, new: NewKey) -> tuple[str, str]:
        """Make a key that the service knows; its public id and its secret."""
        with self.shelf.catalog.write() as session:
            made, secret = keys.add(session, new)
            public_id = made.row.public_id
        until(lambda: self._asked(secret) != "key_unknown")
        return public_id, secret

    def _asked(self, secret: str) -> str:
        """The code that the service answers to this key."""
        headers = {"authorization": f"Bearer {secret}", "origin": self.site}
        answer = httpx2.get(f"{self.archive}/api/v1/talks", headers=headers)
        return str(answer.json().get("code", "ok"))

    def open(self, page: Page, secret: str) -> None:
        """Show a page with the search box and this key."""
        html = (
            '<!DOCTYPE html><html lang="en"><title>Course</title>'
            f'<script type="module" src="{self.archive}/embed/v1.js"></script>'
            f'<talk-search archive="{self.archive}" key="{secret}"></talk-search>'
        )
        self.pages.put("/", Answer(body=html.encode()))
        page.goto(self.site)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    shelf = Shelf(tmp_path_factory.mktemp("keyed"))
    filled(shelf)
    shelf.publish()
    pages = Site()
    with listening(pages) as site, archive(shelf) as origin:
        yield Course(shelf=shelf, archive=origin, site=site, pages=pages)
    shelf.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def ask(page: Page, words: str) -> None:
    """Type a query anew."""
    page.get_by_role("combobox").fill(words)


def test_a_key_finds_its_series_only_and_opens_its_talks(page: Page, course: Course) -> None:
    _, secret = course.key(NewKey(scope="search", origins=(course.site,), series=("Foundations",)))
    course.open(page, secret)
    ask(page, "gradient descent and the interpolation threshold")
    expect(page.get_by_role("group", name="The Second Descent")).to_be_visible()
    expect(page.get_by_role("group", name="What Gradient Descent Prefers")).to_have_count(0)
    page.get_by_role("group", name="The Second Descent").get_by_role("option").first.click()
    expect(page.locator("talk-player .line").first).to_be_visible()
    page.wait_for_function(
        "document.querySelector('talk-search').shadowRoot.querySelector('talk-player')"
        ".shadowRoot.querySelector('audio').readyState >= 1"
    )


def test_a_page_of_a_foreign_origin_is_refused(page: Page, course: Course) -> None:
    """The browser hides the reason from the page, so the page can only say that nothing comes."""
    _, secret = course.key(NewKey(scope="search", origins=("https://course.example.edu",)))
    course.open(page, secret)
    ask(page, "threshold")
    expect(page.locator(".state")).to_contain_text("cannot be reached from this page")
    expect(page.get_by_role("option")).to_have_count(0)


def test_a_revoked_key_says_so_within_five_seconds(page: Page, course: Course) -> None:
    public_id, secret = course.key(NewKey(scope="search", origins=(course.site,)))
    course.open(page, secret)
    ask(page, "threshold")
    expect(page.get_by_role("option").first).to_be_visible()
    with course.shelf.catalog.write() as session:
        keys.revoke(session, public_id)
    end = time.monotonic() + WITHIN_MS / 1000
    said = page.get_by_text(re.compile("key was revoked"))
    for word in ("minimum", "norm", "error", "curve", "Belkin") * 10:
        ask(page, word)
        page.wait_for_timeout(400)
        if said.count() or time.monotonic() > end:
            break
    expect(said.first).to_be_visible(timeout=1)
    assert time.monotonic() <= end + 1


def test_an_expired_key_says_so(page: Page, course: Course) -> None:
    _, secret = course.key(
        NewKey(scope="search", origins=(course.site,), expires_at=now() + timedelta(seconds=4))
    )
    course.open(page, secret)
    page.wait_for_timeout(4500)
    ask(page, "threshold")
    expect(page.locator(".state")).to_contain_text("key has expired")


@pytest.mark.parametrize("language", ["sh", "python", "js"])
def test_the_examples_of_the_guide_run(course: Course, language: str) -> None:
    _, secret = course.key(NewKey(scope="search"))
    found = re.search(
        rf"<!-- runs -->\n```{language}\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL
    )
    assert found, f"the guide has no example in {language}"
    program = found[1].replace("https://archive.example.edu", course.archive)
    runner = {
        "sh": ["bash", "-euc", program],
        "python": [sys.executable, "-c", program],
        "js": ["node", "--input-type=module", "-e", program],
    }[language]
    env = {**os.environ, "SEMINAR_KEY": secret}
    done = subprocess.run(runner, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "The Second Descent" in done.stdout


def test_where_reading_needs_a_key_recordings_play(page: Page, tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "closed")
    filled(shelf)
    film = GUIDE.parents[2] / "demo" / "recordings" / "02-the-second-descent.mp4"
    spoken = Spoken(sentences=("Slides show a curve.", "It descends twice."))
    shown = shelf.talk(
        NewTalk(title="With Slides"), spoken, media=film.read_bytes(), media_type="video/mp4"
    )
    shelf.publish()
    shelf.settings = shelf.settings.model_copy(update={"reading": "key"})
    pages, asked = Site(), []
    page.on("request", lambda one: asked.append(one.url))
    with listening(pages) as site, archive(shelf) as origin:
        closed = Course(shelf=shelf, archive=origin, site=site, pages=pages)
        public_id, secret = closed.key(NewKey(scope="search", origins=(site,)))
        html = (
            '<!DOCTYPE html><html lang="en"><title>Course</title>'
            f'<script type="module" src="{origin}/embed/v1.js"></script>'
            f'<talk-player archive="{origin}" key="{secret}" talk="{shown}" t="12"></talk-player>'
        )
        pages.put("/", Answer(body=html.encode()))
        page.goto(site)
        player = page.locator("talk-player video")
        expect(player).to_be_visible()
        player.evaluate("one => one.play()")
        page.wait_for_function(
            "document.querySelector('talk-player').shadowRoot.querySelector('video')"
            ".currentTime > 12.5"
        )
        assert any("/media/talks/" in url for url in asked)
        assert not any(secret in url for url in asked)
        address = str(player.get_attribute("src"))
        assert httpx2.get(address, headers={"range": "bytes=0-9"}).status_code == 206
        ended = address[:-4] + "0000"  # as it is when its time is over: refused
        player.evaluate("(one, ended) => { one.src = ended; one.currentTime = 20 }", ended)
        expect(player).to_have_attribute("src", address)
        until(lambda: abs(float(player.evaluate("one => one.currentTime")) - 20) < 1)
        expect(page.locator("talk-player [part=error]")).to_be_hidden()
        with shelf.catalog.write() as session:
            keys.revoke(session, public_id)
        player.evaluate("(one, ended) => { one.src = ended }", ended)
        expect(page.locator("talk-player [part=error]")).to_be_visible()
        until(lambda: httpx2.get(address).status_code == 401, within_s=5)
    shelf.close()
