"""Uploads the whole way: through a server that is killed, a worker, and search."""

import base64
import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.archive import DEMO, clip, free_port, seminar, seminar_json, started

TALK = DEMO / "recordings" / "02-the-second-descent.mp4"
PIECE = "application/offset+octet-stream"


@contextmanager
def server(data_dir: Path, secret: str) -> "Iterator[tuple[httpx2.Client, subprocess.Popen[str]]]":
    """A served archive, and a client with staff's key."""
    port = free_port()
    headers = {"authorization": f"Bearer {secret}", "tus-resumable": "1.0.0"}
    with (
        started(data_dir, "serve", "--port", str(port)) as process,
        httpx2.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60) as client,
    ):
        while not _answers(client):
            assert process.poll() is None
            time.sleep(0.1)
        yield client, process


def _answers(client: httpx2.Client) -> bool:
    try:
        return client.get("/livez").status_code == 200
    except httpx2.TransportError:
        return False


def key(data_dir: Path, scope: str) -> str:
    return str(seminar_json(data_dir, "keys", "create", "--scope", scope)["secret"])


def send(client: httpx2.Client, url: str, offset: int, data: Any) -> httpx2.Response:
    headers = {"content-type": PIECE, "upload-offset": str(offset)}
    return client.patch(url, content=data, headers=headers)


@pytest.mark.slow
def test_a_killed_upload_is_resumed_and_found(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    sound = clip(TALK, tmp_path / "clip.wav", start_s=0, length_s=75).read_bytes()
    secret = key(data_dir, "admin")
    title = base64.b64encode(b"Uploaded in Pieces").decode()
    name = base64.b64encode(b"clip.wav").decode()
    with server(data_dir, secret) as (client, process):
        begun = client.post(
            "/api/v1/uploads",
            headers={
                "upload-length": str(len(sound)),
                "upload-metadata": f"filename {name},title {title}",
            },
        )
        url = begun.headers["location"]
        part = data_dir / "uploads" / url.rpartition("/")[2] / "part"

        def halting() -> Iterator[bytes]:
            yield sound[:1_500_000]
            while part.stat().st_size < 1 << 20:
                time.sleep(0.05)
            os.killpg(process.pid, 9)
            yield sound[1_500_000:]

        with pytest.raises(httpx2.TransportError):
            send(client, url, 0, halting())
    with server(data_dir, secret) as (client, process):
        offset = int(client.head(url).headers["upload-offset"])
        assert 1 << 20 <= offset < len(sound)
        whole = send(client, url, offset, sound[offset:])
        assert whole.status_code == 204
        job = whole.headers["link"].partition(">")[0].lstrip("<")
        os.killpg(process.pid, 9)
    seminar(data_dir, "worker", "--until-idle")
    found, *_ = seminar_json(data_dir, "search", "test error", "--kind", "talk")["hits"]
    assert found["title"] == "Uploaded in Pieces"
    assert seminar_json(data_dir, "check")["faults"] == []
    with server(data_dir, secret) as (client, _):
        shown = client.get(job).json()
        assert (shown["state"], shown["about"]["title"]) == ("done", "Uploaded in Pieces")
        with client.stream("GET", f"{job}/events") as events:
            text = events.read().decode()
        assert json.loads(text.partition("data: ")[2].splitlines()[0])["state"] == "done"
        again = client.post(
            "/api/v1/uploads",
            headers={"upload-length": str(len(sound)), "upload-metadata": f"filename {name}"},
        ).headers["location"]
        assert send(client, again, 0, sound).status_code == 204
        assert client.get(again).json()["about"]["id"] == shown["about"]["id"]
        assert client.delete(f"/api/v1/talks/{shown['about']['id']}").status_code == 204
    seminar(data_dir, "worker", "--until-idle")
    assert [one for one in data_dir.glob("media/??/*") if one.is_file()] == []
    assert seminar_json(data_dir, "check")["faults"] == []
