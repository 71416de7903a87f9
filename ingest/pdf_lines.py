"""Pieces of text on a page, and the lines that they make: pure values and functions.

Lengths are in points, baselines count upwards.  Invariant: every piece of text is in one line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

BROKEN_WORD = "\x02"
SAME_LINE_EM = 0.5
SMALL = 0.85
RAISED_EM = 0.65  # an index or exponent of a tall fence, below the limits of a sum
FENCES = ("|", "‖")
SAME_PLACE = 0.1  # points
CELL_GAP_EM = 1.1
STACKED_EM = 6.0  # an index below an exponent begins again at its left
KERN_EM = 0.3
WORD_GAP_EM = 0.2
HINTED_GAP_EM = 0.1


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
        reach = RAISED_EM if run.size < SMALL * em else SAME_LINE_EM
        if abs(run.baseline - self.baseline) > reach * em:
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


def lines_of(runs: Sequence[Run]) -> list[Line]:
    """The lines of runs that follow each other, in the order of the file."""
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


def body_size(lines: Sequence[Line]) -> float:
    """The size that most letters have; 0 for no lines."""
    letters = Counter[float]()
    for line in lines:
        letters[round(line.size, 1)] += len(line.text)
    return letters.most_common(1)[0][0] if letters else 0.0


def rows_of(lines: Sequence[Line]) -> Iterator[list[str]]:
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
