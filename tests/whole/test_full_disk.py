"""A disk that fills at any step stops the job cleanly, and with room again it goes on."""

import errno
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.archive import DEMO, clip, seminar, seminar_json, started
from tests.whole.test_recovery import PAPER, TALK, written

STEPS = ("decode", "transcribe-0", "encode", "commit", "publish")
DISK_MB = 160
FULL = "disk is full"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", place],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip(f"no small file system can be mounted here: {mounted.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def fill(disk: Path) -> Path:
    """Take every byte that is left."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size_bytes in (1 << 20, 1 << 12):
            try:
                while True:
                    file.write(bytes(size_bytes))
            except OSError as problem:
                if problem.errno != errno.ENOSPC:
                    raise
    return ballast


def _until_stopped(process: "subprocess.Popen[str]") -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        assert process.poll() is None, "the worker ended before it came to the step"
        stat = Path(f"/proc/{process.pid}/stat").read_text()
        if stat.rpartition(") ")[2].startswith("T"):
            return
        time.sleep(0.05)
    raise AssertionError("the worker never came to the step")


def test_what_does_not_fit_is_refused_whole(disk: Path, tmp_path: Path) -> None:
    data = disk / "data"
    seminar(data, "add", PAPER, "--wait")
    ballast = fill(disk)
    sound = DEMO / "recordings" / "06-small-pushes-and-moving-worlds.ogg"
    refused = seminar(data, "add", sound, check=False)
    assert refused.returncode == 1
    assert FULL in refused.stderr
    assert "nothing was stored" in refused.stderr
    assert seminar_json(data, "search", "linearised network")["hits"]
    ballast.unlink()
    assert len(seminar_json(data, "jobs", "list", "--all")["jobs"]) == 1
    assert seminar_json(data, "check")["faults"] == []


def test_a_disk_that_fills_at_any_step_loses_nothing(disk: Path, tmp_path: Path) -> None:
    data, calm = disk / "data", tmp_path / "calm"
    sound = clip(TALK, tmp_path / "clip.wav", start_s=10, length_s=20)
    [undisturbed] = seminar_json(calm, "add", sound, "--wait")
    seminar(data, "add", PAPER, "--wait")
    [added] = seminar_json(data, "add", sound)
    for step in STEPS:
        with started(
            data, "worker", "--until-idle", SEMINAR_TEST_FAULT=f"stop before {step}"
        ) as worker:
            _until_stopped(worker)
            ballast = fill(disk)
            os.kill(worker.pid, signal.SIGCONT)
            try:
                said, _ = worker.communicate(timeout=60)
            except subprocess.TimeoutExpired as late:
                raise AssertionError(f"{step}: {str(late.output)[-1500:]}") from late
            assert worker.returncode == 1, (step, said)
            assert FULL in said, (step, said)
        assert seminar_json(data, "search", "linearised network")["hits"], step
        ballast.unlink()
        assert seminar_json(data, "check")["faults"] == [], step
        if seminar_json(data, "jobs", "show", added["job"])["state"] == "failed":
            seminar(data, "jobs", "retry", added["job"])
    seminar(data, "worker", "--until-idle")
    assert seminar_json(data, "jobs", "show", added["job"])["state"] == "done"
    assert written(data, added["id"]) == written(calm, undisturbed["id"])
    assert seminar_json(data, "check")["faults"] == []
