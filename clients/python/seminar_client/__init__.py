"""A client of the seminar archive's HTTP API, version 1."""

from seminar_client.archive import Archive
from seminar_client.errors import NotFound, ProblemError, Withdrawn
from seminar_client.shapes import (
    Hit,
    Paper,
    PaperSummary,
    Passage,
    SearchPage,
    Segment,
    Similar,
    Status,
    Suggestion,
    Talk,
    TalkSummary,
    Transcript,
)

__all__ = [
    "Archive",
    "Hit",
    "NotFound",
    "Paper",
    "PaperSummary",
    "Passage",
    "ProblemError",
    "SearchPage",
    "Segment",
    "Similar",
    "Status",
    "Suggestion",
    "Talk",
    "TalkSummary",
    "Transcript",
    "Withdrawn",
]
