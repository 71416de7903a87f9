"""Where a talk names a paper of the archive, by which cues, and how sure that is.

Pure.  Invariant: what is said is never changed, and a paper without a cue of its own (an id, a
name, words of its title, its authors) is never found.

Each cue alone is right with a probability of its own, and cues of different kinds speak for
themselves, so the confidence of a mention is one minus the product of what each leaves open.  The
probabilities were set by hand on lectures 9 and 11 and the demonstration talks, never on the
lectures that the figures are reported of.  Source: noisy-or, Pearl 1988.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from itertools import groupby

from catalog.captions import Line
from ingest.naming import KnownPaper, telling, title_stems
from ingest.spoken import AUTHORS_WITHIN, NamedAt, Names, Token, tokens_of, years_of

VERSION = "1"
"""Changes when the same text can have other mentions, so that all talks are looked at again."""

KEPT_FROM = 0.3
TOGETHER_MS = 60_000
"""Namings of one paper that lie closer are one mention."""

IDS = 0.99
OWN_WORD, OWN_LETTERS, MISHEARD = 0.9, 0.82, 0.6
"""A name in no dictionary; one of three letters; one that only sounds like it."""
PLAIN_BY_WORDS: Mapping[int, float] = {1: 0.25, 2: 0.4, 3: 0.6, 4: 0.7}
OFTEN = 6
"""A plain name said more often in one talk is the talk's subject, and counts half."""
TITLE_BY_WORDS: Mapping[int, float] = {3: 0.5, 4: 0.85, 5: 0.95}
PART_OF_TITLE = 0.4
WHOLE_FROM, PART_FROM = 0.8, 0.5
TWO_AUTHORS, FULL_NAME, SURNAME = 0.6, 0.5, 0.25
YEAR, YEAR_OF_AUTHOR = 0.5, 0.6
PAPER_BEFORE, PAPER_AFTER, PAPER_NEAR = 0.7, 0.5, 0.25
"""The paper called X; the X paper; a paper somewhere near."""

WORDING = frozenset(("name", "sounds like its name", "title words"))
"""Cues of the same words: the surest of them counts."""

PAPER_WORDS = frozenset(("paper", "notes", "note", "article", "preprint", "manuscript"))
WORK_WORDS = frozenset(
    (
        *("papers", "work", "works", "et", "author", "authors", "called", "arxiv"),
        *("published", "publication", "introduced", "proposed", "propose", "proposes", "showed"),
        *("nips", "neurips", "icml", "iclr", "cvpr", "iccv", "eccv"),
    )
)
YEAR_WITHIN, PAPER_WITHIN, BESIDE_WITHIN = 14, 12, 3
AROUND_WORDS = 28


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A paper that is named; times in ms of the recording, `cues` in words."""

    paper: str
    start_ms: int
    end_ms: int
    said: str
    text: str
    cues: tuple[str, ...]
    confidence: float


@dataclass(slots=True, kw_only=True)
class _Naming:
    """Some words that may name a paper, with what each kind of cue gives."""

    paper: KnownPaper
    first: int
    last: int
    by: dict[str, float] = field(default_factory=dict)

    @property
    def confidence(self) -> float:
        wording = max((by for cue, by in self.by.items() if cue in WORDING), default=0.0)
        others = (by for cue, by in self.by.items() if cue not in WORDING)
        return 1 - (1 - wording) * math.prod(1 - by for by in others)


class Finder:
    """Knows the papers of an archive and finds them in talks."""

    def __init__(self, papers: Iterable[KnownPaper]) -> None:
        self._papers = {paper.key: paper for paper in papers}
        self._names = Names(tuple(self._papers.values()))
        self._titles = [
            (paper, stems) for paper in self._papers.values() for stems in title_stems(paper)
        ]

    def find(self, lines: Sequence[Line], *, speakers: Sequence[str] = ()) -> list[Mention]:
        """Every naming, in order of time; those of one paper in one place are one.

        speakers: whose own name is no cue.
        """
        tokens = tokens_of(lines)
        named = [*self._by_name(tokens), *self._by_title(tokens)]
        authors = self._names.authors(tokens, speakers)
        years = years_of(tokens)
        for one in named:
            _support(one, tokens, authors, years)
        named += self._by_authors(tokens, authors, years)
        best = _without_doubles(named)
        return [_mention(one, tokens) for one in best if one.confidence >= KEPT_FROM]

    def _by_name(self, tokens: Sequence[Token]) -> list[_Naming]:
        found = self._names.named(tokens)
        often = {
            key: len(list(group))
            for key, group in groupby(sorted(one.paper.key for one in found if _is_plain(one)))
        }
        return [
            _Naming(
                paper=one.paper,
                first=one.first,
                last=one.last,
                by={one.cue: _strength(one, often.get(one.paper.key, 0))},
            )
            for one in found
        ]

    def _by_title(self, tokens: Sequence[Token]) -> list[_Naming]:
        said = [(stem, place) for place, token in enumerate(tokens) for stem in telling(token.text)]
        stems = [stem for stem, _ in said]
        places: dict[str, list[int]] = {}
        for number, stem in enumerate(stems):
            places.setdefault(stem, []).append(number)
        return [
            _Naming(paper=paper, first=said[a][1], last=said[b][1], by={"title words": strength})
            for paper, title in self._titles
            for a, b, strength in _titles_in(title, stems, places)
        ]

    def _by_authors(
        self,
        tokens: Sequence[Token],
        authors: Mapping[str, list[tuple[int, str, bool]]],
        years: Mapping[int, int],
    ) -> list[_Naming]:
        """Papers named by nothing but who wrote them and when; several of one year share it."""
        made = []
        for key, hits in authors.items():
            for place, _, _ in hits:
                near = [hit for hit in hits if abs(hit[0] - place) <= PAPER_WITHIN]
                at = [hit[0] for hit in near]
                one = _Naming(paper=self._papers[key], first=min(at), last=max(at))
                one.by["authors"] = _authors_strength(near)
                year = _year_near(one, years)
                if year:
                    one.by["year"] = YEAR_OF_AUTHOR
                if year or one.by["authors"] == TWO_AUTHORS:
                    _add_paper_words(one, tokens)
                    made.append(one)
        shared: dict[int, set[str]] = {}
        for one in made:
            shared.setdefault(one.first, set()).add(one.paper.key)
        for one in made:
            one.by = {cue: by / len(shared[one.first]) for cue, by in one.by.items()}
        return made


def together(found: Iterable[Mention], *, within_ms: int = TOGETHER_MS) -> list[Mention]:
    """Namings of one paper that follow closely, as one mention with the surest words."""
    made: list[Mention] = []
    latest: dict[str, int] = {}
    for one in sorted(found, key=lambda mention: mention.start_ms):
        before = latest.get(one.paper)
        if before is None or one.start_ms - made[before].end_ms > within_ms:
            latest[one.paper] = len(made)
            made.append(one)
            continue
        first = made[before]
        surer = one if one.confidence > first.confidence else first
        made[before] = replace(
            surer,
            start_ms=surer.start_ms,
            end_ms=max(first.end_ms, one.end_ms),
            cues=tuple(dict.fromkeys((*first.cues, *one.cues))),
        )
    return made


def _is_plain(one: NamedAt) -> bool:
    return one.name is not None and one.name.plain


def _strength(one: NamedAt, often: int) -> float:
    if one.name is None:
        return IDS
    if one.name.plain:
        plain = PLAIN_BY_WORDS[min(one.name.words, max(PLAIN_BY_WORDS))]
        alone = plain / 2 if often > OFTEN else plain
    else:
        alone = OWN_WORD if len(one.name.letters) > 3 else OWN_LETTERS
    return (alone if one.exact else min(alone, MISHEARD)) / one.shared


def _titles_in(
    title: Sequence[str], stems: Sequence[str], places: Mapping[str, Sequence[int]]
) -> list[tuple[int, int, float]]:
    """(first, last, strength) of each place where the title's words follow one another."""
    here = [stem for stem in title if stem in places]
    if len(set(here)) < max(3, math.ceil(PART_FROM * len(title))):
        return []
    rare = min(here, key=lambda stem: len(places[stem]))
    at = title.index(rare)
    weights = {stem: 1 / (1 + math.log1p(len(places.get(stem, ()))) / 3) for stem in title}
    found: list[tuple[int, int, float]] = []
    for place in places[rare]:
        start = max(0, place - at - 2)
        window = stems[start : place + len(title) - at + 2]
        blocks = SequenceMatcher(None, title, window, autojunk=False).get_matching_blocks()[:-1]
        words = [title[n] for block in blocks for n in range(block.a, block.a + block.size)]
        covered = sum(weights[one] for one in words) / sum(weights[one] for one in title)
        if len(words) >= 3 and covered >= PART_FROM:
            whole = TITLE_BY_WORDS[min(len(words), max(TITLE_BY_WORDS))]
            strength = whole if covered >= WHOLE_FROM else PART_OF_TITLE
            last = blocks[-1]
            found.append((start + blocks[0].b, start + last.b + last.size - 1, strength))
    return found


def _support(
    one: _Naming,
    tokens: Sequence[Token],
    authors: Mapping[str, list[tuple[int, str, bool]]],
    years: Mapping[int, int],
) -> None:
    near = [
        hit
        for hit in authors.get(one.paper.key, ())
        if one.first - AUTHORS_WITHIN <= hit[0] <= one.last + AUTHORS_WITHIN
    ]
    if near:
        one.by["authors"] = _authors_strength(near)
    if _year_near(one, years):
        one.by["year"] = YEAR
    _add_paper_words(one, tokens)


def _authors_strength(near: Sequence[tuple[int, str, bool]]) -> float:
    if len({surname for _, surname, _ in near}) > 1:
        return TWO_AUTHORS
    return FULL_NAME if any(whole for _, _, whole in near) else SURNAME


def _year_near(one: _Naming, years: Mapping[int, int]) -> bool:
    return any(
        year == one.paper.year and one.first - YEAR_WITHIN <= place <= one.last + YEAR_WITHIN
        for place, year in years.items()
    )


def _add_paper_words(one: _Naming, tokens: Sequence[Token]) -> None:
    """Whether it is called a paper, beside its name or near it."""
    near = {
        place: tokens[place].letters
        for place in range(
            max(0, one.first - PAPER_WITHIN), min(len(tokens), one.last + PAPER_WITHIN + 1)
        )
        if not one.first <= place <= one.last
    }
    at = [place for place, word in near.items() if word in PAPER_WORDS]
    if any(one.first - BESIDE_WITHIN <= place < one.first for place in at):
        one.by["called a paper"] = PAPER_BEFORE
    elif any(place <= one.last + 1 for place in at if place > one.last):
        one.by["called a paper"] = PAPER_AFTER
    elif any(word in PAPER_WORDS or word in WORK_WORDS for word in near.values()):
        one.by["called a paper"] = PAPER_NEAR


def _without_doubles(named: Iterable[_Naming]) -> list[_Naming]:
    """The surest naming of each paper at each place, with the cues of all that overlap it."""
    kept: list[_Naming] = []
    latest: dict[str, _Naming] = {}
    for one in sorted(named, key=lambda naming: (naming.first, -naming.confidence)):
        before = latest.get(one.paper.key)
        if before is not None and one.first <= before.last:
            before.last = max(before.last, one.last)
            for cue, by in one.by.items():
                before.by[cue] = max(by, before.by.get(cue, 0.0))
            continue
        latest[one.paper.key] = one
        kept.append(one)
    return kept


def _mention(one: _Naming, tokens: Sequence[Token]) -> Mention:
    first, last = _around(tokens, one.first, one.last)
    return Mention(
        paper=one.paper.key,
        start_ms=tokens[one.first].start_ms,
        end_ms=max(token.end_ms for token in tokens[one.first : one.last + 1]),
        said=" ".join(token.text for token in tokens[one.first : one.last + 1]).rstrip(".,;:?!"),
        text=" ".join(token.text for token in tokens[first : last + 1]),
        cues=tuple(sorted(one.by, key=lambda cue: (-one.by[cue], cue))),
        confidence=round(one.confidence, 3),
    )


def _around(tokens: Sequence[Token], first: int, last: int) -> tuple[int, int]:
    """The sentence around some words, or as much of it as is read at a glance."""
    start, end = first, last
    while start > 0 and first - start < AROUND_WORDS and not tokens[start - 1].ends_sentence:
        start -= 1
    while end + 1 < len(tokens) and end - last < AROUND_WORDS and not tokens[end].ends_sentence:
        end += 1
    return start, end
