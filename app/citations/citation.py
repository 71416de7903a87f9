"""What a citation says: who, what, when, where, and at which second or page.

Invariant: only what is known; a title that nobody gave is not passed off as one that somebody did.
"""

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from catalog.names import slug_of

_SMALL = frozenset(
    {"a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to"}
    | {"what", "why", "with", "how"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A talk or paper, or a place in one.

    `within` is the series or the venue; `start_ms` counts from the beginning of the recording;
    `page` from 1; `quote` are the words of a passage.
    """

    kind: Literal["talk", "paper"]
    public_id: str
    title: str
    authors: tuple[str, ...]
    url: str
    archive: str
    within: str = ""
    held_on: date | None = None
    year: int | None = None
    language: str | None = None
    abstract: str = ""
    doi: str | None = None
    arxiv_id: str | None = None
    start_ms: int | None = None
    page: int | None = None
    quote: str = ""

    def at(
        self, *, url: str, start_ms: int | None = None, page: int | None = None, quote: str = ""
    ) -> "Citation":
        """The same, at a place in it."""
        return replace(self, url=url, start_ms=start_ms, page=page, quote=quote)

    @property
    def key(self) -> str:
        """A key for it: first author's last name, year, first word of the title, and the place.

        The public id stands in for what is not known, and makes no two the same by chance.
        """
        name = self.authors[0].split(",")[0].split()[-1:] if self.authors else []
        words = [one for one in slug_of(self.title).split("-") if one not in _SMALL]
        year = self.held_on.year if self.held_on else self.year
        known = [*map(slug_of, name), str(year or ""), *words[:1]]
        place = f"-t{self.start_ms // 1000}" if self.start_ms is not None else ""
        place += f"-p{self.page}" if self.page is not None else ""
        stem = re.sub(r"[^a-z0-9]", "", "".join(one for one in known if one != "untitled"))
        return f"{stem or self.kind}-{self.public_id}{place}"

    @property
    def place(self) -> str:
        """The second or page in words: at 12:34; p. 3."""
        if self.start_ms is not None:
            minutes, seconds = divmod(self.start_ms // 1000, 60)
            hours, minutes = divmod(minutes, 60)
            clock = f"{minutes:02}:{seconds:02}"
            return f"at {hours}:{clock}" if hours else f"at {clock}"
        return f"p. {self.page}" if self.page is not None else ""
