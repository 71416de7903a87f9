"""What a speech engine heard, with times in whole milliseconds.

Invariant: a segment's words lie in time order inside it, and reading the JSON back gives equal
values, so that a checkpoint of a window is byte for byte the same however often it is written.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One spoken word with its stretch of time; confidence is 0..1.

    `heard` is what the engine wrote for the stretch that a repaired word is part of.
    """

    start_ms: int
    end_ms: int
    text: str
    confidence: float
    heard: str | None = None

    @property
    def row(self) -> tuple[int, int, str, float] | tuple[int, int, str, float, str]:
        """The word as it is stored; what was heard is the fifth value, where it was repaired."""
        plain = (self.start_ms, self.end_ms, self.text, self.confidence)
        return plain if self.heard is None else (*plain, self.heard)

    def __post_init__(self) -> None:
        if not 0 <= self.start_ms <= self.end_ms:
            raise ValueError(f"a word must satisfy 0 <= start <= end: {self}")
        if not 0.0 <= self.confidence <= 1.0:
            raise ValueError(f"a word's confidence lies in 0..1: {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """What the engine emits at once: some seconds of speech with the engine's own measures."""

    start_ms: int
    end_ms: int
    text: str
    words: tuple[Word, ...] = ()
    avg_logprob: float = 0.0
    no_speech_prob: float = 0.0
    compression_ratio: float = 1.0
    temperature: float = 0.0
    doubtful: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.start_ms <= self.end_ms:
            raise ValueError(f"a segment must satisfy 0 <= start <= end: {self}")
        starts = [w.start_ms for w in self.words]
        if starts != sorted(starts):
            raise ValueError(f"words must be in time order: {self}")


def shifted(segment: Segment, by_ms: int) -> Segment:
    """The same segment later by `by_ms`: from a window's time to the recording's."""
    words = tuple(
        replace(w, start_ms=w.start_ms + by_ms, end_ms=w.end_ms + by_ms) for w in segment.words
    )
    return replace(
        segment, start_ms=segment.start_ms + by_ms, end_ms=segment.end_ms + by_ms, words=words
    )


def to_json(segments: Iterable[Segment]) -> str:
    """The segments as one JSON document; the same segments always give the same characters."""
    return json.dumps(
        [_as_dict(s) for s in segments], ensure_ascii=False, separators=(",", ":"), sort_keys=True
    )


def from_json(text: str) -> list[Segment]:
    """The segments that `to_json` wrote.

    Raises: ValueError when the text is not such a document.
    """
    try:
        return [_from_dict(item) for item in json.loads(text)]
    except (KeyError, TypeError) as problem:
        raise ValueError(f"not a list of segments: {problem}") from problem


def _as_dict(segment: Segment) -> dict[str, Any]:
    return {
        "start_ms": segment.start_ms,
        "end_ms": segment.end_ms,
        "text": segment.text,
        "words": [list(w.row) for w in segment.words],
        "avg_logprob": segment.avg_logprob,
        "no_speech_prob": segment.no_speech_prob,
        "compression_ratio": segment.compression_ratio,
        "temperature": segment.temperature,
        "doubtful": segment.doubtful,
    }


def _from_dict(item: dict[str, Any]) -> Segment:
    return Segment(**{**item, "words": _words(item["words"])})


def _words(rows: Sequence[Sequence[Any]]) -> tuple[Word, ...]:
    names = ("start_ms", "end_ms", "text", "confidence", "heard")
    return tuple(Word(**dict(zip(names, row, strict=False))) for row in rows)
