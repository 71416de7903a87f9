"""The archive as an object: each method is one operation of the API.

Invariant: lists are lazy and go on by cursors; nothing is asked before it is needed.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import quote

import httpx2

from seminar_client.errors import problem
from seminar_client.shapes import (
    Hit,
    Kind,
    Paper,
    PaperSummary,
    SearchPage,
    Similar,
    Status,
    Suggestion,
    Talk,
    TalkSummary,
    Transcript,
)

AGAIN = frozenset({429, 503})
TRIES = 3
LONGEST_WAIT_S = 30.0
MOST_KEPT = 256
Given = Mapping[str, str | int | bool | None]


class Archive:
    """A seminar archive at an address; use it in a `with` block, or `close` it."""

    def __init__(
        self,
        url: str,
        *,
        key: str | None = None,
        cached: bool = False,
        timeout_s: float = 10.0,
        http: httpx2.Client | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Nothing is asked yet.

        url: the archive's root.  key: sent as `Authorization: Bearer`, never in an address.
        cached: keep answers and ask with their tags.  http: a client to use in place of an own one.
        """
        self._root = url.rstrip("/")
        self._headers = {"authorization": f"Bearer {key}"} if key else {}
        self._kept: OrderedDict[str, tuple[str, httpx2.Response]] | None = (
            OrderedDict() if cached else None
        )
        self._own = http is None
        self._http = http or httpx2.Client(timeout=timeout_s)
        self._sleep = sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close connections, where they are its own."""
        if self._own:
            self._http.close()

    def search(
        self,
        q: str,
        *,
        kind: Kind | None = None,
        series: str | None = None,
        speaker: str | None = None,
        year: int | None = None,
        mode: Literal["hybrid", "semantic", "keyword"] = "hybrid",
        page_size: int = 10,
    ) -> Iterator[Hit]:
        """Hits, best first, page after page until there are no more.  Raises: ProblemError."""
        narrowed = {"kind": kind, "series": series, "speaker": speaker, "year": year}
        cursor = None
        while True:
            page = self.search_page(q, mode=mode, limit=page_size, cursor=cursor, **narrowed)
            yield from page.hits
            cursor = page.next_cursor
            if cursor is None:
                return

    def search_page(self, q: str, **parameters: str | int | bool | None) -> SearchPage:
        """One page, with totals and facets; parameters as in the API.  Raises: ProblemError."""
        return SearchPage.model_validate(self._json("/search", {"q": q, **parameters}))

    def suggest(self, q: str, *, limit: int = 8) -> list[Suggestion]:
        """What goes on from what was typed, best first.  Raises: ProblemError."""
        answer = self._json("/suggest", {"q": q, "limit": limit})
        return [Suggestion.model_validate(one) for one in answer["suggestions"]]

    def talks(self, *, page_size: int = 50) -> Iterator[TalkSummary]:
        """Public talks, newest first.  Raises: ProblemError."""
        return map(TalkSummary.model_validate, self._listed("/talks", page_size))

    def talk(self, key: str) -> Talk:
        """A talk by id or slug.  Raises: NotFound, Withdrawn, ProblemError."""
        return Talk.model_validate(self._json(f"/talks/{_part(key)}"))

    def transcript(self, key: str) -> Transcript:
        """What was said, with words.  Raises: NotFound, Withdrawn, ProblemError."""
        return Transcript.model_validate(self._json(f"/talks/{_part(key)}/transcript"))

    def transcript_text(self, key: str, form: Literal["vtt", "srt", "txt"] = "txt") -> str:
        """What was said, as captions or text.  Raises: NotFound, Withdrawn, ProblemError."""
        return self._get(f"/talks/{_part(key)}/transcript", {"format": form}).text

    def similar_to_talk(self, key: str) -> list[Similar]:
        """Talks and papers like a talk.  Raises: NotFound, Withdrawn, ProblemError."""
        return self._similar(f"/talks/{_part(key)}/similar")

    def papers(self, *, page_size: int = 50) -> Iterator[PaperSummary]:
        """Public papers, newest first.  Raises: ProblemError."""
        return map(PaperSummary.model_validate, self._listed("/papers", page_size))

    def paper(self, key: str) -> Paper:
        """A paper by id or slug.  Raises: NotFound, Withdrawn, ProblemError."""
        return Paper.model_validate(self._json(f"/papers/{_part(key)}"))

    def similar_to_paper(self, key: str) -> list[Similar]:
        """Talks and papers like a paper.  Raises: NotFound, Withdrawn, ProblemError."""
        return self._similar(f"/papers/{_part(key)}/similar")

    def status(self) -> Status:
        """What the archive holds and how it is.  Raises: ProblemError."""
        return Status.model_validate(self._json("/status"))

    def _similar(self, path: str) -> list[Similar]:
        return [Similar.model_validate(one) for one in self._json(path)["items"]]

    def _listed(self, path: str, page_size: int) -> Iterator[Any]:
        cursor = None
        while True:
            page = self._json(path, {"limit": page_size, "cursor": cursor})
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def _json(self, path: str, given: Given | None = None) -> Any:
        return self._get(path, given or {}).json()

    def _get(self, path: str, given: Given) -> httpx2.Response:
        parameters = {name: _word(one) for name, one in given.items() if one is not None}
        request = httpx2.Request("GET", f"{self._root}/api/v1{path}", params=parameters)
        address = str(request.url)
        for tried in range(1, TRIES + 1):
            answer = self._once(address)
            if answer.status_code not in AGAIN or tried == TRIES:
                break
            self._sleep(_wait_s(answer))
        if answer.is_success:
            return answer
        raise problem(answer.status_code, _described(answer))

    def _once(self, address: str) -> httpx2.Response:
        kept = self._kept.get(address) if self._kept is not None else None
        headers = {**self._headers, **({"if-none-match": kept[0]} if kept else {})}
        answer = self._http.get(address, headers=headers)
        if kept and answer.status_code == 304:
            return kept[1]
        if self._kept is not None:
            self._keep(address, answer)
        return answer

    def _keep(self, address: str, answer: httpx2.Response) -> None:
        kept, tag = self._kept, answer.headers.get("etag")
        if kept is None:
            return
        kept.pop(address, None)  # what is refused now was perhaps withdrawn
        if answer.status_code == 200 and tag:
            kept[address] = (tag, answer)
        while len(kept) > MOST_KEPT:
            kept.popitem(last=False)


def _part(key: str) -> str:
    """A key as one part of a path."""
    return quote(key, safe="") or "%20"


def _word(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _wait_s(answer: httpx2.Response) -> float:
    """How long the archive asks to wait; a second where it does not say."""
    try:
        asked = float(answer.headers.get("retry-after", "1"))
    except ValueError:
        return 1.0
    return min(max(asked, 0.0), LONGEST_WAIT_S)


def _described(answer: httpx2.Response) -> Mapping[str, Any]:
    if "json" not in answer.headers.get("content-type", ""):
        return {}
    found = answer.json()
    return found if isinstance(found, dict) else {}
