"""What an archive answers when it cannot do what was asked.

ProblemError       any problem; `code` says which
├── NotFound       nothing is there, or nothing that is shown
└── Withdrawn      it was there, and staff withdrew it: forget what was kept of it
"""

from collections.abc import Mapping, Sequence
from typing import Any


class ProblemError(Exception):
    """A problem as the archive describes it.  Source: RFC 9457."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.code = str(problem.get("code", f"http_{status}"))
        self.detail = str(problem.get("detail", f"the server answered {status}"))
        self.type = str(problem.get("type", "about:blank"))
        self.errors: Sequence[Mapping[str, Any]] = problem.get("errors") or ()
        super().__init__(f"{self.code}: {self.detail}")


class NotFound(ProblemError):
    """There is nothing at this address, or nothing that is shown."""


class Withdrawn(ProblemError):
    """It was there, and is no longer shown."""


def problem(status: int, described: Mapping[str, Any]) -> ProblemError:
    """The error for a problem."""
    kinds: Mapping[int, type[ProblemError]] = {404: NotFound, 410: Withdrawn}
    return kinds.get(status, ProblemError)(status, described)
