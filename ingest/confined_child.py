"""The child's side of a confined process: limits first, then one request, one answer, the end.

One JSON line comes in on stdin; JSON lines go out on stdout: progress, and one result or error.
Invariant: the limits are in force before a byte of the file is read, and the process does not
outlive its parent.
"""

from __future__ import annotations

import ctypes
import errno
import json
import resource
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.errors import BadInput, TooLarge

OPEN_FILES = 64
PR_SET_PDEATHSIG = 1
SIMPLER = "convert it to a simpler form, such as mp3, and add that"

Request = dict[str, Any]
Answered = Callable[[Path, Request], dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the process may use; processor time can be raised later, up to `most_cpu_s`.

    `advice` is for the owner of a file that needs more.
    """

    memory_bytes: int
    file_bytes: int
    cpu_s: int
    most_cpu_s: int
    advice: str = SIMPLER


def serve(limits_of: Callable[[Request], Limits], answered: Answered) -> None:
    """Read a request, apply its limits, answer it."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    request = json.loads(sys.stdin.readline())
    limits = limits_of(request)
    _apply(limits)
    say(_outcome(answered, Path(request["file"]), request, limits))


def say(message: dict[str, Any]) -> None:
    """Send one line to the parent."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def allow_cpu(seconds: int) -> None:
    """Raise the limit on processor time, as far as the hard limit lets."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    most = seconds if hard == resource.RLIM_INFINITY else min(seconds, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (most, hard))


def too_much_memory(file: Path, memory_bytes: int, advice: str = SIMPLER) -> TooLarge:
    """The refusal of a file that needs more memory than reading it may have."""
    reason = f"reading it needs more than the limit of {memory_bytes >> 20} MiB of memory"
    return TooLarge(file, reason, advice)


def _outcome(answered: Answered, file: Path, request: Request, limits: Limits) -> dict[str, Any]:
    try:
        return {"result": answered(file, request)}
    except BadInput as refusal:
        return _error(refusal)
    except MemoryError:
        return _error(too_much_memory(file, limits.memory_bytes, limits.advice))
    except OSError as problem:
        if problem.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        return {"error": {"kind": "DiskFull"}}


def _error(refusal: BadInput) -> dict[str, Any]:
    kind = type(refusal).__name__
    return {"error": {"kind": kind, "reason": refusal.reason, "advice": refusal.advice}}


def _apply(limits: Limits) -> None:
    for what, soft, hard in (
        (resource.RLIMIT_AS, limits.memory_bytes, limits.memory_bytes),
        (resource.RLIMIT_FSIZE, limits.file_bytes, limits.file_bytes),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES, OPEN_FILES),
        (resource.RLIMIT_CPU, limits.cpu_s, limits.most_cpu_s + 1),
    ):
        _, allowed = resource.getrlimit(what)
        unlimited = allowed == resource.RLIM_INFINITY
        resource.setrlimit(
            what, (soft, hard) if unlimited else (min(soft, allowed), min(hard, allowed))
        )
