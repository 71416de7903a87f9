"""The examples of the guide to writing, run in order against a live server."""

import json
import re
import shutil
import subprocess
import threading
from pathlib import Path

import httpx2
import pytest
import uvicorn

from app.main import create_app
from catalog import submissions, talks
from catalog.errors import NotThere
from tests.app.conftest import filled
from tests.app.keys import new_key
from tests.app.shelf import Shelf, silent_wav, until
from tests.archive import ROOT, free_port

GUIDE = (ROOT / "docs" / "guides" / "writing.md").read_text(encoding="utf-8")
SCRIPT = "\n".join(re.findall(r"^```sh\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL))


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_examples_do_what_the_guide_says(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "data")
    filled(shelf)
    shelf.publish()
    (tmp_path / "lecture.wav").write_bytes(silent_wav(3))
    _, secret = new_key(shelf, "admin")
    encoder, port = shelf.encoder, free_port()
    app = create_app(shelf.settings, load_encoder=lambda _: encoder)
    running = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    thread = threading.Thread(target=running.run)
    thread.start()
    try:
        url = f"http://localhost:{port}/readyz"
        until(lambda: running.started and httpx2.get(url).status_code == 200)
        script = SCRIPT.replace("localhost:8000", f"localhost:{port}")
        done = subprocess.run(
            ["sh", "-e", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60,
            env={"PATH": "/usr/bin:/bin", "KEY": secret}, check=False,
        )  # fmt: skip
    finally:
        running.should_exit = True
        thread.join(timeout=30)
    assert done.returncode == 0, done.stderr
    assert '"code"' not in done.stdout
    assert "event: end" in done.stdout
    changed = re.search(r'"changed":({.*?}})', done.stdout)
    assert changed is not None
    assert json.loads(changed[1])["title"]["new"] == "The Second Descent, Revised"
    with shelf.catalog.read() as session:
        waiting = submissions.listed(session, states=("accepted",))
        named = {(job.submission.file_name, job.submission.about["title"]) for job in waiting}
        with pytest.raises(NotThere):
            talks.find(session, "the-second-descent")
    assert named == {
        ("https://example.edu/lectures/12.mp4", "Lecture 12"),
        ("lecture.wav", "Lecture 13"),
    }
    shelf.close()
