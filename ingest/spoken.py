"""Words of a transcript as names of papers and people: joined, misheard, and years in words.

Pure.  Invariant: every word of every line is one token, in order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from catalog.captions import Line
from index.sounds import sounds
from ingest.naming import (
    FEWEST_SURNAME_LETTERS,
    KnownPaper,
    Name,
    folded,
    short_names,
    surnames,
)

AUTHORS_WITHIN = 25
MOST_JOINED = 5
SOUND_LETTERS, SOUND_KEY = 6, 4
"""How long a name must be, as it is spelled and as it sounds, to be known by its sound."""
ALIKE = 0.6
SIZE = re.compile(r"(?<=[^\W\d])-\d+$")
"""The layers of a network, as in ResNet-101; no part of its name."""
ENDINGS = ("s", "net", "nets", "network", "networks")
LETTERS_HEARD = {"are": "r", "see": "c", "queue": "q", "cue": "q", "why": "y", "tea": "t"}
ARXIV = re.compile(r"(?<!\d)(\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?/\d{7})(?:v\d+)?(?!\d)", re.I)
DOI = re.compile(r"\b10\.\d{4,9}/[^\s\"<>]+", re.I)
_TENS = {
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15,
    "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30,
    "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_ONES = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9,
}  # fmt: skip
_ENDS = (".", "?", "!", "…", "。", "？", "！")


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A word of a talk and when it is said; `letters` is how names are looked up."""

    text: str
    letters: str
    start_ms: int
    end_ms: int

    @property
    def ends_sentence(self) -> bool:
        """Whether a sentence ends with it."""
        return self.text.rstrip("\"'”’)]").endswith(_ENDS) and self.letters not in {"al", "eg"}


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedAt:
    """A name of a paper in some words; `shared` by how many papers, no name where it is an id."""

    paper: KnownPaper
    name: Name | None
    first: int
    last: int
    cue: str
    exact: bool = True
    shared: int = 1


class Names:
    """The short names, ids and authors of papers, to be looked up in talks."""

    def __init__(self, papers: Sequence[KnownPaper]) -> None:
        self._by_letters: dict[str, list[tuple[KnownPaper, Name]]] = {}
        self._by_sound: dict[str, list[tuple[KnownPaper, Name]]] = {}
        self._by_id: dict[str, KnownPaper] = {}
        self._by_surname: dict[str, list[tuple[KnownPaper, str]]] = {}
        for paper in papers:
            for name in short_names(paper):
                self._by_letters.setdefault(name.letters, []).append((paper, name))
                key = sounds(name.letters)
                if not name.plain and len(name.letters) >= SOUND_LETTERS and len(key) >= SOUND_KEY:
                    self._by_sound.setdefault(key, []).append((paper, name))
            for one in (paper.arxiv_key, paper.doi and paper.doi.lower()):
                if one:
                    self._by_id[one] = paper
            for first, last in surnames(paper):
                self._by_surname.setdefault(last, []).append((paper, first))

    def named(self, tokens: Sequence[Token]) -> list[NamedAt]:
        """Every id and short name, the longest where several begin or lie in the same words."""
        found = [one for place in range(len(tokens)) for one in self._at(tokens, place)]
        longest: list[NamedAt] = []
        end = -1
        for one in sorted(found, key=lambda hit: (hit.first, not hit.exact, -hit.last)):
            same = longest and (one.first, one.last) == (longest[-1].first, longest[-1].last)
            if one.first > end or (same and one.exact == longest[-1].exact):
                longest.append(one)
                end = one.last
        return longest

    def authors(
        self, tokens: Sequence[Token], speakers: Sequence[str]
    ) -> dict[str, list[tuple[int, str, bool]]]:
        """By the paper's key: (place, surname, whether the first name is said too)."""
        own = {folded(name.split()[-1]) for name in speakers if name.split()}
        found: dict[str, list[tuple[int, str, bool]]] = {}
        for place, token in enumerate(tokens):
            if not token.text[:1].isupper() or token.letters in own:
                continue
            before = tokens[place - 1].letters if place else ""
            for surname in self._surnames_like(token.letters):
                for paper, first in self._by_surname[surname]:
                    whole = len(first) > 1 and before == first
                    if whole or len(surname) >= FEWEST_SURNAME_LETTERS:
                        found.setdefault(paper.key, []).append((place, surname, whole))
        return found

    def _surnames_like(self, letters: str) -> Iterator[str]:
        if letters in self._by_surname:
            yield letters
        elif len(letters) > SOUND_LETTERS:
            key = sounds(letters)
            yield from (
                one
                for one in self._by_surname
                if len(one) > SOUND_LETTERS and one[0] == letters[0] and sounds(one) == key
            )

    def _at(self, tokens: Sequence[Token], place: int) -> Iterator[NamedAt]:
        """What begins at a place."""
        yield from self._ids_at(tokens[place], place)
        for count in range(1, min(MOST_JOINED, len(tokens) - place) + 1):
            part = tokens[place : place + count]
            if not part[-1].letters or not part[0].letters:
                continue
            if hits := self._called("".join(token.letters for token in part)):
                yield from _hits(hits, place, count, exact=True)
            elif hits := self._heard(part):
                yield from _hits(hits, place, count, exact=False)
            if part[-1].ends_sentence:
                return

    def _ids_at(self, token: Token, place: int) -> Iterator[NamedAt]:
        for pattern, cue in ((ARXIV, "arXiv id"), (DOI, "DOI")):
            for match in pattern.finditer(token.text):
                said = match.group(1) if cue == "arXiv id" else match.group().rstrip(".,;)")
                if paper := self._by_id.get(said.lower()):
                    yield NamedAt(paper=paper, name=None, first=place, last=place, cue=cue)

    def _called(self, letters: str) -> list[tuple[KnownPaper, Name]]:
        if hits := self._by_letters.get(letters):
            return hits
        for ending in ENDINGS:
            bare = letters.removesuffix(ending)
            if bare != letters and (hits := self._by_letters.get(bare)):
                return [hit for hit in hits if ending == "s" or not hit[1].plain]
        return []

    def _heard(self, part: Sequence[Token]) -> list[tuple[KnownPaper, Name]]:
        """Names that sound like these words, or are spelled by letters that were heard as words."""
        letters = "".join(token.letters for token in part)
        spelled = "".join(LETTERS_HEARD.get(token.letters, token.letters) for token in part)
        if spelled != letters and len(part) > 1 and (hits := self._by_letters.get(spelled)):
            return [hit for hit in hits if not hit[1].plain]
        if len(letters) < SOUND_LETTERS:
            return []
        return [
            (paper, name)
            for paper, name in self._by_sound.get(sounds(letters), ())
            if name.letters[0] == letters[0] and _likeness(name.letters, letters) >= ALIKE
        ]


def tokens_of(lines: Sequence[Line]) -> list[Token]:
    """The words of a talk in order; those of a line without timed words share its time."""
    return [token for line in lines for token in _tokens(line)]


def years_of(tokens: Sequence[Token]) -> Mapping[int, int]:
    """Years by the place of their first word: 2017, "twenty seventeen", "two thousand twelve"."""
    found: dict[int, int] = {}
    words = [token.text.strip(".,;:?!()").lower() for token in tokens]
    for place, word in enumerate(words):
        if re.fullmatch(r"(19|20)\d\d", word):
            found[place] = int(word)
        elif year := _year_in_words(words[place : place + 5]):
            found[place] = year
    return found


def _year_in_words(words: Sequence[str]) -> int | None:
    plain = [part for word in words for part in word.split("-") if part != "and"]
    if plain[:2] == ["two", "thousand"]:
        return 2000 + (_small(plain[2:4]) or 0)
    if plain[:1] in (["nineteen"], ["twenty"]) and (rest := _small(plain[1:3])) and rest >= 10:
        return 100 * _TENS[plain[0]] + rest
    return None


def _small(words: Sequence[str]) -> int | None:
    """A number below a hundred at the beginning of some words."""
    if not words:
        return None
    tens = _TENS.get(words[0])
    if tens is None:
        return _ONES.get(words[0])
    return tens + (_ONES.get(words[1], 0) if tens >= 20 and len(words) > 1 else 0)


def _hits(
    hits: Sequence[tuple[KnownPaper, Name]], place: int, count: int, *, exact: bool
) -> Iterator[NamedAt]:
    for paper, name in hits:
        yield NamedAt(
            paper=paper,
            name=name,
            first=place,
            last=place + count - 1,
            cue="name" if exact else "sounds like its name",
            exact=exact,
            shared=len(hits),
        )


def _tokens(line: Line) -> Iterator[Token]:
    timed = [word for word in line.words if word.text.strip()]
    if timed:
        spans = [(word.text.strip(), word.start_ms, word.end_ms) for word in timed]
    else:
        texts = line.text.split()
        step = (line.end_ms - line.start_ms) / max(1, len(texts))
        spans = [
            (text, round(line.start_ms + n * step), round(line.start_ms + (n + 1) * step))
            for n, text in enumerate(texts)
        ]
    for text, start_ms, end_ms in spans:
        yield Token(text=text, letters=_letters(text), start_ms=start_ms, end_ms=end_ms)


def _letters(text: str) -> str:
    return folded(SIZE.sub("", text.rstrip(".,;:?!)")))


def _likeness(one: str, other: str) -> float:
    from rapidfuzz.distance import OSA

    return OSA.normalized_similarity(one, other)
