"""What is retrieved, and how talks and papers are cut into it.

Invariant: every sentence is in at least one passage, the last one too; no passage is longer than
the maximum; passages come in the order of the source and each says where it begins.
"""

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NewType, TypeAlias

from index.prose import clean, sections, sentence_spans

PassageId = NewType("PassageId", str)
Kind: TypeAlias = Literal["talk", "paper"]
KINDS: tuple[Kind, ...] = ("talk", "paper")

CUTTER_VERSION = "4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A stretch of a talk (in milliseconds) or of a paper (from a page) that can be found.

    `owner_id` names the talk or paper; `year` and `series` may be unknown.
    """

    id: PassageId
    kind: Kind
    owner_id: str
    title: str
    speakers: tuple[str, ...] = ()
    series: str | None = None
    year: int | None = None
    text: str
    start_ms: int | None = None
    end_ms: int | None = None
    page: int | None = None
    section: str | None = None

    def __post_init__(self) -> None:
        if not self.id or not self.owner_id or not self.text.strip():
            raise ValueError(
                f"a passage needs an id, an owner and a text: {self.id!r} of {self.owner_id!r}"
            )
        if self.kind not in KINDS:
            raise ValueError(
                f"passage {self.id} is of kind {self.kind!r}, which is none of {KINDS}"
            )
        _check_place(self.id, self.start_ms, self.end_ms, self.page)

    @property
    def encoded_text(self) -> str:
        """What the encoder sees: the title as context, then the text."""
        title = self.title.strip()
        if not title:
            return self.text
        return f"{title} {self.text}" if title[-1] in ".?!:" else f"{title}. {self.text}"

    @property
    def content_key(self) -> str:
        """The sha256 of the encoded text as hex: equal keys, equal vectors."""
        return hashlib.sha256(self.encoded_text.encode("utf-8", "replace")).hexdigest()


def _check_place(name: str, start_ms: int | None, end_ms: int | None, page: int | None) -> None:
    if (start_ms is None) != (end_ms is None):
        raise ValueError(f"{name} has only one end: {start_ms}..{end_ms} ms")
    if start_ms is not None and end_ms is not None and not 0 <= start_ms <= end_ms:
        raise ValueError(f"{name} must satisfy 0 <= start <= end: {start_ms}..{end_ms} ms")
    if page is not None and page < 1:
        raise ValueError(f"{name} is on page {page}; pages count from 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence of a talk and when it is said."""

    start_ms: int
    end_ms: int
    text: str

    def __post_init__(self) -> None:
        _check_place("a sentence", self.start_ms, self.end_ms, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageText:
    """The text of one page of a paper; pages count from 1."""

    number: int
    text: str

    def __post_init__(self) -> None:
        _check_place("a page's text", None, None, self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A passage before it has an identity; it begins at `start_ms` or on `page`."""

    text: str
    start_ms: int | None = None
    end_ms: int | None = None
    page: int | None = None
    section: str | None = None

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise ValueError("a cut needs a text")
        _check_place("a cut", self.start_ms, self.end_ms, self.page)


@dataclass(frozen=True, slots=True, kw_only=True)
class CutOptions:
    """How long passages are, and where they end.

    One with `least_words` may end before `max_words` where the speaker pauses longest, if that is
    `pause_ms` or more; where nothing is known of pauses it ends at `target_words`.  A silence
    longer than `max_gap_ms` always ends one.
    """

    least_words: int = 60
    target_words: int = 130
    max_words: int = 150
    overlap_sentences: int = 0
    pause_ms: int = 300
    max_gap_ms: int = 60_000

    def __post_init__(self) -> None:
        if not 1 <= self.target_words <= self.max_words:
            raise ValueError(f"1 <= target <= max words: {self.target_words}, {self.max_words}")
        if min(self.least_words, self.overlap_sentences, self.pause_ms, self.max_gap_ms) < 0:
            raise ValueError("least words, overlap, pause and gap cannot be negative")


DEFAULT = CutOptions()


def cut_talk(sentences: Sequence[Sentence], *, options: CutOptions = DEFAULT) -> list[Cut]:
    """Cut a talk into windows of whole sentences, in time order."""
    pieces = [piece for sentence in sentences for piece in _pieces(sentence, options.max_words)]
    return [
        Cut(
            text=" ".join(piece.text for piece in window),
            start_ms=window[0].start_ms,
            end_ms=_end_ms(window),
        )
        for run in _runs(pieces, options.max_gap_ms)
        for window in _windows(run, options)
    ]


def cut_paper(pages: Sequence[PageText], *, options: CutOptions = DEFAULT) -> list[Cut]:
    """Cut a paper into windows of sentences within each section; references are left out."""
    return [
        Cut(
            text=" ".join(piece.text for piece in window),
            page=window[0].page,
            section=section.title,
        )
        for section in sections([(page.number, page.text) for page in pages])
        for window in _windows(_prose_pieces(section.lines, options.max_words), options)
    ]


def cut_text(paragraphs: Sequence[str], *, options: CutOptions = DEFAULT) -> list[Cut]:
    """Cut what was said in a talk, where nobody knows when, into windows of sentences."""
    lines = [(0, clean(paragraph)) for paragraph in paragraphs]
    pieces = _prose_pieces(lines, options.max_words)
    return [
        Cut(text=" ".join(piece.text for piece in window)) for window in _windows(pieces, options)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """A sentence, or a part of one that was too long."""

    text: str
    words: int
    start_ms: int = 0
    end_ms: int = 0
    page: int | None = None


def _pieces(sentence: Sentence, max_words: int) -> Iterator[_Piece]:
    """Split a sentence into parts of at most `max_words`, timed in proportion to their words."""
    words = clean(sentence.text).split()
    length_ms = sentence.end_ms - sentence.start_ms
    for first, last in _even_parts(len(words), max_words):
        yield _Piece(
            text=" ".join(words[first:last]),
            words=last - first,
            start_ms=sentence.start_ms + length_ms * first // len(words),
            end_ms=sentence.start_ms + length_ms * last // len(words),
        )


def _prose_pieces(lines: Sequence[tuple[int, str]], max_words: int) -> list[_Piece]:
    pieces = []
    for page, text in sentence_spans(lines):
        words = text.split()
        pieces += [
            _Piece(text=" ".join(words[first:last]), words=last - first, page=page)
            for first, last in _even_parts(len(words), max_words)
        ]
    return pieces


def _even_parts(count: int, largest: int) -> Iterator[tuple[int, int]]:
    """Cut `count` things into the fewest parts of at most `largest`, as even as can be."""
    parts = math.ceil(count / largest)
    for part in range(parts):
        yield count * part // parts, count * (part + 1) // parts


def _runs(pieces: Sequence[_Piece], max_gap_ms: int) -> Iterator[list[_Piece]]:
    run: list[_Piece] = []
    for piece in pieces:
        if run and piece.start_ms - run[-1].end_ms > max_gap_ms:
            yield run
            run = []
        run.append(piece)
    if run:
        yield run


def _windows(pieces: Sequence[_Piece], options: CutOptions) -> Iterator[Sequence[_Piece]]:
    first = reached = 0
    while reached < len(pieces):
        last = _window_end(pieces, first, reached, options)
        if last < len(pieces):
            last = _longest_pause(pieces, first, reached, options) or last
        else:
            first = _drawn_back(pieces, first, last, options)
        yield pieces[first:last]
        reached = last
        first = _overlap_start(pieces, first, last, options)


def _window_end(pieces: Sequence[_Piece], first: int, reached: int, options: CutOptions) -> int:
    """Where a window that begins at `first` ends, with at least one piece no window has yet."""
    words, last = 0, first
    while last < len(pieces):
        words += pieces[last].words
        if words > options.max_words and last > reached:
            break
        last += 1
        if words >= options.target_words and last > reached:
            break
    return last


def _longest_pause(
    pieces: Sequence[_Piece], first: int, reached: int, options: CutOptions
) -> int | None:
    """The end after which the speaker pauses longest, among those a window may have."""
    words, longest_ms, found = 0, options.pause_ms, None
    for last in range(first + 1, len(pieces)):
        words += pieces[last - 1].words
        if words > options.max_words:
            break
        pause_ms = pieces[last].start_ms - pieces[last - 1].end_ms
        if last > reached and words >= options.least_words and pause_ms >= longest_ms:
            longest_ms, found = pause_ms, last
    return found


def _overlap_start(pieces: Sequence[_Piece], first: int, last: int, options: CutOptions) -> int:
    """Where the next window begins: some sentences back, if the next new one still fits."""
    if last == len(pieces):
        return last
    start, words = last, pieces[last].words
    while start > max(first + 1, last - options.overlap_sentences):
        words += pieces[start - 1].words
        if words > options.max_words:
            break
        start -= 1
    return start


def _drawn_back(pieces: Sequence[_Piece], first: int, last: int, options: CutOptions) -> int:
    """Begin the last window earlier, so that a talk does not end in a scrap of a passage."""
    words = sum(piece.words for piece in pieces[first:last])
    while first > 0 and words < options.least_words:
        words += pieces[first - 1].words
        if words > options.max_words:
            break
        first -= 1
    return first


def _end_ms(window: Sequence[_Piece]) -> int:
    return max(piece.end_ms for piece in window)
