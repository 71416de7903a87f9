"""The second of a talk that an address asks for."""

LONGEST_START_S = 10_000_000


def start_s(text: str) -> int:
    """The second to begin at; what is no number begins at the beginning."""
    try:
        seconds = float(text)
    except ValueError:
        return 0
    return int(seconds) if 0 <= seconds < LONGEST_START_S else 0
