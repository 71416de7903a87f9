"""What a reader does at a talk's page is not undone by the page: keys, follow, place, selection."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.app.shelf import until
from tests.chromium import IN_A_BROWSER
from tests.pages.conftest import Opens
from tests.pages.visits import second

pytestmark = IN_A_BROWSER
TALK = "/talks/the-second-descent"
PLAYER = "document.querySelector('[data-player]')"
FOLLOW = "[data-follow]"


def started(page: Page) -> None:
    """Let the recording run, as a press on its button does."""
    page.evaluate(f"{PLAYER}.play()")
    until(lambda: not page.evaluate(f"{PLAYER}.paused") and second(page) > 0)


def is_paused(page: Page) -> bool:
    """Whether the recording stands."""
    return bool(page.evaluate(f"{PLAYER}.paused"))


def place(page: Page) -> str | None:
    """What the browser keeps of how far the talk was heard."""
    found = page.evaluate("Object.entries(localStorage).find(([k]) => k.includes('place'))")
    return found[1] if found else None


def test_a_second_lights_the_sentence_that_begins_in_it(page: Page) -> None:
    page.goto(TALK)
    times = page.locator(".para > .t")
    asked = [str(link.get_attribute("href")) for link in times.all()[1:6]]
    assert len(asked) == 5
    for address in asked:
        page.goto(address)
        begun = int(re.findall(r"t=(\d+)", address)[0])
        lit = page.locator(".line.now")
        expect(lit).to_have_count(1)
        assert int(str(lit.get_attribute("data-start"))) // 1000 == begun
        assert lit.evaluate("(one) => one === one.closest('p').querySelector('.line')")


@pytest.mark.parametrize("focused", ["[data-player]", FOLLOW, "[data-speed]"])
def test_keys_are_heard_beside_what_is_no_text_field(page: Page, focused: str) -> None:
    page.goto(TALK)
    started(page)
    page.locator(focused).focus()
    page.keyboard.press("k")
    until(lambda: is_paused(page))
    page.keyboard.press("?")
    expect(page.locator("[data-help]")).to_be_visible()


def test_space_pauses_after_a_press_on_a_time(page: Page) -> None:
    page.goto(TALK)
    page.locator(".para > .t").nth(1).click()
    until(lambda: not is_paused(page))
    before = page.evaluate("scrollY")
    page.keyboard.press(" ")
    until(lambda: is_paused(page))
    assert page.evaluate("scrollY") == before


def test_who_goes_from_find_to_find_is_not_taken_back(page: Page) -> None:
    page.goto(TALK)
    page.locator("[data-find]").fill("noise")
    started(page)
    page.locator("[data-find-next]").click()
    expect(page.locator(FOLLOW)).not_to_be_checked()


@pytest.mark.parametrize("key", ["End", "PageDown"])
def test_who_scrolls_by_keys_is_not_taken_back(page: Page, key: str) -> None:
    page.goto(TALK)
    started(page)
    expect(page.locator(FOLLOW)).to_be_checked()
    page.keyboard.press(key)
    expect(page.locator(FOLLOW)).not_to_be_checked()


def test_who_types_a_query_stays_at_the_box(page: Page) -> None:
    page.goto(f"{TALK}?t=20")
    page.evaluate("scrollTo(0, 0)")
    page.keyboard.press("/")
    started(page)
    page.evaluate(f"{PLAYER}.currentTime = 250")
    page.wait_for_timeout(600)
    assert page.evaluate("scrollY") == 0
    expect(page.locator(FOLLOW)).to_be_checked()


def test_a_link_to_a_second_does_not_take_the_place_that_was_heard(page: Page) -> None:
    page.goto(TALK)
    page.evaluate(f"{PLAYER}.currentTime = 200")
    started(page)
    until(lambda: place(page) is not None)
    kept = place(page)
    page.goto(f"{TALK}?t=60")
    expect(page.locator(".line.now")).to_have_count(1)
    page.wait_for_timeout(300)
    page.goto(f"{TALK}?t=90")
    assert place(page) == kept
    expect(page.locator("[data-continue]")).to_contain_text("Continue at 03:2")


def test_two_words_selected_by_two_presses_leave_the_recording_where_it_was(page: Page) -> None:
    page.goto(TALK)
    page.evaluate(f"{PLAYER}.currentTime = 200")
    until(lambda: second(page) == 200)
    page.locator(".line").nth(3).dblclick()
    page.wait_for_timeout(300)
    assert second(page) == pytest.approx(200, abs=0.5)
    expect(page.locator("[data-quote]")).to_be_visible()
    page.locator(".line").nth(9).click()  # lets the selection go
    page.wait_for_timeout(300)
    assert second(page) == pytest.approx(200, abs=0.5)


def test_an_earlier_press_is_forgotten_when_a_word_is_selected(page: Page) -> None:
    page.goto(TALK)
    page.locator(".line").nth(5).click()
    page.evaluate(f"{PLAYER}.currentTime = 200")
    until(lambda: second(page) == 200)
    page.evaluate("getSelection().selectAllChildren(document.querySelectorAll('.line')[9])")
    page.locator(".line").nth(3).dblclick()  # its first press lets the selection go
    page.wait_for_timeout(300)
    assert second(page) == pytest.approx(200, abs=0.5)


def test_a_button_pressed_twice_has_its_name_again(page: Page) -> None:
    page.goto(TALK)
    page.locator(".line").nth(3).dblclick()
    button = page.locator("[data-quote] [data-as=markdown]")
    button.click()
    button.click()
    expect(button).to_have_text("Copied")
    expect(button).to_have_text("Markdown")
    page.wait_for_timeout(300)
    expect(button).to_have_text("Markdown")


def test_the_apostrophe_of_a_phone_is_found(page: Page) -> None:
    page.goto("/talks/labels-come-last")
    text = page.locator(".para").all_inner_texts()
    [word] = re.findall(r"\w+'\w+", " ".join(text))[:1]
    page.locator("[data-find]").fill(word.replace("'", "’"))
    expect(page.locator("[data-find-count]")).to_contain_text("found")


def test_on_a_phone_playing_leaves_the_page_alone_until_one_is_at_the_words(opens: Opens) -> None:
    page = opens(390, 844).new_page()
    page.goto(f"{TALK}?t=150")
    started(page)
    page.evaluate(f"{PLAYER}.currentTime = 200")
    page.wait_for_timeout(600)
    assert page.evaluate("scrollY") == 0
    page.locator(".to-words").click()
    until(
        lambda: page.locator(".line.now").evaluate("""(one) => {
        const { top, bottom } = one.getBoundingClientRect();
        return top > 60 && bottom < innerHeight;
    }""")
    )


def test_on_a_phone_the_arrows_of_find_stay(opens: Opens) -> None:
    page = opens(390, 844).new_page()
    page.goto(TALK)
    page.locator("[data-find]").fill("noise")
    for _ in range(3):
        page.locator("[data-find-next]").click()
        page.wait_for_timeout(100)
    assert page.evaluate("scrollY") > 500
    expect(page.locator("[data-find-next]")).to_be_in_viewport()


def test_back_and_forward_during_an_answer_leave_address_box_and_results_one(page: Page) -> None:
    page.goto("/search?q=kernel")
    box = page.locator("[data-live] input[name=q]")
    box.fill("kernel width")
    expect(page.locator("h1")).to_have_text("Results for kernel width")
    page.wait_for_timeout(1700)  # from then on a place to come back to
    box.fill("gap")
    expect(page.locator("h1")).to_have_text("Results for gap")

    def late(route: Route) -> None:
        page.wait_for_timeout(500)
        route.continue_()

    page.route(re.compile("q=kernel"), late)
    page.evaluate("history.back()")
    page.wait_for_timeout(100)
    page.evaluate("history.forward()")
    page.wait_for_timeout(1500)
    assert page.url.endswith("q=gap")
    expect(box).to_have_value("gap")
    expect(page.locator("h1")).to_have_text("Results for gap")
