"""Search as the service answers it: ranked passages, checked with the catalog, grouped by owner.

Invariant: nothing is in an answer that the catalog does not show now; titles, names and dates come
from the catalog, places and scores from one snapshot.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from app.api.fallback import hits_in_catalog
from app.wiring import Service
from catalog import papers as catalog_papers
from catalog import passages as catalog_passages
from catalog import talks as catalog_talks
from catalog.tables import Paper
from catalog.talks import TalkDetails
from index.passage import Kind
from index.query import ParsedQuery, parse
from index.searcher import Hit, Mode, SearchRequest, SearchResult

CANDIDATES = 300
NO_GENERATION = "none"
NO_SNAPSHOT = "no snapshot can be served"
# A cosine below this is what chance gives any two texts; with no word in common it is no find.
WEAKEST_MEANING = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What somebody searches for, and what narrows it."""

    text: str
    mode: Mode = "hybrid"
    kind: Kind | None = None
    series: str | None = None
    speaker: str | None = None
    year: int | None = None
    owner: str | None = None  # public id of the one talk or paper to search in
    exact: bool = False  # put no word right

    @property
    def narrowed(self) -> bool:
        """Whether anything but the words narrows it."""
        return any((self.kind, self.series, self.speaker, self.year, self.owner))

    @property
    def everywhere(self) -> "Ask":
        """The same words, not narrowed."""
        return Ask(text=self.text, mode=self.mode, exact=self.exact)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One talk or paper with its passages, best first."""

    owner: TalkDetails | Paper
    hits: tuple[Hit, ...]

    @property
    def score(self) -> float:
        """The best passage's score."""
        return self.hits[0].score

    @property
    def kind(self) -> Kind:
        """What the owner is."""
        return "paper" if isinstance(self.owner, Paper) else "talk"

    @property
    def series(self) -> str | None:
        """The series' name; papers have none."""
        if isinstance(self.owner, Paper) or self.owner.series is None:
            return None
        return self.owner.series.name

    @property
    def year(self) -> int | None:
        """When it was held or written."""
        if isinstance(self.owner, Paper):
            return self.owner.year
        return self.owner.talk.held_on.year if self.owner.talk.held_on else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An answer: groups best first, what was searched for, and word of what did not run."""

    generation: str
    query: ParsedQuery
    showing_for: str | None
    remarks: tuple[str, ...]
    legs: Mapping[str, str]
    degraded: tuple[str, ...]
    groups: tuple[Group, ...]
    took_ms: float
    reranker: str


def find(service: Service, ask: Ask) -> Found:
    """Search, check with the catalog, group.  Raises: InvalidQuery, CatalogUnavailable."""
    began = time.perf_counter()
    result = _result(service, ask)
    groups = _groups(service, [hit for hit in result.hits if _is_a_find(hit)])
    seconds = time.perf_counter() - began
    _count(service, ask, result, seconds)
    return Found(
        generation=result.generation,
        query=result.query,
        showing_for=result.showing_for,
        remarks=result.remarks,
        legs={str(leg): said for leg, said in result.legs.items()},
        degraded=_degraded(service, result),
        groups=tuple(groups),
        took_ms=round(seconds * 1000, 1),
        reranker=result.reranker,
    )


def page_of(hit: Hit) -> str:
    """A place without a time as people say it: a page, or the text of a talk."""
    return "text" if hit.passage.page is None else f"p. {hit.passage.page}"


def hidden_recording(details: TalkDetails) -> bool:
    """Whether what was said in the talk must not be shown any more."""
    return details.talk.recording_status in {"withdrawn", "declined"}


def _result(service: Service, ask: Ask) -> SearchResult:
    searcher = service.live.searcher()
    if searcher is None:
        return _from_catalog(service, ask)
    result = searcher.search(
        SearchRequest(
            text=ask.text,
            mode=ask.mode,
            kinds=(ask.kind,) if ask.kind else None,
            owner=ask.owner,
            series=ask.series,
            speaker=ask.speaker,
            year=ask.year,
            exact=ask.exact,
            limit=2 * CANDIDATES,
            candidates=CANDIDATES,
        )
    )
    encoder = service.live.encoder
    if "dense" not in result.degraded or encoder.state == "ready":
        return result
    return replace(result, legs={**result.legs, "dense": encoder.detail})


def _from_catalog(service: Service, ask: Ask) -> SearchResult:
    """No snapshot can be opened: look the words up in the catalog, slowly, and say so."""
    request = SearchRequest(
        text=ask.text,
        kinds=(ask.kind,) if ask.kind else None,
        owner=ask.owner,
        series=ask.series,
        speaker=ask.speaker,
        year=ask.year,
    )
    with service.catalog.read() as session:
        hits = hits_in_catalog(session, request)
    return SearchResult(
        generation=NO_GENERATION,
        query=parse(ask.text),
        legs={"dense": NO_SNAPSHOT, "terms": f"{NO_SNAPSHOT}; looked up in the catalog"},
        degraded=("dense", "terms"),
        hits=hits,
    )


def _is_a_find(hit: Hit) -> bool:
    return hit.terms is not None or (hit.dense is not None and hit.dense >= WEAKEST_MEANING)


def _degraded(service: Service, result: SearchResult) -> tuple[str, ...]:
    behind = service.live.problem is not None and result.generation != NO_GENERATION
    return (*result.degraded, *(("snapshot",) if behind else ()))


def _groups(service: Service, hits: Sequence[Hit]) -> list[Group]:
    with service.catalog.read() as session:
        shown = catalog_passages.shown(session, (hit.passage.id for hit in hits))
        kept = [hit for hit in hits if hit.passage.id in shown]
        talks = catalog_talks.by_ids(session, _owners(kept, "talk"))
        papers = catalog_papers.by_ids(session, _owners(kept, "paper"))
    owners: dict[str, TalkDetails | Paper] = {
        **{key: one for key, one in talks.items() if not hidden_recording(one)},
        **papers,
    }
    grouped: dict[str, list[Hit]] = {}
    for hit in kept:
        if hit.passage.owner_id in owners:
            grouped.setdefault(hit.passage.owner_id, []).append(hit)
    return [Group(owner=owners[key], hits=tuple(found)) for key, found in grouped.items()]


def _owners(hits: Iterable[Hit], kind: Kind) -> set[str]:
    return {hit.passage.owner_id for hit in hits if hit.passage.kind == kind}


def _count(service: Service, ask: Ask, result: SearchResult, seconds: float) -> None:
    service.metrics.search_seconds.labels(ask.mode).observe(seconds)
    for leg, said in result.legs.items():
        state = said if said in {"ok", "off"} else "failed"
        service.metrics.search_legs.labels(leg, state).inc()
