"""The pages as Lighthouse sees them, and a three-hour transcript scrolled.

    python -m bench.pages [--runs 3]

The archive holds the real lectures of one course with their captions; two of the talks have a
silent recording of their own length (one hour, and three hours of captions joined).  Lighthouse is
installed with npm in a folder that is kept in the user's cache, outside the project; it needs Node
and Chromium.  It measures as a middling phone on a slow network (its default), each page anew.
Each figure is the median of the runs.  Scrolling is measured in a desktop window, with the
processor four times slower beside it.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import av
from playwright.sync_api import Page, sync_playwright

from bench.record import SHARED, record
from catalog.caption_files import read_timed
from catalog.captions import Line, vtt
from catalog.talks import NewTalk
from index.encoders.choose import open_encoder
from tests.app.browsing import archive
from tests.app.shelf import Shelf
from tests.captioned import take_captions
from tests.chromium import CHROMIUM, CHROMIUM_ARGS

LIGHTHOUSE = "lighthouse@12.8.2"
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
GOALS = {"performance": 95, "accessibility": 100, "best-practices": 95, "seo": 100}
TIMES = {
    "largest_contentful_paint_ms": "largest-contentful-paint",
    "total_blocking_ms": "total-blocking-time",
    "layout_shift": "cumulative-layout-shift",
}
COURSE = SHARED / "transcripts" / "cs231n_2017"
ONE_HOUR = "Lecture 2 _"
THREE_HOURS = ("Lecture 4 _", "Lecture 5 _", "Lecture 6 _")
QUERY = "vanishing+gradients+in+recurrent+networks"
SLOWER = 4
_SCROLLED = """async () => {
    const tasks = [];
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map((one) => one.duration)))
        .observe({ type: "longtask" });
    const frames = [];
    let last = performance.now();
    const step = innerHeight / 2;
    for (let top = 0; top < document.documentElement.scrollHeight; top += step) {
        scrollTo(0, top);
        await new Promise(requestAnimationFrame);
        frames.push(performance.now() - last);
        last = performance.now();
    }
    await new Promise((done) => setTimeout(done, 300));
    return { tasks, frames, pixels: document.documentElement.scrollHeight };
}"""


def main() -> None:
    """Measure and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    lighthouse = _lighthouse()
    with tempfile.TemporaryDirectory() as folder, _course(Path(folder)) as origin:
        pages = {
            "search_results": f"{origin}/search?q={QUERY}",
            "one_hour_talk": f"{origin}/talks/one-hour",
        }
        figures = {name: _median(lighthouse, url, runs) for name, url in pages.items()}
        scrolled = _scrolled(f"{origin}/talks/three-hours")
    record(
        "pages",
        {
            "lighthouse": LIGHTHOUSE.partition("@")[2],
            "runs": runs,
            "niceness": os.nice(0),
            "goals": GOALS,
            **figures,
            "three_hour_transcript_scrolled": scrolled,
        },
    )


@contextmanager
def _course(folder: Path) -> Iterator[str]:
    """Serve an archive of the course's lectures; its origin."""
    shelf = Shelf(folder / "data", open_encoder("all-MiniLM-L6-v2"))
    for file in sorted(COURSE.glob("*.srt")):
        title = file.stem.replace(" _ ", ": ")
        about = NewTalk(title=title, series="CS231n", held_on=date(2017, 4, 4), language="en")
        take_captions(shelf, file, about)
    _recorded(shelf, folder, "One Hour", [_lecture(ONE_HOUR)])
    _recorded(shelf, folder, "Three Hours", [_lecture(begins) for begins in THREE_HOURS])
    with archive(shelf) as origin:
        yield origin
    shelf.close()


def _lecture(begins: str) -> Sequence[Line]:
    [file] = COURSE.glob(f"{begins}*")
    return read_timed(file.read_text()).lines


def _recorded(shelf: Shelf, folder: Path, title: str, lectures: Sequence[Sequence[Line]]) -> None:
    """A talk with a silent recording and these captions, one lecture after the other."""
    lines: list[Line] = []
    for lecture in lectures:
        after_ms = lines[-1].end_ms if lines else 0
        lines += [
            Line(start_ms=after_ms + one.start_ms, end_ms=after_ms + one.end_ms, text=one.text)
            for one in lecture
        ]
    about = NewTalk(title=title, series="CS231n", held_on=date(2017, 5, 1), language="en")
    sound = _silence(folder / "silence.ogg", minutes=lines[-1].end_ms // 60_000 + 1)
    public_id = shelf.talk(about, None, media=sound, media_type="audio/ogg")
    captions = folder / f"{title}.vtt"
    captions.write_text(vtt(lines))
    take_captions(shelf, captions, about, talk=public_id)


def _silence(path: Path, *, minutes: int) -> bytes:
    """Opus of so many minutes in which nothing is heard."""
    with av.open(str(path), "w", format="ogg") as file:
        stream = file.add_stream("libopus", rate=48_000, layout="mono")
        for n in range(minutes * 60):
            frame = av.AudioFrame(format="s16", layout="mono", samples=48_000)
            frame.planes[0].update(bytes(2 * 48_000))
            frame.rate, frame.pts = 48_000, n * 48_000
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path.read_bytes()


def _lighthouse() -> Path:
    """Lighthouse, installed once outside the project.  Raises: RuntimeError without npm."""
    npm = shutil.which("npm")
    if npm is None or not CHROMIUM:
        raise RuntimeError("Lighthouse needs Node with npm, and Chromium")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "seminar-bench" / LIGHTHOUSE
    tool = folder / "node_modules" / ".bin" / "lighthouse"
    if not tool.exists():
        folder.mkdir(parents=True, exist_ok=True)
        quiet = ["--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run([npm, "install", "--prefix", folder, *quiet, LIGHTHOUSE], check=True)
    return tool


def _median(lighthouse: Path, url: str, runs: int) -> dict[str, Any]:
    reports = [_report(lighthouse, url) for _ in range(runs)]
    scores = {
        name: round(statistics.median(100 * one["categories"][name]["score"] for one in reports))
        for name in CATEGORIES
    }
    times = {
        name: round(statistics.median(one["audits"][audit]["numericValue"] for one in reports), 3)
        for name, audit in TIMES.items()
    }
    return {
        "scores": scores,
        "below_the_goal": [name for name, goal in GOALS.items() if scores[name] < goal],
        **times,
        "moved": sorted({label for one in reports for label in _moved(one)}),
        "transferred_bytes": round(
            statistics.median(one["audits"]["total-byte-weight"]["numericValue"] for one in reports)
        ),
        "requests": round(statistics.median(len(_requests(one)) for one in reports)),
        "found": sorted({fault for one in reports for fault in _faults(one)}),
    }


def _report(lighthouse: Path, url: str) -> dict[str, Any]:
    """What Lighthouse says of a page; Chromium and its profile are new."""
    words = [
        lighthouse, url, "--quiet", "--output=json", f"--only-categories={','.join(CATEGORIES)}",
        "--chrome-flags=--headless=new --no-sandbox --disable-gpu --mute-audio",
    ]  # fmt: skip
    done = subprocess.run(
        words,
        env={**os.environ, "CHROME_PATH": CHROMIUM},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    report: dict[str, Any] = json.loads(done.stdout)
    if "runtimeError" in report:
        raise RuntimeError(f"{url}: {report['runtimeError']['message']}")
    return report


def _requests(report: dict[str, Any]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = report["audits"]["network-requests"]["details"]["items"]
    return items


def _moved(report: dict[str, Any]) -> Iterator[str]:
    """What moved by itself; parts of a browser's own controls are named by what they belong to."""
    for item in report["audits"]["layout-shifts"].get("details", {}).get("items", []):
        owner, is_within, _ = item["node"]["path"].partition(",a,#document-fragment")
        yield f"within {owner}" if is_within else item["node"]["snippet"]


def _faults(report: dict[str, Any]) -> Iterator[str]:
    """Audits that cost a category something."""
    for name in CATEGORIES:
        for entry in report["categories"][name]["auditRefs"]:
            audit = report["audits"][entry["id"]]
            if entry["weight"] and audit["score"] is not None and audit["score"] < 0.9:
                yield f"{name}: {audit['title']}"


def _scrolled(url: str) -> dict[str, Any]:
    """The longest task and frame while a page is scrolled from top to end."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
        found = {}
        for name, slower in (("as_is", 1), ("slower", SLOWER)):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(url, wait_until="load")
            page.wait_for_timeout(2000)
            found[name] = _scroll(page, slower)
            page.close()
        browser.close()
    return {**found, "slower_by": SLOWER}


def _scroll(page: Page, slower: int) -> dict[str, float]:
    tools = page.context.new_cdp_session(page)
    tools.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    measured = page.evaluate(_SCROLLED)
    return {
        "long_tasks": len(measured["tasks"]),  # of more than 50 ms
        "longest_task_ms": round(max(measured["tasks"], default=0)),
        "longest_frame_ms": round(max(measured["frames"])),
        "pixels": measured["pixels"],
    }


if __name__ == "__main__":
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    main()
