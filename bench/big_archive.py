"""An archive of 200,000 passages, made in a minute: real texts in real tables, vectors made up.

Papers hold their abstract and texts of those that follow, so that there are passages enough.  A
passage's vector is a real one, chosen by a hash of its text and slightly moved; that says nothing
about quality and everything about cost.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlmodel import SQLModel

from bench.real_passages import MOVED, Work, works
from catalog import passages
from catalog.passages import NewPassage
from catalog.store import Store
from catalog.tables import Paper, PassageRow, Talk, now
from index.encoders import Vectors
from index.passage import Passage, PassageId
from ingest.vectors import VectorCache, packed

PER_PAPER = 4
AT_ONCE = 2_000


class MadeUpEncoder:
    """Gives any text a real vector that is not its own, always the same one."""

    fingerprint = "made-up-of-real-384"

    def __init__(self, real: Vectors) -> None:
        self._real = real

    @property
    def dimension(self) -> int:
        """The length of every vector."""
        return int(self._real.shape[1])

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """One unit row per text."""
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        return np.stack([self.encode_query(text) for text in texts])

    def encode_query(self, text: str) -> Vectors:
        """The vector of one text."""
        key = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
        noise = np.random.default_rng(key).standard_normal(self.dimension)
        row = self._real[key % len(self._real)] + noise * (MOVED / np.linalg.norm(noise))
        return np.asarray(row / np.linalg.norm(row), dtype=np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A talk or paper as it will be in the tables."""

    number: int
    work: Work
    passages: tuple[NewPassage, ...]

    @property
    def public_id(self) -> str:
        """Its id outside."""
        return f"{self.work.kind}{self.number:06d}"


def held(count: int) -> Iterator[Held]:
    """Talks and papers with `count` passages in all."""
    found = works()
    left = count
    for number, work in enumerate(found, start=1):
        texts = list(work.texts)
        if work.kind == "paper":
            for other in range(number, number + 3):
                texts += found[other % len(found)].texts[: PER_PAPER - len(texts)]
        texts = texts[:left]
        left -= len(texts)
        if texts:
            yield Held(number=number, work=work, passages=tuple(_placed(work.kind, texts)))


def fill(engine_url: str, everything: Sequence[Held]) -> None:
    """Write them into an empty catalog, in bulk."""
    engine = sa.create_engine(engine_url)
    with engine.begin() as connection:
        for kind, table in (("talk", Talk), ("paper", Paper)):
            mine = [one for one in everything if one.work.kind == kind]
            _insert(connection, table, (_owner_row(one) for one in mine))
        _insert(connection, PassageRow, (row for one in everything for row in _rows(one)))
    engine.dispose()


def fill_vectors(store: Store, encoder: MadeUpEncoder, everything: Sequence[Held]) -> None:
    """Write the files of vectors that encoding would have left, without syncing each."""
    cache = VectorCache(store, encoder)
    for one in everything:
        keys = [as_known(one, place).content_key for place in one.passages]
        texts = [as_known(one, place).encoded_text for place in one.passages]
        file = cache.path(one.public_id)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(packed(dict(zip(keys, encoder.encode_passages(texts), strict=True))))


def as_known(one: Held, place: NewPassage) -> Passage:
    """A passage as the encoder sees it."""
    return Passage(
        id=PassageId("unplaced"),
        kind="talk" if one.work.kind == "talk" else "paper",
        owner_id=one.public_id,
        title=one.work.title,
        text=place.text,
    )


def _placed(kind: str, texts: Sequence[str]) -> Iterator[NewPassage]:
    for number, text in enumerate(texts):
        if kind == "talk":
            yield NewPassage(text=text, start_ms=number * 45_000, end_ms=(number + 1) * 45_000)
        else:
            yield NewPassage(text=text, page=number + 1)


def _owner_row(one: Held) -> dict[str, Any]:
    known: dict[str, Any] = {
        "id": one.number,
        "public_id": one.public_id,
        "slug": one.public_id,
        "title": one.work.title,
        "passages_sha256": passages.hash_of(one.public_id, one.passages),
    }
    if one.work.kind == "paper":
        known |= {"authors": list(one.work.names), "year": 2010 + one.number % 15}
    return known


def _rows(one: Held) -> Iterator[dict[str, Any]]:
    owner = {"talk_id": None, "paper_id": None, f"{one.work.kind}_id": one.number}
    for position, place in enumerate(one.passages):
        yield {
            **owner,
            "public_id": passages.public_id(one.public_id, position, place),
            "position": position,
            "start_ms": place.start_ms,
            "end_ms": place.end_ms,
            "page": place.page,
            "section": None,
            "text": place.text,
        }


def _insert(
    connection: sa.Connection, table: type[SQLModel], rows: Iterator[dict[str, Any]]
) -> None:
    target = SQLModel.metadata.tables[str(table.__tablename__)]
    defaults = {
        column.name: value for column in target.columns if (value := _default(column)) is not None
    }
    while some := list(islice(rows, AT_ONCE)):
        connection.execute(sa.insert(target), [{**defaults, **row} for row in some])


def _default(column: "sa.Column[Any]") -> Any:
    """What the model would have put there; a bulk insert does not ask it."""
    if column.nullable or column.primary_key:
        return None
    known: dict[str, Any] = {"links": [], "tags": [], "labels": [], "authors": [], "listing": {}}
    known |= {"created_at": now(), "updated_at": now(), "abstract": "", "title_is_known": True}
    known |= {"recording_status": "recorded", "visibility": "public", "title": ""}
    return known.get(column.name)


def data_url(data: Path) -> str:
    """The catalog of a data folder."""
    return f"sqlite:///{data}/catalog.db"
