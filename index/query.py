"""What a person typed, made ready for the two legs.

Invariant: any text at all gives a ParsedQuery or InvalidQuery, nothing else.  What only looks like
a filter stays words.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from index.errors import InvalidQuery
from index.notation import Notation, packaged
from index.passage import Kind
from index.prose import clean

MAX_CHARS = 1000

QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "\ufffd": " "})
_PIECE = re.compile(
    r"""
    (?<!\S) (?P<not>-?) (?P<field>speaker|author|series|year|kind) :
        (?: "(?P<quoted>[^"]*)" | (?P<bare>[^\s"]+) )
    | (?P<minus>(?<!\S)-)? "(?P<phrase>[^"]*)"
    | (?<!\S) - (?P<word>[^\W\d_]\w+(?:[-'’]\w+)*) (?=[\s.,;!?)]|$)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_MAY_BE_PIECE = re.compile(r'"|(?<!\S)-|:')
_YEARS = re.compile(r"([1-9]\d{3})(?:(?:-|–|\.\.)([1-9]\d{3}))?", re.ASCII)
_KINDS: Mapping[str, Kind] = {"talk": "talk", "talks": "talk", "paper": "paper", "papers": "paper"}

Part: TypeAlias = Literal["speaker", "series", "year", "kind", "word", "phrase"]
Span: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """A part of a query that is more than words: a filter, a phrase, something to leave out.

    value: as typed, a year as `2021` or `2019-2021`; span: where it stands in `ParsedQuery.typed`.
    """

    part: Part
    value: str
    excluded: bool
    span: Span

    @property
    def is_filter(self) -> bool:
        """Whether it is about the talk or paper, not about the words of a passage."""
        return self.part not in {"word", "phrase"}

    @property
    def is_phrase(self) -> bool:
        """Whether these words must stand so in a passage."""
        return self.part == "phrase" and not self.excluded

    @property
    def leaves_words_out(self) -> bool:
        """Whether passages with these words are left out."""
        return self.excluded and not self.is_filter

    @property
    def years(self) -> tuple[int, int]:
        """The first and the last year of a filter on years."""
        first, _, last = self.value.partition("-")
        return int(first), int(last or first)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedQuery:
    """A query for both legs: running text for the encoder, words and phrases for the terms.

    typed: the cleaned query, whole; marks: other forms of its words, for snippets.
    """

    typed: str
    text: str
    words: str
    phrases: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    understood: tuple[Understood, ...] = ()
    marks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.typed.strip():
            raise InvalidQuery("the query is empty; type some words to search for")
        if not self.text and not self.filters:
            raise InvalidQuery(
                "the query says only what to leave out; type what to search for, too"
                if self.excluded
                else "the query has no letters or digits; type some words to search for"
            )

    @property
    def filters(self) -> tuple[Understood, ...]:
        """What was typed about the talk or paper."""
        return tuple(one for one in self.understood if one.is_filter)

    @property
    def free(self) -> Iterator[Span]:
        """The stretches of `typed` that are words and nothing else, in order."""
        at = 0
        for one in self.understood:
            yield at, one.span[0]
            at = one.span[1]
        yield at, len(self.typed)

    def without(self, part: Understood) -> str:
        """The query as typed, but for one part of it."""
        start, end = part.span
        return " ".join(f"{self.typed[:start]} {self.typed[end:]}".split())


def parse(text: str, notation: Notation | None = None) -> ParsedQuery:
    """Read a query as typed; phrases stand in quotes, an unpaired quote counts for nothing.

    notation: of the snapshot that is searched, or the packaged one.
    Raises: InvalidQuery when it is empty, has no words, says only what to leave out, or is longer
    than 1,000 characters.
    """
    if len(text) > MAX_CHARS:
        raise InvalidQuery(f"the query has {len(text)} characters; shorten it to {MAX_CHARS}")
    known = notation or packaged()
    typed = " ".join(clean(text).translate(QUOTES).split())
    understood = tuple(_understood(typed)) if _MAY_BE_PIECE.search(typed) else ()
    phrases = tuple(known.normalised(one.value) for one in understood if one.is_phrase)
    running = _without(typed, [one for one in understood if not one.is_phrase])
    words = known.normalised(_without(typed, understood))
    said = " ".join((words, *phrases))
    return ParsedQuery(
        typed=typed,
        text=running if any(map(str.isalnum, said)) else "",
        words=known.with_short_forms(words),
        phrases=phrases,
        excluded=tuple(known.normalised(one.value) for one in understood if one.leaves_words_out),
        understood=understood,
        marks=known.other_forms(said),
    )


def _without(typed: str, taken: Sequence[Understood]) -> str:
    """The words of a query without what was taken out of it, and without quotes."""
    parts, at = [], 0
    for one in taken:
        parts.append(typed[at : one.span[0]])
        at = one.span[1]
    return " ".join(" ".join([*parts, typed[at:]]).replace('"', " ").split())


def _understood(typed: str) -> Iterator[Understood]:
    """Filters, phrases and what to leave out, in order; what makes no sense is passed over."""
    for match in _PIECE.finditer(typed):
        if match["field"]:
            found = _filter(match["field"].lower(), match["quoted"], match["bare"])
            excluded = bool(match["not"])
        else:
            found = ("word", match["word"]) if match["word"] else ("phrase", match["phrase"])
            excluded = bool(match["minus"] or match["word"])
        if found and any(map(str.isalnum, found[1])):
            part, value = found
            yield Understood(part=part, value=value, excluded=excluded, span=match.span())


def _filter(field: str, quoted: str | None, bare: str | None) -> tuple[Part, str] | None:
    """The filter that was typed, or None where it only looks like one."""
    value = (quoted or "").strip() if bare is None else bare.rstrip(".,;:!?)")
    if field == "kind":
        kind = _KINDS.get(value.lower())
        return ("kind", kind) if kind else None
    if field == "year":
        years = _YEARS.fullmatch(value)
        return ("year", "-".join(sorted(filter(None, years.groups())))) if years else None
    return ("series", value) if field == "series" else ("speaker", value)
