"""What a page must be for everyone, as functions that list its faults; an empty list is good."""

from collections.abc import Mapping
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize

WIDE: ViewportSize = {"width": 1280, "height": 900}
NARROW: ViewportSize = {"width": 320, "height": 640}
LARGE_TEXT_PX = 32  # twice what browsers begin with
MOST_STEPS = 120
MOST_FRAMES = 30
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "rules": {"target-size": {"enabled": True}},
}
CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
# Shifts soon after an input are wanted ones.  Source: https://web.dev/articles/cls
# Blank text between sentences is counted by Chromium and seen by nobody.
# A shift within a player's own controls names no node; it is known by its place across the page
# and its height, because the page may have been scrolled since.
COUNT_SHIFTS = """
    window.shifted = [];
    const inAPlayer = (source) => !source.node && [...document.querySelectorAll("audio, video")]
        .map((one) => one.getBoundingClientRect())
        .some((box) => ["currentRect", "previousRect"].map((key) => source[key]).every((r) =>
            r.height <= box.height + 1 && r.left >= box.left - 1 && r.right <= box.right + 1));
    const blank = ({ node }) => node?.nodeType === Node.TEXT_NODE && !node.data.trim();
    new PerformanceObserver((list) => {
        for (const one of list.getEntries())
            if (!one.hadRecentInput && !one.sources.every((s) => inAPlayer(s) || blank(s)))
                window.shifted.push(`${one.value.toFixed(4)} by ${
                    one.sources.map((s) => `${s.node?.nodeName}.${s.node?.className}`)}`);
    }).observe({ type: "layout-shift", buffered: true });
"""
_WIDER = """() => {
    const wide = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= wide) return [];
    return [...document.body.querySelectorAll("*")]
        .filter((one) => one.getBoundingClientRect().right > wide + 0.5)
        .slice(-3)
        .map((one) => `${one.tagName}.${one.className} ends at ${
            Math.round(one.getBoundingClientRect().right)} of ${wide} px`);
}"""
# What can show the focus: an outline, a shadow, and in a drawing its lines.
_SIGN = """(node) => {
    const s = getComputedStyle(node);
    const outline = s.outlineStyle === "none" || s.outlineWidth === "0px" ? "" : s.outline;
    const drawn = node instanceof SVGElement ? `${s.stroke} ${s.strokeWidth}` : "";
    return `${outline} ${s.boxShadow} ${drawn}`;
}"""
# What a browser lays out only when it comes near is in its place some frames after the focus.
_FOCUSED = """async () => {
    const one = document.activeElement;
    if (!one || one === document.body) return null;
    window.steps ??= [];
    const again = window.steps.at(-1)?.one === one;
    const sign = @SIGN@;
    const around = [one, one.parentElement, one.parentElement?.parentElement,
        ...one.children].filter(Boolean);
    const fixed = around.some((n) => ["fixed", "sticky", "absolute"]
        .includes(getComputedStyle(n).position));
    const unpainted = (n) => n instanceof SVGElement && n.tagName === "rect"
        && /^(transparent|rgba\\(.*, 0\\))$/.test(getComputedStyle(n).fill);
    const place = () => {  // a link of many lines may begin above the screen
        const lines = [...one.getClientRects()];
        return lines.find((r) => r.top >= 0 && r.bottom <= innerHeight)
            ?? lines[0] ?? one.getBoundingClientRect();
    };
    const isSeen = (box) => {
        const [left, right] = [Math.max(box.left, 0), Math.min(box.right, innerWidth)];
        return [[.5, .5], [.1, .5], [.9, .5]].map(([x, y]) => document
            .elementsFromPoint(left + x * (right - left), box.y + y * box.height)
            .find((n) => !unpainted(n)))
            .some((p) => p && (one.contains(p) || p.contains(one)));
    };
    for (let frame = 0; frame < @FRAMES@ && !isSeen(place()); frame += 1)
        await new Promise(requestAnimationFrame);
    const box = place();
    if (!again) window.steps.push({ one, around, signs: around.map(sign), seen: isSeen(box), fixed,
        top: box.top + scrollY, bottom: box.bottom + scrollY });
    return again ? "again" : "next";
}""".replace("@SIGN@", _SIGN).replace("@FRAMES@", str(MOST_FRAMES))
_STEPS_FAULTS = """() => {
    document.activeElement.blur();
    const sign = @SIGN@;
    const name = (n) => `${n.tagName}.${n.className?.baseVal ?? n.className} ${
        (n.textContent || n.ariaLabel || "").trim().slice(0, 40)}`;
    const faults = [];
    (window.steps ?? []).forEach((step, n, all) => {
        const plays = step.one.matches("audio, video");  // their own controls show the focus
        if (!plays && step.around.every((node, k) => sign(node) === step.signs[k]))
            faults.push(`no visible focus: ${name(step.one)}`);
        if (!step.seen) faults.push(`focus is covered: ${name(step.one)}`);
        const before = all[n - 1];
        if (!before) return;
        if (!(before.one.compareDocumentPosition(step.one) & Node.DOCUMENT_POSITION_FOLLOWING))
            faults.push(`not in the order of the source: ${name(step.one)}`);
        if (!before.fixed && !step.fixed && step.bottom <= before.top)
            faults.push(`above what comes before it: ${name(step.one)}`);
    });
    return faults;
}""".replace("@SIGN@", _SIGN)


def axe_faults(page: Page, rules: Mapping[str, Any] = RULES) -> list[str]:
    """Violations of WCAG 2.2 A and AA that axe-core finds, target size with them."""
    # Paragraphs of a transcript are all made alike; thousands of them would take minutes.
    part = {"exclude": [[".transcript > .para:nth-of-type(n+40)"]]}
    answer = Axe().run(page, context=part, options=dict(rules)).response
    found: list[dict[str, Any]] = answer["violations"]
    return [
        f"{one['id']}: {len(one['nodes'])} × {one['nodes'][0]['html'][:150]} "
        f"({one['nodes'][0]['failureSummary'][-150:]})"
        for one in found
    ]


def wider_than_the_screen(page: Page) -> list[str]:
    """What makes the page scroll sideways.  Source: WCAG 2.2, 1.4.10."""
    return list(page.evaluate(_WIDER))


def with_large_text(page: Page) -> None:
    """Twice the text size, as a reader sets it in the browser.  Source: WCAG 2.2, 1.4.4."""
    tools = page.context.new_cdp_session(page)
    sizes = {"standard": LARGE_TEXT_PX, "fixed": LARGE_TEXT_PX}
    tools.send("Page.setFontSizes", {"fontSizes": sizes})


def text_size_px(page: Page) -> float:
    """The size of the text at the root."""
    return float(page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)"))


def focus_faults(page: Page) -> list[str]:
    """What is wrong along the way of the Tab key: unseen, covered, out of order, not reached.

    In one column the order that is read is from top to bottom; the screen must be narrow.
    """
    page.evaluate("window.steps = []; document.activeElement.blur(); scrollTo(0, 0)")
    reached = 0
    for _ in range(MOST_STEPS):
        page.keyboard.press("Tab")
        if page.evaluate(_FOCUSED) is None:
            break
        reached += 1
    return [*(["nothing can be reached"] if not reached else []), *page.evaluate(_STEPS_FAULTS)]


def shifts(page: Page) -> list[str]:
    """How the layout moved by itself since the page was opened, when `COUNT_SHIFTS` began it."""
    return list(page.evaluate("window.shifted"))


def dead_buttons(page: Page) -> list[str]:
    """Buttons that are seen and do nothing without scripts."""
    return [
        text
        for button in page.locator("button:not(form *), input[type=checkbox]:not(form *)").all()
        if button.is_visible() and (text := button.inner_text() or button.inner_html() or "box")
    ]
