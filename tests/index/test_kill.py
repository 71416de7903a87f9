"""A writer killed at any moment leaves whole snapshots; readers never see half of one."""

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from index import snapshot
from index.contract import SearchRequest
from index.current import CurrentSearcher
from index.errors import NoSnapshot, SnapshotDamaged
from index.searcher import Searcher
from index.testing import HashEncoder
from tests.index.conftest import written
from tests.index.killed_writer import PASSAGES, canaries

SEED = int(os.environ.get("SEMINAR_TEST_SEED", "20240229"))
KILLS = int(os.environ.get("SEMINAR_TEST_KILLS", "20"))
PROJECT = Path(__file__).resolve().parents[2]


class Writer:
    """Starts children of the forking process and kills them."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._stdin: IO[str] = process.stdin  # type: ignore[assignment]
        self._stdout: IO[str] = process.stdout  # type: ignore[assignment]

    def run_and_kill(self, mode: str, after_s: float) -> None:
        """Let a child work for a while, then SIGKILL its process group and see it reaped."""
        self._stdin.write(f"{mode}\n")
        self._stdin.flush()
        child = int(self._stdout.readline())
        time.sleep(after_s)
        os.killpg(child, signal.SIGKILL)
        assert self._stdout.readline() == "reaped\n"


@contextmanager
def writer(root: Path, acknowledged: Path) -> Iterator[Writer]:
    arguments = [sys.executable, "-m", "tests.index.killed_writer", str(root), str(acknowledged)]
    with subprocess.Popen(
        arguments, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Writer(process)
            process.stdin.close()  # type: ignore[union-attr]
            process.wait(timeout=10)
        finally:
            process.kill()


class Readers:
    """Threads that follow the pointer and count what they saw."""

    def __init__(self, root: Path, number: int) -> None:
        self._root = root
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._read) for _ in range(number)]
        self.answers = 0
        self.torn: list[object] = []

    def __enter__(self) -> "Readers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _read(self) -> None:
        current = CurrentSearcher(
            self._root, lambda name: Searcher.open(self._root, name, HashEncoder())
        )
        while not self._stop.wait(0.01):
            current.refresh()
            try:
                searcher = current.get()
            except NoSnapshot:
                continue
            result = searcher.search(SearchRequest(text="lecture canary", limit=2 * PASSAGES))
            numbers = {hit.passage.title.split()[-1] for hit in result.hits}
            whole = numbers == {searcher.manifest.catalog_digest} and len(result.hits) == PASSAGES
            if not whole or result.degraded:
                self.torn.append((result.generation, numbers, result.legs))
            self.answers += 1


def test_readers_see_whole_snapshots_while_the_writer_is_killed(root: Path, tmp_path: Path) -> None:
    drawn = random.Random(SEED)
    acknowledged = tmp_path / "acknowledged"
    acknowledged.write_text("")
    unreadable = lost = promised = 0
    one_publish_s = seconds_of_one_publish(tmp_path / "timed")
    with writer(root, acknowledged) as process, Readers(root, 2) as readers:
        kills = 0
        while kills < KILLS or (not promised and kills < 10 * KILLS):
            kills += 1  # on a busy machine children live longer, until some publish is through
            process.run_and_kill("publish", drawn.uniform(0.0, (3 + kills / 5) * one_publish_s))
            promised = int(acknowledged.read_text() or 0)
            try:
                generation = snapshot.current_generation(root)
                if generation is not None:
                    snapshot.verify(root, generation)
                    served = int(snapshot.read_manifest(root, generation).catalog_digest)
                else:
                    served = 0
            except SnapshotDamaged:
                unreadable += 1
                continue
            lost += served < promised
    print(f"seed {SEED}: {kills} kills, {promised} acknowledged, {readers.answers} answers")
    assert (unreadable, lost, readers.torn) == (0, 0, [])
    assert promised > 0
    assert readers.answers > 0
    snapshot.collect_garbage(root, min_age_s=0)
    kept = snapshot.generations(root)
    assert len(kept) <= 4
    assert sorted(entry.name for entry in root.iterdir()) == [*kept, "CURRENT"]


def seconds_of_one_publish(root: Path) -> float:
    """How long a publish takes on this machine now, so that kills fall into all of it."""
    written(root, canaries(0))
    began = time.monotonic()
    snapshot.publish(root, written(root, canaries(1)))
    return time.monotonic() - began


def test_a_writer_that_overwrites_what_is_served_fails_the_same_test(
    root: Path, tmp_path: Path
) -> None:
    """The control: if this one passed, the test above would prove nothing."""
    drawn = random.Random(SEED)
    served = written(root, canaries(0))
    snapshot.publish(root, served)
    for number in (1, 2):
        other = tmp_path / f"other-{number}"
        shutil.copytree(other / written(other, canaries(number)), tmp_path / f"source-{number}")
    acknowledged = tmp_path / "acknowledged"
    acknowledged.write_text("")
    unreadable = 0
    with writer(root, acknowledged) as process:
        for _ in range(5):
            process.run_and_kill("overwrite", drawn.uniform(0.05, 0.15))
            try:
                snapshot.verify(root, served)
            except SnapshotDamaged:
                unreadable += 1
    print(f"seed {SEED}: 5 kills of a careless writer, {unreadable} unreadable")
    assert unreadable > 0
