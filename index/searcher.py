"""Search over one snapshot: two legs, one ranking, and word of what did not run.

Invariant: a searcher never changes; everything in one answer comes from its one generation.  A leg
that fails is named in the answer and the other one answers alone.
"""

import logging
import threading
from collections.abc import Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from index import snapshot
from index.closeness import Places, Wordings
from index.contract import (
    LEGS,
    OFF,
    OK,
    Hit,
    Leg,
    Mode,
    SearchRequest,
    SearchResult,
)
from index.correction import Corrector
from index.dense import Allowed, DenseLeg
from index.encoders import Encoder, Vectors
from index.errors import EncoderMismatch, FaissUnavailable, SnapshotDamaged
from index.filters import Filters, allowed_rows, newest_beginnings, without
from index.fusion import Ranking, Scale, Scores, alone, calibrated, fused, lifted
from index.likeness import Likeness, similar
from index.names import Names
from index.parts import TERMS_FOLDER, parts_of
from index.passage import Passage
from index.query import ParsedQuery, parse
from index.remarks import remarks
from index.rerankers import DEADLINE, DEPTH, Rereader, reordered
from index.rows import Rows
from index.spelling import SPELLING_FILE, Speller
from index.terms import Restriction, TermsLeg, sounds_english

WANTED: Mapping[Mode, tuple[Leg, ...]] = {
    "hybrid": ("dense", "terms"),
    "semantic": ("dense",),
    "keyword": ("terms",),
}
FILTERS_KEPT = 16  # each with the rows it admits, a byte a passage
NO_ROWS: Places = np.zeros(0, dtype=np.int64)
NO_SCORES: Scores = np.zeros(0)
NO_WORDS = Scale(bound=0.0, rare=1.0)
# What a passage needs for a query that is no English and has no word in common with the archive.
# MiniLM reads English only: of 19 such queries in ten languages and scripts, one came nearer to
# some passage of 250 by chance.
STRANGE_FLOOR = 0.3

logger = logging.getLogger(__name__)

_BESIDE = ThreadPoolExecutor(max_workers=1, thread_name_prefix="meaning")
"""Where one leg is asked while the other runs; neither holds Python's lock for most of its time."""
_BESIDE_IS_BUSY = threading.Lock()
"""Held by the search that uses it; another one meanwhile asks its legs in turn, which costs less
when all cores are busy anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scope:
    """A request's filters, and what its query leaves out, worked out for this snapshot."""

    allowed: Allowed | None
    restriction: Restriction
    candidates: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """What one leg gave which rows; `said` is ok, or why it gave nothing.

    `proposed` is how many rows it found itself; `scale` is what BM25 scores are measured by.
    """

    rows: Places = field(default_factory=lambda: NO_ROWS)
    scores: Scores = field(default_factory=lambda: NO_SCORES)
    said: str = OK
    proposed: int = 0
    scale: Scale = NO_WORDS


@dataclass(frozen=True, slots=True, kw_only=True)
class _Meaning:
    """The dense leg and the encoder that its vectors are from."""

    encoder: Encoder
    leg: DenseLeg


@dataclass(frozen=True, slots=True, kw_only=True)
class _Near:
    """What is nearest to a query in meaning, best first; its vector, and the leg that has more."""

    leg: DenseLeg
    vector: Vectors
    rows: Places
    cosines: Vectors


class Searcher:
    """One snapshot, opened whole; safe to use from several threads."""

    def __init__(
        self,
        folder: Path,
        generation: str,
        encoder: Encoder | None,
        rereader: Rereader | None = None,
    ) -> None:
        """Open a snapshot that was just verified; `open` does both."""
        self.manifest = snapshot.read_manifest(folder.parent, generation)
        self._rereader = rereader
        self._rows = snapshot.rows_of(folder, self.manifest)
        self._terms = TermsLeg(folder / TERMS_FOLDER)
        self._wordings = Wordings(parts_of(folder))
        self._notation = snapshot.notation_of(folder.parent, generation)
        self._names = Names(self._rows.owners, self._terms.share_in_speakers)
        self._corrector = Corrector(
            terms=self._terms,
            notation=self._notation,
            speller=Speller.open(folder / SPELLING_FILE),
        )
        self._admitted = lru_cache(FILTERS_KEPT)(partial(_admitted, self._rows))
        self._meaning = _opened(folder, self._rows.live, self.manifest.encoder_fingerprint, encoder)

    @classmethod
    def open(
        cls,
        root: Path,
        generation: str,
        encoder: Encoder | None,
        rereader: Rereader | None = None,
    ) -> "Searcher":
        """Verify a generation and open it; without a fitting encoder it searches by words only.

        Raises: SnapshotDamaged.
        """
        snapshot.verify(root, generation)
        try:
            return cls(root / generation, generation, encoder, rereader)
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

    @property
    def rereads(self) -> bool:
        """Whether a reranker reads the best hits again."""
        return self._rereader is not None

    def search(self, request: SearchRequest) -> SearchResult:
        """Find passages, best first; a failing leg is reported, not raised.

        Raises: InvalidQuery.
        """
        query = parse(request.text, self._notation)
        showing_for = None if request.exact else self._corrector.corrected(query)
        if showing_for is not None:
            query = parse(showing_for, self._notation)
        scope = self._scope(request, query)
        if not query.text:
            return self._listing(query, scope, request.limit)
        wanted = WANTED[request.mode]
        runs = self._runs(wanted, query, scope)
        failed = tuple(leg for leg in wanted if runs[leg].said != OK)
        if failed == wanted:  # nothing that was asked for can answer, so the rest does
            runs |= self._runs(tuple(leg for leg in LEGS if leg not in wanted), query, scope)
        hits = self._hits(self._ranked(runs, query), request.limit)
        result = SearchResult(
            generation=self.generation,
            query=query,
            legs={leg: runs[leg].said if leg in runs else OFF for leg in LEGS},
            degraded=failed,
            hits=hits,
            showing_for=showing_for,
            remarks=remarks(query, self._terms, found=bool(hits)),
            cut_off=tuple(leg for leg in runs if runs[leg].proposed >= scope.candidates),
        )
        return result if request.mode == "keyword" else self._reread(query.text, result)

    def similar(
        self, owner_id: str, limit: int, among: Collection[str] | None = None
    ) -> list[Likeness]:
        """Talks and papers like this one, each unlike those before it; none without vectors.

        among: ids of those that may be proposed; None: all.
        """
        meaning = self._meaning
        if isinstance(meaning, str):
            return []
        return similar(self._rows, meaning.leg, owner_id, limit, among)

    def passages_of(self, owner_id: str) -> tuple[list[Passage], Vectors]:
        """The passages of a talk or paper in its order, and their unit vectors; none without them.

        Shape of the vectors: (passages, dimension).
        """
        meaning, places = self._meaning, self._rows.ordinals_of([owner_id])
        if isinstance(meaning, str) or not places:
            return [], np.zeros((0, 0), dtype=np.float32)
        mine = np.flatnonzero(self._rows.owner_of == places[0])
        return [self._rows.passage(row) for row in mine.tolist()], meaning.leg.of(mine)

    def close(self) -> None:
        """Search by meaning no more; files stay mapped until the last search on them ends."""
        self._meaning = "the searcher is closed"

    def _reread(self, query: str, result: SearchResult) -> SearchResult:
        """The best hits in the order of a second reading, where there is a reranker."""
        if self._rereader is None or not result.hits:
            return result
        texts = [hit.passage.encoded_text for hit in result.hits[:DEPTH]]
        again = self._rereader.read(query, texts)
        order = reordered([hit.score for hit in result.hits], again.scores)
        failed = () if again.said in {OK, DEADLINE} else ("reranker",)
        return replace(
            result,
            hits=[result.hits[place]._replace(score=score) for place, score in order],
            reranker=again.said,
            degraded=result.degraded + failed,
        )

    def _scope(self, request: SearchRequest, query: ParsedQuery) -> _Scope:
        filters = request.filters.with_typed(query.filters)
        ordinals, admitted = self._admitted(filters)
        return _Scope(
            allowed=without(admitted, self._terms.rows_to_leave_out(query), self._rows.total),
            restriction=filters.restriction(ordinals),
            candidates=max(request.candidates, request.limit or 0),
        )

    def _listing(self, query: ParsedQuery, scope: _Scope, limit: int | None) -> SearchResult:
        """For a query of filters only: how each talk or paper begins, the newest first."""
        allowed = np.arange(0) if scope.allowed is None else np.flatnonzero(scope.allowed)
        rows = newest_beginnings(self._rows.owners, self._rows.owner_of, allowed)
        fitting = np.ones(len(rows))
        hits = self._hits(alone(np.array(rows, np.int64), fitting, "terms"), limit)
        return SearchResult(
            generation=self.generation,
            query=query,
            legs=dict.fromkeys(LEGS, OFF),
            degraded=(),
            hits=hits,
            remarks=remarks(query, self._terms, found=bool(hits)),
        )

    def _runs(self, legs: tuple[Leg, ...], query: ParsedQuery, scope: _Scope) -> dict[Leg, _Run]:
        """Run legs, beside each other where that can be done now.

        What the words find gets its cosine too.
        """
        beside = len(legs) > 1 and _BESIDE_IS_BUSY.acquire(blocking=False)
        try:
            near = _BESIDE.submit(self._near, query, scope) if beside else None
            return self._asked(legs, query, scope, near)
        finally:
            if beside:
                _BESIDE_IS_BUSY.release()

    def _asked(
        self,
        legs: tuple[Leg, ...],
        query: ParsedQuery,
        scope: _Scope,
        near: Future[_Near | None] | None,
    ) -> dict[Leg, _Run]:
        runs: dict[Leg, _Run] = {}
        for leg in sorted(legs, reverse=True):
            try:
                run = (
                    self._by_words(query, scope)
                    if leg == "terms"
                    else self._by_meaning(query, scope, runs, near)
                )
            except Exception as problem:  # whatever it is, the other leg must answer
                logger.exception("the %s leg of snapshot %s failed", leg, self.generation)
                run = _Run(said=f"failed: {type(problem).__name__}")
            runs[leg] = run
        return runs

    def _by_words(self, query: ParsedQuery, scope: _Scope) -> _Run:
        found = self._terms.search(query, scope.candidates, scope.restriction)
        return _Run(
            rows=np.array(found.rows, dtype=np.int64),
            scores=np.array(found.scores, dtype=np.float64),
            proposed=len(found.rows),
            scale=Scale(bound=found.bound, rare=found.rare),
        )

    def _by_meaning(
        self,
        query: ParsedQuery,
        scope: _Scope,
        runs: Mapping[Leg, _Run],
        begun: Future[_Near | None] | None,
    ) -> _Run:
        near = begun.result() if begun else self._near(query, scope)
        if near is None:
            return _Run(said=str(self._meaning))
        rows, cosines = near.rows, near.cosines
        if not (self._terms.knows_any(query) or sounds_english(query)):
            rows, cosines = rows[cosines >= STRANGE_FLOOR], cosines[cosines >= STRANGE_FLOOR]
        seen = set(rows.tolist())
        by_words = runs["terms"].rows.tolist() if "terms" in runs else ()
        unseen = np.array([row for row in by_words if row not in seen], dtype=np.int64)
        return _Run(
            rows=np.concatenate([rows, unseen]),
            scores=np.concatenate([cosines, near.leg.cosines(near.vector, unseen)]),
            proposed=len(near.rows),
        )

    def _near(self, query: ParsedQuery, scope: _Scope) -> _Near | None:
        """What is nearest in meaning; None without an encoder."""
        meaning = self._meaning
        if isinstance(meaning, str):
            return None
        vector = meaning.encoder.encode_query(query.text)
        rows, cosines = meaning.leg.search(vector, scope.candidates, scope.allowed)
        return _Near(leg=meaning.leg, vector=vector, rows=rows, cosines=cosines)

    def _ranked(self, runs: Mapping[Leg, _Run], query: ParsedQuery) -> Ranking:
        """Rows best first: those of whom the query names, those with its phrases, the others."""
        ranking = self._fused(runs, query)
        if query.phrases and "terms" in runs:
            ranking = lifted(ranking, ~np.isnan(ranking.terms))
        named = self._names.named(query.text)
        if named:
            owners = self._rows.owner_of[ranking.rows]
            ranking = lifted(ranking, np.isin(owners, np.array(sorted(named))))
        return ranking

    def _fused(self, runs: Mapping[Leg, _Run], query: ParsedQuery) -> Ranking:
        """Rows best first, by both legs where both answered."""
        answered = {leg: run for leg, run in runs.items() if run.said == OK}
        rows = np.unique(np.concatenate([NO_ROWS, *(run.rows for run in answered.values())]))
        dense = _of(answered.get("dense", _Run()), rows)
        if "terms" not in answered:
            return alone(rows, dense, "dense")
        bm25 = _of(answered["terms"], rows)
        close = self._wordings.closeness(self._terms.asked(query), rows)
        words = calibrated(
            np.nan_to_num(bm25),
            runs["terms"].scale,
            pairs=close.pairs,
            coverage=close.coverage,
        )
        if "dense" not in answered:
            return alone(rows, words, "terms")
        return fused(rows, dense, np.where(np.isnan(bm25), np.nan, words), words=words)

    def _hits(self, ranking: Ranking, limit: int | None) -> list[Hit]:
        best = slice(None, limit)
        owners, read = self._rows.owners, self._rows.passage
        found = zip(
            ranking.rows[best].tolist(),
            self._rows.owner_of[ranking.rows[best]].tolist(),
            ranking.scores[best].tolist(),
            ranking.dense[best].tolist(),
            ranking.terms[best].tolist(),
            strict=True,
        )
        return [
            Hit(
                row,
                owners[owner].owner_id,
                score,
                None if dense != dense else dense,
                None if terms != terms else terms,
                read,
            )
            for row, owner, score, dense, terms in found
        ]


def _of(run: _Run, rows: Places) -> Scores:
    """The score of each of these rows in ascending order, NaN where the leg gave none."""
    scores = np.full(len(rows), np.nan)
    scores[np.searchsorted(rows, run.rows)] = run.scores
    return scores


def _admitted(rows: Rows, filters: Filters) -> tuple[list[int] | None, Allowed | None]:
    """The talks and papers that filters admit, and their rows; None where nothing is filtered."""
    ordinals = filters.ordinals(rows.owners)
    return ordinals, allowed_rows(rows.owner_of, ordinals)


def _opened(
    folder: Path, live: Allowed | None, fingerprint: str, encoder: Encoder | None
) -> _Meaning | str:
    """The dense leg, or why it stays off."""
    if encoder is None:
        return "no encoder is loaded"
    if encoder.fingerprint != fingerprint:
        return str(EncoderMismatch(fingerprint, encoder.fingerprint))
    try:
        return _Meaning(encoder=encoder, leg=DenseLeg(parts_of(folder), live=live))
    except (FaissUnavailable, RuntimeError) as problem:
        logger.exception("the vectors in %s cannot be opened", folder)
        return str(problem)
