"""Which feeds a page offers: of its series, its speaker, or its search."""

from collections.abc import Sequence
from urllib.parse import urlencode

from app.api.answers import Ask
from app.feeds.channels import feed_path
from app.web.contexts.parts import HeadLink, Link
from catalog.talks import TalkDetails

_OF_SERIES = (
    ("atom", "application/atom+xml", "Feed"),
    ("rss", "application/rss+xml", "Podcast"),
    ("ics", "text/calendar", "Calendar"),
)


def of_list(talks: Sequence[TalkDetails], *, series: str, speaker: str) -> tuple[HeadLink, ...]:
    """The feeds of a list of talks that is narrowed to a series or a speaker, by name."""
    if not talks:
        return ()
    known = talks[0].series
    if series and known is not None:
        return tuple(
            _link(kind, feed_path("series", known.slug, ending), f"{words}: {series}")
            for ending, kind, words in _OF_SERIES
        )
    slug = next((one.slug for one in talks[0].speakers if one.name == speaker), None)
    if slug is None:
        return ()
    path = feed_path("speakers", slug, "atom")
    return (_link("application/atom+xml", path, f"Feed: {speaker}"),)


def of_search(ask: Ask) -> tuple[HeadLink, ...]:
    """The feed of what is new for a search."""
    path = "/feeds/search.atom?" + search_query(ask)
    return (_link("application/atom+xml", path, f"Feed: new for “{ask.text}”"),)


def search_query(ask: Ask) -> str:
    """A search as the query of an address."""
    known = {
        "q": ask.text,
        "kind": ask.kind,
        "series": ask.series,
        "speaker": ask.speaker,
        "year": ask.year,
        "mode": ask.mode if ask.mode != "hybrid" else None,
        "exact": "1" if ask.exact else None,
    }
    return urlencode({name: value for name, value in known.items() if value}, errors="replace")


def cited(url: str) -> tuple[Link, ...]:
    """The citations of a talk or paper, for people; `url` is the path of its page."""
    return (
        Link(text="BibTeX", url=f"{url}.bib"),
        Link(text="CSL-JSON", url=f"{url}.csl.json"),
    )


def _link(kind: str, path: str, title: str) -> HeadLink:
    return HeadLink(rel="alternate", type=kind, url=path, title=title)
