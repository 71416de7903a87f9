"""From pieces of text and where they stand on a page to lines in reading order: pure functions.

Lengths are in points, baselines count upwards.  Invariant: every piece of text is in one line.
One column keeps the order of the file, which for mathematics is the order of its author; only
what the file draws out of place is moved.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.pdf_lines import Line, Run, body_size, lines_of, rows_of

OUT_OF_PLACE_EM = 2.5
APART_EM = 1.8

MIDDLE = (0.3, 0.7)
LEAST_SIDE = 0.12
MOST_CROSSING = 0.65
LEAST_LINES = 5
ALIGNED_EM = 1.6
LEAST_ALIGNED = 0.6
FULL = 0.6
LEAST_FULL = 0.5

SMALL_PRINT = 0.93
FOOTNOTE = re.compile(r"(?:\d{1,2}|[*∗†‡§¶])\s*[^\W\d]")
MOST_FOOT_LINES = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A page's lines in reading order, and what stands across them, such as a stamp."""

    lines: tuple[Line, ...]
    aside: tuple[str, ...]

    @property
    def text(self) -> str:
        """All of it, a row a line; what stands across comes last."""
        return "\n".join([*(" ".join(row) for row in rows_of(self.lines)), *self.aside])


def laid_out(runs: Sequence[Run]) -> Layout:
    """Lines out of runs in the order of the file."""
    turned = Counter[int]()
    for run in runs:
        turned[run.turns] += len(run.text)
    upright = turned.most_common(1)[0][0] if turned else 0
    lines = lines_of([run for run in runs if run.turns == upright])
    aside = lines_of([run for run in runs if run.turns != upright])
    return Layout(lines=tuple(_ordered(lines)), aside=tuple(line.text for line in aside))


def _ordered(lines: Sequence[Line]) -> list[Line]:
    head, body = _parted(lines, top=1)
    foot, body = _parted(body, top=-1)
    return [*_by_rows(head), *_in_columns(body), *_by_rows(foot)]


def _parted(lines: Sequence[Line], *, top: int) -> tuple[list[Line], list[Line]]:
    """The row at an edge of the page, 1 the upper, if it stands well apart; and the others."""
    if not lines:
        return [], []
    edge = max(lines, key=lambda line: top * line.baseline)
    row = [one for one in lines if abs(one.baseline - edge.baseline) <= 0.3 * edge.size]
    others = [one for one in lines if abs(one.baseline - edge.baseline) > 0.3 * edge.size]
    gap = min((abs(one.baseline - edge.baseline) for one in others), default=0)
    return (row, others) if gap > APART_EM * edge.size else ([], list(lines))


def _in_columns(lines: Sequence[Line]) -> list[Line]:
    gutter = _gutter(lines)
    if gutter is None:
        return _downwards(lines)
    sides = _sides(lines, gutter)
    ordered: list[Line] = []
    notes: list[Line] = []
    size = body_size(lines)
    for left, right, ending in _bands(sides):
        for column in _columns(left, right, gutter):
            body = len(column) - (0 if ending else _foot_lines(column, size))
            ordered += column[:body]
            notes += column[body:]
        ordered += ending
    return ordered + notes


def _sides(lines: Sequence[Line], gutter: float) -> list[tuple[Line, int]]:
    """Each line with its side; one across that shares its row is a cell, on its middle's side."""
    rows = Counter(round(line.baseline) for line in lines)
    sides = []
    for line in lines:
        side = _side(line, gutter)
        if side == 0 and rows[round(line.baseline)] > 1:
            side = -1 if line.left + line.right < 2 * gutter else 1
        sides.append((line, side))
    return sides


def _bands(sides: list[tuple[Line, int]]) -> Iterator[tuple[list[Line], list[Line], list[Line]]]:
    """What stands left and right between the lines across, and the line below."""
    for ending in [*_downwards([line for line, side in sides if side == 0]), None]:
        level = ending.baseline if ending else -math.inf
        band = [(line, side) for line, side in sides if side and line.baseline > level]
        sides = [(line, side) for line, side in sides if line.baseline <= level]
        left, right = ([line for line, at in band if at == side] for side in (-1, 1))
        yield left, right, [ending] if ending else []


def _columns(left: list[Line], right: list[Line], gutter: float) -> list[list[Line]]:
    """The columns of a band, top to bottom; one where both hold cells of one wide table."""
    if left and right:
        widths = gutter - min(one.left for one in left), max(one.right for one in right) - gutter
        if not _fills(left, widths[0]) and not _fills(right, widths[1]):
            return [_by_rows([*left, *right])]
    return [_downwards(left), _downwards(right)]


def _by_rows(cells: Sequence[Line]) -> list[Line]:
    """Rows of a table, top to bottom, each from left to right."""
    rows: list[list[Line]] = []
    for cell in sorted(cells, key=lambda one: -one.baseline):
        if not rows or rows[-1][0].baseline - cell.baseline > 0.3 * cell.size:
            rows.append([])
        rows[-1].append(cell)
    return [cell for row in rows for cell in sorted(row, key=lambda one: one.left)]


def _side(line: Line, gutter: float) -> int:
    """-1 left of the gutter, 1 right of it, 0 across; a little overhang is not across."""
    hang = 2 * line.size
    if line.right <= gutter + min(hang, 0.1 * (line.right - line.left)):
        return -1
    return 1 if line.left >= gutter - 0.5 * line.size else 0


def _gutter(lines: Sequence[Line]) -> float | None:
    """Where a page of two columns divides, None for a page of one.

    Both sides must hold a fair share of the text, side by side, and begin at a common margin.
    """
    if len(lines) < 2 * LEAST_LINES:
        return None
    left = min(line.left for line in lines)
    width = max(line.right for line in lines) - left
    total = sum(len(line.text) for line in lines)
    at = min(
        (left + width * step / 100 for step in range(int(100 * MIDDLE[0]), int(100 * MIDDLE[1]))),
        key=lambda x: (
            sum(len(line.text) for line in lines if line.left < x < line.right),
            abs(x - left - width / 2),
        ),
    )
    sides = [[line for line in lines if _side(line, at) == side] for side in (-1, 0, 1)]
    shares = [sum(len(line.text) for line in side) / max(1, total) for side in sides]
    if min(shares[0], shares[2]) < LEAST_SIDE or shares[1] > MOST_CROSSING:
        return None
    filled = _fills(sides[0], at - left) and _fills(sides[2], left + width - at)
    return at if filled and _faces(sides[0], sides[2]) and _aligned(sides[2]) else None


def _fills(lines: Sequence[Line], width: float) -> bool:
    """Whether most of the text is in lines as wide as a column, as prose is."""
    wide = sum(len(one.text) for one in lines if one.right - one.left >= FULL * width)
    return wide >= LEAST_FULL * sum(len(one.text) for one in lines)


def _faces(left: Sequence[Line], right: Sequence[Line]) -> bool:
    """Whether some lines of both sides stand at the same height."""
    low, high = min(one.baseline for one in right), max(one.baseline for one in right)
    return sum(low - 1 <= one.baseline <= high + 1 for one in left) >= LEAST_LINES


def _aligned(lines: Sequence[Line]) -> bool:
    """Whether most of the text begins at a common margin, indents aside."""
    total = sum(len(line.text) for line in lines)
    near = max(
        sum(len(one.text) for one in lines if 0 <= one.left - line.left <= ALIGNED_EM * line.size)
        for line in lines
    )
    return near >= LEAST_ALIGNED * total and len(lines) >= LEAST_LINES


def _downwards(lines: Sequence[Line]) -> list[Line]:
    """The order of the file, but what jumps back up the page goes where it stands."""
    blocks: list[list[Line]] = []
    for line in lines:
        rises = blocks and line.baseline > blocks[-1][-1].baseline + OUT_OF_PLACE_EM * line.size
        if not blocks or rises:
            blocks.append([])
        blocks[-1].append(line)
    placed: list[Line] = []
    for block in blocks:
        place = next((n for n, one in enumerate(placed) if _before(block[0], one)), len(placed))
        below = placed[place:]
        placed[place:] = below + block if _beside(below, block) else _merged(below, block)
    return placed


def _beside(lines: Sequence[Line], others: Sequence[Line]) -> bool:
    """Whether the others all stand right of the lines, like a column of their own."""
    return max((one.right for one in lines), default=0) <= min(one.left for one in others)


def _merged(lines: Sequence[Line], others: Sequence[Line]) -> list[Line]:
    """Both in one, whichever stands higher first."""
    merged: list[Line] = []
    at = 0
    for other in others:
        while at < len(lines) and not _before(other, lines[at]):
            merged.append(lines[at])
            at += 1
        merged.append(other)
    return [*merged, *lines[at:]]


def _before(line: Line, other: Line) -> bool:
    if abs(line.baseline - other.baseline) <= 0.3 * line.size:
        return line.left < other.left
    return line.baseline > other.baseline


def _foot_lines(column: Sequence[Line], size: float) -> int:
    """How many lines at the end of a column are footnotes: small print after a mark."""
    small = 0
    while small < len(column) and column[-1 - small].size < SMALL_PRINT * size:
        small += 1
    foot = column[len(column) - min(small, MOST_FOOT_LINES) :]
    marked = next((n for n, line in enumerate(foot) if FOOTNOTE.match(line.text)), len(foot))
    return len(foot) - marked
