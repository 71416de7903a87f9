"""From an engine's float seconds and numpy numbers to our values, once and in one place.

Both engines report segments with the fields start, end, text, words, avg_logprob, no_speech_prob,
compression_ratio and temperature, and words with start, end, word and probability.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from string import punctuation
from typing import Any

from ingest.segments import Segment, Word


def shaped(heard: Iterable[Any], length_ms: int) -> Iterator[Segment]:
    """Yield the segments that have text, in whole milliseconds within 0..length_ms."""
    for one in heard:
        words = _words(one.words or (), length_ms)
        text = one.text.strip()
        if not text:
            continue
        start = words[0].start_ms if words else _ms(one.start, length_ms)
        end = max(w.end_ms for w in words) if words else _ms(one.end, length_ms)
        yield Segment(
            start_ms=start,
            end_ms=max(start, end),
            text=text,
            words=words,
            avg_logprob=_number(one.avg_logprob, -9.0),
            no_speech_prob=_number(one.no_speech_prob, 0.0),
            compression_ratio=_number(one.compression_ratio, 0.0),
            temperature=_number(one.temperature or 0.0, 0.0),
        )


def _words(heard: Iterable[Any], length_ms: int) -> tuple[Word, ...]:
    words: list[Word] = []
    earliest = 0
    for one in heard:
        text = one.word.strip()
        if not text:
            continue
        start = max(earliest, _ms(one.start, length_ms))
        end = max(start, _ms(one.end, length_ms))
        confidence = min(1.0, max(0.0, _number(one.probability, 0.0)))
        if words and one.word[0] in punctuation:  # ",000" after "10", "%" after "5"
            before = words.pop()
            start, text = before.start_ms, before.text + text
            confidence = min(confidence, before.confidence)
        words.append(Word(start_ms=start, end_ms=end, text=text, confidence=confidence))
        earliest = start
    return tuple(words)


def _ms(seconds: float, length_ms: int) -> int:
    return min(length_ms, max(0, round(float(seconds) * 1000)))


def _number(value: float, otherwise: float) -> float:
    number = float(value)
    return round(number, 4) if math.isfinite(number) else otherwise
