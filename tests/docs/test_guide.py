"""The guide's examples, run as they stand against a live server."""

import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
import uvicorn

from app.main import create_app
from catalog.papers import NewPaper
from tests.app.conftest import filled
from tests.app.shelf import Shelf, until
from tests.archive import ROOT, free_port

GUIDE = (ROOT / "docs" / "guides" / "api.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
CALLS = [line for _, block in BLOCKS for line in block.splitlines() if line.startswith("curl ")]
PYTHON, SCRIPT = ([text for kind, text in BLOCKS if kind == one] for one in ("python", "js"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with what the guide speaks of."""
    shelf = Shelf(tmp_path_factory.mktemp("guide"))
    filled(shelf)
    shelf.paper(
        NewPaper(title="Minimum Norm Interpolation and the Second Descent"), ("A descent again.",)
    )
    shelf.publish()
    encoder, port = shelf.encoder, free_port()
    app = create_app(shelf.settings, load_encoder=lambda _: encoder)
    running = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    thread = threading.Thread(target=running.run)
    thread.start()
    url = f"http://localhost:{port}"
    until(lambda: running.started and httpx2.get(f"{url}/readyz").status_code == 200)
    yield url
    running.should_exit = True
    thread.join(timeout=30)
    shelf.close()


def run(*words: str, cwd: Path) -> str:
    done = subprocess.run(
        words, cwd=cwd, capture_output=True, text=True, timeout=60, check=False,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT / "clients" / "python")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def at(server: str, text: str) -> str:
    """An example with this server's address, and ids and cursors that are its own."""
    api = f"{server}/api/v1"
    talk = httpx2.get(f"{api}/talks/the-second-descent", timeout=30).json()["id"]
    found = httpx2.get(f"{api}/search", params={"q": "descent", "limit": 1}, timeout=30).json()
    text = re.sub(r"(?:http://)?localhost:8000", server, text)
    text = re.sub(r"cursor=\S*…", f"cursor={found['next_cursor']}", text)
    return re.sub(r"(?<=/media/talks/)\w+", talk, text)


def test_there_are_examples_in_each_language() -> None:
    assert len(CALLS) > 10
    assert PYTHON
    assert SCRIPT


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("call", CALLS)
def test_a_call_is_answered(server: str, tmp_path: Path, call: str) -> None:
    said = run("sh", "-c", at(server, call.split("  #")[0]), cwd=tmp_path)
    assert said or (tmp_path / "part.bin").stat().st_size == 100
    if "nope" not in call:
        assert "/problems/" not in said


@pytest.mark.parametrize("script", PYTHON)
def test_a_python_example_runs(server: str, tmp_path: Path, script: str) -> None:
    said = run(sys.executable, "-c", at(server, script), cwd=tmp_path)
    assert "The Second Descent" in said
    assert "WEBVTT" in said
    assert "not_found" in said


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
@pytest.mark.parametrize("script", SCRIPT)
def test_a_javascript_example_runs(server: str, tmp_path: Path, script: str) -> None:
    file = tmp_path / "example.mjs"
    file.write_text(at(server, script), encoding="utf-8")
    assert "The Second Descent" in run("node", str(file), cwd=tmp_path)
