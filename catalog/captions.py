"""Captions: a transcript's lines cut into cues, and written in four formats.

Pure functions of values.  Invariant: every word is in exactly one cue, in order; a cue has at most
two rows of 42 characters and lasts at most seven seconds, except that a single word is never cut.
Source: WebVTT, W3C Candidate Recommendation of 4 April 2019.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

ROW_CHARS = 42
ROWS = 2
LONGEST_CUE_MS = 7_000
PARAGRAPH_PAUSE_MS = 2_000
PARAGRAPH_CHARS = 1_200
WITHOUT_SPACES = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedWord:
    """One word and when it is said; `confidence` is 0..1, None where nobody measured it."""

    start_ms: int
    end_ms: int
    text: str
    confidence: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.start_ms <= self.end_ms:
            raise ValueError(f"a word must satisfy 0 <= start <= end: {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One stretch of a transcript; without words, its text is spread over its time."""

    start_ms: int
    end_ms: int
    text: str
    words: tuple[TimedWord, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.start_ms <= self.end_ms:
            raise ValueError(f"a line must satisfy 0 <= start <= end: {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """What is shown at once: one or two rows."""

    start_ms: int
    end_ms: int
    rows: tuple[str, ...]


def cues(lines: Iterable[Line]) -> list[Cue]:
    """Cut lines into cues in time order; no cue lasts into the next."""
    cut = [_cue(words) for line in lines for words in _cue_words(_words(line))]
    return [_not_into(cue, later) for cue, later in zip_longest(cut, cut[1:])]


def vtt(lines: Iterable[Line]) -> str:
    """The transcript as WebVTT."""
    blocks = [
        f"{clock(c.start_ms)} --> {clock(c.end_ms)}\n" + "\n".join(_escaped(r) for r in c.rows)
        for c in cues(lines)
    ]
    return "\n\n".join(["WEBVTT", *blocks]) + "\n"


def srt(lines: Iterable[Line]) -> str:
    """The transcript as SubRip.  It has no escapes, so an arrow in the text loses its point."""
    blocks = [
        f"{number}\n{clock(c.start_ms, ',')} --> {clock(c.end_ms, ',')}\n"
        + "\n".join(row.replace("-->", "->") for row in c.rows)
        for number, c in enumerate(cues(lines), start=1)
    ]
    return "\n\n".join(blocks) + ("\n" if blocks else "")


def txt(lines: Iterable[Line]) -> str:
    """The transcript as paragraphs, parted at pauses and, when long, at a sentence's end."""
    text = "\n\n".join(joined(line.text for line in part) for part in _paragraphs(list(lines)))
    return text + ("\n" if text else "")


def json_text(lines: Iterable[Line]) -> str:
    """The transcript as JSON: a list of lines with start_ms, end_ms, text and words."""
    rows = [
        {
            "start_ms": line.start_ms,
            "end_ms": line.end_ms,
            "text": line.text,
            "words": [
                {
                    "start_ms": w.start_ms,
                    "end_ms": w.end_ms,
                    "text": w.text,
                    "confidence": w.confidence,
                }
                for w in line.words
            ],
        }
        for line in lines
    ]
    return json.dumps(rows, ensure_ascii=False, indent=1) + "\n"


def clock(ms: int, point: str = ".") -> str:
    """Milliseconds as hours:minutes:seconds.milliseconds."""
    seconds, thousandths = divmod(ms, 1000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02}:{minute:02}:{second:02}{point}{thousandths:03}"


def joined(texts: Iterable[str]) -> str:
    """Words as running text; scripts that use no spaces get none."""
    text = ""
    for piece in texts:
        piece = piece.strip()
        if not piece:
            continue
        tight = text and WITHOUT_SPACES.match(text[-1]) and WITHOUT_SPACES.match(piece[0])
        text += piece if tight or not text else f" {piece}"
    return text


def _words(line: Line) -> list[TimedWord]:
    spoken = [w for w in line.words if w.text.strip()]
    return spoken or _spread(line)


def _spread(line: Line) -> list[TimedWord]:
    texts = [part for text in line.text.split() for part in _short_enough(text)]
    whole = sum(len(t) for t in texts)
    words: list[TimedWord] = []
    done, start_ms = 0, line.start_ms
    for text in texts:
        done += len(text)
        end_ms = line.start_ms + (line.end_ms - line.start_ms) * done // whole
        words.append(TimedWord(start_ms=start_ms, end_ms=end_ms, text=text))
        start_ms = end_ms
    return words


def _short_enough(text: str) -> list[str]:
    """A run without spaces in a script that uses none may be parted anywhere."""
    if not WITHOUT_SPACES.search(text):
        return [text]
    return [text[n : n + ROW_CHARS // 4] for n in range(0, len(text), ROW_CHARS // 4)]


def _cue_words(words: Sequence[TimedWord]) -> Iterator[list[TimedWord]]:
    cue: list[TimedWord] = []
    for word in words:
        if cue and not _fits([*cue, word]):
            kept = _at_a_good_place(cue)
            yield cue[:kept]
            cue = cue[kept:]
            if cue and not _fits([*cue, word]):
                yield cue
                cue = []
        cue.append(word)
    if cue:
        yield cue


def _fits(words: Sequence[TimedWord]) -> bool:
    lasts = max(w.end_ms for w in words) - words[0].start_ms
    return lasts <= LONGEST_CUE_MS and len(_rows(words)) <= ROWS


def _at_a_good_place(cue: Sequence[TimedWord]) -> int:
    """Break after the last punctuation in the cue's second half, if there is one."""
    for kept in range(len(cue), len(cue) // 2, -1):
        if cue[kept - 1].text.rstrip("\"'”’)").endswith((".", "?", "!", ",", ";", ":", "。", "，")):
            return kept
    return len(cue)


def _rows(words: Sequence[TimedWord]) -> list[str]:
    rows: list[str] = []
    for word in words:
        longer = joined([rows[-1], word.text]) if rows else ""
        if rows and len(longer) <= ROW_CHARS:
            rows[-1] = longer
        else:
            rows.append(word.text.strip())
    return rows


def _cue(words: Sequence[TimedWord]) -> Cue:
    end_ms = max(w.end_ms for w in words)
    return Cue(
        start_ms=words[0].start_ms, end_ms=end_ms, rows=tuple(_one_line(r) for r in _rows(words))
    )


def _not_into(cue: Cue, later: Cue | None) -> Cue:
    if later is None or later.start_ms >= cue.end_ms:
        return cue
    end_ms = max(cue.start_ms, later.start_ms)
    return Cue(start_ms=cue.start_ms, end_ms=end_ms, rows=cue.rows)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _paragraphs(lines: Sequence[Line]) -> Iterator[list[Line]]:
    part: list[Line] = []
    for line in lines:
        if part and _parts(part, line):
            yield part
            part = []
        part.append(line)
    if part:
        yield part


def _parts(part: Sequence[Line], line: Line) -> bool:
    if line.start_ms - part[-1].end_ms >= PARAGRAPH_PAUSE_MS:
        return True
    ended = part[-1].text.rstrip().endswith((".", "?", "!", "。"))
    return ended and sum(len(p.text) for p in part) >= PARAGRAPH_CHARS
