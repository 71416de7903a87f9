"""What a paper may be called when people speak or write of it: ids, nicknames, title, authors.

Pure.  Invariant: a name that is an ordinary word or phrase is marked as plain, so that it counts
only beside other cues.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from index.stopwords import STOP_WORDS

MOST_HEAD_WORDS = 4
MOST_SHORT_WORDS = 3
FEWEST_NAME_LETTERS = 3
FEWEST_SURNAME_LETTERS = 4
FEWEST_TITLE_WORDS = 3
"""Content words of a title below which it is no more than a phrase."""

_HEAD_ENDS = re.compile(r"\s*[:,;?!–—]\s*|\s-+\s")
_WORD = re.compile(r"\w+")
_VERSION = re.compile(r"v\d+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPaper:
    """What is known of a paper of the archive; `key` is what a mention calls it by."""

    key: str
    title: str
    labels: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    year: int | None = None
    arxiv_id: str | None = None
    doi: str | None = None

    @property
    def arxiv_key(self) -> str | None:
        """The arXiv id without its version."""
        return _VERSION.sub("", self.arxiv_id.lower()) if self.arxiv_id else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A short name; `letters` is how it is looked up, `plain` that it is ordinary words."""

    letters: str
    words: int
    plain: bool


def folded(text: str) -> str:
    """Letters and digits only, in lower case and without accents; a possessive is no part."""
    bare = re.sub(r"['’]s$", "", text.strip().rstrip('.,;:?!)"”'))
    plain = unicodedata.normalize("NFKD", bare.casefold().replace("+", "plus"))
    return "".join(c for c in plain if c.isalnum())


def short_names(paper: KnownPaper) -> tuple[Name, ...]:
    """Its nicknames, the head of its title, half of one with "and", and a title that is short."""
    head = _HEAD_ENDS.split(paper.title, maxsplit=1)[0]
    said = [*paper.labels]
    if head != paper.title and len(head.split()) <= MOST_HEAD_WORDS:
        said.append(head)
    first, parted, _ = head.partition(" and ")
    if parted and 2 <= len(first.split()) <= MOST_HEAD_WORDS:
        said.append(first)
    if len(paper.title.split()) <= MOST_SHORT_WORDS:
        said.append(paper.title)
    names = {name.letters: name for text in said if (name := _name(text))}
    return tuple(names.values())


def title_stems(paper: KnownPaper) -> tuple[tuple[str, ...], ...]:
    """The telling words of the title, and of its part after a colon, as stems."""
    parts = [paper.title, *re.split(r":\s+", paper.title, maxsplit=1)[1:]]
    stems = (tuple(telling(part)) for part in parts)
    return tuple(dict.fromkeys(one for one in stems if len(one) >= FEWEST_TITLE_WORDS))


def telling(text: str) -> Iterator[str]:
    """Stems of the words of a text that say something, in order."""
    for word in _WORD.findall(text):
        if word.casefold() not in STOP_WORDS and (found := stemmed(word)):
            yield found


@lru_cache(maxsize=50_000)
def stemmed(word: str) -> str:
    """A word's stem as the index has it; empty for what is no word."""
    from index.terms import stem

    return "".join(stem(word.casefold()))


def surnames(paper: KnownPaper) -> tuple[tuple[str, str], ...]:
    """(first name, surname) of the authors that can be known by their surname, in lower case."""
    parts = [one.replace(".", " ").split() for one in paper.authors]
    pairs = [(folded(part[0]), folded(part[-1])) for part in parts if part]
    return tuple((first, last) for first, last in pairs if len(last) >= 2)


def _name(text: str) -> Name | None:
    letters = folded("".join(text.split()))
    if len(letters) < FEWEST_NAME_LETTERS or letters in STOP_WORDS:
        return None
    return Name(letters=letters, words=len(text.split()), plain=not _is_own_word(text))


def _is_own_word(text: str) -> bool:
    """Whether a name has a word that is in no dictionary: AlexNet, YOLO, R-CNN, word2vec."""
    words = text.split()
    if len(words) > 1 and text.isupper():
        return False
    return any(
        any(c.isupper() for c in word[1:].split("-")[0])
        or any(c.isdigit() for c in word)
        or bool(re.search(r"\b[A-Z]-|-[A-Z]{2}", word))
        for word in words
    )
