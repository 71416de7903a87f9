"""How the archive writes times, days and counts for people."""

from collections.abc import Sequence
from datetime import date

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def clock(ms: int) -> str:
    """A place in a recording: 04:09, 1:02:33."""
    minutes, seconds = divmod(ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"


def length(ms: int | None) -> str:
    """How long a recording is: 1 h 12 min, 58 min, 40 s; nothing when that is unknown."""
    if ms is None:
        return ""
    if ms < 60_000:
        return f"{max(1, round(ms / 1000))} s"
    hours, minutes = divmod(round(ms / 60_000), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def hours(ms: int) -> str:
    """How long all recordings are together."""
    return length(ms) if ms < 3_600_000 else f"{round(ms / 3_600_000):,} h"


def size(size_bytes: int) -> str:
    """How large a file is, in units of a thousand: 312 MB, 4.1 MB, 18 kB."""
    if size_bytes < 1_000_000:
        return f"{max(1, round(size_bytes / 1_000)):,} kB"
    mb = size_bytes / 1_000_000
    return f"{mb:.1f} MB" if mb < 10 else f"{mb:,.0f} MB"


def day(value: date | None) -> str:
    """8 February 2021."""
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}" if value else ""


def short_day(value: date | None) -> str:
    """8 Feb 2021."""
    return f"{value.day} {_MONTHS[value.month - 1][:3]} {value.year}" if value else ""


def counted(number: int, one: str, many: str | None = None) -> str:
    """1 talk, 14 talks."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(words: Sequence[str]) -> str:
    """a; a and b; a, b and c."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
