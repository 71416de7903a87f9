"""How long the server's event loop is held while a large file is uploaded, and what others feel.

The archive is served in this process over a socket.  A task of its loop asks to be woken each
millisecond, and notes how late it is and how much of the processor the loop took meanwhile; another
process sends the file, and this one searches.  The same is measured at rest, and once with a
handler that works for 80 ms, which must be seen.
    python -m bench.loop [--megabytes 1000]
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import structlog
import uvicorn

from app.main import create_app
from bench.record import record
from tests.app.conftest import filled
from tests.app.keys import new_key
from tests.app.shelf import Shelf, until
from tests.archive import free_port

TICK_S = 0.001
HELD_S = 0.08
SEARCH_EVERY_S = 0.05
REST_S = 10.0
SENDER = """
import base64, sys, httpx2
url, key, megabytes = sys.argv[1], sys.argv[2], int(sys.argv[3])
size, block = megabytes * 1_000_000, b"\\0" * 1_000_000
headers = {"authorization": f"Bearer {key}", "tus-resumable": "1.0.0"}
name = base64.b64encode(b"long.wav").decode()
with httpx2.Client(base_url=url, headers=headers, timeout=600) as client:
    begun = client.post("/api/v1/uploads", headers={
        "upload-length": str(size), "upload-metadata": f"filename {name}"})
    sent = client.patch(begun.headers["location"], content=(block for _ in range(megabytes)),
        headers={"upload-offset": "0", "content-type": "application/offset+octet-stream"})
    assert sent.status_code == 204, sent.text
"""


class Probe:
    """How late a loop's own clock is, and how much of the processor its thread took in between.

    Only the second is the server's own doing on a machine that others use, too; it counts all that
    ran between two ticks, so no single step took longer.
    """

    def __init__(self) -> None:
        self._late_s: list[float] = []
        self._worked_s: list[float] = []

    async def watch(self) -> None:
        """Note it at each tick, until cancelled."""
        while True:
            due, before_s = time.perf_counter() + TICK_S, time.thread_time()
            await asyncio.sleep(TICK_S)
            self._worked_s.append(time.thread_time() - before_s)
            self._late_s.append(max(0.0, time.perf_counter() - due))

    def taken(self) -> dict[str, dict[str, float]]:
        """What was noted since the last time, in ms."""
        late, self._late_s = self._late_s, []
        worked, self._worked_s = self._worked_s, []
        return {"late_ms": _figures(late), "worked_ms": _figures(worked)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1000)
    megabytes = parser.parse_args().megabytes
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with tempfile.TemporaryDirectory() as folder:
        shelf = Shelf(Path(folder) / "data")
        filled(shelf)
        shelf.publish()
        _, secret = new_key(shelf, "ingest")
        with _watched(shelf) as (url, probe, loop):
            probe.taken()
            rest = _searching(url, lambda: time.sleep(REST_S))
            at_rest = {**probe.taken(), "search_ms": rest}
            command = [sys.executable, "-c", SENDER, url, secret, str(megabytes)]
            began = time.monotonic()
            felt = _searching(url, lambda: subprocess.run(command, check=True))
            took_s = time.monotonic() - began
            uploading = {**probe.taken(), "search_ms": felt}
            loop.call_soon_threadsafe(_hold)
            time.sleep(1)
            control = probe.taken()
        shelf.close()
    record(
        "loop",
        {
            "megabytes": megabytes,
            "upload_s": round(took_s, 1),
            "at_rest": at_rest,
            "uploading": uploading,
            "control_held_80_ms": control,
        },
    )


@contextmanager
def _watched(shelf: Shelf) -> Iterator[tuple[str, Probe, asyncio.AbstractEventLoop]]:
    """Serve an archive with a probe in its loop."""
    encoder, port, probe = shelf.encoder, free_port(), Probe()
    settings = shelf.settings.model_copy(update={"limit_per_key": "off"})
    app = create_app(settings, load_encoder=lambda _: encoder)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", access_log=False))
    loops: list[asyncio.AbstractEventLoop] = []

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        watching = asyncio.create_task(probe.watch())
        await server.serve()
        watching.cancel()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    url = f"http://127.0.0.1:{port}"
    until(lambda: server.started and httpx2.get(f"{url}/readyz").status_code == 200)
    try:
        yield url, probe, loops[0]
    finally:
        server.should_exit = True
        thread.join(timeout=30)


def _searching(url: str, meanwhile: Any) -> dict[str, float]:
    """Search at a steady rate while something is done; how long each took, in ms."""
    took_s: list[float] = []
    over = threading.Event()

    def search() -> None:
        with httpx2.Client(base_url=url, timeout=60) as client:
            while not over.wait(SEARCH_EVERY_S):
                began = time.perf_counter()
                query = f"threshold {len(took_s)}"  # another one each time: none is kept
                client.get("/api/v1/search", params={"q": query}).raise_for_status()
                took_s.append(time.perf_counter() - began)

    thread = threading.Thread(target=search)
    thread.start()
    try:
        meanwhile()
    finally:
        over.set()
        thread.join()
    return _figures(took_s)


def _hold() -> None:
    """Work without a pause, as no handler may."""
    end = time.thread_time() + HELD_S
    while time.thread_time() < end:
        pass


def _figures(seconds: list[float]) -> dict[str, float]:
    ms = 1000 * np.array(seconds)
    named = {"p50": 50, "p99": 99, "p99.9": 99.9, "most": 100}
    return {
        "count": len(ms),
        **{name: round(float(np.percentile(ms, share)), 2) for name, share in named.items()},
    }


if __name__ == "__main__":
    main()
