"""Which form of a thing a client asked for.  Source: RFC 9110, 12.5.1."""

from collections.abc import Sequence

LONGEST = 2000


def preferred(accept: str | None, offered: Sequence[str]) -> str:
    """The offered media type that an Accept header likes best; the first where it says nothing.

    The first also wins what it is liked as much as, and where nothing that is offered is accepted.
    """
    ranges = list(_ranges(accept or ""))
    best, best_q = offered[0], _liking(offered[0], ranges)
    for kind in offered[1:]:
        liking = _liking(kind, ranges)
        if liking > best_q:
            best, best_q = kind, liking
    return best


def _ranges(accept: str) -> Sequence[tuple[str, float]]:
    made = []
    for part in accept[:LONGEST].split(","):
        kind, *parameters = (one.strip().lower() for one in part.split(";"))
        q = next((one[2:] for one in parameters if one.startswith("q=")), "1")
        try:
            liking = float(q)
        except ValueError:
            continue
        if kind and 0 <= liking <= 1:
            made.append((kind, liking))
    return made


def _liking(kind: str, ranges: Sequence[tuple[str, float]]) -> float:
    """How much a media type is liked, by the range that names it most closely."""
    for close in (kind, kind.split("/")[0] + "/*", "*/*"):
        found = [liking for named, liking in ranges if named == close]
        if found:
            return found[0]
    return 0.0
