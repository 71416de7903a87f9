"""`seminar add` of links: the whole way, through a worker of its own and its death."""

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.archive import DEMO, seminar, seminar_json, started
from tests.ingest.elsewhere import Elsewhere, Handler, body, elsewhere, status
from tests.ingest.test_arxiv import feed

NOTES = (DEMO / "papers" / "notes-minimum-norm.pdf").read_bytes()
OTHER = (DEMO / "papers" / "notes-lazy-training.pdf").read_bytes()


@pytest.fixture
def server() -> Iterator[Elsewhere]:
    with elsewhere() as opened:
        yield opened


def call(
    server: Elsewhere, data_dir: Path, *words: str, check: bool = True
) -> "subprocess.CompletedProcess[str]":
    hosts, base = named(server).values()
    return seminar(
        data_dir, *words, check=check, SEMINAR_LINK_HOSTS_INSIDE=hosts, SEMINAR_ARXIV_URL=base
    )


def named(server: Elsewhere) -> dict[str, str]:
    return {
        "SEMINAR_LINK_HOSTS_INSIDE": f"127.0.0.1:{server.port}",
        "SEMINAR_ARXIV_URL": server.url(""),
    }


def test_waiting_for_a_link_is_waiting_for_what_it_gives(server: Elsewhere, tmp_path: Path) -> None:
    server.routes["/get"] = body(NOTES, Content_Type="application/octet-stream")
    server.routes["/api/query"] = body(feed("1912.02292v2"))
    server.routes["/pdf/1912.02292v2"] = body(OTHER)
    with elsewhere() as inside:
        done = call(
            server, tmp_path, "add", server.url("/get?x=//1"), server.url("/gone.mp4"),
            "arxiv:1912.02292", inside.url("/canary.mp4"), "ftp://127.0.0.1/x", "--wait", "--json",
            check=False,
        )  # fmt: skip
        assert inside.asked == []
    assert done.returncode == 1
    notes, gone, arxiv, canary, ftp = json.loads(done.stdout)
    assert (notes["status"], notes["kind"]) == ("done", "paper")
    assert notes["title"].startswith("Minimum-Norm")
    assert (arxiv["status"], arxiv["title"]) == ("done", "On the Sorrows of Wide & Idle Networks")
    assert (gone["status"], canary["status"], ftp["status"]) == ("failed", "failed", "refused")
    assert "there is nothing (404); check the address" in gone["problem"]
    assert "has an address that is loopback; links may lead to public servers" in canary["problem"]
    assert "2 done, 2 failed of 4" in done.stderr
    assert seminar_json(tmp_path, "check")["faults"] == []
    again = call(server, tmp_path, "add", server.url("/get?x=//1"), "arxiv:1912.02292")
    assert again.stderr.count("is already in the archive as paper") == 2


def halting(content: bytes) -> object:
    """Gives half of it, and then nothing more for as long as the other side waits."""

    def answer(to: Handler) -> None:
        to.send_response(200)
        to.send_header("ETag", '"1"')
        to.send_header("Content-Length", str(len(content)))
        to.end_headers()
        to.wfile.write(content[: len(content) // 2])
        threading.Event().wait(30)

    return answer


def test_a_worker_killed_while_fetching_goes_on_where_it_was(
    server: Elsewhere, tmp_path: Path
) -> None:
    server.routes["/notes.pdf"] = halting(NOTES)  # type: ignore[assignment]
    seminar(tmp_path, "add", server.url("/notes.pdf"))
    with started(tmp_path, "worker", **named(server)) as worker:
        while not any(one.stat().st_size for one in tmp_path.glob("artifacts/links/*/part")):
            time.sleep(0.05)
        os.killpg(worker.pid, 9)
    server.routes["/notes.pdf"] = body(NOTES, ETag='"1"')
    call(server, tmp_path, "worker", "--until-idle")
    assert [headers.get("range", "")[:6] for _path, headers, _at in server.asked] == ["", "bytes="]
    states = {
        job["kind"]: job["state"] for job in seminar_json(tmp_path, "jobs", "list", "--all")["jobs"]
    }
    assert states == {"link": "done", "paper": "done"}
    assert seminar_json(tmp_path, "check")["faults"] == []
    assert not list(tmp_path.glob("artifacts/links/*"))


def test_a_job_that_waits_is_in_sight_with_its_reason(server: Elsewhere, tmp_path: Path) -> None:
    server.routes["/api/query"] = status(503)
    call(server, tmp_path, "add", "arxiv:1912.02292")
    with started(tmp_path, "worker", **named(server)):
        while not (jobs := seminar_json(tmp_path, "jobs")["jobs"])[0]["not_before"]:
            time.sleep(0.1)
    assert (jobs[0]["state"], jobs[0]["title"]) == ("accepted", "arXiv:1912.02292")
    assert "the server answers 503; tried once, the next try is at " in jobs[0]["problem"]
    table = " ".join(seminar(tmp_path, "jobs").stdout.split())
    assert "waits until" in table
