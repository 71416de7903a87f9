"""The few words around a match that a page shows.

Invariant: spans are text and a flag, never markup; without the ellipses at its ends, a snippet is
a stretch of the passage, word for word.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from index.query import ParsedQuery, parse
from index.terms import analysed, stem, stems_of

WORD = re.compile(r"\w+")
ELLIPSIS = "…"
DIVIDERS = " \t\n-–\N{NON-BREAKING HYPHEN}\N{NO-BREAK SPACE}"
LONGEST_WORD = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A piece of a snippet; `hit` is true where the query's words are."""

    text: str
    hit: bool


@dataclass(frozen=True, slots=True)
class _Word:
    start: int
    end: int
    stems: frozenset[str]


def snippet(text: str, query: str | ParsedQuery, *, max_chars: int = 240) -> list[Span]:
    """The stretch of a passage with the most different words of the query, its hits marked.

    At most `max_chars` long, ellipses included.  Raises: InvalidQuery.
    """
    if max_chars < 1:
        raise ValueError(f"a snippet has at least 1 character, not {max_chars}")
    words = _marked(text, parse(query) if isinstance(query, str) else query)
    start, end = _window(text, words, max_chars)
    hits = [(word.start, word.end) for word in words if start <= word.start and word.end <= end]
    return _spans(text, (start, end), hits)


def has_every_word(text: str, query: ParsedQuery) -> bool:
    """Whether each word of a query stands in a text, in one form or another; stop words aside."""
    return _wanted(query).words <= {one for word in _marked(text, query) for one in word.stems}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What snippets for a query mark: stems of words, and rows of them.

    `likely` are the words of a plain text that can have one of the stems: those with its first
    letter, which stemming leaves alone; of words with other than ASCII that is not as sure.
    """

    words: frozenset[str]
    rows: frozenset[tuple[str, ...]]
    likely: re.Pattern[str]


@lru_cache(maxsize=64)
def _wanted(query: ParsedQuery) -> _Wanted:
    """The same for all snippets of an answer."""
    stems = stems_of(query)
    first = "".join({letter for one in stems.words for letter in one[0] + one[0].upper()})
    return _Wanted(
        words=frozenset(stems.words),
        rows=frozenset((*stems.phrases, *map(analysed, query.marks))),
        likely=re.compile(rf"[{re.escape(first)}](?<!\w.)\w*" if first else r"(?!)"),
    )


def _marked(text: str, query: ParsedQuery) -> list[_Word]:
    """The words of a text that are hits, singly or in a row, with the stems that make them so.

    A phrase is marked where it stands whole; so are other forms of the query's words.
    """
    wanted = _wanted(query)
    hits = {
        match.span(): found
        for match in (wanted.likely if text.isascii() else WORD).finditer(text)
        if (found := wanted.words.intersection(stem(match[0])))
    }
    if wanted.rows:
        spans = [match.span() for match in WORD.finditer(text)]
        for place, row in _places([stem(text[slice(*span)]) for span in spans], wanted.rows):
            hits[spans[place]] = hits.get(spans[place], frozenset[str]()).union(row)
    return [_Word(*span, hits[span]) for span in sorted(hits)]


def _places(
    read: Sequence[tuple[str, ...]], rows: frozenset[tuple[str, ...]]
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Which words belong to one of these rows of stems, and to which."""
    flat = [(place, one) for place, stems in enumerate(read) for one in stems]
    for row in filter(None, rows):
        for first, (_, one) in enumerate(flat):
            stretch = flat[first : first + len(row)] if one == row[0] else ()
            if tuple(found for _, found in stretch) == row:
                yield from ((place, row) for place, _ in stretch)


def _window(text: str, hits: Sequence[_Word], max_chars: int) -> tuple[int, int]:
    """Where the snippet begins and ends in the text, at the edges of words where it can."""
    if len(text) <= max_chars:
        return 0, len(text)
    room = max(1, max_chars - 2 * len(ELLIPSIS))
    first, last = _best_stretch(hits, room)
    start = max(0, min(first - (room - (last - first)) // 2, len(text) - room))
    end = min(len(text), start + room)
    if start > 0:
        start = _first_word(text, start, end)
    if end < len(text):
        end = _last_end(text, start, end)
    return start, end


def _first_word(text: str, start: int, end: int) -> int:
    """Where the first word begins that begins in this stretch; `start` where none does."""
    inside = WORD.match(text, start - 1) is not None and WORD.match(text, start)
    word = WORD.search(text, inside.end() if inside else start, end)
    return word.start() if word else start


def _last_end(text: str, start: int, end: int) -> int:
    """Where the last word ends that ends in this stretch; `end` where none does."""
    ends = [word.end() for word in WORD.finditer(text, max(start, end - LONGEST_WORD), end + 1)]
    return next((one for one in reversed(ends) if start < one <= end), end)


def _best_stretch(hits: Sequence[_Word], room: int) -> tuple[int, int]:
    """From first to last hit of the stretch with the most different stems, then most hits."""
    best, stretch = (0, 0), (0, 0)
    for place, first in enumerate(hits):
        inside = [word for word in hits[place:] if word.end - first.start <= room]
        worth = (len(frozenset[str]().union(*(word.stems for word in inside))), len(inside))
        if inside and worth > best:
            best, stretch = worth, (first.start, inside[-1].end)
    return stretch


def _spans(text: str, window: tuple[int, int], hits: Sequence[tuple[int, int]]) -> list[Span]:
    start, end = window
    spans = [Span(text=ELLIPSIS, hit=False)] if start > 0 else []
    at = start
    for first, last in _joined(text, hits):
        spans += [Span(text=text[at:first], hit=False), Span(text=text[first:last], hit=True)]
        at = last
    spans.append(Span(text=text[at:end], hit=False))
    if end < len(text):
        spans.append(Span(text=ELLIPSIS, hit=False))
    return _merged(span for span in spans if span.text)


def _joined(text: str, hits: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Hits that only white space or a hyphen divides are one."""
    joined: list[tuple[int, int]] = []
    for first, last in hits:
        if joined and not text[joined[-1][1] : first].strip(DIVIDERS):
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return joined


def _merged(spans: Iterable[Span]) -> list[Span]:
    return [
        Span(text="".join(span.text for span in run), hit=hit)
        for hit, run in groupby(spans, lambda span: span.hit)
    ]
