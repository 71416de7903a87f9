"""From a PDF's raw text to text that can be read: pure functions over all pages at once.

Invariant: as many pages come out as went in; only running heads and page numbers are lost.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

LIGATURES = {
    c: unicodedata.normalize("NFKC", c) for c in "\ufb00\ufb01\ufb02\ufb03\ufb04\ufb05\ufb06"
}
BROKEN = re.compile(
    r"((?:\w{1,40}-){0,3}\w{1,40})(?:\x02\n?|(?<=\w\w)[-\u00ad]\n(?=[a-z]\w))[ \t]*"
    r"(\w{1,40}(?:-\w{1,40}){0,3})(\S{0,40})[ \t]*"
)
COMPOUND = re.compile(r"\w+(?:-\w+)*")
UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufffe\uffff]"
)
PAGE_NUMBER = re.compile(r"(page\s+)?(\d{1,4}|[ivxlc]{1,7})(\s*(/|of)\s*\d{1,4})?", re.IGNORECASE)
DIGITS = re.compile(r"\d+")
EDGE_LINES = 2
LEAST_REPEATS = 3
OFTEN = 3
SHARE_OF_PAGES = 0.4
SHARD_CHARS = 12
WHOLE_HEAD_CHARS = 20
WORD = re.compile(r"[^\W\d_]{3,}")


def tidied(pages: Sequence[str]) -> list[str]:
    """The pages' text with broken words joined, ligatures written out, running heads left out.

    The first page keeps its first lines: what others repeat may be its title.
    """
    plain = [_plain(page) for page in pages]
    known = _known_words(plain)
    lines = [_rejoined(page, known).split("\n") for page in plain]
    lines = [[line.strip() for line in page if line.strip()] for page in lines]
    running = _running(lines)
    kept = [_without_edges(page, running if n else set()) for n, page in enumerate(lines)]
    return ["\n".join(_gathered(page)) for page in kept]


def _plain(page: str) -> str:
    text = page.replace("\r\n", "\n").replace("\r", "\n").replace("\ufffe", "\x02")
    for ligature, letters in LIGATURES.items():
        text = text.replace(ligature, letters)
    return text.encode("utf-8", "replace").decode()


def _known_words(pages: Iterable[str]) -> Counter[str]:
    """How often unbroken words come; the ends of compounds too, with the hyphen (`self-`)."""
    known = Counter[str]()
    for page in pages:
        for word in COMPOUND.findall(BROKEN.sub(" ", page).lower()):
            known[word] += 1
            if "-" in word:
                known[word.partition("-")[0] + "-"] += 1
                known["-" + word.rpartition("-")[2]] += 1
    return known


def _rejoined(page: str, known: Counter[str]) -> str:
    """Join words broken at a line's end; what follows begins the next line."""

    def whole(match: re.Match[str]) -> str:
        word = _word(match[1], match[2], known) + match[3]
        return f"{word}\n" if "\n" in match[0] else f"{word} "

    return UNSEEN.sub("", BROKEN.sub(whole, page).replace("\x02", "-"))


def _word(head: str, tail: str, known: Counter[str]) -> str:
    """A broken word; its hyphen stays where the rest of the paper speaks for it."""
    joined, compound = f"{head}{tail}", f"{head}-{tail}"
    with_hyphen, without = known[compound.lower()], known[joined.lower()]
    if with_hyphen or without:
        return compound if with_hyphen > without else joined
    first, last = head.rpartition("-")[2], tail.partition("-")[0]
    heads, ends = known[f"{first}-".lower()], known[f"-{last}".lower()]
    parts = known[first.lower()] and known[last.lower()]
    named = tail[0].isupper() or (len(first) > 1 and first.isupper() and tail[0].islower())
    usual = heads >= OFTEN and len(first) > len("non")
    return compound if named or usual or (parts and (heads or ends)) else joined


def _running(pages: Sequence[Sequence[str]]) -> set[str]:
    """The heads and feet that stand at the edge of many pages, their numbers aside."""
    seen = Counter(key for page in pages for key in {_key(line) for line in _edges(page)})
    least = max(LEAST_REPEATS, SHARE_OF_PAGES * len(pages))
    alternating = max(LEAST_REPEATS, least / 2)
    whole = max(2, SHARE_OF_PAGES * len(pages))  # two pages of a short paper may be enough
    return {
        key
        for key, times in seen.items()
        if key and (times >= alternating or (times >= whole and len(key) >= WHOLE_HEAD_CHARS))
    }


def _edges(page: Sequence[str]) -> list[str]:
    return [*page[:EDGE_LINES], *page[-EDGE_LINES:]]


def _key(line: str) -> str:
    return DIGITS.sub("#", line.lower())


def _without_edges(page: Sequence[str], running: set[str]) -> list[str]:
    first, last = 0, len(page)
    while first < min(EDGE_LINES, last) and _is_edge(page[first], running):
        first += 1
    lowest = max(first, len(page) - EDGE_LINES)
    while last > lowest and _is_edge(page[last - 1], running):
        last -= 1
    return list(page[first:last]) or list(page)


def _is_edge(line: str, running: set[str]) -> bool:
    return _key(line) in running or PAGE_NUMBER.fullmatch(line) is not None


def _gathered(lines: Iterable[str]) -> list[str]:
    """Shards of displayed mathematics, a few signs each, put on the line before them."""
    gathered: list[str] = []
    for line in lines:
        if gathered and len(line) <= SHARD_CHARS and not WORD.search(line):
            gathered[-1] += f" {line}"
        else:
            gathered.append(line)
    return gathered
