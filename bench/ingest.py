"""Speed of `seminar add --wait`, publishing included, against faster-whisper called directly.

Both get the same four talks (90 minutes) in the same run, each in a process of its own, with the
same model and options; three rounds, turn and turn about.
    python -m bench.ingest [--rounds 3]
"""

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.record import SHARED, record
from tests.archive import environment, seminar_json

TALKS = sorted((SHARED / "recordings" / "talks").glob("*.mp3"))
DIRECT = """
import sys
from faster_whisper import BatchedInferencePipeline, WhisperModel
from ingest.engines.choose import MODELS
from index.weights import located
folder = str(located("tiny.en", MODELS))
model = WhisperModel(folder, device="cpu", compute_type="int8", cpu_threads=2)
pipeline = BatchedInferencePipeline(model)
for path in sys.argv[1:]:
    segments, _ = pipeline.transcribe(path, language="en", batch_size=8, word_timestamps=True)
    print(path, sum(len(segment.text.split()) for segment in segments), "words")
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    ours, direct, minutes = [], [], 0.0
    for _ in range(rounds):
        direct.append(_timed([sys.executable, "-c", DIRECT, *map(str, TALKS)], Path.cwd()))
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder) / "data"
            command = [sys.executable, "-m", "app.cli.main", "add", *map(str, TALKS), "--wait"]
            ours.append(_timed(command, data))
            jobs = seminar_json(data, "jobs", "list", "--all")["jobs"]
            assert {job["state"] for job in jobs} == {"done"}, jobs
            talks = seminar_json(data, "talks", "list")
            minutes = sum(talk["duration_ms"] for talk in talks) / 60_000
    wall = [a["wall_s"] / b["wall_s"] for a, b in zip(direct, ours, strict=True)]
    cpu = [a["cpu_s"] / b["cpu_s"] for a, b in zip(direct, ours, strict=True)]
    record("ingest", {
        "minutes_of_recording": round(minutes, 1),
        "ours": ours,
        "faster_whisper_batched_directly": direct,
        "speed_of_ours_over_direct_wall_median": round(statistics.median(wall), 2),
        "speed_of_ours_over_direct_cpu_median": round(statistics.median(cpu), 2),
        "times_real_time_median": round(
            minutes * 60 / statistics.median(one["wall_s"] for one in ours), 1
        ),
    })  # fmt: skip


def _timed(command: list[str], data: Path) -> dict[str, float]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    subprocess.run(command, env=environment(data), check=True, stdout=subprocess.DEVNULL)
    wall_s = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall_s": round(wall_s, 1), "cpu_s": round(cpu_s, 1)}


if __name__ == "__main__":
    main()
