"""The archive of `bench/feeds.py`: a catalog filled in bulk with talks and papers of made-up words.

A talk has a series, one or two speakers, an abstract, a recording, most have a transcript, some
name papers; some talks went.  The same numbers make the same archive.
"""

import hashlib
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from bench.full_archive import Row, insert, public_id
from catalog.engine import connect, open_catalog
from catalog.names import slug_of
from catalog.settings import read_settings
from catalog.tables import (
    Event,
    Page,
    Paper,
    PassageRow,
    Person,
    Recording,
    Series,
    Submission,
    Talk,
    TalkPaper,
    TalkSpeaker,
    Transcript,
)  # fmt: skip

PER_SERIES, PER_SPEAKER, GONE_SHARE = 100, 8, 0.04
WORDS = (
    "kernel", "gradient", "sparse", "convex", "random", "matrix", "bandit", "regret", "policy",
    "value", "network", "attention", "spectral", "graph", "bound", "margin", "risk", "tail",
    "mixture", "latent", "posterior", "prior", "variational", "sampling", "chain", "flow",
    "score", "diffusion", "transport", "metric", "manifold", "tangent", "lazy", "width",
    "depth", "loss", "noise", "stochastic", "adaptive", "online", "batch", "federated",
    "private", "robust", "fair", "causal", "shift", "domain", "transfer", "meta", "few-shot",
    "contrastive", "language", "speech", "vision", "protein", "theorem", "proof", "search",
    "tree", "planning",
)  # fmt: skip
_WHEN = datetime(2020, 1, 1, tzinfo=UTC)


def filled(data_dir: Path, *, talks: int, papers: int) -> dict[str, int]:
    """Fill the catalog of an empty data folder; how many of each there are."""
    settings = read_settings(data_dir=data_dir)
    open_catalog(settings.catalog_url).close()
    drawn = random.Random(7)
    engine = connect(settings.catalog_url).execution_options(seminar_writes=True)
    with engine.begin() as connection:
        _places(connection, talks)
        _papers(connection, drawn, papers)
        _talks(connection, drawn, talks, papers)
        gone = _gone(connection, int(GONE_SHARE * talks))
    engine.dispose()
    return {
        "talks": talks, "papers": papers, "talks_that_went": gone,
        "series": _shares(talks, PER_SERIES), "speakers": _shares(talks, PER_SPEAKER),
    }  # fmt: skip


def _places(connection: sa.Connection, talks: int) -> None:
    series = [f"Series {n:03}" for n in range(1, _shares(talks, PER_SERIES) + 1)]
    people = [f"Speaker Number{n:03}" for n in range(1, _shares(talks, PER_SPEAKER) + 1)]
    insert(connection, Series, [*map(_named, series)], description="")
    insert(connection, Person, [*map(_named, people)], affiliation=None)


def _papers(connection: sa.Connection, drawn: random.Random, papers: int) -> None:
    rows = [
        {
            "id": n, **_titled(drawn, "paper", n), "authors": [f"Author Number{n % 300:03}"],
            "year": 2000 + n % 26, "venue": "Proceedings", "page_count": 1 + n % 20,
            "sha256": _digest(f"pdf {n}"),
        }
        for n in range(1, papers + 1)
    ]  # fmt: skip
    insert(connection, Paper, rows, title_is_known=True, visibility="public", labels=[], links=[],
           listing={}, size_bytes=1, file_name="paper.pdf")  # fmt: skip
    insert(connection, Page, [{"paper_id": one["id"], "number": 1, "text": one["abstract"]}
                              for one in rows])  # fmt: skip
    insert(connection, PassageRow, [*_passages(rows, "paper_id")], page=1, position=0)


def _talks(connection: sa.Connection, drawn: random.Random, talks: int, papers: int) -> None:
    numbers = range(1, talks + 1)
    speakers, series = _shares(talks, PER_SPEAKER), _shares(talks, PER_SERIES)
    rows = [
        {
            "id": n, **_titled(drawn, "talk", n), "series_id": n % series + 1,
            "held_on": date(2004, 1, 1) + timedelta(days=drawn.randrange(8000)),
        }
        for n in numbers
    ]  # fmt: skip
    at = {n: rows[n - 1]["created_at"] for n in numbers}
    insert(connection, Talk, rows, title_is_known=True, visibility="public", links=[], listing={},
           recording_status="recorded", tags=["machine learning"])  # fmt: skip
    insert(connection, TalkSpeaker, [
        {"talk_id": n, "person_id": person, "position": place} for n in numbers
        for place, person in enumerate(drawn.sample(range(1, speakers + 1), k=1 + n % 2))
    ])  # fmt: skip
    insert(connection, Recording, [
        {"id": n, "talk_id": n, "sha256": _digest(f"media {n}"), "added_at": at[n]}
        for n in numbers
    ], size_bytes=1, file_name="talk.mp3", media_type="audio/mpeg", duration_ms=3_600_000,
        tracks=[])  # fmt: skip
    insert(connection, Transcript, [
        {"talk_id": n, "recording_id": n, "created_at": at[n] + timedelta(hours=2)}
        for n in numbers if n % 10
    ], version=1, is_current=True, origin="machine", timed=True, engine="none", model="none",
        model_fingerprint="0", language="en", complete=True, gaps=[])  # fmt: skip
    insert(connection, Submission, [
        {"public_id": public_id(f"job {n}"), "talk_id": n, "recording_id": n,
         "sha256": _digest(f"media {n}"), "accepted_at": at[n], "finished_at": at[n]}
        for n in numbers
    ], kind="talk", file_name="talk.mp3", state="done", about={}, priority=0, attempt=1, starts=1,
        done=0, timings={}, partial=False)  # fmt: skip
    insert(connection, TalkPaper, [
        {"talk_id": n, "paper_id": paper} for n in numbers
        for paper in drawn.sample(range(1, papers + 1), k=n % 3)
    ])  # fmt: skip
    timed = [*_passages(rows, "talk_id")]
    insert(connection, PassageRow, timed, position=0, start_ms=0, end_ms=30_000)


def _gone(connection: sa.Connection, talks: int) -> int:
    insert(connection, Event, [
        {"public_id": public_id(f"gone {n}"), "at": _WHEN + timedelta(hours=7 * n)}
        for n in range(talks)
    ], who="staff", deed="remove", kind="talk", fields=["visibility"], note="",
        unswept={})  # fmt: skip
    return talks


def _named(name: str) -> Row:
    return {"public_id": public_id(name), "slug": slug_of(name), "name": name}


def _titled(drawn: random.Random, kind: str, number: int) -> Row:
    """What talks and papers have in common; one an hour."""
    title, at = _words(drawn, 6).capitalize(), _WHEN + timedelta(hours=number)
    return {
        "public_id": public_id(f"{kind} {number}"), "slug": f"{slug_of(title)[:60]}-{number}",
        "title": title, "abstract": _words(drawn, 100).capitalize() + ".", "created_at": at,
        "updated_at": at, "passages_sha256": _digest(f"passages {kind} {number}"),
    }  # fmt: skip


def _passages(owners: list[Row], column: str) -> Iterator[Row]:
    for one in owners:
        known = _digest(f"passage {one['public_id']}")[:20]
        yield {"public_id": known, column: one["id"], "text": one["abstract"]}


def _words(drawn: random.Random, count: int) -> str:
    return " ".join(drawn.choices(WORDS, k=count))


def _shares(talks: int, each: int) -> int:
    return max(2, talks // each)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
