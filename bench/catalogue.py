"""Seconds for a list of 468 talks and 563 papers: first import, second import, export.

Beside it, what a script of one's own would do: the same JSON into one SQLite table, row by row,
unchecked and without people, series or links.  python -m bench.catalogue
"""

import json
import resource
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.record import SHARED, record
from catalog.engine import open_catalog
from catalog.settings import read_settings
from tests.archive import seminar, seminar_json

LISTS = [SHARED / "catalogue" / f"{name}.json" for name in ("talks", "papers", "papers_colt")]
ROUNDS = 3


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        rounds = [_round(Path(folder) / str(number)) for number in range(ROUNDS)]
    record("catalogue", {
        "entries": {path.stem: len(json.loads(path.read_text())) for path in LISTS},
        "rounds": ROUNDS,
        "seconds_of_the_whole_command": {
            name: {
                "median": round(statistics.median(one[name] for one in rounds), 2),
                "worst": round(max(one[name] for one in rounds), 2),
            }
            for name in rounds[0]
            if name not in {"changes", "processor"}
        },
        "processor_seconds_of_the_first_import_of_talks": round(
            statistics.median(one["processor"] for one in rounds), 2
        ),
        "changes_reported_by_the_second_import": max(one["changes"] for one in rounds),
    })  # fmt: skip


def _round(data: Path) -> dict[str, float]:
    seconds: dict[str, float] = {}
    changes = 0
    open_catalog(read_settings(data_dir=data).catalog_url).close()  # makes the database
    processor = 0.0
    for path in LISTS:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds[f"first import, {path.stem}"], _ = _timed(
            lambda path=path: seminar(data, "catalogue", "import", path)
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if path is LISTS[0]:
            processor = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
        seconds[f"second import, {path.stem}"], said = _timed(
            lambda path=path: seminar_json(data, "catalogue", "import", path)
        )
        changes += len(said["added"]) + len(said["changed"])
    out = data / "out.json"
    seconds["export of all"], _ = _timed(lambda: seminar(data, "catalogue", "export", out))
    seconds["one table by a script, talks"], _ = _timed(lambda: _by_script(data / "plain.db"))
    return {**seconds, "changes": changes, "processor": processor}


def _by_script(path: Path) -> None:
    database = sqlite3.connect(path)
    with database:
        database.execute("CREATE TABLE talks (id TEXT PRIMARY KEY, entry TEXT)")
        for entry in json.loads(LISTS[0].read_text()):
            row = (entry["id"], json.dumps(entry))
            database.execute("INSERT INTO talks VALUES (?, ?)", row)
    database.close()


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.monotonic()
    value = work()
    return time.monotonic() - began, value


if __name__ == "__main__":
    main()
