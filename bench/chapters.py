"""Chapters of talks whose true turns are known, beside blind cuts.

    python -m bench.chapters

Joined lectures: stretches of five to ten minutes of seven different lectures of one course, one
after the other, as Choi (NAACL 2000) joins articles; cuts are right between two lectures.
Joined videos: whole short videos of a maker in the order of their names, until there is an hour;
their turns are softer, for a video goes on where the one before ended.
Lectures with captions keep their times; the others are read at 150 words a minute.  The archive's
own cutter, encoder and surroundings make the vectors.  Lectures and joined videos with an odd
number are for choosing the constants of `index/topics.py`, the even ones only for telling how good
they are.
P_k and WindowDiff count windows of half a part's mean length at whose ends a cutting and the
truth differ, every five seconds; 0 is perfect and lower is better.
Source: Beeferman et al., Machine Learning 34 (1999); Pevzner and Hearst, Computational
Linguistics 28 (2002).
"""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from statistics import fmean
from typing import TypeVar

import numpy as np

from bench.full_archive import sentences_aloud
from bench.record import SHARED, record
from catalog.caption_files import read_timed
from catalog.captions import Line
from index.encoders import Encoder, Vectors
from index.encoders.choose import open_encoder
from index.surroundings import in_surroundings
from index.topics import DEFAULT, TurnOptions, cuts
from ingest.captions import cuts_of

TRANSCRIPTS = SHARED / "transcripts"
LECTURES = ("CS231n", "18.06", "6.041", "18.404J")
VIDEOS = ("3Blue1Brown", "Hugging Face")
PARTS = 7
PART_MS = (5 * 60_000, 10 * 60_000)
TALKS = 6  # of each course and half
VIDEO_MS = (3 * 60_000, 20 * 60_000)
HOUR_MS = 60 * 60_000
STEP_MS = 5_000
DRAWS = 20
Lecture = Sequence[Line]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A talk with its passages, and where it truly turns."""

    starts_ms: Sequence[int]
    vectors: Vectors
    end_ms: int
    turns_ms: Sequence[int]


Cutter = Callable[[Joined], Sequence[int]]


def main() -> None:
    """Choose on one half, measure on the other, and record."""
    encoder = open_encoder("all-MiniLM-L6-v2")
    halves = {
        half: {
            "joined lectures": [_encoded(one, encoder) for one in _joined_lectures(odd)],
            "joined videos": [_encoded(one, encoder) for one in _joined_videos(odd)],
        }
        for half, odd in {"development": True, "held out": False}.items()
    }
    chosen_on = halves["development"]
    tried = {_name(one): _mean(chosen_on, _turning(one)) for one in _choices()}
    best = min(tried, key=lambda one: tried[one])
    record("chapters", {
        "talks": {h: {k: len(v) for k, v in sets.items()} for h, sets in halves.items()},
        "options": _name(DEFAULT),
        "best on the development half": {best: tried[best], "ours": tried[_name(DEFAULT)]},
        "tried on the development half": tried,
        **{half: {k: _table(v) for k, v in sets.items()} for half, sets in halves.items()},
    })  # fmt: skip


def p_k(turns_ms: Sequence[int], found_ms: Sequence[int], *, end_ms: int) -> float:
    """The part of windows whose two ends one of them parts and the other does not."""
    return _differing(turns_ms, found_ms, end_ms, lambda a, b: bool(a) != bool(b))


def window_diff(turns_ms: Sequence[int], found_ms: Sequence[int], *, end_ms: int) -> float:
    """The part of windows in which the number of turns differs."""
    return _differing(turns_ms, found_ms, end_ms, lambda a, b: a != b)


def _differing(
    turns_ms: Sequence[int],
    found_ms: Sequence[int],
    end_ms: int,
    differ: Callable[[int, int], bool],
) -> float:
    window = end_ms / (len(turns_ms) + 1) / 2
    windows = np.arange(0, end_ms - window, STEP_MS)
    counts = (_within(turns_ms, windows, window), _within(found_ms, windows, window))
    return fmean(differ(int(a), int(b)) for a, b in zip(*counts, strict=True))


def _within(at_ms: Sequence[int], windows: Vectors, length: float) -> Vectors:
    """How many of the times lie in each window."""
    times = np.sort(np.asarray(at_ms, dtype=float))
    inside: Vectors = np.searchsorted(times, windows + length) - np.searchsorted(times, windows)
    return inside


def _choices() -> Iterator[TurnOptions]:
    for block, usual, floor in product((2, 3, 4, 5, 6, 8), (5, 6, 7, 8, 10), (-0.5, 0.0, 0.5, 1.0)):
        yield TurnOptions(block=block, usual_ms=usual * 60_000, above=floor)


def _name(one: TurnOptions) -> str:
    return f"block {one.block}, usual {one.usual_ms // 60_000} min, above {one.above:+}"


def _turning(options: TurnOptions) -> Cutter:
    def found(one: Joined) -> list[int]:
        places = cuts(one.vectors, one.starts_ms, end_ms=one.end_ms, options=options)
        return [one.starts_ms[place] for place in places]

    return found


def _evenly(one: Joined) -> list[int]:
    """As many cuts as there are turns, all as far from one another."""
    parts = len(one.turns_ms) + 1
    return [one.end_ms * n // parts for n in range(1, parts)]


def _at_random(seed: int) -> Cutter:
    def found(one: Joined) -> list[int]:
        return random.Random(seed).sample(list(one.starts_ms[1:]), len(one.turns_ms))

    return found


def _table(talks: Sequence[Joined]) -> dict[str, dict[str, float]]:
    ours = _turning(DEFAULT)
    drawn = [_errors(talks, _at_random(seed)) for seed in range(DRAWS)]
    return {
        "topics.py": _errors(talks, ours) | _hits(talks, ours),
        "as many, evenly": _errors(talks, _evenly) | _hits(talks, _evenly),
        "as many, at random": {
            name: round(fmean(one[name] for one in drawn), 3) for name in drawn[0]
        },
        "none": _errors(talks, lambda _: ()),
    }


def _mean(sets: dict[str, list[Joined]], cutter: Cutter) -> float:
    """What the constants are chosen by: the mean of both errors over both sets."""
    return round(fmean(e for talks in sets.values() for e in _errors(talks, cutter).values()), 4)


def _errors(talks: Sequence[Joined], cutter: Cutter) -> dict[str, float]:
    found = [(one, cutter(one)) for one in talks]
    return {
        "P_k": round(fmean(p_k(o.turns_ms, at, end_ms=o.end_ms) for o, at in found), 3),
        "WindowDiff": round(
            fmean(window_diff(o.turns_ms, at, end_ms=o.end_ms) for o, at in found), 3
        ),
    }


def _hits(talks: Sequence[Joined], cutter: Cutter) -> dict[str, float]:
    """Of the turns and of the cuts, those that have one of the others within 30 seconds."""
    found = [(one.turns_ms, cutter(one)) for one in talks]
    near = [
        (sum(_is_near(t, at) for t in turns), sum(_is_near(t, turns) for t in at))
        for turns, at in found
    ]
    return {
        "turns found": round(sum(a for a, _ in near) / sum(len(t) for t, _ in found), 3),
        "cuts right": round(sum(b for _, b in near) / max(1, sum(len(at) for _, at in found)), 3),
    }


def _is_near(at_ms: int, others_ms: Sequence[int]) -> bool:
    return any(abs(at_ms - other) <= 30_000 for other in others_ms)


def _encoded(parts: Sequence[Lecture], encoder: Encoder) -> Joined:
    """The parts as one talk, cut and encoded as the archive does it."""
    lines: list[Line] = []
    turns: list[int] = []
    for part in parts:
        after_ms = lines[-1].end_ms if lines else 0
        turns.append(after_ms)
        lines += [_moved(one, after_ms - part[0].start_ms) for one in part]
    made = cuts_of(lines, timed=True)
    vectors = in_surroundings(encoder.encode_passages([one.text for one in made]))
    return Joined(
        starts_ms=[one.start_ms or 0 for one in made],
        vectors=vectors,
        end_ms=lines[-1].end_ms,
        turns_ms=turns[1:],
    )


def _moved(line: Line, by_ms: int) -> Line:
    return Line(start_ms=line.start_ms + by_ms, end_ms=line.end_ms + by_ms, text=line.text)


def _joined_lectures(odd: bool) -> Iterator[list[Lecture]]:
    for course in LECTURES:
        known = [one for one in _half(_read(course), odd) if one[-1].end_ms > 2 * PART_MS[1]]
        for number in range(TALKS):
            drawn = random.Random(f"{course} {odd} {number}")
            yield [_stretch(one, drawn) for one in drawn.sample(known, min(PARTS, len(known)))]


def _stretch(lecture: Lecture, drawn: random.Random) -> Lecture:
    length_ms = drawn.randint(*PART_MS)
    from_ms = drawn.randint(0, lecture[-1].end_ms - length_ms)
    return [one for one in lecture if from_ms <= one.start_ms < from_ms + length_ms]


def _joined_videos(odd: bool) -> Iterator[list[Lecture]]:
    joined = [one for maker in VIDEOS for one in _hours(_read(maker))]
    yield from _half(joined, odd)


def _hours(videos: Sequence[Lecture]) -> Iterator[list[Lecture]]:
    talk: list[Lecture] = []
    for video in videos:
        if VIDEO_MS[0] <= video[-1].end_ms <= VIDEO_MS[1]:
            talk.append(video)
        if sum(one[-1].end_ms for one in talk) >= HOUR_MS:
            yield talk
            talk = []


def _half(every: Sequence[T], odd: bool) -> Sequence[T]:
    return every[1::2] if odd else every[::2]


def _read(course: str) -> list[Lecture]:
    """The transcripts of a course in the order of their files' names."""
    entries = map(json.loads, (TRANSCRIPTS / "index.jsonl").read_text().splitlines())
    files = sorted(one["file"] for one in entries if course in one["course"])
    return [_lines(TRANSCRIPTS / name) for name in files]


def _lines(path: Path) -> Lecture:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".srt":
        return read_timed(text).lines
    said = sentences_aloud(" ".join(text.split()))
    return [Line(start_ms=one.start_ms, end_ms=one.end_ms, text=one.text) for one in said]


if __name__ == "__main__":
    main()
