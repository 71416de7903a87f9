"""What is asked of a search, and what it answers.

Invariant: everything in one answer comes from one generation; a leg that did not run is named.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

from index.filters import Filters
from index.passage import Kind, Passage
from index.query import ParsedQuery

Mode: TypeAlias = Literal["hybrid", "semantic", "keyword"]
Leg: TypeAlias = Literal["dense", "terms"]
FoundBy: TypeAlias = Literal["meaning", "words", "both"]

MODES: tuple[Mode, ...] = ("hybrid", "semantic", "keyword")
LEGS: tuple[Leg, ...] = ("dense", "terms")
OK, OFF = "ok", "off"
# Of the cosines between questions and any passage, 5 % are above this (MiniLM; two sets of 5,000
# and 9,000 passages).
MEANING_FLOOR = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """What to search for and where; a filter left at None lets everything through.

    `series` and `speaker` are compared without case, a speaker also by part of the name; `owner`
    is one talk or paper, `owners` are the only ones to look at; `candidates` is how many each leg
    proposes, `limit` None takes them all; with `exact` no word is put right.
    """

    text: str
    mode: Mode = "hybrid"
    kinds: tuple[Kind, ...] | None = None
    owner: str | None = None
    owners: frozenset[str] | None = None
    series: str | None = None
    speaker: str | None = None
    year: int | None = None
    exact: bool = False
    limit: int | None = 10
    candidates: int = 200

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ValueError(f"the mode is one of {MODES}, not {self.mode!r}")
        if self.candidates < 1 or (self.limit is not None and self.limit < 1):
            raise ValueError(f"limit and candidates begin at 1: {self.limit}, {self.candidates}")

    @property
    def filters(self) -> Filters:
        """Where hits may come from."""
        return Filters(
            kinds=self.kinds,
            owner=self.owner,
            owners=self.owners,
            series=self.series,
            speaker=self.speaker,
            year=self.year,
        )


class Hit(NamedTuple):
    """A passage that was found: its score in 0..1, and each leg's (None: not seen by that leg).

    `passage` is read when it is asked for.  Neighbours of one talk or paper have neighbouring rows.
    A tuple, because a search makes hundreds.
    """

    row: int
    owner_id: str
    score: float
    dense: float | None
    terms: float | None
    read: Callable[[int], Passage]

    @property
    def passage(self) -> Passage:
        """The passage, read anew each time."""
        return self.read(self.row)

    @property
    def found_by(self) -> FoundBy:
        """Which leg can claim the hit; a cosine that chance reaches too is no claim."""
        if self.terms is None:
            return "meaning"
        return "both" if self.dense is not None and self.dense >= MEANING_FLOOR else "words"


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """Hits of one generation, best first; `legs` says ok, off, or why a leg did not run.

    query: what was searched for; showing_for: the same as text, if it is not what was typed;
    remarks: what else is to be known of the answer, in words.  A reranker that met its deadline is
    not degraded: it read what it could.  `cut_off`: a leg proposed as many as it may, so there may
    be more than these.
    """

    generation: str
    query: ParsedQuery
    legs: Mapping[Leg, str]
    degraded: tuple[str, ...]
    showing_for: str | None = None
    remarks: tuple[str, ...] = ()
    hits: list[Hit] = field(default_factory=list)
    reranker: str = OFF  # ok, off, deadline, or why it did not run
    cut_off: tuple[Leg, ...] = ()
