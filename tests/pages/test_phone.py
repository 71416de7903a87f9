"""What only a phone does: its sheet for sharing, and quoting by the finger."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.app.shelf import until
from tests.chromium import IN_A_BROWSER
from tests.pages.visits import pasted, second

pytestmark = IN_A_BROWSER


@pytest.fixture
def phone(browser: Browser, origin: str) -> Iterator[Page]:
    """A page on a phone, whose sheet for sharing keeps what it is given."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844},
        is_mobile=True,
        has_touch=True,
        reduced_motion="reduce",
        base_url=origin,
    )
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    context.add_init_script("navigator.share = async (what) => { window.given = what; }")
    yield context.new_page()
    context.close()


def test_a_second_is_given_to_the_phone_to_send(phone: Page, origin: str) -> None:
    phone.goto("/talks/the-second-descent?t=60")
    until(lambda: abs(second(phone) - 60) < 1)
    phone.locator("[data-share]").tap()
    until(lambda: phone.evaluate("window.given !== undefined"))
    given = phone.evaluate("window.given")
    assert given["url"] == f"{origin}/talks/the-second-descent?t=60"
    assert given["title"].startswith("The Second Descent")


def test_a_sheet_that_is_closed_is_no_fault(phone: Page) -> None:
    complaints: list[str] = []
    phone.on("pageerror", lambda error: complaints.append(str(error)))
    phone.add_init_script("navigator.share = () => Promise.reject(new Error('closed'))")
    phone.goto("/talks/the-second-descent?t=60")
    until(lambda: abs(second(phone) - 60) < 1)
    phone.locator("[data-share]").tap()
    expect(phone.locator("[data-share]")).to_have_text("Share at 01:00")
    assert complaints == []


def test_selected_words_stay_selected_while_a_finger_takes_them(phone: Page) -> None:
    phone.goto("/talks/the-second-descent")
    line = phone.locator(".line", has_text="larger model is simpler")
    line.scroll_into_view_if_needed()
    line.evaluate("(one) => getSelection().selectAllChildren(one)")
    expect(phone.locator("[data-quote]")).to_be_in_viewport(ratio=1)
    phone.locator("[data-as=text]").tap()
    expect(phone.locator("[data-as=text]")).to_have_text("Copied")
    assert "larger model is simpler" in pasted(phone)
    assert "larger model is simpler" in phone.evaluate("getSelection().toString()")
