"""Several server processes on one archive: all answer, and one that dies is started anew."""

import json
import os
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from tests.archive import free_port, started

WAIT_S = 90


def eventually(holds: Callable[[], bool]) -> bool:
    ends = time.monotonic() + WAIT_S
    while time.monotonic() < ends:
        if holds():
            return True
        time.sleep(0.2)
    return False


def servers(parent: int) -> set[int]:
    """The processes below this one that serve, without Python's own helper."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return {
        int(child)
        for child in children
        if b"resource_tracker" not in Path(f"/proc/{child}/cmdline").read_bytes()
    }


def test_two_processes_serve_and_a_dead_one_is_replaced(tmp_path: Path) -> None:
    port = free_port()

    def answers() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/status") as answer:
                return bool(json.load(answer)["talks"] == 0)
        except OSError:
            return False

    with started(tmp_path, "serve", "--port", str(port), "--processes", "2") as parent:
        assert eventually(answers)
        before = servers(parent.pid)
        assert len(before) == 2
        dead = min(before)
        os.kill(dead, 9)
        assert eventually(lambda: len(servers(parent.pid) - {dead}) == 2)
        assert eventually(answers)
        parent.terminate()
        assert parent.wait(timeout=30) in {0, -15}
    assert not any(Path(f"/proc/{one}").exists() for one in before)
