"""Papers of arXiv: numbers, what its API says of them, and their PDFs.

Invariant: all processes of an archive together have one connection to arXiv at a time, and three
seconds lie between the end of one request and the next.  Source: arXiv API, terms of use.
"""

import re
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from catalog import addresses
from catalog.addresses import ARXIV_ID, ArxivId
from catalog.errors import BadAddress
from catalog.lock import Held, only_one
from ingest.errors import LinkRefused, UnknownPaper, Unreachable
from ingest.sources.fetch import Fetched, Fetcher, Told

SPACING_S = 3.0
_TURN_WAIT_S = 600.0
_ANSWER_BYTES = 1 << 20
_ATOM = {"a": "http://www.w3.org/2005/Atom", "x": "http://arxiv.org/schemas/atom"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What arXiv says of a paper."""

    id: ArxivId
    title: str
    authors: tuple[str, ...]
    year: int
    abstract: str
    doi: str | None


def arxiv_id_in(word: str) -> ArxivId | None:
    """The number in `arxiv:…` or in an address of arXiv's; None when it is something else.

    Raises: LinkRefused (it should be one and is not).
    """
    try:
        return addresses.arxiv_id_in(word)
    except BadAddress as problem:
        raise LinkRefused(problem.address, problem.reason, problem.advice) from problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Arxiv:
    """arXiv, as the processes of one archive ask it: in turn."""

    base_url: str
    fetcher: Fetcher
    run_dir: Path
    spacing_s: float = SPACING_S
    sleep: Callable[[float], None] = time.sleep

    def entry(self, wanted: ArxivId) -> Entry:
        """What is known of a paper.  Raises: UnknownPaper, Unreachable, LinkRefused."""
        url = f"{self.base_url.rstrip('/')}/api/query?id_list={wanted}&max_results=1"
        limits = replace(self.fetcher.limits, size_bytes=_ANSWER_BYTES)
        try:
            with self._turn():
                answer = replace(self.fetcher, limits=limits).read(url)
        except LinkRefused as refused:
            if "answers 400" in refused.reason:
                raise UnknownPaper(str(wanted)) from refused
            raise
        return entry_in(answer, wanted)

    def pdf(self, wanted: ArxivId, part: Path, told: Told) -> Fetched:
        """Write a paper's PDF to `part`.  Raises: as `Fetcher.fetch`."""
        with self._turn():
            return self.fetcher.fetch(f"{self.base_url.rstrip('/')}/pdf/{wanted}", part, told)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        last = self.run_dir / "arxiv.last"
        try:
            with only_one(self.run_dir / "arxiv.lock", wait_s=_TURN_WAIT_S):
                self.sleep(self._owed_s(last))
                try:
                    yield
                finally:
                    last.touch()
        except Held as held:
            raise Unreachable("arXiv", f"process {held.pid} is fetching from it for long") from held

    def _owed_s(self, last: Path) -> float:
        if not last.exists():
            return 0.0
        return min(self.spacing_s, max(0.0, last.stat().st_mtime + self.spacing_s - time.time()))


def entry_in(answer: bytes, wanted: ArxivId) -> Entry:
    """The paper in an answer of the API.  Raises: UnknownPaper, Unreachable (no such answer)."""
    feed = _feed(answer)
    found = feed.find("a:entry", _ATOM)
    if found is None or "/api/errors" in _text(found, "a:id"):
        raise UnknownPaper(str(wanted))
    title, published = _text(found, "a:title"), _text(found, "a:published")
    named = re.search(rf"/abs/({ARXIV_ID.pattern})$", _text(found, "a:id"))
    if not title or named is None or not re.match(r"\d{4}-", published):
        raise UnknownPaper(str(wanted))
    version = named["version"]
    return Entry(
        id=ArxivId(base=wanted.base, version=int(version) if version else wanted.version),
        title=title,
        authors=tuple(
            filter(None, (_text(one, "a:name") for one in found.findall("a:author", _ATOM)))
        ),
        year=int(published[:4]),
        abstract=_text(found, "a:summary"),
        doi=_text(found, "x:doi").partition(" ")[0] or None,
    )


def _feed(answer: bytes) -> ET.Element:
    try:
        text = answer.decode()
        if "<!DOCTYPE" in text:
            raise ValueError("it declares entities")
        feed = ET.fromstring(text)  # noqa: S314 -- no document type, so no entities to blow up
    except (ValueError, ET.ParseError) as error:
        raise Unreachable("arXiv", "its answer is not the list that it should be") from error
    if feed.tag != f"{{{_ATOM['a']}}}feed":
        raise Unreachable("arXiv", "its answer is not the list that it should be")
    return feed


def _text(element: ET.Element, path: str) -> str:
    """The words of an element on one line, without what does not print."""
    words = (element.findtext(path, "", _ATOM) or "").split()
    return "".join(c for c in " ".join(words) if c.isprintable())
