"""Caption files that others made, read with patience: WebVTT, SubRip, and text without times.

Pure functions of text.  Invariant: what is mended is said in a remark; lines come in time order,
none ends before it begins, and what a rolling caption shows twice is said once.
Source: WebVTT, W3C Candidate Recommendation of 4 April 2019.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from html import unescape
from itertools import pairwise, zip_longest

from catalog.captions import Cue, Line, clock, joined

CUE_TIMES = re.compile(
    r"^\s*((?:\d{1,4}:)?\d{1,2}:\d{1,2}[.,]\d{1,3})\s*-->\s*((?:\d{1,4}:)?\d{1,2}:\d{1,2}[.,]\d{1,3})"
)
TAGS = re.compile(r"</?[A-Za-z0-9.][^>\n]*>|<[0-9:.]+>|</?>")
SOUND_MARK = re.compile(
    r"\[[A-Za-z][A-Za-z_' -]{2,60}\]"
    r"|\([^()\d]{0,40}(?:music|applau|laugh|chuckl|cough|inaudible|whoosh|cheer|clapping|sigh|noise"
    r"|silence|blast|popping|beep|buzz)[^()\d]{0,40}\)"
    r"|♪[^♪\n]*♪?",
    re.IGNORECASE,
)
ROLLING_SHARE = 0.3
FEWEST_ROLLING = 4
SHORTEST_MS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Captions:
    """What a caption file says; without `timed`, its lines are paragraphs that all lie at 0."""

    lines: tuple[Line, ...]
    timed: bool
    remarks: tuple[str, ...] = ()


def read_timed(text: str) -> Captions:
    """Read WebVTT or SubRip; styles, notes, settings and tags are left out.

    Raises: ValueError when nothing in it has times.
    """
    blocks = _blocks(text)
    is_vtt = bool(blocks) and re.match(r"WEBVTT(\s|$)", blocks[0][0]) is not None
    cues = list(_cues(blocks, escaped=is_vtt))
    if not cues and not is_vtt and blocks:
        raise ValueError("no line in it has the form 00:00:01.000 --> 00:00:02.000")
    remarks: list[str] = []
    for mend in (_in_order, _forwards, _said_once, _apart):
        cues = mend(cues, remarks)
    lines = (_line(cue) for cue in cues)
    return Captions(lines=tuple(line for line in lines if line), timed=True, remarks=tuple(remarks))


def read_untimed(text: str) -> Captions:
    """Read text without times: a paragraph is what stands between blank lines."""
    paragraphs = (joined(block) for block in _blocks(text))
    return Captions(
        lines=tuple(Line(start_ms=0, end_ms=0, text=one) for one in paragraphs if one),
        timed=False,
    )


def without_sounds(text: str) -> str:
    """The text without marks of sounds, such as [Music] or (applause): they were not said."""
    return " ".join(SOUND_MARK.sub(" ", text).split())


def _in_order(cues: Sequence[Cue], remarks: list[str]) -> list[Cue]:
    early = [later for cue, later in pairwise(cues) if later.start_ms < cue.start_ms]
    if early:
        _remark(remarks, early, "begins before the one that it follows; put in the order of time")
    return sorted(cues, key=lambda cue: cue.start_ms)


def _forwards(cues: Sequence[Cue], remarks: list[str]) -> list[Cue]:
    back = [cue for cue in cues if cue.end_ms < cue.start_ms]
    if back:
        _remark(remarks, back, "ends before it begins; it lasts to the next now")
    return [
        cue if cue.end_ms >= cue.start_ms else replace(cue, end_ms=_end_before(cue, later))
        for cue, later in zip_longest(cues, cues[1:])
    ]


def _end_before(cue: Cue, later: Cue | None) -> int:
    return later.start_ms if later else cue.start_ms + SHORTEST_MS


def _apart(cues: Sequence[Cue], remarks: list[str]) -> list[Cue]:
    """A cue ends where the next begins, unless both begin together."""
    over = [cue for cue, later in pairwise(cues) if cue.start_ms < later.start_ms < cue.end_ms]
    if over:
        _remark(remarks, over, "lasts into the next; it ends there now")
    return [
        replace(cue, end_ms=min(cue.end_ms, later.start_ms))
        if later and later.start_ms > cue.start_ms
        else cue
        for cue, later in zip_longest(cues, cues[1:])
    ]


def _said_once(cues: Sequence[Cue], remarks: list[str]) -> list[Cue]:
    """Rolling captions repeat the rows that are still shown; only new rows were said then."""
    spoken = [cue for cue in cues if cue.rows]
    rolls = sum(0 < _repeated(cue, later) < len(later.rows) for cue, later in pairwise(spoken))
    if rolls < max(FEWEST_ROLLING, ROLLING_SHARE * (len(spoken) - 1)):
        return list(spoken)
    remarks.append("the captions roll: rows that are shown again are taken once")
    first = spoken[0]
    return [first, *(_new_rows(cue, later) for cue, later in pairwise(spoken))]


def _new_rows(cue: Cue, later: Cue) -> Cue:
    return replace(later, rows=later.rows[_repeated(cue, later) :])


def _repeated(cue: Cue, later: Cue) -> int:
    """How many of the first rows of `later` are the last rows of `cue`."""
    most = min(len(cue.rows), len(later.rows))
    return next((n for n in range(most, 0, -1) if cue.rows[-n:] == later.rows[:n]), 0)


def _remark(remarks: list[str], cues: Sequence[Cue], what: str) -> None:
    number = "a caption" if len(cues) == 1 else f"{len(cues)} captions: each"
    remarks.append(f"{number} (the first at {clock(cues[0].start_ms)}) {what}")


def _line(cue: Cue) -> Line | None:
    text = joined(cue.rows)
    return Line(start_ms=cue.start_ms, end_ms=cue.end_ms, text=text) if text else None


def _blocks(text: str) -> list[list[str]]:
    plain = (
        text.removeprefix("\ufeff")
        .replace("\r\n", "\n")
        .replace("\r", "\n")
        .replace("\0", "\ufffd")
    )
    blocks: list[list[str]] = [[]]
    for row in plain.split("\n"):
        if row.strip() or (row and blocks[-1] and CUE_TIMES.match(blocks[-1][-1])):
            blocks[-1].append(row)  # a cue may begin with a row that is blank but not empty
        elif blocks[-1]:
            blocks.append([])
    return [b for b in blocks if b]


def _cues(blocks: Iterable[Sequence[str]], *, escaped: bool) -> Iterator[Cue]:
    for block in blocks:
        place = next((n for n, row in enumerate(block[:2]) if CUE_TIMES.match(row)), None)
        if place is None:
            continue
        start_ms, end_ms = _times(block[place])
        rows = (TAGS.sub("", row) for row in block[place + 1 :])
        read = (" ".join((unescape(row) if escaped else row).split()) for row in rows)
        yield Cue(start_ms=start_ms, end_ms=end_ms, rows=tuple(row for row in read if row))


def _times(row: str) -> tuple[int, int]:
    found = CUE_TIMES.match(row)
    if found is None:
        raise ValueError(f"not a line of cue times: {row!r}")
    start_ms, end_ms = (_clock_ms(t) for t in found.groups())
    return start_ms, end_ms


def _clock_ms(text: str) -> int:
    whole, thousandths = re.split(r"[.,]", text)
    seconds = 0
    for part in whole.split(":"):
        seconds = seconds * 60 + int(part)
    return seconds * 1000 + int(thousandths.ljust(3, "0"))
