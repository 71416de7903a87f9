"""Where decoded sound belongs in the recording, and what of it is missing.

Timestamps rule, not counting: a hole in them becomes silence, so that the transcript's times are
the player's.  Invariant: the position never runs backwards, gaps are in time order; all in samples.
"""

from __future__ import annotations

from dataclasses import dataclass, field

RATE = 16_000
JITTER = RATE // 10
RESTART = RATE
NOTICED_HOLE = RATE
LONGEST_UNDECLARED_HOLE = RATE * 3600
CLOSE = RATE


@dataclass(slots=True)
class Timeline:
    """The place that the next sound gets; `declared` is the recording's length, if known."""

    declared: int | None
    position: int = 0
    gaps: list[tuple[int, int]] = field(default_factory=list)
    _later: int = 0
    _lost: int = 0
    _broken: bool = False

    def lose(self, length: int) -> None:
        """A stretch of about this length could not be read."""
        self._broken = True
        self._lost += length

    def place(self, at: int | None, length: int) -> int | None:
        """Accept sound that claims to begin at `at`.

        Returns the silence to put before it, or None when it lies in the past and must be dropped.
        """
        hole = self._hole(at)
        if hole < 0:
            return None
        if self._broken or self._is_noticed(hole):
            self._note_gap(max(hole, self._lost, 1))
        self._broken, self._lost = False, 0
        self.position += hole + length
        return hole

    def finish(self, *, sound_end: int | None, end: int | None) -> int:
        """Close the recording; its sound should last to `sound_end`, the whole of it to `end`.

        Returns the silence to put at its end, so that a short sound track fills its recording.
        """
        if self._broken:
            self._note_gap(max(self._lost, 1))
        missing = 0 if sound_end is None else sound_end - self.position
        if missing > 2 * RATE or (missing > RATE // 2 and missing * 100 > self.position + missing):
            self._note_gap(missing)
            return 0
        rest = 0 if end is None else end - self.position
        return rest if rest > RATE // 4 else 0

    def _is_noticed(self, hole: int) -> bool:
        """A hole counts as a gap when it is long, or lies just behind another one."""
        if not hole or not self.position:
            return False
        behind_a_gap = bool(self.gaps) and self.position - self.gaps[-1][1] <= CLOSE
        return hole >= NOTICED_HOLE or behind_a_gap

    def _hole(self, at: int | None) -> int:
        if at is None:
            return self._lost
        drift = at + self._later - self.position
        if drift < -RESTART or drift > self._longest_hole():
            self._later -= drift
            return 0
        if drift < -JITTER:
            return -1
        return drift if drift > (0 if self._broken else JITTER) else 0

    def _longest_hole(self) -> int:
        if self.declared is None:
            return LONGEST_UNDECLARED_HOLE
        return max(0, self.declared + 2 * RATE - self.position)

    def _note_gap(self, length: int) -> None:
        start, end = self.position, self.position + length
        if self.gaps and start - self.gaps[-1][1] <= CLOSE:
            start, earlier_end = self.gaps.pop()
            end = max(end, earlier_end)
        self.gaps.append((start, end))
