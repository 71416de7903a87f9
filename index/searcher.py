"""Search over one snapshot: two legs, one ranking, and word of what did not run.

Invariant: a searcher never changes; everything in one answer comes from its one generation.  A leg
that fails is named in the answer and the other one answers alone.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from index import snapshot
from index.dense import Allowed, DenseLeg
from index.encoders import Encoder, Vectors
from index.errors import EncoderMismatch, FaissUnavailable, SnapshotDamaged
from index.filters import Filters
from index.fusion import Fused, alone, calibrated, fused
from index.passage import Kind, Passage
from index.query import ParsedQuery, parse
from index.rows import Rows
from index.terms import Restriction, TermsLeg

Mode: TypeAlias = Literal["hybrid", "semantic", "keyword"]
Leg: TypeAlias = Literal["dense", "terms"]
FoundBy: TypeAlias = Literal["meaning", "words", "both"]

MODES: tuple[Mode, ...] = ("hybrid", "semantic", "keyword")
LEGS: tuple[Leg, ...] = ("dense", "terms")
WANTED: Mapping[Mode, tuple[Leg, ...]] = {
    "hybrid": ("dense", "terms"),
    "semantic": ("dense",),
    "keyword": ("terms",),
}
OK, OFF = "ok", "off"
# Of the cosines between questions and any passage, 5 % are above this (MiniLM; two sets of 5,000
# and 9,000 passages).
MEANING_FLOOR = 0.3
# Of what is similar: how much it counts against one that it is like those before it, and from
# which cosine on two are the same talk.
SAID_WEIGHT = 0.4
THE_SAME = 0.97

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """What to search for and where; a filter left at None lets everything through.

    `series` and `speaker` are compared without case, a speaker also by part of the name; `owner`
    is one talk or paper; `candidates` is how many each leg proposes, `limit` None takes them all.
    """

    text: str
    mode: Mode = "hybrid"
    kinds: tuple[Kind, ...] | None = None
    owner: str | None = None
    series: str | None = None
    speaker: str | None = None
    year: int | None = None
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
            series=self.series,
            speaker=self.speaker,
            year=self.year,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A passage that was found: its score in 0..1, and each leg's (None: not seen by that leg).

    `passage` is read when it is asked for.  Neighbours of one talk or paper have neighbouring rows.
    """

    row: int
    owner_id: str
    score: float
    dense: float | None
    terms: float | None
    found_by: FoundBy
    read: Callable[[int], Passage] = field(repr=False, compare=False)

    @property
    def passage(self) -> Passage:
        """The passage, read anew each time."""
        return self.read(self.row)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """Hits of one generation, best first; `legs` says ok, off, or why a leg did not run.

    `cut_off`: a leg proposed as many as it may, so there may be more than these.
    """

    generation: str
    legs: Mapping[Leg, str]
    degraded: tuple[Leg, ...]
    hits: list[Hit] = field(default_factory=list)
    cut_off: tuple[Leg, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """A talk or paper that is like another: the cosine of their mean vectors, less what is said
    already by those before it."""

    owner_id: str
    cosine: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scope:
    """A request's filters, worked out for this snapshot."""

    allowed: Allowed | None
    restriction: Restriction
    candidates: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """What one leg gave each row; `said` is ok, or why it gave nothing."""

    scores: Mapping[int, float] = field(default_factory=dict)
    said: str = OK
    proposed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Meaning:
    """The dense leg and the encoder that its vectors are from."""

    encoder: Encoder
    leg: DenseLeg


class Searcher:
    """One snapshot, opened whole; safe to use from several threads."""

    def __init__(self, folder: Path, generation: str, encoder: Encoder | None) -> None:
        """Open a snapshot that was just verified; `open` does both."""
        self.manifest = snapshot.read_manifest(folder.parent, generation)
        self._rows = Rows(folder)
        self._places = {one.owner_id: n for n, one in enumerate(self._rows.owners)}
        self._terms = TermsLeg(folder / snapshot.TERMS_FOLDER)
        self._meaning = _opened(
            folder / snapshot.VECTORS_FILE, self.manifest.encoder_fingerprint, encoder
        )

    @classmethod
    def open(cls, root: Path, generation: str, encoder: Encoder | None) -> "Searcher":
        """Verify a generation and open it; without a fitting encoder it searches by words only.

        Raises: SnapshotDamaged.
        """
        snapshot.verify(root, generation)
        try:
            return cls(root / generation, generation, encoder)
        except (OSError, ValueError) as problem:
            raise SnapshotDamaged(
                generation, "a file", f"cannot be opened ({problem})"
            ) from problem

    @property
    def generation(self) -> str:
        """The snapshot's id."""
        return self.manifest.generation

    @property
    def count(self) -> int:
        """How many passages can be found."""
        return len(self._rows)

    @property
    def legs(self) -> Mapping[Leg, str]:
        """Which legs can run: ok, or why not."""
        return {"dense": self._meaning if isinstance(self._meaning, str) else OK, "terms": OK}

    def search(self, request: SearchRequest) -> SearchResult:
        """Find passages, best first; a failing leg is reported, not raised.

        Raises: InvalidQuery.
        """
        query, scope = parse(request.text), self._scope(request)
        wanted = WANTED[request.mode]
        runs = self._runs(wanted, query, scope)
        failed = tuple(leg for leg in wanted if runs[leg].said != OK)
        if failed == wanted:  # nothing that was asked for can answer, so the rest does
            runs |= self._runs(tuple(leg for leg in LEGS if leg not in wanted), query, scope)
        return SearchResult(
            generation=self.generation,
            legs={leg: runs[leg].said if leg in runs else OFF for leg in LEGS},
            degraded=failed,
            hits=self._hits(_ranked(runs)[: request.limit]),
            cut_off=tuple(leg for leg in runs if runs[leg].proposed >= scope.candidates),
        )

    def similar(self, owner_id: str, limit: int, *, proposals: int = 200) -> list[Likeness]:
        """Talks and papers like this one, each unlike those before it; none without vectors.

        The passages nearest to the mean of its passages propose; the means of their owners decide.
        """
        meaning, place = self._meaning, self._places.get(owner_id)
        if isinstance(meaning, str) or place is None:
            return []
        centre = self._centre(meaning.leg, place)
        rows, _ = meaning.leg.search(centre, proposals + self._length(place))
        near = list(dict.fromkeys(self._rows.owner_of[rows].tolist()))
        others = [one for one in near if one != place][: 4 * limit]
        if not others:
            return []
        means = np.stack([self._centre(meaning.leg, one) for one in others])
        return [
            Likeness(owner_id=self._rows.owners[others[n]].owner_id, cosine=float(cosine))
            for n, cosine in diverse(means @ centre, means, limit)
        ]

    def close(self) -> None:
        """Search by meaning no more; files stay mapped until the last search on them ends."""
        self._meaning = "the searcher is closed"

    def _scope(self, request: SearchRequest) -> _Scope:
        candidates = max(request.candidates, request.limit or 0)
        ordinals = request.filters.ordinals(self._rows.owners)
        restriction = request.filters.restriction(ordinals)
        if ordinals is None:
            return _Scope(allowed=None, restriction=restriction, candidates=candidates)
        chosen = np.zeros(len(self._rows.owners), dtype=np.bool_)
        chosen[ordinals] = True
        return _Scope(
            allowed=chosen[self._rows.owner_of], restriction=restriction, candidates=candidates
        )

    def _runs(self, legs: tuple[Leg, ...], query: ParsedQuery, scope: _Scope) -> dict[Leg, _Run]:
        """Run legs, terms first, so that what the words find gets its cosine too."""
        runs: dict[Leg, _Run] = {}
        for leg in sorted(legs, reverse=True):
            try:
                run = (
                    self._by_words(query, scope)
                    if leg == "terms"
                    else self._by_meaning(query, scope, runs)
                )
            except Exception as problem:  # whatever it is, the other leg must answer
                logger.exception("the %s leg of snapshot %s failed", leg, self.generation)
                run = _Run(said=f"failed: {type(problem).__name__}")
            runs[leg] = run
        return runs

    def _by_words(self, query: ParsedQuery, scope: _Scope) -> _Run:
        found = self._terms.search(query, scope.candidates, scope.restriction)
        scores = (calibrated(score, bound=found.bound, rare=found.rare) for score in found.scores)
        return _Run(scores=dict(zip(found.rows, scores, strict=True)), proposed=len(found.rows))

    def _by_meaning(self, query: ParsedQuery, scope: _Scope, runs: Mapping[Leg, _Run]) -> _Run:
        meaning = self._meaning
        if isinstance(meaning, str):
            return _Run(said=meaning)
        vector = meaning.encoder.encode_query(query.text)
        rows, cosines = meaning.leg.search(vector, scope.candidates, scope.allowed)
        scores = dict(zip(rows.tolist(), cosines.tolist(), strict=True))
        unseen = sorted(runs["terms"].scores.keys() - scores.keys()) if "terms" in runs else []
        return _Run(
            scores={
                **scores,
                **dict(zip(unseen, meaning.leg.cosines(vector, unseen).tolist(), strict=True)),
            },
            proposed=len(rows),
        )

    def _hits(self, ranked: Sequence[tuple[int, Fused]]) -> list[Hit]:
        owners = self._rows.owner_of[[row for row, _ in ranked]].tolist() if ranked else []
        return [
            Hit(
                row=row,
                owner_id=self._rows.owners[owner].owner_id,
                score=one.score,
                dense=one.dense,
                terms=one.terms,
                found_by=found_by(one),
                read=self._rows.passage,
            )
            for (row, one), owner in zip(ranked, owners, strict=True)
        ]

    def _centre(self, leg: DenseLeg, place: int) -> Vectors:
        """The mean of an owner's passage vectors, of unit length."""
        total = leg.of(np.flatnonzero(self._rows.owner_of == place)).sum(axis=0)
        return np.asarray(total / max(float(np.linalg.norm(total)), 1e-9), dtype=np.float32)

    def _length(self, place: int) -> int:
        return int(np.count_nonzero(self._rows.owner_of == place))


def diverse(near: Vectors, means: Vectors, limit: int) -> list[tuple[int, float]]:
    """Places and likeness of the chosen, each the best that is not yet said by those before it.

    near: likeness of each candidate, shape (n,); means: their unit vectors, shape (n, dimension).
    Two that are almost the same (one talk held twice) are one.
    Source: Carbonell and Goldstein, maximal marginal relevance, SIGIR 1998.
    """
    chosen: list[int] = []
    said = np.zeros(len(near), dtype=np.float32)
    open_ = np.ones(len(near), dtype=np.bool_)
    while len(chosen) < limit and open_.any():
        worth = np.where(open_, near - SAID_WEIGHT * said, -np.inf)
        best = int(np.argmax(worth))
        chosen.append(best)
        said = np.maximum(said, means @ means[best])
        open_ &= said < THE_SAME
    return [(place, float(near[place])) for place in chosen]


def found_by(one: Fused) -> FoundBy:
    """Which leg can claim a hit; a cosine that chance reaches too is no claim."""
    if one.terms is None:
        return "meaning"
    return "both" if one.dense is not None and one.dense >= MEANING_FLOOR else "words"


def _opened(file: Path, fingerprint: str, encoder: Encoder | None) -> _Meaning | str:
    """The dense leg, or why it stays off."""
    if encoder is None:
        return "no encoder is loaded"
    if encoder.fingerprint != fingerprint:
        return str(EncoderMismatch(fingerprint, encoder.fingerprint))
    try:
        return _Meaning(encoder=encoder, leg=DenseLeg(file))
    except (FaissUnavailable, RuntimeError) as problem:
        logger.exception("the vectors in %s cannot be opened", file)
        return str(problem)


def _ranked(runs: Mapping[Leg, _Run]) -> list[tuple[int, Fused]]:
    """Rows best first, by both legs where both answered."""
    answered = {leg: run.scores for leg, run in runs.items() if run.said == OK}
    if answered.keys() == set(LEGS):
        return fused(answered["dense"], answered["terms"])
    return [hit for leg, scores in answered.items() for hit in alone(scores, leg)]
