"""Reading order out of the pages of a paper: sections, paragraphs, sentences.

Invariant: nothing but running heads, page numbers and the reference list is dropped, and every
sentence keeps the page on which it begins.
"""

import re
import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Line = tuple[int, str]  # page number, text

NUMBERED = re.compile(
    r"^(?P<top>\d{1,2})(?P<sub>(?:\.\d{1,2}){0,3})\.?\s+(?P<title>[A-Z][^.?!]{2,79}\??)$"
)
LETTERED = re.compile(r"^[A-H](?:\.\d{1,2}){0,2}\.?\s+(?P<title>[A-Z][A-Za-z][A-Za-z ’'-]{2,60})$")
UNNUMBERED = re.compile(
    r"^(?:Abstract|Introduction|Related Work|Preliminaries|Conclusions?|Discussion|Summary|"
    r"Notation|Acknowledge?ments?|"
    r"Exercises|Overview|ABSTRACT|INTRODUCTION|CONCLUSIONS?|(?:Appendix|Appendices|Supplement(?:ary)?)\b[^,.;]{0,60})[.:]?$"
)
REFERENCES = re.compile(
    r"^(?:\d{1,2}\.?\s+)?(references|bibliography|works cited)\s*[.:]?$", re.IGNORECASE
)
AFTER_REFERENCES = re.compile(
    r"^(?:appendix|appendices|supplement|supplementary|proofs)\b[^,]{0,60}$", re.IGNORECASE
)
INLINE_ABSTRACT = re.compile(r"^(abstract)\s*[.:—–-]+\s*(?=\S)", re.IGNORECASE)
SENTENCE_END = re.compile(r"(?<=[.?!])[\"')\]”’]*\s+(?=[\"'(\[“‘]?[A-Z0-9\\$])")
ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|cf|resp|vs|etc|et al|w\.r\.t|w\.l\.o\.g|i\.i\.d|a\.s|eqs?|figs?|secs?|thm|"
    r"lem|prop|cor|def|refs?|chap|vol|no|pp?|approx|dr|prof|mr|ms|st)|\b[A-Z])\.$",
    re.IGNORECASE,
)
LIGATURE = re.compile("[\ufb00-\ufb06]")
FURTHEST_NEXT_SECTION = 3  # a heading or two may be unreadable
CONTROL = {code: " " for code in range(32) if chr(code) != "\n"} | {
    127: " ",
    0xAD: None,
    0xFFFE: None,
    0xFEFF: None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A stretch of a paper under one heading; text before the first heading has no title."""

    title: str | None
    lines: tuple[Line, ...]


def clean(text: str) -> str:
    """Make any text safe to store: no control characters, lone surrogates or ligatures."""
    if text.isascii():
        return text.translate(CONTROL)
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return LIGATURE.sub(
        lambda match: unicodedata.normalize("NFKC", match[0]), whole.translate(CONTROL)
    )


def sections(pages: Sequence[tuple[int, str]]) -> list[Section]:
    """Divide pages at headings, without running heads and references; in reading order."""
    found: list[tuple[str | None, list[Line]]] = [(None, [])]
    in_references, number = False, 0
    for page, line in _body_lines(pages):
        heading = _heading(line, after=number)
        in_references = bool(REFERENCES.match(line)) or (
            in_references and not _ends_references(line)
        )
        if in_references:
            continue
        if heading is None:
            found[-1][1].append((page, line))
            continue
        number = heading
        found.append((line.rstrip(".:"), []))
    return [
        Section(title=title, lines=tuple(_unlabelled(lines))) for title, lines in found if lines
    ]


def sentence_spans(lines: Sequence[Line]) -> Iterator[Line]:
    """Join lines, undo hyphenation, and yield each sentence with the page on which it begins."""
    text, starts, pages = _joined(lines)
    first = 0
    for end in [*_sentence_ends(text), len(text)]:
        sentence = " ".join(text[first:end].split())
        if sentence:
            yield pages[bisect_right(starts, first) - 1], sentence
        first = end


def _joined(lines: Sequence[Line]) -> tuple[str, list[int], list[int]]:
    """One text, the offset at which each line begins in it, and each line's page."""
    text, starts, pages = "", [], []
    parts: list[str] = []
    length = 0
    for page, line in lines:
        if text.endswith("-") and line[:1].islower() and text[-2:-1].isalpha():
            parts[-1] = parts[-1][:-2]
            length -= 2
        starts.append(length)
        pages.append(page)
        text = line
        parts.append(line + " ")
        length += len(line) + 1
    return "".join(parts), starts, pages


def _sentence_ends(text: str) -> Iterator[int]:
    for match in SENTENCE_END.finditer(text):
        if not ABBREVIATION.search(text, max(0, match.start() - 12), match.start()):
            yield match.end()


def _body_lines(pages: Sequence[tuple[int, str]]) -> Iterator[Line]:
    split = [
        (number, [line.strip() for line in clean(text).splitlines()]) for number, text in pages
    ]
    running = _running_heads([lines for _, lines in split])
    for number, lines in split:
        for place, line in enumerate(lines):
            at_edge = place < 2 or place >= len(lines) - 2
            if line and not line.isdigit() and not (at_edge and _shape(line) in running):
                yield number, line


def _running_heads(pages: Sequence[Sequence[str]]) -> set[str]:
    """What stands at the edge of at least half the pages, numbers aside."""
    if len(pages) < 4:
        return set()
    edges = Counter(
        shape for lines in pages for shape in {_shape(line) for line in [*lines[:2], *lines[-2:]]}
    )
    return {shape for shape, count in edges.items() if count * 2 >= len(pages)}


def _shape(line: str) -> str:
    return re.sub(r"\d+", "#", line).strip()


def _heading(line: str, *, after: int) -> int | None:
    """The number of the top-level section that a heading is in, or None for what is no heading.

    Numbers must go on from section `after`, which tells headings from the items of a list, and
    lettered appendices come after numbered sections.
    """
    if UNNUMBERED.match(line):
        return after
    match = NUMBERED.match(line) or (LETTERED.match(line) if after else None)
    if (
        match is None
        or line.endswith((",", ";", ":", "-"))
        or not _reads_like_a_title(match["title"])
    ):
        return None
    top = int(match.groupdict().get("top") or after)
    lowest = after if match.groupdict().get("sub") or match.re is LETTERED else after + 1
    return top if lowest <= top <= after + FURTHEST_NEXT_SECTION else None


def _reads_like_a_title(title: str) -> bool:
    words = title.split()
    letters = sum(character.isalpha() for character in title)
    in_contents = words[-1].isdigit()
    return len(words) <= 12 and letters >= 0.7 * len("".join(words)) and not in_contents


def _ends_references(line: str) -> bool:
    return bool(AFTER_REFERENCES.match(line) or LETTERED.match(line))


def _unlabelled(lines: Sequence[Line]) -> Iterator[Line]:
    for page, line in lines:
        yield page, INLINE_ABSTRACT.sub("", line)
