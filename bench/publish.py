"""What it costs to publish: an archive of 200,000 passages, and one talk of 60 more.

Timed: the first, full publish; one without a change; one talk more, from its vectors to a searcher
that serves it; one talk edited; one withdrawn; opening; and the memory of a process that serves.
    python -m bench.publish [PASSAGES]
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from bench.full_archive import MovedEncoder, UnkeptVectors, filled, moved_encoder, questions
from bench.record import record
from catalog import passages, talks
from catalog.engine import Catalog, open_catalog
from catalog.passages import NewPassage
from catalog.settings import read_settings
from catalog.store import Store
from catalog.talks import NewTalk
from index import canaries, snapshot
from index.contract import SearchRequest
from index.current import CurrentSearcher
from index.encoders.choose import open_encoder
from index.searcher import Searcher
from ingest.publish import publish
from ingest.vectors import VectorCache

PASSAGES = 200_000
ADDED = 60
QUESTIONS = 200


def main() -> None:
    count = int([*sys.argv, str(PASSAGES)][1])
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        data = Path(name)
        figures = _measured(data, moved_encoder(), count)
        figures["serving"] = _serving(data)
    record("publish", {
        "passages": count,
        "texts": "abstracts of papers, and transcripts held again and again",
        "vectors": "real ones of other passages, slightly moved",
        **figures,
    })  # fmt: skip


def _measured(data: Path, encoder: MovedEncoder, count: int) -> dict[str, Any]:
    filled(data, count)
    settings = read_settings(data_dir=data)
    catalog, root = open_catalog(settings.catalog_url), settings.index_dir
    work = _Work(catalog, root, UnkeptVectors(Store(data), encoder), encoder)
    figures: dict[str, Any] = {
        "full_publish": work.publish(),
        "first_open_s": work.follow(),
        "nothing_new": work.publish(),
    }
    added = _add(catalog, work.cache, "A talk that is new")
    figures["one_talk_more"] = work.publish()
    served_s = work.follow()
    figures["one_talk_more"] |= {
        "opened_s": served_s,
        "served_s": round(figures["one_talk_more"]["whole_s"] + served_s, 2),
    }
    with catalog.write() as session:
        talks.find(session, added).title = "The same talk under another title"
    figures["one_talk_edited"] = work.publish()
    with catalog.write() as session:
        talks.find(session, added).visibility = "withdrawn"
    figures["one_talk_withdrawn"] = work.publish()
    figures["ten_talks_one_by_one_s"] = [
        _published_s(catalog, work, number) for number in range(10)
    ]
    figures["mb_of_generations"] = _mb(root)
    catalog.close()
    return figures


class _Work:
    """The publisher and one who follows, with a clock on each step."""

    def __init__(
        self, catalog: Catalog, root: Path, cache: VectorCache, encoder: MovedEncoder
    ) -> None:
        self._catalog, self._root, self.cache, self._encoder = catalog, root, cache, encoder
        self._spent: dict[str, float] = {}
        self._current = CurrentSearcher(root, lambda name: Searcher.open(root, name, encoder))
        for module, name in (
            (passages, "stamps"),
            (snapshot, "verify"),
            (snapshot, "stamps"),
            (snapshot, "write"),
            (snapshot, "extend"),
            (canaries, "ask"),
            (snapshot, "publish"),
        ):
            self._clock(module, name)

    def publish(self) -> dict[str, float]:
        """Seconds in all, and by step; steps within steps are counted in both."""
        self._spent.clear()
        began = time.perf_counter()
        publish(self._catalog, self._root, self.cache, self._encoder)
        whole_s = time.perf_counter() - began
        steps = {f"{name}_s": round(spent, 2) for name, spent in self._spent.items()}
        return {"whole_s": round(whole_s, 2), **steps}

    def follow(self) -> float:
        """Seconds until what was published is served."""
        began = time.perf_counter()
        assert self._current.refresh()
        return round(time.perf_counter() - began, 2)

    def _clock(self, module: Any, name: str) -> None:
        plain: Callable[..., Any] = getattr(module, name)
        label = f"{module.__name__.rsplit('.', maxsplit=1)[-1]}.{name}"

        def timed(*args: Any, **named: Any) -> Any:
            began = time.perf_counter()
            try:
                return plain(*args, **named)
            finally:
                spent = time.perf_counter() - began
                self._spent[label] = self._spent.get(label, 0.0) + spent

        setattr(module, name, timed)


def _published_s(catalog: Catalog, work: _Work, number: int) -> float:
    _add(catalog, work.cache, f"One of ten talks, number {number}")
    return work.publish()["whole_s"]


def _add(catalog: Catalog, cache: VectorCache, title: str) -> str:
    """Write a talk with its passages, and have it encoded, as its job does."""
    texts = questions(1_000)
    first = len(title) * 7
    with catalog.write() as session:
        talk = talks.add(session, NewTalk(title=title, speakers=("Ada Example",)))
        new = [
            NewPassage(
                text=f"{title}. {texts[first + n]}", start_ms=n * 45_000, end_ms=(n + 1) * 45_000
            )
            for n in range(ADDED)
        ]
        passages.replace(session, talk, new)
    from ingest.publish import as_passage

    with catalog.read() as session:
        found = [as_passage(one) for one in passages.searchable(session, [talk.public_id])]
    cache.rows(talk.public_id, found)
    return talk.public_id


def _serving(data: Path) -> dict[str, Any]:
    run = subprocess.run(
        [sys.executable, "-m", "bench.publish", "--serve", str(data)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    served: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return served


def serve(data: Path) -> None:
    """Open what is published in a process of its own, ask it, and print what that took."""
    encoder = open_encoder("all-MiniLM-L6-v2")
    root = data / "index"
    generation = snapshot.current_generation(root) or ""
    before_mb, began = _resident_mb(), time.perf_counter()
    searcher = Searcher.open(root, generation, encoder)
    opened_s, opened_mb = time.perf_counter() - began, _resident_mb()
    asked = questions(QUESTIONS)
    times_ms = []
    for question in [*asked[:20], *asked]:
        began = time.perf_counter()
        searcher.search(SearchRequest(text=question))
        times_ms.append((time.perf_counter() - began) * 1000)
    p50, p99 = np.percentile(times_ms[20:], [50, 99])
    print(json.dumps({
        "passages": searcher.count,
        "open_s": round(opened_s, 2),
        "resident_mb_before": before_mb,
        "resident_mb_opened": opened_mb,
        "resident_mb_after_questions": _resident_mb(),
        "search_p50_ms": round(float(p50), 2),
        "search_p99_ms": round(float(p99), 2),
    }))  # fmt: skip


def _resident_mb() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS"))


def _mb(root: Path) -> int:
    """Bytes of all generations, each file once."""
    sizes = {one.stat().st_ino: one.stat().st_size for one in root.rglob("*") if one.is_file()}
    return round(sum(sizes.values()) / 1e6)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(Path(sys.argv[2]))
    else:
        main()
