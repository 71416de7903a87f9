"""Questions whose answers are known, asked of a snapshot before anybody else may ask it.

Invariant: whatever was built wrongly in a way that checksums cannot tell (rows and vectors that do
not belong together, a term index without its passages, a scan that misses) is found on a sample of
passages and on what staff named.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from index import snapshot
from index.contract import SearchRequest
from index.dense import DenseLeg
from index.encoders import Encoder, Vectors
from index.errors import CanaryFailed, InvalidQuery
from index.parts import TERMS_FOLDER, parts_of
from index.passage import Passage
from index.query import parse
from index.searcher import Searcher
from index.terms import Restriction, TermsLeg, stem

SAMPLE = 8
NEWEST = 4
"""Rows that are asked for: some from everywhere, and the last ones."""
FIRST = 10
_PASSAGES_OF_FIRST = 100
_LIKE_ITSELF = 0.85  # a passage's vector has a part of its surroundings
_EQUAL = 1e-3
_RAREST = 3
_HITS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """A query that must find a talk or paper among the first ten."""

    query: str
    owner_id: str


def read_canaries(file: Path) -> tuple[Canary, ...]:
    """What staff wrote down; nothing when there is no such file.

    Raises: CanaryFailed, when the file cannot be read.
    """
    try:
        listed = tomllib.loads(file.read_text(encoding="utf-8")).get("canary", [])
        return tuple(Canary(query=one["query"], owner_id=one["finds"]) for one in listed)
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as problem:
        raise CanaryFailed(
            str(file), f"is not a list of [[canary]] with `query` and `finds` ({problem})"
        ) from problem


def ask(
    root: Path, generation: str, encoder: Encoder, named: Sequence[Canary] = ()
) -> list[Canary]:
    """Ask a generation that was just built; what was not asked, because what it finds is not there.

    Raises: CanaryFailed, naming the first that did.
    """
    asked = _Asked(root, generation, encoder)
    asked.sample()
    return [canary for canary in named if not asked.staffs(canary)]


class _Asked:
    """One generation and its parts, opened to be asked."""

    def __init__(self, root: Path, generation: str, encoder: Encoder) -> None:
        manifest = snapshot.read_manifest(root, generation)
        folder = root / generation
        self._generation = generation
        self._encoder = encoder
        self._rows = snapshot.rows_of(folder, manifest)
        self._dense = DenseLeg(parts_of(folder), live=self._rows.live)
        self._terms = TermsLeg(folder / TERMS_FOLDER)
        self._folder = folder

    @cached_property
    def _searcher(self) -> Searcher:
        return Searcher(self._folder, self._generation, self._encoder)

    def sample(self) -> None:
        """Ask for some passages by themselves: their text, their vector, their rarest words."""
        numbers = self._rows.numbers()
        spread = np.linspace(0, len(numbers) - 1, num=min(SAMPLE, len(numbers))).astype(int)
        chosen = sorted({*(numbers[place] for place in spread), *numbers[-NEWEST:]})
        passages = [self._rows.passage(row) for row in chosen]
        encoded = self._encoder.encode_passages([one.encoded_text for one in passages])
        for row, passage, vector in zip(chosen, passages, encoded, strict=True):
            if float(vector @ self._vector(row)) < _LIKE_ITSELF:
                raise self._failed(passage.text, f"passage {passage.id} has another vector")
            self._by_vector(row, passage)
            self._by_words(row, passage)

    def staffs(self, canary: Canary) -> bool:
        """Ask what staff want answered; whether it could be: what it finds is in the snapshot."""
        if canary.owner_id not in self._rows.living():
            return False
        request = SearchRequest(text=canary.query, limit=_PASSAGES_OF_FIRST)
        try:
            hits = self._searcher.search(request).hits
        except InvalidQuery as problem:
            raise CanaryFailed(canary.query, str(problem)) from problem
        first = list(dict.fromkeys(hit.owner_id for hit in hits))[:FIRST]
        if canary.owner_id not in first:
            raise self._failed(canary.query, f"{canary.owner_id} is not among the first {FIRST}")
        return True

    def _vector(self, row: int) -> Vectors:
        found: Vectors = self._dense.of(np.array([row]))[0]
        return found

    def _by_vector(self, row: int, passage: Passage) -> None:
        found, cosines = self._dense.search(self._vector(row), _HITS)
        if row not in found[cosines > 1 - _EQUAL] and cosines[-1] <= 1 - _EQUAL:
            raise self._failed(passage.text, f"passage {passage.id} does not find itself")

    def _by_words(self, row: int, passage: Passage) -> None:
        known = {word: self._terms.frequency(word) for word in passage.text.split() if stem(word)}
        rarest = sorted(known, key=lambda word: (known[word], word))[:_RAREST]
        if not rarest:
            return
        query, owner = " ".join(rarest).replace('"', " "), int(self._rows.owner_of[row])
        found = self._terms.search(parse(query), _HITS, Restriction(owners=(owner,)))
        if row not in found.rows and len(found.rows) < _HITS:
            raise self._failed(query, f"passage {passage.id} is not found by its own words")

    def _failed(self, query: str, detail: str) -> CanaryFailed:
        return CanaryFailed(query, f"in snapshot {self._generation} {detail}")
