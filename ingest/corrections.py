"""Corrections by staff: new text for old words, which keep their times.

Pure.  Invariant: a word that did not change keeps its time and its confidence; a corrected one lies
between its neighbours and is believed (1.0); every word stays in the segment that it was heard in.
"""

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from itertools import groupby

from catalog.caption_files import Captions
from catalog.captions import WITHOUT_SPACES, Line, joined
from catalog.tables import Segment as SegmentRow
from catalog.tables import Transcript
from catalog.transcripts import NewSegment, lines
from ingest.segments import Segment
from ingest.sentences import timed_words

SLACK_MS = 1_000
"""How far a word may lie outside its caption before the caption counts as moved by staff."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """One word, when it was said, and in which segment."""

    text: str
    start_ms: int
    end_ms: int
    confidence: float
    segment: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """The transcript that is corrected; `doubtful` are the numbers of its doubtful segments."""

    lines: tuple[Line, ...]
    timed: bool = True
    doubtful: frozenset[int] = frozenset()

    @classmethod
    def of(cls, transcript: Transcript, segments: Sequence[SegmentRow]) -> "Heard":
        """A transcript of the catalog."""
        return cls(
            lines=tuple(lines(segments)),
            timed=transcript.timed,
            doubtful=frozenset(n for n, one in enumerate(segments) if one.doubtful),
        )

    def corrected(self, edited: Captions) -> list[NewSegment] | None:
        """The segments of the corrected transcript; None when nothing was changed.

        Text without times takes the times of what it corrects; where nothing has times, and where
        a transcript gets its first, what was edited is taken as it stands.
        """
        if self.timed:
            return _corrected(self.lines, edited, doubtful=self.doubtful)
        if not edited.timed and _texts(self.lines) == _texts(edited.lines):
            return None
        return [_as_it_stands(line) for line in edited.lines]


def _as_it_stands(line: Line) -> NewSegment:
    return NewSegment(start_ms=line.start_ms, end_ms=line.end_ms, text=line.text, words=())


def _corrected(
    heard: Sequence[Line], edited: Captions, *, doubtful: Set[int]
) -> list[NewSegment] | None:
    old = [word for number, line in enumerate(heard) for word in _spoken(line, number)]
    texts = [[part for text in line.text.split() for part in _parts(text)] for line in edited.lines]
    flat = [text for line in texts for text in line]
    new = list(_aligned(old, flat))
    if edited.timed:
        new = list(_as_moved(new, zip(edited.lines, map(len, texts), strict=True)))
    new = _in_order(new)
    if new == old:
        return None
    still = {number for number in doubtful if _untouched(old, new, number)}
    return [_segment(words, doubtful=number in still) for number, words in _by_segment(new)]


def _texts(lines: Iterable[Line]) -> list[str]:
    return " ".join(line.text for line in lines).split()


def _spoken(line: Line, number: int) -> Iterator[Spoken]:
    segment = Segment(start_ms=line.start_ms, end_ms=line.end_ms, text=line.text)
    words = [(w.text, w.start_ms, w.end_ms, w.confidence) for w in line.words if w.text.strip()]
    for text, start_ms, end_ms, confidence in words or (
        (w.text, w.start_ms, w.end_ms, None) for w in timed_words(segment)
    ):
        parts = [part for piece in text.split() for part in _parts(piece)]
        for part, begins, ends in _spread(parts, start_ms, end_ms):
            yield Spoken(
                text=part,
                start_ms=begins,
                end_ms=ends,
                confidence=1.0 if confidence is None else confidence,
                segment=number,
            )


def _parts(text: str) -> Iterator[str]:
    """A word; in scripts that use no spaces, its characters."""
    for tight, run in groupby(text, key=lambda c: WITHOUT_SPACES.match(c) is not None):
        characters = list(run)
        yield from characters if tight else ["".join(characters)]


def _spread(texts: Sequence[str], start_ms: int, end_ms: int) -> Iterator[tuple[str, int, int]]:
    """Texts over a stretch of time, in proportion to their length."""
    whole, done, begins = sum(map(len, texts)), 0, start_ms
    for text in texts:
        done += len(text)
        ends = start_ms + max(0, end_ms - start_ms) * done // whole
        yield text, begins, ends
        begins = ends


def _aligned(old: Sequence[Spoken], new: Sequence[str]) -> Iterator[Spoken]:
    """The new words with the times of the old ones."""
    for (i1, i2), (j1, j2) in _matched([word.text for word in old], new):
        if old[i1:i2] and [word.text for word in old[i1:i2]] == list(new[j1:j2]):
            yield from old[i1:i2]
        else:
            yield from _put_between(old, (i1, i2), new[j1:j2])


Range = tuple[int, int]


def _matched(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[Range, Range]]:
    """Ranges that belong together, in order, by the fewest changes of words.

    Source: Levenshtein distance, bit-parallel after Hyyrö 2003.
    """
    from rapidfuzz.distance import Levenshtein

    changed: tuple[Range, Range] | None = None
    for one in Levenshtein.opcodes(old, new):
        here = (one.src_start, one.src_end), (one.dest_start, one.dest_end)
        if one.tag != "equal":
            (i1, _), (j1, _) = changed or here
            changed = (i1, one.src_end), (j1, one.dest_end)
            continue
        if changed:
            yield changed
        changed = None
        yield here
    if changed:
        yield changed


def _put_between(old: Sequence[Spoken], gap: Range, texts: Sequence[str]) -> Iterator[Spoken]:
    """Corrected words in the place of the old ones of the gap, or between its neighbours."""
    first, last = gap
    if last - first == len(texts):  # word for word
        pairs = zip(old[first:last], texts, strict=True)
        yield from (replace(word, text=text, confidence=1.0) for word, text in pairs)
        return
    before = old[first - 1] if first else None
    after = old[last] if last < len(old) else None
    at = old[first] if last > first else before or after
    start_ms = old[first].start_ms if last > first else before.end_ms if before else 0
    end_ms = old[last - 1].end_ms if last > first else after.start_ms if after else start_ms
    for text, begins, ends in _spread(texts, start_ms, end_ms):
        yield Spoken(
            text=text,
            start_ms=begins,
            end_ms=ends,
            confidence=1.0,
            segment=at.segment if at else 0,
        )


def _as_moved(new: Sequence[Spoken], captions: Iterable[tuple[Line, int]]) -> Iterator[Spoken]:
    """Words in the time of their caption, where staff moved the caption."""
    done = 0
    for line, number in captions:
        words = new[done : done + number]
        done += number
        from_ms, to_ms = line.start_ms - SLACK_MS, line.end_ms + SLACK_MS
        if all(from_ms <= word.start_ms and word.end_ms <= to_ms for word in words):
            yield from words
            continue
        spread = _spread([word.text for word in words], line.start_ms, line.end_ms)
        for word, (_text, begins, ends) in zip(words, spread, strict=True):
            yield replace(word, start_ms=begins, end_ms=ends)


def _in_order(words: Sequence[Spoken]) -> list[Spoken]:
    """Segments never go back where captions were moved past each other."""
    made: list[Spoken] = []
    for word in words:
        floor = made[-1].segment if made else 0
        made.append(word if word.segment >= floor else replace(word, segment=floor))
    return made


def _untouched(old: Sequence[Spoken], new: Sequence[Spoken], number: int) -> bool:
    texts = ([word.text for word in words if word.segment == number] for words in (old, new))
    return next(texts) == next(texts)


def _by_segment(words: Sequence[Spoken]) -> Iterator[tuple[int, list[Spoken]]]:
    for number, run in groupby(words, key=lambda word: word.segment):
        yield number, sorted(run, key=lambda word: word.start_ms)


def _segment(words: Sequence[Spoken], *, doubtful: bool) -> NewSegment:
    return NewSegment(
        start_ms=words[0].start_ms,
        end_ms=max(word.end_ms for word in words),
        text=joined(word.text for word in words),
        words=tuple((w.start_ms, w.end_ms, w.text, w.confidence) for w in words),
        doubtful=doubtful,
    )
