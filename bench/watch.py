"""The watch folder as staff use it: slow copies, renames, replacements, late side-cars, a thousand
files at once, a watcher killed in between.  Each file must be taken once, and none of them half.

    python -m bench.watch [FILES]
"""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bench.record import record
from catalog.engine import open_catalog
from catalog.submissions import listed
from tests.archive import DEMO, ROOT, command, environment, seminar_json

SETTLE_S, GRACE_S = 10.0, 20.0
BYTES_PER_S = 1_000_000
SLOW = DEMO / "recordings" / "02-the-second-descent.mp4"
QUICK = DEMO / "recordings" / "04-labels-come-last.opus"


class Watcher:
    """A `seminar watch` process, killed and started again as wanted."""

    def __init__(self, data: Path, folder: Path, log: Path) -> None:
        self._data, self._folder, self._log = data, folder, log
        self.start()

    def start(self) -> None:
        options = ["--settle", str(SETTLE_S), "--grace", str(GRACE_S), "--every", "1", "--json"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command("watch", self._folder, *options),
                cwd=ROOT,
                env=environment(self._data),
                stdout=log,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )

    def kill(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._log.read_text().splitlines() if line[-1] == "}"]

    def wait_for(self, number: int, *, within_s: float) -> float:
        """Seconds until so many files were taken or refused."""
        began = time.monotonic()
        while len(self.rows()) < number:
            if time.monotonic() - began > within_s:
                break
            time.sleep(0.2)
        return time.monotonic() - began


def copy_slowly(source: Path, target: Path) -> None:
    """A megabyte a second, flushed as a network copy is."""
    with source.open("rb") as read, target.open("wb", buffering=0) as write:
        while block := read.read(BYTES_PER_S // 5):
            write.write(block)
            time.sleep(0.2)


def many_copy(source: Path, target: Path) -> None:
    """A copy by a program that opens the file anew for each block."""
    data = source.read_bytes()
    for place in range(0, len(data), BYTES_PER_S):
        with target.open("ab") as write:
            write.write(data[place : place + BYTES_PER_S])
        time.sleep(1.0)


def captions(number: int) -> bytes:
    return f"WEBVTT\n\n00:00.000 --> 00:04.000\nThis is talk number {number}.\n".encode()


def few(folder: Path, watcher: Watcher, aside: Path) -> dict[str, Any]:
    """Copies, a rename, a replacement and a late side-car."""
    slow = [
        threading.Thread(target=copy_slowly, args=(SLOW, folder / "slow.mp4")),
        threading.Thread(target=many_copy, args=(QUICK, folder / "blocks.opus")),
    ]
    for one in slow:
        one.start()
    (aside / "moved.vtt").write_bytes(captions(-1))
    (aside / "moved.vtt").rename(folder / "moved.vtt")
    (folder / "replaced.vtt").write_bytes(captions(-2))
    (folder / "rec0001.vtt").write_bytes(captions(-4))
    for one in slow:
        one.join()
    (folder / "rec0001.yaml").write_text("title: By its side-car\ndate: 2021-02-01\n")
    seconds = watcher.wait_for(5, within_s=180)
    (aside / "other.vtt").write_bytes(captions(-3))
    (aside / "other.vtt").replace(folder / "replaced.vtt")
    watcher.wait_for(6, within_s=120)
    return {"seconds_to_five": round(seconds, 1)}


def thousand(folder: Path, watcher: Watcher, number: int) -> dict[str, Any]:
    """Many at once, with a kill when about half of them are in."""
    before = len(watcher.rows())
    for one in range(number):
        (folder / f"many-{one:04}.vtt").write_bytes(captions(one))
    began = time.monotonic()
    watcher.wait_for(before + number // 2, within_s=900)
    watcher.kill()
    at_kill = len(watcher.rows()) - before
    watcher.start()
    watcher.wait_for(before + number, within_s=900)
    return {"taken_before_kill": at_kill, "seconds": round(time.monotonic() - began, 1)}


def outcome(data: Path, folder: Path) -> dict[str, Any]:
    """What the archive has, beside what the folder had."""
    catalog = open_catalog(f"sqlite:///{data}/catalog.db")
    with catalog.read() as session:
        stored = Counter(job.submission.sha256 for job in listed(session))
    catalog.close()
    wanted = {hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.[vmo]*")}
    wanted.add(hashlib.sha256(captions(-2)).hexdigest())
    media = {path.name for path in (data / "media").glob("??/*")}
    titles = [one["title"] for one in seminar_json(data, "talks", "list")]
    return {
        "files": len(wanted),
        "taken_once": sum(stored[one] == 1 for one in wanted),
        "taken_twice": sum(number > 1 for number in stored.values()),
        "half": len(set(stored) - wanted),
        "media_files": len(media),
        "media_not_wanted": len(media - wanted),
        "side_car_applied": "By its side-car" in titles,
    }


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    root = Path(tempfile.mkdtemp(prefix="bench-watch-"))
    data, folder, aside = root / "data", root / "folder", root / "aside"
    folder.mkdir()
    aside.mkdir()
    watcher = Watcher(data, folder, root / "log")
    try:
        figures: dict[str, Any] = {"few": few(folder, watcher, aside)}
        figures["many"] = thousand(folder, watcher, number)
        watcher.kill()
        watcher.start()  # everything is known: nothing is taken again
        known = len(watcher.rows())
        time.sleep(SETTLE_S + GRACE_S + 5)
        figures["taken_again_after_restart"] = len(watcher.rows()) - known
        figures["statuses"] = dict(Counter(row["status"] for row in watcher.rows()))
        figures["outcome"] = outcome(data, folder)
    finally:
        watcher.kill()
        shutil.rmtree(root)
    record("watch", figures)


if __name__ == "__main__":
    main()
