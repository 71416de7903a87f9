"""How soon `seminar --help` answers and `seminar serve` is ready; medians of several starts.

python -m bench.startup
"""

import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from bench.record import record
from tests.archive import DEMO, command, environment, free_port, seminar, started

SEMINAR = Path(sys.executable).with_name("seminar")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        seminar(data, "add", DEMO / "papers" / "notes-minimum-norm.pdf", "--wait")
        helped = [_help_s(data) for _ in range(11)]
        ready = [_ready_s(data) for _ in range(5)]
    record("startup", {
        "help_s": {"median": round(statistics.median(helped), 3), "worst": round(max(helped), 3)},
        "ready_s": {"median": round(statistics.median(ready), 2), "worst": round(max(ready), 2)},
    })  # fmt: skip


def _help_s(data: Path) -> float:
    words = [str(SEMINAR), "--help"] if SEMINAR.exists() else command("--help")
    began = time.monotonic()
    subprocess.run(words, env=environment(data), check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - began


def _ready_s(data: Path) -> float:
    port, began = free_port(), time.monotonic()
    with started(data, "serve", "--port", str(port)):
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz").close()
                return time.monotonic() - began
            except OSError:
                time.sleep(0.02)


if __name__ == "__main__":
    main()
