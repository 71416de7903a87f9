"""Requests a second and p99 of searches and of a big recording, beside bare FastAPI and nginx.

`seminar serve` with one process; a route of FastAPI that sends the same bytes (`bench.http_bare`),
and nginx where it is installed.  All run on this machine with the client, so the figures compare
and are no capacity.  The recording is sparse; its ranges are 1 MiB, in random places.
    python -m bench.http [--passages 2000] [--megabytes 1024] [--seconds 4]
"""

import argparse
import asyncio
import getpass
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bench.full_archive import questions
from bench.record import record
from bench.service import UNLIMITED, Client, archive
from catalog import submissions
from catalog.engine import open_catalog
from catalog.errors import AlreadyThere
from catalog.settings import read_settings
from catalog.store import Store
from catalog.submissions import OfferedFile
from catalog.talks import NewTalk
from tests.archive import free_port, started

CONNECTIONS = 4
PART = 1 << 20
HOST = "127.0.0.1"
Asked = tuple[str, tuple[str, ...]]
"""A path with the headers that are sent."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=2000)
    parser.add_argument("--megabytes", type=int, default=1024)
    parser.add_argument("--seconds", type=float, default=4.0)
    given = parser.parse_args()
    data = archive(given.passages)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        media = _recording(data, folder, given.megabytes)
        port = free_port()
        server = stack.enter_context(
            started(data, "serve", "--port", str(port), SEMINAR_LOG_LEVEL="error", **UNLIMITED)
        )
        threading.Thread(target=server.stdout.read, daemon=True).start()  # its log
        figures, body = asyncio.run(_ours(port, media[0], given.megabytes, given.seconds))
        (folder / "body").write_bytes(body)
        for name, opened in (("fastapi", _fastapi), ("nginx", _nginx)):
            found = stack.enter_context(opened(folder, media[1]))
            figures[name] = (
                asyncio.run(_others(found, given.megabytes, given.seconds))
                if found
                else "not installed"
            )
    record("http", {
        "passages": given.passages, "recording_mb": given.megabytes, "range_bytes": PART,
        "connections": CONNECTIONS, "seconds_each": given.seconds, **figures,
    })  # fmt: skip


def _recording(data: Path, folder: Path, megabytes: int) -> tuple[str, Path]:
    """A talk's address of its recording of this size, and the file; added once."""
    file = folder / "talk.mp4"
    with file.open("wb") as empty:
        empty.truncate(megabytes << 20)
    settings = read_settings(data_dir=data)
    stored = Store(data).put_media(file)
    catalog = open_catalog(settings.catalog_url)
    try:
        with catalog.write() as session:
            offered = OfferedFile(stored=stored, name="talk.mp4", media_type="video/mp4")
            new = NewTalk(title=f"A talk of {megabytes} MB")
            job = submissions.accept_recording(session, new, offered)
            public_id = submissions.owner_of(session, job).public_id
    except AlreadyThere as there:
        public_id = there.public_id
    finally:
        catalog.close()
    return f"/media/talks/{public_id}", Store(data).media(stored.sha256)


async def _ours(
    port: int, media: str, megabytes: int, seconds: float
) -> tuple[dict[str, Any], bytes]:
    await _until_ready(port, "/readyz")
    new = [f"/api/v1/search?{urlencode({'q': one})}" for one in questions()]
    async with Client(port) as client:
        for path in new[:20]:
            await client.get(path)
        _, headers, body = await client.get(new[0])
    tag = f"If-None-Match: {headers[b'etag'].decode()}"
    figures = {
        "search_new": await _rate(port, [(path, ()) for path in new[20:]], seconds, once=True),
        "search_kept": await _rate(port, [(new[0], ())], seconds),
        "search_not_modified": await _rate(port, [(new[0], (tag,))], seconds),
        "ranges": await _rate(port, _ranges(media, megabytes), seconds),
    }
    return {"archive": figures}, body


async def _others(port: int, megabytes: int, seconds: float) -> dict[str, Any]:
    await _until_ready(port, "/body")
    return {
        "body": await _rate(port, [("/body", ())], seconds),
        "ranges": await _rate(port, _ranges("/file", megabytes), seconds),
    }


def _ranges(path: str, megabytes: int) -> list[Asked]:
    picked = random.Random(7)
    starts = [picked.randrange(max(1, (megabytes << 20) - PART)) for _ in range(500)]
    return [(path, (f"Range: bytes={start}-{start + PART - 1}",)) for start in starts]


async def _until_ready(port: int, path: str) -> None:
    for _ in range(1500):
        try:
            async with Client(port) as client:
                if (await client.get(path))[0] == 200:
                    return
        except OSError:
            pass
        await asyncio.sleep(0.02)
    raise RuntimeError("the server was not ready after half a minute")


async def _rate(
    port: int, asked: Sequence[Asked], seconds: float, *, once: bool = False
) -> dict[str, Any]:
    """Requests a second and percentiles; each once at the most, or round and round."""
    took: list[float] = []
    left = iter(asked) if once else _round(asked)
    began = time.perf_counter()

    async def ask() -> None:
        async with Client(port) as client:
            for path, headers in left:
                start = time.perf_counter()
                status, _, _ = await client.get(path, *headers)
                took.append(1000 * (time.perf_counter() - start))
                if status not in {200, 206, 304}:
                    raise RuntimeError(f"{path} was answered with {status}")
                if time.perf_counter() - began > seconds:
                    return

    await asyncio.gather(*(ask() for _ in range(CONNECTIONS)))
    spent, ranked = time.perf_counter() - began, sorted(took)
    return {
        "requests": len(ranked),
        "per_second": round(len(ranked) / spent, 1),
        "p50_ms": round(ranked[len(ranked) // 2], 2),
        "p99_ms": round(ranked[int(0.99 * len(ranked))], 2),
    }


def _round(asked: Sequence[Asked]) -> Iterator[Asked]:
    while True:
        yield from asked


@contextmanager
def _fastapi(folder: Path, file: Path) -> Iterator[int]:
    port = free_port()
    known = {**os.environ, "BENCH_BODY": str(folder / "body"), "BENCH_FILE": str(file)}
    words = [sys.executable, "-m", "uvicorn", "bench.http_bare:app", "--port", str(port)]
    with _running([*words, "--log-level", "error"], known):
        yield port


@contextmanager
def _nginx(folder: Path, file: Path) -> Iterator[int | None]:
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if found is None:
        yield None
        return
    port, config = free_port(), folder / "nginx.conf"
    config.write_text(
        f"user {getpass.getuser()}; daemon off; pid {folder}/pid; error_log {folder}/log; "
        "worker_processes 1; events {}\n"
        f"http {{ access_log off; keepalive_requests 100000000;\n"
        f"server {{ listen {HOST}:{port};\n"
        f"location = /body {{ default_type application/json; alias {folder}/body; }}\n"
        f"location = /file {{ default_type video/mp4; alias {file}; }} }} }}\n"
    )
    with _running([found, "-p", str(folder), "-c", str(config)], dict(os.environ)):
        yield port


@contextmanager
def _running(words: Sequence[str], known: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(words, env=known)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=10)


if __name__ == "__main__":
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    main()
