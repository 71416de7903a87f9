"""From pieces of text and where they stand on a page to lines in reading order: pure functions.

Lengths are in points, baselines count upwards.  Invariant: every piece of text is in one line.
One column keeps the order of the file, which for mathematics is the order of its author; only
what the file draws out of place is moved.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

BROKEN_WORD = "\x02"
SAME_LINE_EM = 0.5
FENCES = ("|", "‖")
SAME_PLACE = 0.1  # points
CELL_GAP_EM = 1.1
STACKED_EM = 6.0  # an index below an exponent begins again at its left
KERN_EM = 0.3
WORD_GAP_EM = 0.2
HINTED_GAP_EM = 0.1
OUT_OF_PLACE_EM = 2.5

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
class Run:
    """Characters that follow each other in one font; `hinted` when the reader saw a gap before.

    `turns` are quarter turns to the left of its direction of reading; the coordinates are those of
    a page that was turned back.
    """

    text: str
    left: float
    right: float
    baseline: float
    size: float
    turns: int = 0
    hinted: bool = False


@dataclass(slots=True, kw_only=True)
class Line:
    """Text on one baseline, without wide gaps; `size` is that of its largest letters."""

    text: str
    left: float
    right: float
    baseline: float
    size: float
    last: Run

    def takes(self, run: Run) -> bool:
        """Whether a run goes on with this line: beside it, or its index or exponent."""
        em = max(self.size, run.size)
        if abs(run.baseline - self.baseline) > SAME_LINE_EM * em:
            return False
        level = abs(run.baseline - self.last.baseline) < 0.1 * em
        back = KERN_EM if level else STACKED_EM
        return -back * em <= run.left - self.last.right <= CELL_GAP_EM * em

    def add(self, run: Run) -> None:
        """Append a run, with a space where there is one to be seen."""
        gap_em = (run.left - self.last.right) / max(self.size, run.size)
        spaced = gap_em > (HINTED_GAP_EM if run.hinted else WORD_GAP_EM)
        self.text += f" {run.text}" if spaced else run.text
        if run.size > self.size * 1.05:
            self.size, self.baseline = run.size, run.baseline
        self.left, self.right = min(self.left, run.left), max(self.right, run.right)
        self.last = run


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A page's lines in reading order, and what stands across them, such as a stamp."""

    lines: tuple[Line, ...]
    aside: tuple[str, ...]

    @property
    def text(self) -> str:
        """All of it, a row a line; what stands across comes last."""
        return "\n".join([*(" ".join(row) for row in _rows(self.lines)), *self.aside])


def laid_out(runs: Sequence[Run]) -> Layout:
    """Lines out of runs in the order of the file."""
    turned = Counter[int]()
    for run in runs:
        turned[run.turns] += len(run.text)
    upright = turned.most_common(1)[0][0] if turned else 0
    lines = _lines([run for run in runs if run.turns == upright])
    aside = _lines([run for run in runs if run.turns != upright])
    return Layout(lines=tuple(_ordered(lines)), aside=tuple(line.text for line in aside))


def _lines(runs: Sequence[Run]) -> list[Line]:
    lines: list[Line] = []
    for run in runs:
        if lines and _repeats(lines[-1].last, run):
            continue
        if lines and lines[-1].last.turns == run.turns and lines[-1].takes(run):
            lines[-1].add(run)
        else:
            lines.append(
                Line(
                    text=run.text,
                    left=run.left,
                    right=run.right,
                    baseline=run.baseline,
                    size=run.size,
                    last=run,
                )
            )
    return lines


def _repeats(before: Run, run: Run) -> bool:
    """Whether a run is another part of a tall fence, which is drawn of short ones."""
    above = abs(run.left - before.left) < SAME_PLACE
    return above and run.text == before.text and run.text in FENCES


def _ordered(lines: Sequence[Line]) -> list[Line]:
    gutter = _gutter(lines)
    if gutter is None:
        return _downwards(lines)
    across = _downwards([line for line in lines if _side(line, gutter) == 0])
    ordered: list[Line] = []
    notes: list[Line] = []
    size = body_size(lines)
    for band, ending in _bands(lines, across, gutter):
        for side in (-1, 1):
            column = _downwards([line for line in band if _side(line, gutter) == side])
            body = len(column) - (0 if ending else _foot_lines(column, size))
            ordered += column[:body]
            notes += column[body:]
        ordered += ending
    return ordered + notes


def _bands(
    lines: Sequence[Line], across: Sequence[Line], gutter: float
) -> Iterator[tuple[list[Line], list[Line]]]:
    """What stands beside the gutter between lines that cross it, and the line below."""
    beside = [line for line in lines if _side(line, gutter) != 0]
    for line in across:
        above = [one for one in beside if one.baseline > line.baseline]
        beside = [one for one in beside if one.baseline <= line.baseline]
        yield above, [line]
    yield beside, []


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
        placed[place:place] = block
    return placed


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


def body_size(lines: Sequence[Line]) -> float:
    """The size that most letters have; 0 for no lines."""
    letters = Counter[float]()
    for line in lines:
        letters[round(line.size, 1)] += len(line.text)
    return letters.most_common(1)[0][0] if letters else 0.0


def _rows(lines: Sequence[Line]) -> Iterator[list[str]]:
    """Lines that stand on one baseline, one right of the other, as one row."""
    row: list[str] = []
    before: Line | None = None
    for line in lines:
        if before is not None and not _continues(before, line):
            yield row
            row = []
        row.append(line.text)
        before = line
    if row:
        yield row


def _continues(before: Line, line: Line) -> bool:
    level = abs(line.baseline - before.baseline) <= 0.2 * max(line.size, before.size)
    return level and line.left >= before.right and not before.text.endswith(BROKEN_WORD)
