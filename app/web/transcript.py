"""A transcript as a page shows it: sentences that light up, in paragraphs with times.

Pure.  Invariant: every word of every segment is in exactly one line, in order.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TypeAlias

from app.web.contexts.talk import Paragraph, Said, SpokenLine
from app.web.formats import clock
from catalog.captions import Line, TimedWord, joined

DOUBT_BELOW = 0.5
PAUSE_MS = 2_000
PARAGRAPH_CHARS = 420
LONGEST_PARAGRAPH_CHARS = 900
Gaps: TypeAlias = Sequence[Sequence[int]]  # (start_ms, end_ms) that could not be read
_ENDS = (".", "?", "!", "。", "？", "！")
_CLOSERS = "\"'”’)]"


def paragraphs(lines: Iterable[Line], *, page_url: str, gaps: Gaps = ()) -> tuple[Paragraph, ...]:
    """Paragraphs that end at sentence ends, at pauses, and where something could not be read."""
    spoken = [one for line in lines for one in sentences(line)]
    made: list[Paragraph] = []
    before_ms = 0
    for part in _parted(spoken, gaps):
        missing = _between(gaps, before_ms, part[0].start_ms)
        made.append(_paragraph(part, page_url, "; ".join(gap_text(gap) for gap in missing)))
        before_ms = part[-1].start_ms
    return tuple(made)


def gap_text(gap: Sequence[int]) -> str:
    """What is said in the place of what could not be read."""
    return f"{clock(gap[0])} to {clock(gap[1])} could not be read"


def sentences(line: Line) -> Iterator[SpokenLine]:
    """A segment's sentences, by its words; the segment itself where it has none."""
    words = [word for word in line.words if word.text.strip()]
    if not words:
        yield SpokenLine(
            start_ms=line.start_ms,
            end_ms=line.end_ms,
            parts=(Said(text=line.text.strip(), doubt=""),),
        )
        return
    sentence: list[TimedWord] = []
    for word in words:
        sentence.append(word)
        if word.text.strip().rstrip(_CLOSERS).endswith(_ENDS):
            yield _spoken(sentence)
            sentence = []
    if sentence:
        yield _spoken(sentence)


def doubt_of(word: TimedWord) -> str:
    """What to say of a word that was heard badly; empty for the others."""
    if word.confidence is None or word.confidence >= DOUBT_BELOW:
        return ""
    return f"heard with {word.confidence * 100:.0f} % confidence"


def _spoken(words: Sequence[TimedWord]) -> SpokenLine:
    parts: list[Said] = []
    for doubt, run in groupby(words, key=doubt_of):
        text = joined(word.text for word in run)
        if parts and joined([parts[-1].text, text]) == f"{parts[-1].text} {text}":
            parts.append(Said(text=" ", doubt=""))
        parts.append(Said(text=text, doubt=doubt))
    return SpokenLine(
        start_ms=words[0].start_ms,
        end_ms=max(word.end_ms for word in words),
        parts=tuple(parts),
    )


def _between(gaps: Gaps, from_ms: int, to_ms: int) -> list[Sequence[int]]:
    return [gap for gap in gaps if from_ms <= gap[0] < to_ms]


def _parted(spoken: Sequence[SpokenLine], gaps: Gaps) -> Iterator[list[SpokenLine]]:
    part: list[SpokenLine] = []
    for line in spoken:
        if part and (_ends(part, line) or _between(gaps, part[-1].start_ms, line.start_ms)):
            yield part
            part = []
        part.append(line)
    if part:
        yield part


def _ends(part: Sequence[SpokenLine], following: SpokenLine) -> bool:
    if following.start_ms - part[-1].end_ms >= PAUSE_MS:
        return True
    chars = sum(len(said.text) for line in part for said in line.parts)
    whole = part[-1].parts[-1].text.rstrip(_CLOSERS).endswith(_ENDS)
    return chars >= (PARAGRAPH_CHARS if whole else LONGEST_PARAGRAPH_CHARS)


def _paragraph(part: Sequence[SpokenLine], page_url: str, gap: str) -> Paragraph:
    start_ms = part[0].start_ms
    return Paragraph(
        place=clock(start_ms),
        url=f"{page_url}?t={start_ms // 1000}",
        lines=tuple(part),
        gap=gap,
    )
