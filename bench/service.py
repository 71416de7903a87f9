"""A real server on a big archive: searches that are new to it, answers it keeps, suggestions.

`seminar serve` with one process on a catalog in SQLite; the client is another process on the same
machine, with plain sockets that stay open.  Latency is one request after another; rates are with
four connections (searches) or eight (everything kept).  The archive is `bench.full_archive`'s, with
vectors that are real ones of other passages, moved.  Queries are encoded truly.
    python -m bench.service [PASSAGES]
"""

import asyncio
import importlib.metadata
import json
import os
import re
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np

from bench.full_archive import filled, moved_encoder, published, questions
from bench.record import record
from catalog.settings import read_settings
from index import snapshot
from index.dense import DenseLeg
from index.encoders.choose import open_encoder
from index.errors import IndexProblem
from index.parts import parts_of
from tests.archive import free_port, started

USUAL = 200_000
ALONE, TOGETHER = 400, 1000
SETTLED_S = 20.0
RECALLED = 200
RATE_S = 4.0
UNLIMITED = {"SEMINAR_LIMIT_PER_CLIENT": "off"}  # one client asks for many
TYPED = (
    "neural tang", "gradient desc", "ber", "attention is", "linear alg", "convex opt", "tra", "s",
    "graph neural net", "bayes", "interplation", "reinforcment lear", "kernel", "wang", "de", "rob",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Server:
    """The processes that are measured."""

    pids: tuple[int, ...]
    port: int

    def processor_ms(self) -> float:
        """What they have taken of the processors so far; other programs do not count."""
        stats = [Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1] for pid in self.pids]
        ticks = sum(int(one.split()[11]) + int(one.split()[12]) for one in stats)
        return 1000 * ticks / os.sysconf("SC_CLK_TCK")


class Client:
    """One connection that stays open."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def __aenter__(self) -> "Client":
        self._in, self._out = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._out.close()

    async def get(self, path: str, *headers: str) -> tuple[int, dict[bytes, bytes], bytes]:
        """Status, headers and body of one request."""
        lines = [f"GET {path} HTTP/1.1", "Host: bench", *headers, "", ""]
        self._out.write("\r\n".join(lines).encode())
        head = await self._in.readuntil(b"\r\n\r\n")
        first, *rest = head.split(b"\r\n")
        known = dict(line.lower().split(b": ", 1) for line in rest if line)
        body = await self._in.readexactly(int(known.get(b"content-length", b"0")))
        return int(first.split()[1]), known, body


def main() -> None:
    passages = int(sys.argv[1]) if len(sys.argv) > 1 else USUAL
    data, port = archive(passages), free_port()
    began = time.monotonic()
    with started(
        data, "serve", "--port", str(port), SEMINAR_LOG_FORMAT="json", **UNLIMITED
    ) as server:
        threading.Thread(target=server.stdout.read, daemon=True).start()  # its log
        ready_s = asyncio.run(_ready(port)) - began
        idle = _memory(server.pid)
        figures = asyncio.run(_measured(Server(pids=(server.pid,), port=port)))
        at_end = _memory(server.pid)
    name = "service" if passages == USUAL else f"service_{passages}"
    record(name, {
        "passages": passages, "vectors": "real ones of other passages, slightly moved",
        "talks_and_papers": figures.pop("owners"),
        "ready_after_s": round(ready_s, 2), **figures,
        "memory_when_ready_mb": idle, "memory_at_end_mb": at_end,
        "two_processes": _two_processes(data),
        "recall_at_10_of_exact": _recall(data),
        "http_parser": _parser(),
    })  # fmt: skip


def _two_processes(data: Path) -> dict[str, Any]:
    """The rate of new searches with two server processes, and how much memory they share."""
    port = free_port()
    given = ("serve", "--port", str(port), "--processes", "2")
    with started(data, *given, SEMINAR_LOG_FORMAT="json", **UNLIMITED) as parent:
        threading.Thread(target=parent.stdout.read, daemon=True).start()
        asyncio.run(_ready(port))
        time.sleep(SETTLED_S)  # whichever was asked, both are ready then
        server = Server(pids=children(parent.pid), port=port)
        asked = [f"/api/v1/search?{urlencode({'q': one})}" for one in questions()]
        rate = asyncio.run(_rate(server, asked[:TOGETHER], connections=8, anew=True))
        told = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in server.pids]
    sizes = {
        name: [int(re.search(rf"^{field}: +(\d+)", one, re.MULTILINE)[1]) // 1024 for one in told]
        for name, field in (("resident", "Rss"), ("proportional", "Pss"))
    }
    return {**rate, "connections": 8, "memory_mb": sizes}


def _recall(data: Path) -> float:
    """Of the ten rows with the highest cosine, how many the dense leg finds: the mean."""
    root = read_settings(data_dir=data).index_dir
    folder = root / (snapshot.current_generation(root) or "")
    encoder = open_encoder("all-MiniLM-L6-v2")
    leg = DenseLeg(parts_of(folder))
    every, shares = leg.vectors(), []
    for question in questions(RECALLED):
        vector = encoder.encode_query(question)
        found, _ = leg.search(vector, 200)
        best = np.argpartition(every @ vector, -10)[-10:]
        shares.append(np.isin(best, found[:10]).mean())
    return round(float(np.mean(shares)), 4)


def children(parent: int) -> tuple[int, ...]:
    """The server processes below their supervisor."""
    below = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    commands = {int(pid): Path(f"/proc/{pid}/cmdline").read_bytes() for pid in below}
    return tuple(pid for pid, command in commands.items() if b"resource_tracker" not in command)


def archive(passages: int) -> Path:
    """A published archive of this many passages, made once."""
    data = Path(tempfile.gettempdir()) / f"seminar-bench-archive-{passages}"
    if not (data / "filled").exists():
        filled(data, passages)
        (data / "filled").touch()
    root = read_settings(data_dir=data).index_dir
    try:
        current = snapshot.current_generation(root)
        if current is not None:
            snapshot.verify(root, current)
            return data
    except IndexProblem:
        pass  # of another format: made anew
    published(data, moved_encoder())
    return data


async def _ready(port: int) -> float:
    while True:
        try:
            async with Client(port) as client:
                if (await client.get("/readyz"))[0] == 200:
                    return time.monotonic()
        except OSError:
            pass
        await asyncio.sleep(0.02)


async def _measured(server: Server) -> dict[str, Any]:
    asked = [f"/api/v1/search?{urlencode({'q': one})}" for one in questions()]
    async with Client(server.port) as client:
        status = json.loads((await client.get("/api/v1/status"))[2])
        await _suggesting(client)
        for path in asked[:50]:
            await client.get(path)
        alone = await _one_by_one(server, client, asked[50 : 50 + ALONE])
        narrowed = await _one_by_one(server, client, [f"{one}&kind=talk" for one in asked[50:150]])
        first = asked[60]
        _, headers, body = await client.get(first)
        kept = await _one_by_one(server, client, [first] * 500)
        typed = [
            f"/api/v1/suggest?{urlencode({'q': one, 'limit': limit})}"
            for limit in range(5, 15)
            for one in TYPED
        ]
        suggested = await _one_by_one(server, client, typed)
        similar = await _one_by_one(server, client, await _similar(client, asked[:60]))
    tag = f"If-None-Match: {headers[b'etag'].decode()}"
    return {
        "owners": status["talks"] + status["papers"],
        "new_searches": {**alone, **await _rate(server, asked[50 + ALONE :][:TOGETHER])},
        "new_searches_of_talks_only": narrowed,
        "kept_answer": {
            **kept, "bytes": len(body),
            **await _rate(server, [first], connections=8), "not_modified": await _rate(
                server, [first], tag, connections=8),
        },
        "suggestions": suggested,
        "similar": similar,
    }  # fmt: skip


async def _suggesting(client: Client) -> None:
    """Wait until the suggestions are made; that begins after a big archive is ready."""
    for _ in range(600):
        _, _, body = await client.get("/api/v1/suggest?q=learning&limit=5")
        if json.loads(body)["suggestions"]:
            return
        await asyncio.sleep(0.1)
    raise RuntimeError("no suggestions after a minute")


async def _similar(client: Client, asked: Sequence[str]) -> list[str]:
    """Addresses of what is similar to the best hit of each search."""
    hits = [json.loads((await client.get(path))[2])["hits"] for path in asked]
    best = {(one[0]["kind"], one[0]["id"]) for one in hits if one}
    return [f"/api/v1/{kind}s/{public_id}/similar" for kind, public_id in sorted(best)]


async def _one_by_one(server: Server, client: Client, paths: Sequence[str]) -> dict[str, float]:
    """Milliseconds of each request, one after another."""
    took = []
    before = server.processor_ms()
    for path in paths:
        began = time.perf_counter()
        status, _, body = await client.get(path)
        took.append(1000 * (time.perf_counter() - began))
        if status != 200:
            raise RuntimeError(f"{path} was answered with {status}: {body[:300]!r}")
    return _spread(took, server.processor_ms() - before)


async def _rate(
    server: Server,
    paths: Sequence[str],
    *headers: str,
    connections: int = 4,
    anew: bool = False,
) -> dict[str, float]:
    """Requests a second: each path once, or one path again and again.

    anew: over a new connection each, as many people come; processes share those out.
    """
    left = iter(paths if len(paths) > 1 else iter(lambda: paths[0], None))
    began, before = time.perf_counter(), server.processor_ms()
    answered, failed = 0, 0

    async def ask() -> None:
        nonlocal answered, failed
        while True:
            async with Client(server.port) as client:
                for path in left:
                    status, _, _ = await client.get(path, *headers)
                    answered += 1
                    failed += status not in {200, 304}
                    if len(paths) == 1 and time.perf_counter() - began > RATE_S:
                        return
                    if anew:
                        break
                else:
                    return

    await asyncio.gather(*(ask() for _ in range(connections)))
    seconds = time.perf_counter() - began
    return {
        "per_second": round(answered / seconds),
        "answered": answered,
        "failed": failed,
        "processor_ms_each_together": round((server.processor_ms() - before) / answered, 3),
    }


def _spread(took_ms: Sequence[float], processor_ms: float) -> dict[str, float]:
    ranked = sorted(took_ms)
    return {
        "requests": len(ranked),
        "p50_ms": round(statistics.median(ranked), 2),
        "p95_ms": round(ranked[int(0.95 * len(ranked))], 2),
        "p99_ms": round(ranked[int(0.99 * len(ranked))], 2),
        "processor_ms_each": round(processor_ms / len(ranked), 2),
    }


def _memory(pid: int) -> dict[str, int]:
    """Resident memory, and how much of it is no mapped file."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    known = dict(line.split(":", 1) for line in lines)
    return {
        name: int(known[field].split()[0]) // 1024
        for name, field in (("resident", "VmRSS"), ("own", "RssAnon"))
    }


def _parser() -> str:
    try:
        return f"httptools {importlib.metadata.version('httptools')}"
    except importlib.metadata.PackageNotFoundError:
        return "h11"


if __name__ == "__main__":
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    main()
