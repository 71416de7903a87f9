"""The names and terms that a talk is likely to say, out of what the archive knows of it.

The most useful come first, because an engine's prompt is short: who speaks, then title, abstract
and series, then the linked papers.  Words that every speech model knows are left out; a word is
rare when the model spells it in several pieces.  Invariant: the same knowledge gives the same list,
and a capital letter in a term means a name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from index.prose import sections, sentence_spans
from index.stopwords import STOP_WORDS
from ingest.engines import HOTWORD_TOKENS, fitting

Pieces = Callable[[str], int]
"""In how many pieces the model spells a word; one for the words that it knows best."""

MOST_TERMS = 120
RARE = 2
VERY_RARE = 3
FEWEST_LETTERS = 3
OFTEN = 3
"""How often the pages of a paper must say a rare word for it to be characteristic."""
WORDS_PER_TIME = 1_000
"""Once is enough on a single page, twice on three."""
FROM_PAGES = 40

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
POSSESSIVE = re.compile(r"['’]s?$")
JOINED = re.compile(r"\b[A-Z][^\W\d_]+(?:[-–][A-Z][^\W\d_]+)+\b")
PAIR = re.compile(r"\b([A-Z][^\W\d_]+) (and|&) (?=([A-Z][^\W\d_]+))")
INSIDE = re.compile(r"(?<![.?!:] )(?<!^)\b[A-Z][^\W\d_]*", re.MULTILINE)
SENTENCE_END = re.compile(r"(?<=[.?!])\s+")
IN_BRACKETS = re.compile(r"\([^)]*\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperSource:
    """What is known of a paper that is linked to a talk."""

    title: str
    authors: tuple[str, ...] = ()
    abstract: str = ""
    pages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkSource:
    """What is known of a talk before it was heard."""

    title: str
    speakers: tuple[str, ...] = ()
    series: str = ""
    abstract: str = ""
    papers: tuple[PaperSource, ...] = ()


def sentences_about(talk: TalkSource, pieces: Pieces) -> tuple[str, ...]:
    """The title and the first sentences of the abstract: the tone in which the talk is announced.

    Together they leave half of an engine's prompt to the terms.
    """
    sentences = [talk.title, *SENTENCE_END.split(talk.abstract)]
    whole = [s if s.endswith((".", "?", "!")) else f"{s}." for s in map(_plain, sentences) if s]
    lengths = [sum(pieces(word) for word in sentence.split()) for sentence in whole]
    return tuple(fitting(whole, lengths, room=HOTWORD_TOKENS // 2))


def vocabulary(talk: TalkSource, pieces: Pieces) -> tuple[str, ...]:
    """The likely names and terms, the most useful first."""
    prose = [talk.abstract, *(paper.abstract for paper in talk.papers)]
    pages = ["\n".join(paper.pages) for paper in talk.papers]
    spelling = _Spelling.of([*prose, *pages], pieces)
    terms = [
        *_people(talk.speakers, pieces),
        *_terms(talk.title, spelling),
        *_terms(talk.abstract, spelling),
        *_terms(talk.series, spelling),
        *(term for paper in talk.papers for term in _terms(paper.title, spelling)),
        *(term for paper in talk.papers for term in _terms(paper.abstract, spelling)),
        *(term for paper in talk.papers for term in _people(paper.authors, pieces)),
        *(term for paper in talk.papers for term in _from_pages(paper, spelling)),
    ]
    once: dict[str, str] = {}
    for term in terms:
        once.setdefault(term.lower(), term)
    return tuple(once.values())[:MOST_TERMS]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spelling:
    """Which words are rare, and which of them are names."""

    pieces: Pieces
    names: frozenset[str]
    in_lower_case: frozenset[str]

    @classmethod
    def of(cls, texts: Iterable[str], pieces: Pieces) -> _Spelling:
        names: set[str] = set()
        lower: set[str] = set()
        for text in texts:
            names.update(INSIDE.findall(text))
            lower.update(word for word in _words(text) if word.islower())
        return cls(pieces=pieces, names=frozenset(names), in_lower_case=frozenset(lower))

    def rare(self, word: str) -> bool:
        plain = word.lower()
        return (
            len(word) >= FEWEST_LETTERS
            and plain not in STOP_WORDS
            and RARE <= self.pieces(plain) <= len(word) / 2
        )

    def written(self, word: str) -> str:
        """A name with its capital, any other word without."""
        plain = word.lower()
        if plain in self.in_lower_case or word.isupper():
            return plain if plain in self.in_lower_case else word
        return word if word in self.names or self.pieces(plain) >= VERY_RARE else plain


def _people(people: Iterable[str], pieces: Pieces) -> Iterator[str]:
    for person in people:
        parts = WORD.findall(IN_BRACKETS.sub(" ", person))
        if len(parts) > 1:
            yield " ".join(parts)
        yield from (p for p in parts if len(p) >= FEWEST_LETTERS and pieces(p.lower()) >= RARE)


def _terms(text: str, spelling: _Spelling) -> Iterator[str]:
    """Names joined by a hyphen or an "and", then rare words, names and frequent ones first."""
    rare = [word for word in _words(text) if spelling.rare(word)]
    kept = {word.lower() for word in rare}
    for term in [*JOINED.findall(text), *(f"{a} {link} {b}" for a, link, b in PAIR.findall(text))]:
        words = {word.lower() for word in _words(term)}
        if words & kept and not words & spelling.in_lower_case - STOP_WORDS:
            yield term
    often = Counter(word.lower() for word in rare)
    written = [spelling.written(word) for word in rare]
    yield from sorted(written, key=lambda w: (w.islower(), -often[w.lower()]))


def _from_pages(paper: PaperSource, spelling: _Spelling) -> Iterator[str]:
    """Terms of the headings, then the rare words that the pages say most."""
    found = sections(list(enumerate(paper.pages, start=1)))
    yield from (term for one in found for term in _terms(one.title or "", spelling))
    said = Counter(
        spelling.written(word)
        for one in found
        for _, sentence in sentence_spans(one.lines)
        for word in _words(sentence)
    )
    often = min(OFTEN, 1 + said.total() // WORDS_PER_TIME)
    most = ((word, times) for word, times in said.most_common() if spelling.rare(word))
    yield from [word for word, times in most if times >= often][:FROM_PAGES]


def _plain(text: str) -> str:
    return " ".join(text.split())


def _words(text: str) -> list[str]:
    return [POSSESSIVE.sub("", word) for word in WORD.findall(text)]
