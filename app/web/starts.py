"""The second of a talk that an address asks for."""

LONGEST_START_S = 10_000_000


def start_s(text: str, length_ms: int | None = None) -> int:
    """The second to begin at; what is no number, or past the end, begins at the beginning."""
    try:
        seconds = float(text)
    except ValueError:
        return 0
    end_s = LONGEST_START_S if length_ms is None else length_ms / 1000
    return int(seconds) if 0 <= seconds < end_s else 0
