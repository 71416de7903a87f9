"""The search box on a course page: its bytes, and how soon a phone shows a first result.

    python -m bench.widget [--tries 20]

The archive is that of the tests; the page is on another port.  The browser is slowed down as a
middling phone on a slow mobile network is: processor a quarter as fast, 150 ms and 1.6 Mbit/s each
way.  Times are from the navigation to the box, and from the last letter to the first result.
"""

import argparse
import gzip
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from app.embed import files
from bench.record import record
from tests.app.browsing import Answer, Site, archive, listening
from tests.app.conftest import filled
from tests.app.shelf import Shelf
from tests.chromium import CHROMIUM, CHROMIUM_ARGS

SLOWER = 4
LATENCY_MS = 150
BYTES_PER_S = 1_600_000 // 8
QUERY = "interpolation threshold"


def main() -> None:
    """Measure and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=20)
    tries = parser.parse_args().tries
    body = files.present().body
    with tempfile.TemporaryDirectory() as folder:
        shelf = Shelf(Path(folder) / "data")
        filled(shelf)
        shelf.publish()
        boxes, results = _measured(shelf, tries)
        shelf.close()
    record(
        "widget",
        {
            "bytes": len(body),
            "bytes_gzip": len(gzip.compress(body, 9)),
            "phone": {
                "processor_slower_by": SLOWER,
                "latency_ms": LATENCY_MS,
                "bytes_per_s": BYTES_PER_S,
                "tries": tries,
                "page_to_box_ms": _spread(boxes),
                "last_letter_to_first_result_ms": _spread(results),
            },
        },
    )


def _measured(shelf: Shelf, tries: int) -> tuple[list[float], list[float]]:
    site = Site()
    boxes, results = [], []
    with (
        listening(site) as other,
        archive(shelf, cors_origins=other) as origin,
        sync_playwright() as playwright,
    ):
        html = (
            '<!DOCTYPE html><html lang="en"><title>Course</title>'
            f'<script type="module" src="{origin}/embed/v1.js"></script>'
            f'<talk-search archive="{origin}"></talk-search>'
        )
        site.put("/", Answer(body=html.encode()))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
        for n in range(tries):
            box, result = _once(browser, other, f"{QUERY} {n}")
            boxes.append(box)
            results.append(result)
        browser.close()
    return boxes, results


def _once(browser: Browser, site: str, query: str) -> tuple[float, float]:
    """One visit with nothing kept; ms to the box, ms to the first result."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    _slow_down(page)
    began = time.perf_counter()
    page.goto(site, wait_until="commit")
    box = page.get_by_role("combobox")
    box.wait_for()
    there = time.perf_counter()
    box.fill(query)
    typed = time.perf_counter()
    page.get_by_role("option").first.wait_for()
    shown = time.perf_counter()
    context.close()
    return 1000 * (there - began), 1000 * (shown - typed)


def _slow_down(page: Page) -> None:
    tools = page.context.new_cdp_session(page)
    tools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    tools.send("Network.enable")
    tools.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": LATENCY_MS,
            "downloadThroughput": BYTES_PER_S,
            "uploadThroughput": BYTES_PER_S,
        },
    )


def _spread(values: list[float]) -> dict[str, float]:
    return {
        "median": round(statistics.median(values)),
        "min": round(min(values)),
        "max": round(max(values)),
    }


if __name__ == "__main__":
    main()
