"""What tests share: where things are, the `seminar` command, and throwaway databases."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "demo"
SHARED = ROOT.parent / "shared" / "data"


def environment(data_dir: Path, **more: str) -> dict[str, str]:
    """The environment of a `seminar` call on this archive, free of the caller's settings."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("SEMINAR_")}
    return {**clean, "SEMINAR_DATA_DIR": str(data_dir), "HF_HUB_OFFLINE": "1", **more}


def command(*words: str | Path) -> list[str]:
    """A `seminar` call as a list of words."""
    return [sys.executable, "-m", "app.cli.main", *map(str, words)]


def seminar(
    data_dir: Path, *words: str | Path, check: bool = True, timeout_s: float = 600, **more: str
) -> "subprocess.CompletedProcess[str]":
    """Run `seminar` and return what it said; `check` demands status 0."""
    done = subprocess.run(
        command(*words),
        env=environment(data_dir, **more),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    if check:
        assert done.returncode == 0, f"{words}: {done.stdout}\n{done.stderr}"
    return done


def seminar_json(data_dir: Path, *words: str | Path) -> Any:
    """Run `seminar … --json` and return the answer."""
    return json.loads(seminar(data_dir, *words, "--json").stdout)


@contextmanager
def started(data_dir: Path, *words: str | Path, **more: str) -> "Iterator[subprocess.Popen[str]]":
    """A running `seminar` with its own process group, killed at the end."""
    process = subprocess.Popen(
        command(*words),
        env=environment(data_dir, **more),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, 9)
        process.communicate()


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def silence(path: Path, *, duration_ms: int) -> Path:
    """A recording in which nothing is said: a job of the smallest kind."""
    return _wav(path, bytes(2 * 16 * duration_ms))


def clip(source: Path, path: Path, *, start_s: int, length_s: int) -> Path:
    """A stretch of a recording as a WAV file."""
    from ingest import media

    with tempfile.TemporaryDirectory() as folder:
        decoded = media.decode(source, Path(folder))
        sound = b"".join(window.file.read_bytes() for window in decoded.windows)
    return _wav(path, sound[2 * 16_000 * start_s : 2 * 16_000 * (start_s + length_s)])


def _wav(path: Path, sound: bytes) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(sound)
    return path
