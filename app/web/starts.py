"""The second of a talk that an address asks for."""

import re

LONGEST_START_S = 10_000_000
_UNITS = re.compile(r"(?:(\d{1,4})h)?(?:(\d{1,4})m)?(?:(\d{1,8})s)?")
_CLOCK = re.compile(r"\d{1,4}(:[0-5]?\d){1,2}")


def start_s(text: str, length_ms: int | None = None) -> int:
    """The second to begin at: a number, `5:12` or `5m12s`; anything else, and what is past the
    end, begins at the beginning.
    """
    seconds = _seconds(text.strip())
    end_s = LONGEST_START_S if length_ms is None else length_ms / 1000
    return int(seconds) if 0 <= seconds < end_s else 0


def _seconds(text: str) -> float:
    if _CLOCK.fullmatch(text):
        whole = 0
        for part in text.split(":"):
            whole = 60 * whole + int(part)
        return whole
    units = _UNITS.fullmatch(text)
    if text and units:
        hours, minutes, rest = (int(one or 0) for one in units.groups())
        return 3600 * hours + 60 * minutes + rest
    try:
        return float(text)
    except ValueError:
        return 0
