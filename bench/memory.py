"""Peak memory of the job's process on a talk of 35 minutes and on one of three hours.

The long one is the four talks one after another, twice, written as one file by PyAV.  A third
figure is a worker that does both, one after the other, and keeps its models.
    python -m bench.memory
"""

import tempfile
import threading
import time
from pathlib import Path

import av

from bench.record import SHARED, record
from tests.archive import seminar, started

TALKS = SHARED / "recordings" / "talks"
LIMIT_MB = 1200


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        long = Path(folder) / "three-hours.mp3"
        minutes = _joined([*sorted(TALKS.glob("*.mp3"))] * 2, long)
        short_mb = _peak_mb(Path(folder) / "a", TALKS / "talk5.mp3")
        long_mb = _peak_mb(Path(folder) / "b", long)
        both_mb = _peak_mb(Path(folder) / "c", TALKS / "talk5.mp3", TALKS / "talk4.mp3")
    record("memory", {
        "model": "tiny.en, int8 on CPU; all-MiniLM-L6-v2",
        "minutes_of_long_talk": round(minutes, 1),
        "peak_mb_35_minutes": short_mb,
        "peak_mb_3_hours": long_mb,
        "ratio": round(long_mb / short_mb, 3),
        "peak_mb_two_talks_in_one_worker": both_mb,
        "limit_mb": LIMIT_MB,
    })  # fmt: skip


def _peak_mb(data: Path, *files: Path) -> int:
    """The largest resident size of the worker's own process while it takes these files in."""
    seminar(data, "add", *files)
    peak = 0
    with started(data, "worker", "--until-idle", "--quiet") as worker:
        reader = threading.Thread(target=worker.stdout.read)  # never let the pipe fill
        reader.start()
        while worker.poll() is None:
            peak = max(peak, _high_water_kb(worker.pid))
            time.sleep(0.2)
        reader.join()
    return peak // 1024


def _high_water_kb(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


def _joined(parts: list[Path], target: Path) -> float:
    """Write the sound of all parts into one file; returns its minutes."""
    samples = 0
    with av.open(str(target), "w") as out:
        stream = out.add_stream("mp3", rate=16_000, layout="mono")
        stream.bit_rate = 48_000
        for part in parts:
            resampler = av.AudioResampler(format="s16p", layout="mono", rate=16_000)
            with av.open(str(part)) as source:
                for frame in source.decode(audio=0):
                    for piece in resampler.resample(frame):
                        piece.pts = samples
                        samples += piece.samples
                        out.mux(stream.encode(piece))
        out.mux(stream.encode(None))
    return samples / 16_000 / 60


if __name__ == "__main__":
    main()
