"""Search as the service answers it: ranked passages, checked with the catalog, grouped by owner.

Invariant: nothing is in an answer that the catalog does not show now; titles, names and dates come
from the catalog, places and scores from one snapshot.  What was found is kept while neither
snapshot nor catalog changes, so that pages and facets of one search search once.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, TypeAlias, get_args

from app.api.fallback import hits_in_catalog
from app.wiring import Service
from catalog import shown as catalog_shown
from catalog.shown import HIDDEN_RECORDINGS, Shown
from catalog.talks import TalkDetails
from index.contract import MEANING_FLOOR, Hit, Mode, SearchRequest, SearchResult
from index.passage import Kind, Passage
from index.query import ParsedQuery, parse

CANDIDATES = 200
DEEPER = 4  # times as many, when a list goes on past what the candidates give
MOST_CANDIDATES = CANDIDATES * DEEPER * DEEPER
HIT_BYTES = 200  # in memory, about
NO_GENERATION = "none"
NO_SNAPSHOT = "no snapshot can be served"
# A cosine below this is what chance gives any two texts; with no word in common it is no find.
WEAKEST_MEANING = 0.15


Sort: TypeAlias = Literal["relevance", "newest", "oldest"]
SORTS: tuple[Sort, ...] = get_args(Sort)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What somebody searches for, what narrows it, and in which order it is wanted."""

    text: str
    mode: Mode = "hybrid"
    kind: Kind | None = None
    series: str | None = None
    speaker: str | None = None
    year: int | None = None
    owner: str | None = None  # public id of the one talk or paper to search in
    exact: bool = False  # put no word right
    sort: Sort = "relevance"

    @property
    def narrowed(self) -> bool:
        """Whether anything but the words narrows it."""
        return any((self.kind, self.series, self.speaker, self.year, self.owner))

    @property
    def everywhere(self) -> "Ask":
        """The same words, not narrowed."""
        return Ask(text=self.text, mode=self.mode, exact=self.exact, sort=self.sort)


class Group(NamedTuple):
    """One talk or paper with its passages, best first.

    `twins` are others that are the same: a talk held twice, a paper in two editions.
    A tuple, because a search makes hundreds.
    """

    owner: Shown
    hits: tuple[Hit, ...]
    twins: tuple[Shown, ...] = ()

    @property
    def score(self) -> float:
        """The best passage's score."""
        return self.hits[0].score

    @property
    def kind(self) -> Kind:
        """What the owner is."""
        return self.owner.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An answer: groups best first, what was searched for, and word of what did not run.

    `total_is` says whether there may be more than these groups.
    """

    generation: str
    query: ParsedQuery
    showing_for: str | None
    remarks: tuple[str, ...]
    legs: Mapping[str, str]
    degraded: tuple[str, ...]
    groups: tuple[Group, ...]
    total_is: Literal["exact", "at least"]
    took_ms: float
    reranker: str

    def __len__(self) -> int:
        """Roughly its bytes in memory."""
        return 1000 + sum(200 + HIT_BYTES * len(group.hits) for group in self.groups)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A group as it is shown: the passages that stand for it, and how many others there are.

    `hits` are all that the catalog still has, the chosen ones and the others.
    """

    group: Group
    hits: tuple[Hit, ...]
    passages: tuple[tuple[Hit, Passage], ...]

    @property
    def owner(self) -> Shown:
        """The talk or paper."""
        return self.group.owner

    @property
    def more(self) -> int:
        """How many were found beside those that are shown."""
        return len(self.hits) - len(self.passages)


def find(service: Service, ask: Ask, *, candidates: int = CANDIDATES) -> Found:
    """Search, check with the catalog, group; best first, whatever order is wanted.

    Raises: InvalidQuery, CatalogUnavailable.
    """
    began = time.perf_counter()
    service.view.look()
    if ask.sort != "relevance":
        ask = replace(ask, sort="relevance")
    key = (ask, candidates, service.within, service.stamp)
    kept: Found | None = service.found.get(key)
    if kept is not None:
        return kept
    result = _result(service, ask, candidates)
    groups = _groups(service, ask, result)
    seconds = time.perf_counter() - began
    _count(service, ask, result, seconds)
    found = Found(
        generation=result.generation,
        query=result.query,
        showing_for=result.showing_for,
        remarks=(*result.remarks, *_no_series(service, ask, groups)),
        legs={str(leg): said for leg, said in result.legs.items()},
        degraded=_degraded(service, result),
        groups=groups,
        total_is="at least" if _goes_on(ask, result, candidates) else "exact",
        took_ms=round(seconds * 1000, 1),
        reranker=result.reranker,
    )
    service.found.put(key, found)
    return found


def find_past(
    service: Service, ask: Ask, *, wanted: Callable[[Group], bool] | None, limit: int
) -> Found:
    """As `find`, with more candidates where fewer than `limit` wanted groups were among them.

    wanted: None wants them all.

    Raises: InvalidQuery, CatalogUnavailable.
    """
    candidates = CANDIDATES
    while True:
        found = find(service, ask, candidates=candidates)
        enough = (sum(map(wanted, found.groups)) if wanted else len(found.groups)) >= limit
        if enough or found.total_is == "exact" or candidates >= MOST_CANDIDATES:
            return found
        candidates *= DEEPER


def choose(service: Service, groups: Sequence[Group], most: int | None) -> list[Chosen]:
    """Each group with at most `most` passages that stand for it; None shows all of them.

    Of neighbours, which say the same at their seam, one is shown.  A passage that the catalog has
    no longer is not shown, and a group with nothing left is not here.  Raises: CatalogUnavailable.
    """
    chosen = [_chosen(group, group.hits, most) for group in groups]
    here = _existing(service, [passage.id for one in chosen for _, passage in one.passages])
    return [
        one
        for before in chosen
        if (one := before if _all_in(before, here) else _without_lost(service, before, most))
        and one.passages
    ]


def _chosen(group: Group, hits: Sequence[Hit], most: int | None) -> Chosen:
    """The best passages that are no neighbours of better ones."""
    passages: list[tuple[Hit, Passage]] = []
    for hit in hits:
        if most is not None and len(passages) >= most:
            break
        if most is not None and any(abs(hit.row - other.row) <= 1 for other, _ in passages):
            continue
        passage = hit.passage
        if most is None or not any(_overlap(passage, other) for _, other in passages):
            passages.append((hit, passage))
    return Chosen(group=group, hits=tuple(hits), passages=tuple(passages))


def _overlap(one: Passage, other: Passage) -> bool:
    """Whether two passages of a talk share some of its time."""
    if one.start_ms is None or one.end_ms is None:
        return False
    if other.start_ms is None or other.end_ms is None:
        return False
    return one.start_ms < other.end_ms and other.start_ms < one.end_ms


def _all_in(chosen: Chosen, here: set[str]) -> bool:
    return all(passage.id in here for _, passage in chosen.passages)


def _without_lost(service: Service, chosen: Chosen, most: int | None) -> Chosen:
    """The group chosen anew from what the catalog still has."""
    ids = {hit.row: hit.passage.id for hit in chosen.group.hits}
    here = _existing(service, list(ids.values()))
    left = [hit for hit in chosen.group.hits if ids[hit.row] in here]
    return _chosen(chosen.group, left, most)


def _existing(service: Service, ids: Sequence[str]) -> set[str]:
    with service.catalog.connection() as connection:
        return catalog_shown.existing(connection, ids)


def page_of(passage: Passage) -> str:
    """A place without a time as people say it: a page, or the text of a talk."""
    return "text" if passage.page is None else f"p. {passage.page}"


def hidden_recording(details: TalkDetails) -> bool:
    """Whether what was said in the talk must not be shown any more."""
    return details.talk.recording_status in HIDDEN_RECORDINGS


def _result(service: Service, ask: Ask, candidates: int) -> SearchResult:
    searcher = service.live.searcher()
    if searcher is None:
        return _from_catalog(service, ask)
    result = searcher.search(
        SearchRequest(
            text=ask.text,
            mode=ask.mode,
            kinds=(ask.kind,) if ask.kind else None,
            owner=ask.owner,
            owners=service.reach(),
            series=ask.series,
            speaker=ask.speaker,
            year=ask.year,
            exact=ask.exact,
            limit=None,
            candidates=candidates,
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
        owners=service.reach(),
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


def _degraded(service: Service, result: SearchResult) -> tuple[str, ...]:
    behind = service.live.problem is not None and result.generation != NO_GENERATION
    return (*result.degraded, *(("snapshot",) if behind else ()))


def _groups(service: Service, ask: Ask, result: SearchResult) -> tuple[Group, ...]:
    floor = _floor(ask)
    grouped: dict[str, list[Hit]] = {}
    for hit in result.hits:
        if hit.terms is not None or (hit.dense is not None and hit.dense >= floor):
            grouped.setdefault(hit.owner_id, []).append(hit)
    reach, owners = service.reach(), service.view.owners
    groups = [
        Group(owner, tuple(hits))
        for key, hits in grouped.items()
        if (owner := owners.get(key)) is not None
        and owner.heard
        and (reach is None or key in reach)
    ]
    return tuple(_folded(groups))


def _folded(groups: Sequence[Group]) -> list[Group]:
    """Groups of which those that are the same as a better one have become its `twins`."""
    first: dict[int, int] = {}
    kept: list[Group] = []
    for group in groups:
        place = first.setdefault(group.owner.alike, len(kept))
        if place == len(kept):
            kept.append(group)
        else:
            best = kept[place]
            kept[place] = best._replace(twins=(*best.twins, group.owner))
    return kept


def _no_series(service: Service, ask: Ask, groups: Sequence[Group]) -> tuple[str, ...]:
    """That nothing can be found in the series, because there is none."""
    if groups or ask.series is None or service.keys.has_series(ask.series):
        return ()
    return (f"There is no series called “{ask.series}”.",)


def _goes_on(ask: Ask, result: SearchResult, candidates: int) -> bool:
    """Whether a leg could have proposed more that would count as found."""
    if "terms" in result.cut_off:
        return True
    if "dense" not in result.cut_off:
        return False
    cosines = sorted((hit.dense for hit in result.hits if hit.dense is not None), reverse=True)
    return len(cosines) >= candidates and cosines[candidates - 1] >= _floor(ask)


def _floor(ask: Ask) -> float:
    """From which cosine on a passage without a word in common is found."""
    return WEAKEST_MEANING if ask.owner is None else MEANING_FLOOR


def _count(service: Service, ask: Ask, result: SearchResult, seconds: float) -> None:
    service.metrics.search_seconds.labels(ask.mode).observe(seconds)
    for leg, said in result.legs.items():
        state = said if said in {"ok", "off"} else "failed"
        service.metrics.search_legs.labels(leg, state).inc()
