"""What kind of evidence a passage is, in words, and where in a talk its passages are."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from catalog.shown import Shown
from index.passage import Passage
from index.query import ParsedQuery
from index.snippet import snippet

MANY = 4  # passages, from which on it is worth saying where most of them are
_MINUTE_MS = 60_000
_NUMBERS = (
    *("No", "One", "Two", "Three", "Four", "Five", "Six"),
    *("Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A kind of evidence: one word for the margin, and the words for a sentence."""

    short: str
    words: str


SAID = Evidence(short="said", words="said")
WRITTEN = Evidence(short="written", words="written")
ABSTRACT = Evidence(short="abstract", words="in the abstract")
TITLE = Evidence(short="title", words="found in the title")
SPEAKER = Evidence(short="speaker", words="found in a speaker's name")
AUTHOR = Evidence(short="author", words="found in an author's name")
AROUND = frozenset(one.short for one in (TITLE, SPEAKER, AUTHOR))


def evidence(
    query: ParsedQuery, owner: Shown, passage: Passage, *, words_in_text: bool
) -> Evidence:
    """What a passage is evidence of: what was said or written, or only what stands around it.

    words_in_text: whether it was found by its meaning, or has words of the query.
    """
    if not words_in_text:
        if _marked(owner.title, query):
            return TITLE
        if any(_marked(name, query) for name in owner.names):
            return SPEAKER if owner.kind == "talk" else AUTHOR
    if owner.kind == "talk":
        return SAID
    return ABSTRACT if (passage.section or "").casefold() == "abstract" else WRITTEN


def spread(starts_ms: Sequence[int]) -> str:
    """How many passages there are, and between which minutes most of them; starts in order."""
    count = len(starts_ms)
    said = f"{_NUMBERS[count] if count < len(_NUMBERS) else count} passages"
    first, last = _minutes(starts_ms[0], starts_ms[-1])
    if count >= MANY:
        most = count // 2 + 1
        windows = [_minutes(starts_ms[n], starts_ms[n + most - 1]) for n in range(count - most + 1)]
        nearest = min(windows, key=lambda window: window[1] - window[0])
        if nearest[1] - nearest[0] <= (last - first) / 2:
            return f"{said}, most {_between(*nearest)}"
    return f"{said} {_between(first, last)}"


def _minutes(first_ms: int, last_ms: int) -> tuple[int, int]:
    """Whole minutes around two places."""
    first = first_ms // _MINUTE_MS
    return first, max(ceil(last_ms / _MINUTE_MS), first + 1)


def _between(first: int, last: int) -> str:
    return f"between minutes {first} and {last}"


def _marked(text: str, query: ParsedQuery) -> bool:
    return bool(text) and any(span.hit for span in snippet(text, query))
