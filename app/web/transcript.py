"""A transcript as a page shows it: sentences that light up, in paragraphs with times.

Pure.  Invariant: every word of every segment is in exactly one line, in order.
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TypeAlias

from app.web.contexts.talk import Chapter, Paragraph, Said, SpokenLine
from app.web.formats import clock
from catalog.captions import Line, TimedWord, joined

DOUBT_BELOW = 0.5
PAUSE_MS = 2_000
NEAR_TURN_MS = 12_000
PARAGRAPH_CHARS = 420
LONGEST_PARAGRAPH_CHARS = 900
Gaps: TypeAlias = Sequence[Sequence[int]]  # (start_ms, end_ms) that could not be read
_ENDS = (".", "?", "!", "。", "？", "！")
_CLOSERS = "\"'”’)]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """Where a talk turns to something else, as far as its passages can tell."""

    start_ms: int
    title: str


def paragraphs(
    lines: Iterable[Line], *, page_url: str, gaps: Gaps = (), themes: Sequence[Theme] = ()
) -> tuple[Paragraph, ...]:
    """Paragraphs that end at sentence ends, at pauses, where a chapter begins, and at gaps."""
    spoken = [one for line in lines for one in sentences(line)]
    titles = _titles(spoken, themes)
    made: list[Paragraph] = []
    before_ms = 0
    for part in _parted(spoken, gaps, titles):
        missing = _between(gaps, before_ms, part[0].start_ms)
        gap = "; ".join(gap_text(gap) for gap in missing)
        made.append(_paragraph(part, page_url, gap, titles.get(part[0].start_ms, "")))
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
    for doubt, group in groupby(words, key=doubt_of):
        run = list(group)
        text = joined(word.text for word in run)
        if parts and joined([parts[-1].text, text]) == f"{parts[-1].text} {text}":
            parts.append(Said(text=" ", doubt=""))
        parts.append(Said(text=text, doubt=doubt, at_ms=run[0].start_ms))
    return SpokenLine(
        start_ms=words[0].start_ms,
        end_ms=max(word.end_ms for word in words),
        parts=tuple(parts),
    )


def _between(gaps: Gaps, from_ms: int, to_ms: int) -> list[Sequence[int]]:
    return [gap for gap in gaps if from_ms <= gap[0] < to_ms]


def _titles(spoken: Sequence[SpokenLine], themes: Sequence[Theme]) -> dict[int, str]:
    """The title of each chapter by the moment of its first sentence.

    That is the sentence after the longest pause that is near the turn, the nearest of equals.
    """
    titles: dict[int, str] = {}
    pauses = [
        (line.start_ms, line.start_ms - before.end_ms)
        for before, line in pairwise([*spoken[:1], *spoken])
    ]
    for theme in themes:
        near = [one for one in pauses if abs(one[0] - theme.start_ms) <= NEAR_TURN_MS]
        if near:
            begins = max(near, key=lambda one: (one[1], -abs(one[0] - theme.start_ms)))
            titles.setdefault(begins[0] if titles else spoken[0].start_ms, theme.title)
    return titles


def _parted(
    spoken: Sequence[SpokenLine], gaps: Gaps, begins: Container[int]
) -> Iterator[list[SpokenLine]]:
    part: list[SpokenLine] = []
    for line in spoken:
        if part and (
            line.start_ms in begins
            or _ends(part, line)
            or _between(gaps, part[-1].start_ms, line.start_ms)
        ):
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


def _paragraph(part: Sequence[SpokenLine], page_url: str, gap: str, title: str) -> Paragraph:
    start_ms = part[0].start_ms
    place, url = clock(start_ms), f"{page_url}?t={start_ms // 1000}"
    anchor = f"at-{start_ms}"
    return Paragraph(
        place=place,
        url=url,
        lines=tuple(part),
        gap=gap,
        chapter=Chapter(
            start_ms=start_ms, anchor=anchor, place=place, title=title, url=f"{url}#{anchor}"
        )
        if title
        else None,
    )
