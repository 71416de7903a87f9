"""What a PDF says of itself: title, authors, abstract, year, arXiv id and DOI; pure functions.

The file's own statements come first, if they are more than what a program left there; then what
is printed at the top of the first page.  Invariant: what cannot be trusted is not known (None or
empty), never guessed.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from index.prose import clean
from ingest.pdf_layout import Layout
from ingest.pdf_lines import BROKEN_WORD, body_size

FRONT_LINES = 80
HEAD_LINES = 24
MOST_LINE_CHARS = 500
MOST_AUTHOR_CHARS = 5_000
MOST_TITLE_CHARS = 300
LARGER = 1.05
SAME_SIZE = 0.02

BAD_TITLE = re.compile(
    r"(?:microsoft (?:word|powerpoint)|untitled|slide \d|presentation\d*$|title$|paper$|draft$|"
    r"document\d*$|no title|arxiv:|doi:|https?:)|"
    r"\.(?:docx?|pptx?|tex|dvi|pdf|ps|indd|odt|rtf)$|^[\w.-]*[\d_][\w.-]*$",
    re.IGNORECASE,
)
BEGINS_TEXT = re.compile(
    r"(?:abstract|summary|contents|table of contents|introduction|overview)\b\W*$|"
    r"abstract\s*[.:—–-]|"
    r"(?:1|I)\.?(?:\s+[A-Z].{2,60})?$",
    re.IGNORECASE,
)
LECTURE = re.compile(r"lecture\s*(?:#|no\.?|number)?\s*(\d{1,3})(?:\s*[:.–-].*)?$", re.IGNORECASE)
ROLE = re.compile(
    r"(?:lecturers?|instructors?|scribes?|authors?|by|scribed by)\s*[:：]?\s+(?=\S)", re.IGNORECASE
)
NAME = re.compile(
    r"[^\W\d_a-z][\w'’.-]*(?:\s+(?:van|von|der|den|de|di|da|du|dos|la|le|el|al|bin|ten|ter|"
    r"[^\W\d_a-z][\w'’.-]*)){1,4}"
)
NO_NAME = re.compile(
    r"\b(?:universit\w*|institut\w*|department|dept|school|college|laborator\w*|labs?|research|inc|"
    r"corp\w*|google|microsoft|deepmind|openai|facebook|technolog\w*|science\w*|center|centre|group|"
    r"abstract|lecture|notes|learning|theory|spring|summer|fall|autumn|winter|draft|version|updated|"
    r"anonymous|review|conference|proceedings|workshop|journal|preprint|submission|the|and|of|for)\b",
    re.IGNORECASE,
)
BAD_AUTHOR = re.compile(
    r"^(?:admin\w*|user\d*|root|owner|unknown|author\w*|anonymous.*|default|guest|me|pc|hp|dell|"
    r"student|staff|.*@.*|.*\d{3}.*)$",
    re.IGNORECASE,
)
MARKS = re.compile(r"[\d*∗†‡§¶⋆♯♭✉]+(?:\s*,\s*[\d*∗†‡§¶⋆]+)*")
ASIDE = re.compile(r"\([^()]*\)")
JOINTS = re.compile(r"\s*(?:[,;•·]|\band\b|&|\s\\and\s)\s*", re.IGNORECASE)
ARXIV = re.compile(
    r"arxiv:\s*(\d{4}\.\d{4,5}|(?!submit)[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?!\d)", re.IGNORECASE
)
DOI = re.compile(r"(?:doi\b[:\s]*|doi\.org/)\s*(10\.\d{4,9}/[^\s\"<>{}|\\^`]+)", re.IGNORECASE)
PACKET_DOI = re.compile(r"(?:prism|pdfx|crossmark):doi[=>]\s*[\"']?\s*([^<\"'\s]+)", re.IGNORECASE)
MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
DATED = re.compile(rf"\b{MONTH}\s[^\n]{{0,12}}?\b((?:19|20)\d\d)\b", re.IGNORECASE)
YEAR = re.compile(r"\b((?:19|20)\d\d)\b")
ABSTRACT = re.compile(r"^abstract\b[ \t]*[.:—–-]*[ \t]*\n?", re.IGNORECASE | re.MULTILINE)
AFTER_ABSTRACT = re.compile(
    r"^(?:(?:1|I)\.?\s+[A-Z][^\n]{2,60}|1|introduction|key\s?words\b.*|index terms\b.*|"
    r"ccs concepts\b.*|contents)\s*$",
    re.IGNORECASE | re.MULTILINE,
)
ABSTRACT_WORDS = range(20, 501)

Front = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What is known of a paper from its PDF; None and empty stand for unknown."""

    title: str | None = None
    authors: tuple[str, ...] = ()
    abstract: str = ""
    year: int | None = None
    arxiv_id: str | None = None
    doi: str | None = None


def front_matter(first: Layout) -> dict[str, Any]:
    """The top of the first page as plain values, sizes against that of most of its text."""
    usual = body_size(first.lines) or 1.0
    lines = [(one.text[:MOST_LINE_CHARS], one.size / usual) for one in first.lines[:FRONT_LINES]]
    return {"lines": lines, "aside": [text[:MOST_LINE_CHARS] for text in first.aside[:8]]}


def about(stated: Mapping[str, str], front: Front, pages: Sequence[str]) -> About:
    """Everything that can be trusted; `stated` is the file's own, `pages` its tidied text."""
    stated = {**stated, **_packet_says(stated.get("packet", ""))}
    head = _head(front["lines"])
    title, above, below = _printed_title(head)
    marginal = "\n".join([*front["aside"], stated.get("Subject", ""), stated.get("Keywords", "")])
    first = pages[0] if pages else ""
    return About(
        title=_stated_title(stated.get("Title", "")) or title,
        authors=_stated_authors(stated.get("Author", "")) or _printed_authors(below),
        abstract=_abstract("\n".join(pages[:2])),
        year=_year(marginal, [*above, *below]),
        arxiv_id=next(iter(ARXIV.findall(marginal)), None),
        doi=_doi(f"{marginal}\n{stated.get('doi', '')}\n{first}"),
    )


def _packet_says(packet: str) -> dict[str, str]:
    """Title, authors and DOI out of an XMP packet.  Source: ISO 16684-1; PRISM."""
    says = {}
    for key, element in (("Title", "dc:title"), ("Author", "dc:creator")):
        within = re.search(rf"<{element}>(.{{1,4000}}?)</{element}>", packet, re.DOTALL)
        items = re.findall(r"<rdf:li[^>]*>([^<]*)</rdf:li>", within[1]) if within else []
        values = [html.unescape(item).strip() for item in items]
        if any(values):
            says[key] = values[0] if key == "Title" else "; ".join(values)
    found = PACKET_DOI.search(packet)
    return {**says, "doi": f"doi:{found[1]}"} if found else says


def _plain(text: str) -> str:
    return " ".join(clean(text).split())


def _head(lines: Iterable[Sequence[Any]]) -> list[tuple[str, float]]:
    """The lines before the text begins."""
    head: list[tuple[str, float]] = []
    for text, size in lines:
        if BEGINS_TEXT.match(text.strip()) or len(head) == HEAD_LINES:
            break
        head.append((text.strip(), size))
    return head


def _stated_title(text: str) -> str | None:
    title = _plain(text)[:MOST_TITLE_CHARS]
    return title if len(title) > 3 and not BAD_TITLE.search(title) else None


def _printed_title(
    head: Sequence[tuple[str, float]],
) -> tuple[str | None, list[str], list[str]]:
    """The largest text of the head, what stands above it and what below."""
    sizes = [size for text, size in head if sum(c.isalpha() for c in text) > 3]
    if not sizes or max(sizes) < LARGER:
        return None, [], [text for text, _ in head]
    largest = max(sizes)
    first = next(n for n, (_, size) in enumerate(head) if size > largest - SAME_SIZE)
    end = first
    while end < len(head) and head[end][1] > largest - SAME_SIZE:
        end += 1
    above, largest_lines, below = (
        [text for text, _ in part] for part in (head[:first], head[first:end], head[end:])
    )
    return _with_lecture(_joined(largest_lines), below), above, below


def _joined(lines: Iterable[str]) -> str:
    whole = " ".join(lines).replace(f"{BROKEN_WORD} ", "")
    return _plain(whole).rstrip("*∗†‡§¶ ")[:MOST_TITLE_CHARS]


def _with_lecture(title: str, rest: Iterable[str]) -> str | None:
    """Notes of one course share a title; the number of the lecture tells them apart."""
    number = next((found[1] for text in rest if (found := LECTURE.fullmatch(text))), None)
    if not title:
        return None
    return f"{title}, Lecture {number}" if number else title


def _stated_authors(text: str) -> tuple[str, ...]:
    """Full names alone: a user name, or a surname with its first name after a comma, are not."""
    whole = _plain(text)[:MOST_AUTHOR_CHARS]
    if ";" in whole:
        parts = [" ".join(reversed(one.split(",", 1))) for one in whole.split(";")]
    else:
        parts = JOINTS.split(whole)
    names = [" ".join(part.split()) for part in parts if part.strip()]
    good = all(" " in name and not BAD_AUTHOR.match(name) for name in names)
    return tuple(dict.fromkeys(names)) if good else ()


def _printed_authors(rest: Sequence[str]) -> tuple[str, ...]:
    """Names behind "Lecturer:" and the like, else the first lines below the title, if names."""
    roles = [text for text in rest if ROLE.match(text)]
    if roles:
        found = [_names(ROLE.sub("", text, count=1)) for text in roles]
        return tuple(dict.fromkeys(name for names in found for name in names or ()))
    names: list[str] = []
    for text in rest:
        more = _names(text)
        if more is None:
            break
        names += more
    return tuple(dict.fromkeys(names))


def _names(text: str) -> list[str] | None:
    """The names on a line, None where anything else is on it."""
    parts = [part.strip(" .") for part in JOINTS.split(MARKS.sub(",", ASIDE.sub("", text)))]
    names = [part for part in parts if part]
    good = all(NAME.fullmatch(name) and not NO_NAME.search(name) for name in names)
    return names if names and good else None


def _abstract(text: str) -> str:
    """What stands under the heading "Abstract", up to the next one."""
    begin = ABSTRACT.search(text)
    end = AFTER_ABSTRACT.search(text, begin.end()) if begin else None
    if begin is None or end is None:
        return ""
    words = clean(text[begin.end() : end.start()]).split()
    return " ".join(words) if len(words) in ABSTRACT_WORDS else ""


def _year(marginal: str, rest: Sequence[str]) -> int | None:
    """The year of the stamp, else the only one printed with a month, else the only one."""
    head = "\n".join(rest)
    stamp = marginal if "arxiv" in marginal.lower() else ""
    for pattern, text in ((DATED, stamp), (DATED, head), (YEAR, head)):
        years = set(pattern.findall(text))
        if len(years) == 1:
            return int(years.pop())
    return None


def _doi(text: str) -> str | None:
    found = {doi.rstrip(".,;)]").lower() for doi in DOI.findall(text)}
    return found.pop() if len(found) == 1 else None
