"""Asking a confined child process to read what strangers made.

The child (`confined_child`) limits its memory, time and files before it opens anything.  Invariant:
whatever it does, the caller gets its answer or an error of `ingest.errors`, and no child is left.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ingest import errors
from ingest.errors import BadInput, DecoderStopped, DiskFull, IngestProblem, TooLarge

NEARLY_ALL = 0.8  # of its memory: a child that died with so much in hand died for the lack of it
CRASHES = 3  # after so many it is the file
PROJECT_ROOT = Path(__file__).resolve().parent.parent
LAST_WORDS_BYTES = 4096
FROM_OUTSIDE = {-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP}

Progress = Callable[[Any], None]
"""Gets what the child says of its progress: a number, or a number and its total."""


class _Crashed(Exception):
    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@dataclass(frozen=True, slots=True, kw_only=True)
class Confined:
    """A module that answers one request about one file; `crash` is the error when it dies of it."""

    module: str
    crash: type[BadInput]
    advice: str

    def ask(
        self, file: Path, request: dict[str, Any], progress: Progress | None = None
    ) -> dict[str, Any]:
        """Run the child to its end; one that crashes is tried again, for it may not be the file.

        Raises: what `progress` raises, and the child's BadInput, DecoderStopped or DiskFull.
        """
        self._refuse_what_is_no_file(file)
        for _ in range(CRASHES - 1):
            try:
                return self._asked(file, request, progress)
            except _Crashed:
                continue
        try:
            return self._asked(file, request, progress)
        except _Crashed as crashed:
            reason = f"reading it crashed {CRASHES} times with signal {crashed.number}"
            raise self.crash(file, reason, self.advice) from crashed

    def _asked(
        self, file: Path, request: dict[str, Any], progress: Progress | None
    ) -> dict[str, Any]:
        with tempfile.TemporaryFile() as complaints:
            child = _started(self.module, complaints)
            try:
                _tell(child, {**request, "file": str(file.resolve()), "name": file.name})
                answer = _answer(child, progress)
                peak_bytes = _ended(child)
            finally:
                _stop(child)
            if answer is None:
                exceeded = _exceeded(child.returncode, peak_bytes, request.get("options", {}))
                if exceeded:
                    raise TooLarge(file, exceeded, self.advice)
                raise self._died(file, child.returncode, complaints)
        if "error" in answer:
            raise _problem(file, request, answer["error"])
        result: dict[str, Any] = answer["result"]
        return result

    def _refuse_what_is_no_file(self, file: Path) -> None:
        try:
            if not file.is_file():
                raise self.crash(file, "there is no such file", "check its name")
            if file.stat().st_size == 0:
                raise self.crash(file, "the file is empty", "copy it again from its source")
            file.open("rb").close()
        except OSError as problem:
            advice = "give the archive's user the right to read it"
            raise self.crash(file, f"it cannot be read ({problem.strerror})", advice) from problem

    def _died(self, file: Path, status: int, complaints: IO[bytes]) -> Exception:
        if status in FROM_OUTSIDE:
            return DecoderStopped(file, f"was stopped by signal {-status}")
        if status < 0:
            return _Crashed(-status)
        return DecoderStopped(file, f"ended with status {status} ({_last_words(complaints)})")


def _started(module: str, complaints: IO[bytes]) -> subprocess.Popen[str]:
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": str(PROJECT_ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "LC_ALL": "C.UTF-8",
    }
    return subprocess.Popen(
        [sys.executable, "-s", "-P", "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=complaints,
        text=True,
        encoding="utf-8",
        env=environment,
    )


def _tell(child: subprocess.Popen[str], request: dict[str, Any]) -> None:
    if child.stdin is None:
        raise ValueError("the child has no stdin")
    try:
        child.stdin.write(json.dumps(request) + "\n")
        child.stdin.close()
    except BrokenPipeError:
        return


def _answer(child: subprocess.Popen[str], progress: Progress | None) -> dict[str, Any] | None:
    for line in child.stdout or ():
        message: dict[str, Any] = json.loads(line)
        if "progress" not in message:
            return message
        if progress is not None:
            progress(message["progress"])
    return None


def _ended(child: subprocess.Popen[str]) -> int:
    """Wait for the child's end; returns the most memory that it had, in bytes."""
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss * 1024


def _exceeded(status: int, peak_bytes: int, options: dict[str, Any]) -> str | None:
    """The limit that ended the child, None when it was something else."""
    if status == -signal.SIGXCPU:
        seconds = f" of {options['cpu_s']} s" if "cpu_s" in options else ""
        return f"reading it took longer than the limit{seconds} on processor time"
    limit = options.get("memory_bytes")
    if status < 0 and status not in FROM_OUTSIDE and limit and peak_bytes > NEARLY_ALL * limit:
        return f"reading it needs more than the limit of {limit >> 20} MiB of memory"
    return None


def _stop(child: subprocess.Popen[str]) -> None:
    if child.poll() is None:
        child.kill()
    child.wait()
    if child.stdout is not None:
        child.stdout.close()


def _last_words(complaints: IO[bytes]) -> str:
    complaints.seek(0, os.SEEK_END)
    complaints.seek(max(0, complaints.tell() - LAST_WORDS_BYTES))
    lines = complaints.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "without a word"


def _problem(file: Path, request: dict[str, Any], error: dict[str, str]) -> IngestProblem:
    if error["kind"] == "DiskFull":
        return DiskFull(Path(request["out_dir"]))
    kind: type[BadInput] = getattr(errors, error["kind"])
    return kind(file, error["reason"], error["advice"])
