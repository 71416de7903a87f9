"""`kill -9` of the worker at a random moment of a 20-minute talk, three times in a row.

The transcript must equal that of an undisturbed run byte for byte, and every finished window
must be decoded once only.
    python -m bench.resume [--kills 3] [--seed 1]
"""

import argparse
import hashlib
import os
import random
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.record import SHARED, record
from tests.archive import seminar, seminar_json, started

TALK = SHARED / "recordings" / "talks" / "talk4.mp3"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        calm, stormy = Path(folder) / "calm", Path(folder) / "stormy"
        began = time.monotonic()
        seminar(calm, "add", TALK, "--wait")
        calm_s = time.monotonic() - began
        kills = _killed_run(stormy, options.kills, random.Random(options.seed), calm_s)
        a, b = _digest(calm), _digest(stormy)
        faults = seminar_json(stormy, "check")["faults"]
    record("resume", {
        "talk_minutes": 18.5,
        "seed": options.seed,
        "kills": kills,
        "transcript_sha256": {"undisturbed": a, "killed": b},
        "equal": a == b,
        "faults_found_by_check": faults,
    })  # fmt: skip


def _killed_run(
    data: Path, kills: int, moments: random.Random, calm_s: float
) -> list[dict[str, Any]]:
    seminar(data, "add", TALK)
    done = []
    for _ in range(kills):
        with started(data, "worker", "--until-idle", "--quiet") as worker:
            after_s = moments.uniform(2, 0.6 * calm_s)
            time.sleep(after_s)
            alive = worker.poll() is None
            if alive:
                os.killpg(worker.pid, signal.SIGKILL)
        job = seminar_json(data, "jobs", "list", "--all")["jobs"][0]
        finished = len(list(data.glob("artifacts/heard/*/*/*.json")))
        done.append({
            "after_s": round(after_s, 1),
            "was_alive": alive,
            "step": job["step"],
            "state": job["state"],
            "windows_finished": finished,
        })  # fmt: skip
    seminar(data, "worker", "--until-idle", "--quiet")
    return done


def _digest(data: Path) -> str:
    talk = seminar_json(data, "talks", "list")[0]["id"]
    text = seminar(data, "transcript", "export", talk, "--format", "json").stdout
    return hashlib.sha256(text.encode()).hexdigest()


if __name__ == "__main__":
    main()
