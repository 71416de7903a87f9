"""The safety net that batched decoding switches off.

Each segment is measured: text too repetitive, too improbable, looping, or heard where there was
silence.  A doubtful stretch is decoded again carefully, and so is sound over which nothing was
heard, both without hotwords, which may be at fault.  What stays doubtful is kept and marked.
Invariant: text over real silence never passes, and no segment outlasts the sound.
Source: Radford et al. 2022, section 4.5 (the thresholds 2.4 and -1).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from ingest.engines import SAMPLE_RATE_HZ, Transcriber
from ingest.segments import Segment, shifted

if TYPE_CHECKING:
    from ingest.engines import PCM

MOST_COMPRESSION = 2.4
LEAST_LOGPROB = -1.0
NO_SPEECH = 0.6
SILENCE_DBFS = -66.0
QUIET_DBFS = -55.0
BELOW_THE_LOUD_DB = 40.0
FRAME_MS = 200
FRAME = SAMPLE_RATE_HZ * FRAME_MS // 1000
AROUND_MS = 200
LOOPS = {1: 7, 2: 5, 3: 4, 4: 3, 5: 3, 6: 3, 7: 3, 8: 3, 9: 2, 10: 2, 11: 2, 12: 2}
"""How often in a row a run of that many words makes a loop; people do say "very very very"."""
MAYBE_NO_SPEECH = 0.5
UNSURE = 0.6
FEW_WORDS = 3
"""So few words, heard unsurely where there may be no speech, are what laughter is taken for."""
LONGEST_HOLE_MS = 4_000
"""A longer sound without a word is decoded again."""
SAME_LINE_TIMES = 3
SAME_LINE_WORDS = 3


def gated(
    transcriber: Transcriber, pcm: PCM, *, language: str | None, hotwords: Sequence[str]
) -> list[Segment]:
    """Transcribe a window and let no loop, invention or guess pass unmarked.

    Returns segments in time order, times relative to `pcm`.  Raises: OutOfMemory.
    """
    again = partial(_carefully, transcriber, pcm, language)
    levels = Levels.of(pcm)
    heard = list(transcriber.transcribe(pcm, language=language, hotwords=hotwords))
    length_ms = len(pcm) * 1000 // SAMPLE_RATE_HZ
    audible = [s for s in heard if not levels.silent(s.start_ms, s.end_ms)]
    doubted = doubtful_places(audible)
    passed: list[Segment] = []
    for place, segment in enumerate(audible):
        if place not in doubted:
            passed.append(segment)
            continue
        second = again(_stretch(audible, place, length_ms))
        passed += settled(segment, [s for s in second if not _nothing(s, levels)])
    for hole in holes(audible, levels, length_ms):
        found = [s for s in again(hole) if not _nothing(s, levels)]
        passed += [replace(s, doubtful=bool(doubts(s))) for s in found]
    return sorted(passed, key=lambda s: s.start_ms)


def doubts(segment: Segment) -> tuple[str, ...]:
    """Why a segment should not be believed, if anything."""
    reasons = {
        "repetitive": segment.compression_ratio > MOST_COMPRESSION,
        "improbable": segment.avg_logprob < LEAST_LOGPROB,
        "looping": loops(segment.text),
        "unspoken": unspoken(segment),
    }
    return tuple(reason for reason, holds in reasons.items() if holds)


def unspoken(segment: Segment) -> bool:
    """Whether a few unsure words stand where there may be no speech at all."""
    if segment.no_speech_prob <= MAYBE_NO_SPEECH or not 0 < len(segment.words) <= FEW_WORDS:
        return False
    return sum(word.confidence for word in segment.words) / len(segment.words) < UNSURE


def loops(text: str) -> bool:
    """Whether some run of words is said several times in a row, more often than people do."""
    words = plain_words(text)
    return any(_loops_of(words, length, times) for length, times in LOOPS.items())


def doubtful_places(segments: Sequence[Segment]) -> set[int]:
    """The places of the segments that must be decoded again."""
    alone = {n for n, s in enumerate(segments) if doubts(s)}
    return alone | _same_lines(segments)


def holes(segments: Sequence[Segment], levels: Levels, length_ms: int) -> list[tuple[int, int]]:
    """The stretches [start_ms, end_ms) that sound for long without a word."""
    ends = [0, *(s.end_ms for s in segments)]
    starts = [*(s.start_ms for s in segments), length_ms]
    between = [levels.trimmed(a, b) for a, b in zip(ends, starts, strict=True)]
    return [(start, end) for start, end in between if end - start > LONGEST_HOLE_MS]


def settled(first: Segment, second: Sequence[Segment]) -> list[Segment]:
    """What to keep of a doubted segment and its careful second reading.

    A second reading that hears nothing is believed where the first found speech unlikely too.
    """
    if not second:
        nothing = first.no_speech_prob > NO_SPEECH or unspoken(first)
        return [] if nothing else [replace(first, doubtful=True)]
    marked = [replace(s, doubtful=bool(doubts(s))) for s in second]
    loop_remains = any("looping" in doubts(s) or "repetitive" in doubts(s) for s in second)
    if loop_remains and not {"looping", "repetitive"} & set(doubts(first)):
        return [replace(first, doubtful=True)]
    return marked


def plain_words(text: str) -> list[str]:
    """The words in lower case without punctuation."""
    plain = ("".join(c for c in word if c.isalnum()) for word in text.lower().split())
    return [word for word in plain if word]


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """How loud each fifth of a second is, in dB relative to full scale."""

    frames: tuple[float, ...]
    silence_dbfs: float

    @classmethod
    def of(cls, pcm: PCM) -> Levels:
        """Measure a window."""
        frames = _levels(pcm)
        loud = sorted(frames)[int(len(frames) * 0.95)] if frames else 0.0
        relative = min(QUIET_DBFS, loud - BELOW_THE_LOUD_DB)
        return cls(frames=frames, silence_dbfs=max(SILENCE_DBFS, relative))

    def silent(self, start_ms: int, end_ms: int) -> bool:
        """Whether nothing in [start_ms, end_ms) is louder than silence."""
        first = start_ms * SAMPLE_RATE_HZ // 1000 // FRAME
        last = max(first + 1, math.ceil(end_ms * SAMPLE_RATE_HZ / 1000 / FRAME))
        return all(level < self.silence_dbfs for level in self.frames[first:last])

    def trimmed(self, start_ms: int, end_ms: int) -> tuple[int, int]:
        """The stretch without the silence at its edges; an empty one where all of it is silent."""
        loud = [
            place
            for place in range(start_ms * SAMPLE_RATE_HZ // 1000 // FRAME, len(self.frames))
            if place * FRAME_MS < end_ms and self.frames[place] >= self.silence_dbfs
        ]
        if not loud:
            return start_ms, start_ms
        return max(start_ms, loud[0] * FRAME_MS), min(end_ms, (loud[-1] + 1) * FRAME_MS)


def _nothing(segment: Segment, levels: Levels) -> bool:
    return levels.silent(segment.start_ms, segment.end_ms) or unspoken(segment)


def _levels(pcm: PCM) -> tuple[float, ...]:
    import numpy as np

    whole = len(pcm) // FRAME * FRAME
    frames = pcm[:whole].reshape(-1, FRAME)
    power = np.einsum("ij,ij->i", frames, frames, dtype=np.float64) / FRAME
    if whole < len(pcm):
        rest = pcm[whole:].astype(np.float64)
        power = np.append(power, float(rest @ rest) / len(rest))
    return tuple(float(x) for x in 10 * np.log10(np.maximum(power, 1e-12)))


def _loops_of(words: Sequence[str], length: int, times: int) -> bool:
    """Whether `length` words stand `times` times in a row."""
    run = 0
    for place in range(length, len(words)):
        run = run + 1 if words[place] == words[place - length] else 0
        if run >= length * (times - 1):
            return True
    return False


def _same_lines(segments: Sequence[Segment]) -> set[int]:
    lines = [plain_words(s.text) for s in segments]
    places: set[int] = set()
    for end in range(SAME_LINE_TIMES, len(lines) + 1):
        run = range(end - SAME_LINE_TIMES, end)
        if len(lines[end - 1]) >= SAME_LINE_WORDS and all(lines[n] == lines[end - 1] for n in run):
            places.update(run)
    return places


def _stretch(segments: Sequence[Segment], place: int, length_ms: int) -> tuple[int, int]:
    before = segments[place - 1].end_ms if place else 0
    after = segments[place + 1].start_ms if place + 1 < len(segments) else length_ms
    segment = segments[place]
    start = min(segment.start_ms, max(before, segment.start_ms - AROUND_MS))
    return start, max(segment.end_ms, min(after, segment.end_ms + AROUND_MS))


def _carefully(
    transcriber: Transcriber, pcm: PCM, language: str | None, stretch: tuple[int, int]
) -> Iterator[Segment]:
    start_ms, end_ms = stretch
    part = pcm[start_ms * SAMPLE_RATE_HZ // 1000 : end_ms * SAMPLE_RATE_HZ // 1000]
    heard = transcriber.transcribe_carefully(part, language=language, hotwords=())
    for segment in heard:
        yield shifted(segment, start_ms)
