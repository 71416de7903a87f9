"""What feeds, lists and pages cost on a big archive: milliseconds of a request, peak memory.

`seminar serve` with one process on a catalog in SQLite, asked over one connection that stays open,
one request after another.  Titles, names and abstracts are made up of words, everything is drawn
from a seed; a talk has one passage, no words are timed and no recording is there.  Each address is
asked until `MOST` answers or `SECONDS` are over, then with the tag that it gave, if it gave one;
some are asked again with an event written to the catalog before each request.
    python -m bench.feeds [--talks 5000] [--papers 1000]
"""

import argparse
import asyncio
import os
import re
import statistics
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bench.feeds_archive import filled
from bench.full_archive import published
from bench.record import record
from bench.service import UNLIMITED, Client, Server
from catalog.engine import open_catalog
from catalog.settings import read_settings
from catalog.tables import Event
from index.encoders.choose import open_encoder
from tests.archive import free_port, started

MOST, FEWEST, SECONDS = 200, 10, 4.0
_LIST = "/oai?verb={}&metadataPrefix=oai_dc"
_TOKEN = re.compile(rb"<resumptionToken[^>]*>([^<]+)<")
PATHS: Mapping[str, str] = {
    "site map, list of maps": "/sitemap.xml",
    "site map, the first": "/sitemaps/1.xml",
    "robots": "/robots.txt",
    "Atom, new talks": "/feeds/talks.atom",
    "Atom, a series": "/feeds/series/series-001.atom",
    "Atom, a speaker": "/feeds/speakers/speaker-number001.atom",
    "Atom, a saved search": "/feeds/search.atom?q=kernel+gradient",
    "podcast of a series": "/feeds/series/series-001.rss",
    "calendar of a series": "/feeds/series/series-001.ics",
    "OAI, Identify": "/oai?verb=Identify",
    "OAI, ListSets": "/oai?verb=ListSets",
    "OAI, ListIdentifiers": _LIST.format("ListIdentifiers"),
    "OAI, ListRecords": _LIST.format("ListRecords"),
    "home page": "/",
    "page of talks": "/talks",
    "page of talks of a year": "/talks?year=2020",
    "page of papers": "/papers",
    "page about the archive": "/about",
    "page of a series": "/series/series-001",
    "page of a speaker": "/speakers/speaker-number001",
    "API, talks": "/api/v1/talks",
    "API, papers": "/api/v1/papers",
}
AFTER_COMMITS = ("site map, list of maps", "Atom, new talks", "OAI, ListRecords", "page of talks")
COMMITS = 30
HARVESTED_PAGE = 30
"""The later page of a harvest that is measured by itself, or the last one before it."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--talks", type=int, default=5000)
    parser.add_argument("--papers", type=int, default=1000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data, port = Path(folder), free_port()
        held = filled(data, talks=given.talks, papers=given.papers)
        published(data, open_encoder("all-MiniLM-L6-v2"))
        words = ("serve", "--port", str(port))
        with started(data, *words, SEMINAR_LOG_LEVEL="error", **UNLIMITED) as server:
            threading.Thread(target=server.stdout.read, daemon=True).start()  # its log
            asyncio.run(_ready(port))
            idle = _peak_mb(server.pid)
            figures = asyncio.run(_measured(Server(pids=(server.pid,), port=port)))
            figures["after_a_commit"] = asyncio.run(_after_commits(data, port))
            peak = _peak_mb(server.pid)
    name = "feeds" if given.talks == parser.get_default("talks") else f"feeds_{given.talks}"
    record(name, {
        **held, "made_of": "words drawn from a seed", **figures,
        "peak_memory_when_ready_mb": idle, "peak_memory_mb": peak,
    })  # fmt: skip


async def _measured(server: Server) -> dict[str, Any]:
    async with Client(server.port) as client:
        figures = {name: await _asked(server, client, path) for name, path in PATHS.items()}
        harvest, later = await _harvested(client)
        figures["OAI, ListRecords, a later page"] = await _asked(server, client, later)
    return {"requests": figures, "whole_harvest": harvest}


async def _asked(server: Server, client: Client, path: str) -> dict[str, Any]:
    """An address again and again, then again with its tag."""
    _, headers, body = await client.get(path)
    tag = headers.get(b"etag")
    again = await _spread(server, client, path, 200)
    known = {"bytes": len(body), **again}
    if tag is None:
        return known
    held = f"If-None-Match: {tag.decode().replace('w/', 'W/')}"
    return {**known, "not_modified": await _spread(server, client, path, 304, held)}


async def _spread(
    server: Server, client: Client, path: str, awaited: int, *headers: str
) -> dict[str, Any]:
    took: list[float] = []
    before = server.processor_ms()
    until = time.perf_counter() + SECONDS
    while len(took) < FEWEST or (len(took) < MOST and time.perf_counter() < until):
        began = time.perf_counter()
        status, _, body = await client.get(path, *headers)
        took.append(1000 * (time.perf_counter() - began))
        if status != awaited:
            raise RuntimeError(f"{path} was answered with {status}: {body[:300]!r}")
    ranked = sorted(took)
    return {
        "requests": len(ranked),
        "p50_ms": round(statistics.median(ranked), 2),
        "p99_ms": round(ranked[int(0.99 * len(ranked))], 2),
        "processor_ms_each": round((server.processor_ms() - before) / len(ranked), 2),
    }


async def _after_commits(data: Path, port: int) -> dict[str, float]:
    """The median of each address when something was committed just before."""
    catalog, medians = open_catalog(read_settings(data_dir=data).catalog_url), {}
    async with Client(port) as client:
        for name in AFTER_COMMITS:
            took = []
            for _ in range(COMMITS):
                with catalog.write() as session:
                    session.add(Event(who="bench", deed="edit", kind="talk"))
                began = time.perf_counter()
                await client.get(PATHS[name])
                took.append(1000 * (time.perf_counter() - began))
            medians[name] = round(statistics.median(took), 2)
    catalog.close()
    return medians


async def _harvested(client: Client) -> tuple[dict[str, Any], str]:
    """All records, page by page, and the address of a later page."""
    began, path, pages, records, later = time.perf_counter(), PATHS["OAI, ListRecords"], 0, 0, ""
    while path:
        _, _, body = await client.get(path)
        pages, records = pages + 1, records + body.count(b"<record>")
        found = _TOKEN.search(body)
        path = f"/oai?verb=ListRecords&resumptionToken={quote(found[1])}" if found else ""
        later = path if path and pages < HARVESTED_PAGE else later
    seconds = round(time.perf_counter() - began, 2)
    return {"pages": pages, "records": records, "seconds": seconds}, later


async def _ready(port: int) -> None:
    for _ in range(3000):
        try:
            async with Client(port) as client:
                if (await client.get("/readyz"))[0] == 200:
                    return
        except OSError:
            pass
        await asyncio.sleep(0.02)
    raise RuntimeError("the server was not ready after a minute")


def _peak_mb(pid: int) -> int:
    """The most memory that was resident at one time."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024


if __name__ == "__main__":
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    main()
