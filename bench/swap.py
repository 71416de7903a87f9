"""A server under a steady 20 requests a second while three snapshots are published.

Open loop: requests leave on their beat whether or not answers have come.  Counted: failures,
and answers whose hits are not of the generation they name.
    python -m bench.swap
"""

import asyncio
import json
import statistics
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

import httpx2

from bench.record import record
from tests.archive import DEMO, ROOT, free_port, seminar, started

RATE = 20.0
QUESTIONS = [
    one["question"]
    for one in json.loads((ROOT / "tests" / "demo_questions.json").read_text())["talk_questions"]
]
PAPERS = sorted((DEMO / "papers").glob("*.pdf"))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        data, port = Path(folder) / "data", free_port()
        seminar(data, "add", PAPERS[0], "--wait")
        with started(data, "serve", "--port", str(port)) as server:
            threading.Thread(target=server.stdout.read, daemon=True).start()  # its log
            _until_ready(port)
            answers = asyncio.run(_storm(data, port))
    failed = [one for one in answers if one["status"] != 200]
    known: dict[str, set[str]] = {}
    for one in answers:
        if one["status"] == 200:
            known.setdefault(one["generation"], set()).add(f"{one['question']}|{one['hits']}")
    torn = sum(len(found) - len({text.split("|")[0] for text in found}) for found in known.values())
    took = sorted(one["ms"] for one in answers if one["status"] == 200)
    record("swap", {
        "requests": len(answers),
        "requests_per_second": RATE,
        "snapshots_seen": len(known),
        "answers_by_generation": dict(Counter(one.get("generation") for one in answers)),
        "failed": len(failed),
        "failures": dict(Counter(str(one["status"]) for one in failed)),
        "different_answers_within_one_generation": torn,
        "p50_ms": round(statistics.median(took), 1),
        "p99_ms": round(took[int(len(took) * 0.99) - 1], 1),
    })  # fmt: skip


async def _storm(data: Path, port: int) -> list[dict[str, Any]]:
    stop = asyncio.Event()
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        asking = asyncio.create_task(_ask(client, stop))
        await asyncio.sleep(3)
        for paper in PAPERS[1:4]:
            await asyncio.to_thread(seminar, data, "add", paper, "--wait")
            await asyncio.sleep(3)
        stop.set()
        return await asking


async def _ask(client: httpx2.AsyncClient, stop: asyncio.Event) -> list[dict[str, Any]]:
    began, number, running = time.monotonic(), 0, []
    while not stop.is_set():
        running.append(asyncio.create_task(_one(client, QUESTIONS[number % len(QUESTIONS)])))
        number += 1
        await asyncio.sleep(max(0.0, began + number / RATE - time.monotonic()))
    return list(await asyncio.gather(*running))


async def _one(client: httpx2.AsyncClient, question: str) -> dict[str, Any]:
    began = time.monotonic()
    try:
        answer = await client.get("/api/v1/search", params={"q": question})
    except httpx2.HTTPError as error:
        return {"status": repr(error)}
    if answer.status_code != 200:
        return {"status": answer.status_code}
    body = answer.json()
    passages = [passage["id"] for hit in body["hits"] for passage in hit["passages"]]
    return {
        "status": 200,
        "ms": 1000 * (time.monotonic() - began),
        "generation": body["generation"],
        "question": question,
        "hits": " ".join(passages),
    }


def _until_ready(port: int) -> None:
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz").close()
            return
        except OSError:
            time.sleep(0.1)


if __name__ == "__main__":
    main()
