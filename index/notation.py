"""One spelling for each notation: norms, Greek letters, LaTeX, and a table that staff extend.

Invariant: passages and queries are normalised by the same function and the same table; a snapshot
carries the table that it was built with, and is searched by that one.  Normalising twice changes
no stem any more, and no phrase is broken: short forms stand after the text.
"""

import hashlib
import json
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from index.errors import BadNotation
from index.prose import clean

NORMALISER_VERSION = "2"
PACKAGED = Path(__file__).with_name("notation.toml")
SECTIONS = ("abbreviations", "spellings")
MOST_ENTRIES = 5_000
MOST_BYTES = 1 << 20

_ORDER = {"zero": "0", "one": "1", "two": "2", "inf": "infinity", "infty": "infinity"}
_NORM = re.compile(
    r"(?<![\w\\])\\?(?:ell|l)[\s_^\-]{0,2}[{(]?\\?(0|1|2|p|q|zero|one|two|infinity|infty|inf)[)}]?(?!\w)"
)
_MAY_BE_NORM = re.compile(r"(?:ell|\bl)[\s_^\-{(\\\d]")
_IS_NORM = re.compile(r"l(0|1|2|p|q|infinity)")
_SPOKEN = {"0": "zero", "1": "one", "2": "two"}
_LATEX_WORD = re.compile(r"\\([a-zA-Z]+)")
_FORMATTING = re.compile(
    r"math(?:bb|cal|bf|rm|sf)|text(?:bf|it)?|operatorname|left|right|bigg?[lr]?|begin|end|frac|sqrt|"
    r"cdot|quad|qquad|hat|tilde|bar|vec"
)
_SYMBOL = re.compile("[∞∇∂∑∏∫]")
_SYMBOLS = {
    "∞": " infinity ",
    "∇": " nabla ",
    "∂": " partial ",
    "∑": " sum ",
    "∏": " product ",
    "∫": " integral ",
}
_GREEK = re.compile("(?<![\u0370-\u03ff])[\u03b1-\u03c9\u03d5](?![\u0370-\u03ff])")
_WORD = re.compile(r"[^\W_]+")
_GAP = r"[\s\-–—._/^(]{1,3}"

Table = Mapping[str, tuple[str, ...]]


class Notation:
    """A table of short forms and spellings, ready to be found in text; immutable."""

    def __init__(self, *, abbreviations: Table, spellings: Table) -> None:
        """See `packaged` and `read`; forms are normalised, so that they fit normalised text."""
        self._tables = {"abbreviations": abbreviations, "spellings": spellings}
        self._long = _Forms(
            (long, plain(short)) for short, forms in abbreviations.items() for long in forms
        )
        self._spelled = _Forms(
            (other, " ".join(_words(first)))
            for first, forms in spellings.items()
            for other in forms
        )
        self._others = _others(abbreviations)
        self._words = frozenset(
            word
            for table in self._tables.values()
            for key, forms in table.items()
            for form in (key, *forms)
            for word in _words(form)
        )

    @property
    def digest(self) -> str:
        """What the table and the rules about it are, as one short hash."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]

    def normalised(self, text: str) -> str:
        """Lower-cased text with one spelling for each notation."""
        return self._spelled.replaced(plain(text))

    def with_short_forms(self, normal: str) -> str:
        """Normalised text, then the short forms of what it spells out, each once."""
        short = dict.fromkeys(value for _, _, value in self._long.found(normal))
        return " ".join([normal, *short]) if short else normal

    def other_forms(self, normal: str) -> tuple[str, ...]:
        """What the words of a normalised query are also written as, for marking them in a text."""
        words = dict.fromkeys(_words(normal))
        said = (
            form for word in words for form in (*self._others.get(word, ()), *_norm_forms(word))
        )
        return (*said, *self._spelled.forms_in(normal))

    def has(self, word: str) -> bool:
        """Whether a word in lower case stands in the table, alone or in a form."""
        return word in self._words

    def to_json(self) -> str:
        """The table as a snapshot keeps it."""
        body = {"version": NORMALISER_VERSION, **self._tables}
        return json.dumps(body, sort_keys=True, ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Notation":
        """The table of a snapshot that was verified.  Raises: ValueError for another format."""
        body = json.loads(text)
        if not isinstance(body, dict) or body.pop("version", None) != NORMALISER_VERSION:
            raise ValueError("the notation is of another version")
        tables = {
            name: {key: tuple(forms) for key, forms in body[name].items()} for name in SECTIONS
        }
        return cls(**tables)


@cache
def packaged() -> Notation:
    """The notation that every archive knows."""
    return Notation(**_tables(PACKAGED))


def read(extension: Path) -> Notation:
    """The packaged notation with an archive's own; without such a file, the packaged one.

    Raises: BadNotation, naming the line or the entry.
    """
    if not extension.exists():
        return packaged()
    known, added = _tables(PACKAGED), _tables(extension)
    merged = {name: _merged(known[name], added[name]) for name in SECTIONS}
    _check_spellings(extension, merged["spellings"])
    return Notation(**merged)


def plain(text: str) -> str:
    """Lower-cased text with norms, Greek letters and LaTeX in one spelling; knows no table."""
    normal = clean(text)
    if normal.isascii():
        normal = normal.lower()
    else:
        normal = unicodedata.normalize("NFKC", normal).lower()
        normal = _SYMBOL.sub(lambda match: _SYMBOLS[match[0]], normal)
        normal = _GREEK.sub(_letter_name, normal)
    if _MAY_BE_NORM.search(normal):
        normal = _NORM.sub(lambda match: f" l{_ORDER.get(match[1], match[1])} ", normal)
    if "\\" in normal:
        normal = _LATEX_WORD.sub(
            lambda match: " " if _FORMATTING.fullmatch(match[1]) else f" {match[1]} ", normal
        )
    return " ".join(normal.split())


class _Forms:
    """Forms of one or more words, each with a value; quick where a text has none of them."""

    def __init__(self, forms: Iterable[tuple[str, str]]) -> None:
        by_first: dict[str, dict[tuple[str, ...], str]] = {}
        for form, value in forms:
            first, *rest = _words(form)
            by_first.setdefault(first, {})[tuple(rest)] = value
        self._patterns = {first: _pattern(first, rests) for first, rests in by_first.items()}
        self._firsts = frozenset(by_first)
        self._forms = tuple(
            (value, " ".join((first, *rest)))
            for first, rests in by_first.items()
            for rest, value in rests.items()
        )

    def found(self, text: str) -> list[tuple[int, int, str]]:
        """Where forms stand in normalised text and their values; the longest at each place."""
        firsts = self._firsts.intersection(_WORD.findall(text)) if self._firsts else ()
        hits = [
            (match.start(), match.end(), values[(match.lastindex or 1) - 1])
            for pattern, values in (self._patterns[first] for first in firsts)
            for match in pattern.finditer(text)
            if match.start() == 0 or not text[match.start() - 1].isalnum()
        ]
        return sorted(hits)

    def replaced(self, text: str) -> str:
        """The text with the value in the place of each form."""
        parts, at = [], 0
        for start, end, value in self.found(text):
            if start >= at:
                parts += [text[at:start], value]
                at = end
        return "".join([*parts, text[at:]]) if parts else text

    def forms_in(self, text: str) -> Iterator[str]:
        """The forms of every value that the text has."""
        spaced = f" {' '.join(_words(text))} "
        return (form for value, form in self._forms if f" {value} " in spaced)


def _pattern(
    first: str, rests: Mapping[tuple[str, ...], str]
) -> tuple[re.Pattern[str], tuple[str, ...]]:
    """Begins with a literal, which is what makes searching quick; one group for each form."""
    ordered = sorted(rests, key=lambda rest: -len(rest))
    groups = ("".join(_GAP + re.escape(word) for word in rest) for rest in ordered)
    found = re.escape(first) + "(?:" + "|".join(f"({group})" for group in groups) + ")"
    return re.compile(found + r"(?:s|es)?(?!\w)"), tuple(rests[rest] for rest in ordered)


def _words(text: str) -> list[str]:
    return _WORD.findall(plain(text))


def _others(abbreviations: Table) -> dict[str, tuple[str, ...]]:
    """For each short form of one word, the long ones."""
    return {
        plain(short): tuple(" ".join(_words(form)) for form in forms)
        for short, forms in abbreviations.items()
    }


def _norm_forms(word: str) -> tuple[str, ...]:
    """How a norm is said: "ell two", "l 2"."""
    if not _IS_NORM.fullmatch(word):
        return ()
    order = word[1:]
    said = _SPOKEN.get(order, order)
    return (f"ell {said}", f"ell {order}", f"l {order}", f"l {said}")


def _letter_name(match: re.Match[str]) -> str:
    """A single Greek letter, as it is said and as LaTeX names it."""
    name = unicodedata.name(match[0], "").removeprefix("GREEK SMALL LETTER ").removeprefix("GREEK ")
    return f" {name.split()[-1].lower().replace('lamda', 'lambda')} " if name else match[0]


def _tables(file: Path) -> dict[str, dict[str, tuple[str, ...]]]:
    """The sections of a notation file.  Raises: BadNotation."""
    try:
        if file.stat().st_size > MOST_BYTES:
            raise BadNotation(file, f"it is larger than {MOST_BYTES} bytes")
        body = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as problem:  # a TOML error names its line
        raise BadNotation(file, str(problem)) from problem
    for name in body:
        if name not in SECTIONS:
            raise BadNotation(file, f"there is no section [{name}], only {' and '.join(SECTIONS)}")
    return {name: _section(file, name, body.get(name, {})) for name in SECTIONS}


def _section(file: Path, name: str, entries: Any) -> dict[str, tuple[str, ...]]:
    if not isinstance(entries, dict) or len(entries) > MOST_ENTRIES:
        raise BadNotation(file, f"[{name}] must hold at most {MOST_ENTRIES} lines like KL = [...]")
    return {key: _entry(file, f"[{name}] {key!r}", key, forms) for key, forms in entries.items()}


def _entry(file: Path, where: str, key: str, forms: Any) -> tuple[str, ...]:
    listed = [forms] if isinstance(forms, str) else forms
    if not isinstance(listed, list) or not all(isinstance(form, str) for form in listed):
        raise BadNotation(file, f"{where} must be a text or a list of texts")
    for form in (key, *listed):
        if not _words(form):
            raise BadNotation(file, f"{where}: {form!r} has neither letters nor digits")
    if any(_words(form) == _words(key) for form in listed):
        raise BadNotation(file, f"{where} stands for itself")
    return tuple(listed)


def _merged(
    known: Mapping[str, tuple[str, ...]], added: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """Both tables; what an archive adds to an entry stands beside the packaged forms."""
    merged = dict(known)
    for key, forms in added.items():
        merged[key] = tuple(dict.fromkeys((*known.get(key, ()), *forms))) if forms else ()
    return {key: forms for key, forms in merged.items() if forms}


def _check_spellings(file: Path, spellings: Mapping[str, tuple[str, ...]]) -> None:
    """Each spelling becomes one other, which stays as it is.  Raises: BadNotation."""
    firsts = {tuple(_words(first)) for first in spellings}
    owners: dict[tuple[str, ...], str] = {}
    for first, forms in spellings.items():
        for form in forms:
            words = tuple(_words(form))
            if words in firsts or owners.setdefault(words, first) != first:
                raise BadNotation(file, f"[spellings] {first!r}: {form!r} is in another entry too")
