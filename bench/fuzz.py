"""The whole API tried with random requests and walks along its links, for some minutes.

A small archive is served in this process with staff's key, and a real worker does its jobs;
schemathesis makes requests that fit the OpenAPI document and others that do not, and holds each
answer to it.  The seed is printed, and makes the same requests again.
    python -m bench.fuzz [--minutes 10] [--seed N]
"""

import argparse
import random
import tempfile
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from hypothesis import HealthCheck, settings
from hypothesis import seed as seeded
from hypothesis.errors import Flaky

from app.api.described import operations
from app.encoding import load_encoder
from bench.record import record
from catalog import submissions
from tests.app.contract import api_of, try_operation, walk
from tests.app.shelf import Shelf, served
from tests.app.throwaway import Throwaway
from tests.archive import seminar, started

ROUND = settings(
    max_examples=40,
    stateful_step_count=12,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)

WALKS = 20
WALK = settings(ROUND, max_examples=2)
"""Short, and many: what a walk has removed is not there for the next, which Hypothesis would take
for a test that draws other than before."""


class Tally:
    """What was asked and answered."""

    def __init__(self) -> None:
        self.statuses: dict[str, Counter[int]] = {}
        self.violations: list[dict[str, str]] = []

    def seen(self, name: str, status: int) -> None:
        """Count one answer."""
        self.statuses.setdefault(name, Counter())[status] += 1

    def figures(self, known: list[str]) -> dict[str, Any]:
        """The counts; operations are named with how often each status came."""
        every = [*self.statuses.values()]
        return {
            "requests": sum(one.total() for one in every),
            "operations": len(known),
            "reached_with_success": sum(
                any(200 <= status < 300 for status in self.statuses.get(name, ())) for name in known
            ),
            "server_errors": sum(n for one in every for status, n in one.items() if status >= 500),
            "violations": len(self.violations),
            "examples_of_violations": self.violations[:10],
            "statuses": {
                name: {str(k): v for k, v in sorted(self.statuses.get(name, Counter()).items())}
                for name in known
            },
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    given = parser.parse_args()
    print(f"seed {given.seed}")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with tempfile.TemporaryDirectory() as folder:
        figures = _fuzzed(Path(folder) / "data", seconds=60 * given.minutes, seed=given.seed)
    record("fuzz", {"minutes": given.minutes, "seed": given.seed, **figures})


def _fuzzed(root: Path, *, seconds: float, seed: int) -> dict[str, Any]:
    """Fill, serve and try an archive, with a worker beside."""
    shelf = Shelf(root)
    shelf.settings = shelf.settings.model_copy(
        update={"limit_per_key": "off", "upload_max_gb": 0.01}
    )
    throwaway = Throwaway(shelf, seed=seed)
    throwaway.stock()
    seminar(root, "reindex")
    with (
        started(root, "worker", "--quiet", SEMINAR_PUBLISH_WAIT_S="1"),
        served(shelf, load_encoder=load_encoder) as client,
    ):
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
        figures = _tried(client.app, throwaway, seconds=seconds, seed=seed)
    with shelf.catalog.read() as session:
        jobs = Counter(job.submission.state for job in submissions.listed(session))
    shelf.close()
    return {**figures, "jobs": dict(jobs)}


def _tried(app: Any, throwaway: Throwaway, *, seconds: float, seed: int) -> dict[str, Any]:
    api, tally, rounds = api_of(app), Tally(), 0
    names = [one["operationId"] for _, one in operations(app.openapi())]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for name in names:
            throwaway.stock()
            trial = partial(try_operation, api, name, _round(seed), tally.seen, throwaway.ready)
            _note(tally, name, trial)
        for step in range(WALKS):
            throwaway.stock()
            machine = seeded(WALKS * seed + step)(walk(api, tally.seen, throwaway.ready))
            _note(tally, "walk", partial(machine.run, settings=WALK))
        rounds, seed = rounds + 1, seed + 1
    return {"rounds": rounds, **tally.figures(names)}


def _round(seed: int) -> Any:
    """The settings of a round and its seed, as one decorator."""
    return lambda test: seeded(seed)(ROUND(test))


def _note(tally: Tally, what: str, tried: Any) -> None:
    """Try something; what breaks its word is kept, and the run goes on."""
    try:
        tried()
    except Flaky:  # the archive is other than it was
        return
    except BaseExceptionGroup as found:
        said = "\n".join(str(one) for one in found.exceptions)
        tally.violations.append({"in": what, "said": said[:1500]})
    except Exception as found:  # a failure of one request is a finding, not the end
        tally.violations.append({"in": what, "said": f"{type(found).__name__}: {found}"[:1500]})


if __name__ == "__main__":
    main()
