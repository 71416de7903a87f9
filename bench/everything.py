"""A folder of four talks, 21 PDFs and 338 transcripts taken in by one command, with a kill -9.

The list is made of the data's own metadata.  The command is `seminar add --manifest … --wait`; in
the middle the whole of it, worker and all, is killed, and the same command is given again.
    python -m bench.everything
"""

import json
import os
import signal
import sqlite3
import subprocess
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import yaml

from bench.record import SHARED, record
from tests.archive import ROOT, command, environment, seminar_json

KILLED_AFTER_JOBS = 120


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        data, wanted = Path(folder) / "data", Path(folder) / "everything.yaml"
        wanted.write_text(yaml.safe_dump(_listed(), allow_unicode=True))
        began = time.monotonic()
        words = ["add", "--manifest", str(wanted), "--wait"]
        first = _run(data, words, kill_after_jobs=KILLED_AFTER_JOBS)
        killed_s = time.monotonic() - began
        done_at_kill = _done(data)
        second = _run(data, words)
        whole_s = time.monotonic() - began
        jobs = seminar_json(data, "jobs", "list", "--all")["jobs"]
        talks = seminar_json(data, "talks", "list")
        faults = seminar_json(data, "check")["faults"]
    minutes = sum(talk["duration_ms"] or 0 for talk in talks) / 60_000
    record("everything", {
        "files": {"recordings": 4, "pdfs": 21, "transcripts": 338},
        "killed_after_s": round(killed_s),
        "jobs_done_when_killed": done_at_kill,
        "minutes_in_all": round(whole_s / 60, 1),
        "minutes_of_recording": round(minutes, 1),
        "peak_worker_mb": max(first["peak_mb"], second["peak_mb"]),
        "states": {state: sum(job["state"] == state for job in jobs) for state in _states(jobs)},
        "last_lines": second["last_lines"],
        "faults_found_by_check": faults,
    })  # fmt: skip


def _listed() -> dict[str, list[dict[str, Any]]]:
    talks = []
    for meta in sorted((SHARED / "recordings" / "talks").glob("*.meta.json")):
        known = json.loads(meta.read_text())
        file = str(meta.with_name(f"{known['id']}.mp3"))
        talks.append({"file": file, "title": known["title"], "speakers": [known["speaker"]]})
    for line in (SHARED / "transcripts" / "index.jsonl").read_text().splitlines():
        known = json.loads(line)
        entry = {
            "file": str(SHARED / "transcripts" / known["file"]),
            "title": known["title"],
            "series": known["course"],
            "language": "en",
        }
        talks.append(entry | ({"speakers": [known["speaker"]]} if known["speaker"] else {}))
    papers = [
        {"file": str(path), "title": path.stem.replace("_", " ")}
        for path in sorted((SHARED / "papers" / "pdf").glob("*.pdf"))
    ]
    return {"papers": papers, "talks": talks}


def _run(data: Path, words: list[str], *, kill_after_jobs: int | None = None) -> dict[str, Any]:
    """Run the command to its end, or until so many jobs are done; its peak and last lines."""
    log = data.parent / "log.txt"
    with log.open("w") as out:
        process = subprocess.Popen(
            command(*words), env=environment(data), cwd=ROOT,
            stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        peak_mb, looked = 0, 0.0
        while process.poll() is None:
            peak_mb = max(peak_mb, _peak_mb(process.pid))
            if kill_after_jobs and time.monotonic() - looked > 5:
                looked = time.monotonic()
                if _done(data) >= kill_after_jobs:
                    os.killpg(process.pid, signal.SIGKILL)
            time.sleep(0.5)
    return {"peak_mb": peak_mb, "last_lines": log.read_text().splitlines()[-3:]}


def _done(data: Path) -> int:
    """How many jobs are done; asked of the database itself, because the command costs a second."""
    try:
        with closing(sqlite3.connect(f"file:{data / 'catalog.db'}?mode=ro", uri=True)) as database:
            query = "SELECT count(*) FROM submissions WHERE state = 'done'"
            return int(database.execute(query).fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def _peak_mb(group: int) -> int:
    """The high-water mark of the largest process of the group."""
    peak_kb = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rpartition(")")[2].split()[2]) == group:
                lines = (stat.parent / "status").read_text().splitlines()
                peaks = [int(line.split()[1]) for line in lines if line.startswith("VmHWM")]
                peak_kb = max(peak_kb, *peaks)
        except (OSError, ValueError, TypeError):
            continue
    return peak_kb // 1024


def _states(jobs: list[dict[str, Any]]) -> list[str]:
    return sorted({job["state"] for job in jobs})


if __name__ == "__main__":
    main()
