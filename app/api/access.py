"""Which address is open to whom: one closed table of paths and methods.

Invariant: what is not named here is not reached, whoever asks; a route that somebody adds is closed
until it stands in the table, and a test compares the two.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from starlette.routing import compile_path
from starlette.types import Scope

from app.errors import KeyMissing, ScopeMissing
from app.keyring import HeldKey


class Needs(Enum):
    """What an address asks of a caller."""

    NOTHING = "nothing"  # no key is looked at and nothing is counted
    READING = "reading"  # any key; none where reading is open
    BROWSING = "browsing"  # the same, but a search key is not for it
    INGEST = "ingest"
    ADMIN = "admin"


_SCOPES: Mapping[Needs, tuple[str, ...]] = {
    Needs.READING: ("search", "ingest", "admin"),
    Needs.BROWSING: ("ingest", "admin"),
    Needs.INGEST: ("ingest", "admin"),
    Needs.ADMIN: ("admin",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A path, as its route declares it, and what each method needs; HEAD goes with GET."""

    path: str
    needs: Mapping[str, Needs]

    @property
    def methods(self) -> str:
        """What may be asked of it, as `Allow` says it."""
        return ", ".join([*self.needs, *(["HEAD"] if "GET" in self.needs else [])])


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks; `within` are the names of the series that he is held to, None: all of them."""

    key: HeldKey | None = None

    @property
    def within(self) -> frozenset[str] | None:
        """What narrows all that he is shown."""
        return self.key.within if self.key else None


ANYBODY = Caller()


def _get(needs: Needs, *paths: str) -> Iterable[Door]:
    return [Door(path=path, needs={"GET": needs}) for path in paths]


def _door(path: str, **needs: Needs) -> Door:
    return Door(path=path, needs=needs)


def _owners(name: str, key: str) -> Iterable[Door]:
    """Where staff and readers meet: one talk or paper."""
    path = f"/api/v1/{name}/{{{key}}}"
    return [
        _door(path, GET=Needs.READING, PATCH=Needs.ADMIN, DELETE=Needs.ADMIN),
        _door(f"{path}/withdraw", POST=Needs.ADMIN),
        _door(f"{path}/restore", POST=Needs.ADMIN),
    ]


DOORS: tuple[Door, ...] = (
    *_get(
        Needs.NOTHING,
        *("/livez", "/readyz", "/metrics", "/static/{path:path}", "/api/v1/openapi.json"),
        *("/embed/v1.js", "/embed/v1-{digest}.js", "/embed/integrity.json"),
        *("/problems", "/problems/{code}"),
        "/robots.txt",
    ),
    *_get(
        Needs.READING,
        *("/api/v1/search", "/api/v1/suggest"),
        *("/api/v1/talks/{talk_id}/transcript", "/api/v1/talks/{talk_id}/similar"),
        *("/api/v1/papers", "/api/v1/papers/{paper_id}/similar"),
        *("/media/talks/{talk_id}", "/media/papers/{paper_id}.pdf"),
    ),
    *_get(
        Needs.BROWSING,
        *(
            "/",
            "/search",
            "/covered",
            "/talks",
            "/talks/{key}",
            "/papers",
            "/papers/{key}",
            "/about",
        ),
        *("/series/{slug}", "/speakers/{slug}"),
        "/api/v1/status",
        *("/oembed", "/embed/talks/{key}", "/feeds/talks.atom", "/feeds/search.atom"),
        *("/feeds/series/{slug}.atom", "/feeds/series/{slug}.rss", "/feeds/series/{slug}.ics"),
        *("/feeds/speakers/{slug}.atom", "/talks/{key}.bib", "/talks/{key}.csl.json"),
        *("/papers/{key}.bib", "/papers/{key}.csl.json", "/sitemap.xml", "/sitemaps/{number}.xml"),
        *("/opensearch.xml", "/opensearch/suggest"),
    ),
    Door(path="/oai", needs={"GET": Needs.BROWSING, "POST": Needs.BROWSING}),
    _door("/api/v1/talks", GET=Needs.READING, POST=Needs.INGEST),
    *_owners("talks", "talk_id"),
    *_owners("papers", "paper_id"),
    *_get(Needs.INGEST, "/api/v1/jobs", "/api/v1/jobs/{job_id}", "/api/v1/jobs/{job_id}/events"),
    _door("/api/v1/uploads", OPTIONS=Needs.NOTHING, POST=Needs.INGEST),
    _door(
        "/api/v1/uploads/{upload_id}",
        OPTIONS=Needs.NOTHING,
        GET=Needs.INGEST,
        PATCH=Needs.INGEST,
        DELETE=Needs.INGEST,
    ),
    _door("/api/v1/jobs/{job_id}/cancel", POST=Needs.INGEST),
    _door("/api/v1/jobs/{job_id}/retry", POST=Needs.INGEST),
)


class Doors:
    """The table, ready to be asked."""

    def __init__(self, doors: Iterable[Door]) -> None:
        listed = list(doors)
        self._plain = {door.path: door for door in listed if "{" not in door.path}
        self._patterns: list[tuple[re.Pattern[str], Door]] = [
            (compile_path(door.path)[0], door) for door in listed if "{" in door.path
        ]

    def at(self, path: str) -> Door | None:
        """The door at a decoded path, with or without a slash at its end; None: there is none."""
        bare = path[:-1] if path.endswith("/") and path != "/" else path
        return self._plain.get(bare) or next(
            (door for pattern, door in self._patterns if pattern.match(bare)), None
        )


def require(needs: Needs, caller: Caller, *, open_to_read: bool) -> None:
    """Refuse who may not.  Raises: KeyMissing, ScopeMissing."""
    if needs is Needs.NOTHING:
        return
    if caller.key is None:
        if not open_to_read or needs in {Needs.INGEST, Needs.ADMIN}:
            raise KeyMissing
    elif caller.key.scope not in _SCOPES[needs]:
        raise ScopeMissing(scope=caller.key.scope, needed=_SCOPES[needs][0])


def caller_of(scope: Scope) -> Caller:
    """Who asks, as it was found out at the door."""
    caller = scope.get("caller", ANYBODY)
    if not isinstance(caller, Caller):
        raise TypeError("the caller was not found out")
    return caller
