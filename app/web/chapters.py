"""The chapters of a talk: where it turns to something else, and a heading for each part.

Invariant: worked out from the snapshot that answers, so a talk that cannot be searched by meaning
has none; a chapter is named by a moment of the recording, never by its number.
"""

from collections.abc import Sequence
from itertools import pairwise

from app.web.transcript import Theme
from app.wiring import Service
from index import topics
from index.passage import Passage


def themes_of(service: Service, owner_id: str) -> tuple[Theme, ...]:
    """Where the talk turns to something else, its beginning first; none in a short talk."""
    searcher = service.live.searcher()
    if searcher is None:
        return ()
    key = (searcher.generation, searcher.legs["dense"], owner_id)
    known: tuple[Theme, ...] | None = service.chapters.get(key)
    if known is None:
        passages, vectors = searcher.passages_of(owner_id)
        timed = [one for one in passages if one.start_ms is not None]
        known = (
            _themes(
                timed,
                topics.cuts(
                    vectors, [one.start_ms or 0 for one in timed], end_ms=timed[-1].end_ms or 0
                ),
            )
            if timed and len(timed) == len(passages)
            else ()
        )
        service.chapters.put(key, known)
    return known


def _themes(passages: Sequence[Passage], places: Sequence[int]) -> tuple[Theme, ...]:
    if not places:
        return ()
    parts = [passages[first:last] for first, last in pairwise([0, *places, len(passages)])]
    headings = topics.headings([" ".join(one.text for one in part) for part in parts])
    return tuple(
        Theme(start_ms=part[0].start_ms or 0, title=_title(terms, part[0].text))
        for part, terms in zip(parts, headings, strict=True)
    )


def _title(terms: Sequence[str], text: str) -> str:
    """The terms as one heading; where none tells, how the part begins."""
    title = ", ".join(terms) or " ".join(text.split()[:6]) + " …"
    return title[:1].upper() + title[1:]
