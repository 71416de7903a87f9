"""Sentences of a talk from the words that were heard.

Invariant: every word is in exactly one sentence, in order; no sentence is longer than `MOST_WORDS`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from catalog.captions import joined
from index.passage import Sentence
from ingest.segments import Segment, Word

MOST_WORDS = 40
FEWEST_WORDS = 8
PAUSE_MS = 300
LONG_PAUSE_MS = 3_000
ENDS = (".", "?", "!", "…", "。", "？", "！")
CLOSERS = "\"'”’)]}»"
ABBREVIATION = re.compile(
    r"(e\.g|i\.e|cf|vs|etc|al|figs?|eqs?|thms?|sec|prop|lem|cor|def|refs?|dr|mr|mrs|ms|prof|st|jr"
    r"|sr|no|vol|pp|ch|approx|resp|w\.r\.t|i\.i\.d|a\.k\.a|a\.s|p\.m|a\.m)\.",
    re.IGNORECASE,
)
INITIAL = re.compile(r"[A-Z]\.")


def sentences(segments: Iterable[Segment]) -> list[Sentence]:
    """The sentences of a talk in time order.

    A sentence ends at its punctuation or at a pause of three seconds; a run of more than 40 words
    without either is parted at its longest pause, else after a comma, else at 40 words.
    """
    words = [word for segment in segments for word in timed_words(segment)]
    return [_sentence(part) for run in _runs(words) for part in _parted(run)]


def timed_words(segment: Segment) -> tuple[Word, ...]:
    """The segment's words; where it has none, those of its text with times in proportion."""
    if segment.words or not segment.text.strip():
        return segment.words
    texts = segment.text.split()
    ends = [segment.start_ms + _share(segment, texts[: n + 1]) for n in range(len(texts))]
    starts = [segment.start_ms, *ends[:-1]]
    return tuple(
        Word(start_ms=start, end_ms=end, text=text, confidence=1.0)
        for start, end, text in zip(starts, ends, texts, strict=True)
    )


def _share(segment: Segment, texts: Sequence[str]) -> int:
    so_far = sum(len(t) for t in texts)
    whole = sum(len(t) for t in segment.text.split())
    return (segment.end_ms - segment.start_ms) * so_far // whole


def _runs(words: Sequence[Word]) -> Iterator[list[Word]]:
    run: list[Word] = []
    for word, following in zip_longest(words, words[1:]):
        run.append(word)
        if following is None or _ends_sentence(word, following):
            yield run
            run = []


def _ends_sentence(word: Word, following: Word) -> bool:
    if following.start_ms - word.end_ms >= LONG_PAUSE_MS:
        return True
    text = word.text.rstrip(CLOSERS)
    if not text.endswith(ENDS):
        return False
    opened = text.lstrip("([\"'")
    if ABBREVIATION.fullmatch(opened) or INITIAL.fullmatch(opened):
        return False
    return not following.text.lstrip("\"'“‘([")[:1].islower()


def _parted(run: list[Word]) -> Iterator[list[Word]]:
    while len(run) > MOST_WORDS:
        cut = _best_cut(run)
        yield run[:cut]
        run = run[cut:]
    yield run


def _best_cut(run: Sequence[Word]) -> int:
    places = range(FEWEST_WORDS, min(MOST_WORDS, len(run) - 1) + 1)
    longest = max(places, key=lambda n: run[n].start_ms - run[n - 1].end_ms)
    if run[longest].start_ms - run[longest - 1].end_ms >= PAUSE_MS:
        return longest
    return max(
        (n for n in places if run[n - 1].text.endswith((",", ";", ":", "，"))), default=MOST_WORDS
    )


def _sentence(words: Sequence[Word]) -> Sentence:
    end_ms = max(w.end_ms for w in words)
    return Sentence(start_ms=words[0].start_ms, end_ms=end_ms, text=joined(w.text for w in words))
