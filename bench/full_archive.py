"""A big archive for load tests: a real catalog filled in bulk, and vectors at little cost.

Papers are real conference papers (title, authors, year, abstract); talks are real lecture
transcripts, held again and again under numbered titles until there are enough passages, timed at
150 words a minute.  A passage's vector is one of `bench/real_vectors.py`, moved a little (cosine
about .9), so neighbours are as crowded as in a real archive and what is nearest means nothing.
Everything is drawn from hashes: the same number of passages makes the same archive.
    python -m bench.full_archive FOLDER [PASSAGES]
"""

import gzip
import hashlib
import json
import re
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlmodel import SQLModel

from bench import real_vectors
from bench.record import SHARED
from catalog.engine import connect, open_catalog
from catalog.names import slug_of
from catalog.settings import read_settings
from catalog.store import Store
from catalog.tables import (
    Page,
    Paper,
    PassageRow,
    Person,
    Recording,
    Series,
    Talk,
    TalkSpeaker,
    Transcript,
)  # fmt: skip
from index.encoders import Encoder, Vectors
from index.encoders.choose import open_encoder
from index.passage import Cut, PageText, Passage, Sentence, cut_paper, cut_talk
from ingest.publish import publish
from ingest.vectors import VectorCache

PAPERS_SHARE = 0.4  # of all passages
MOVED = 0.48  # length of the step away from a unit vector
WORD_MS = 400
SPEAKERS = 400
_ALPHABET = "23456789abcdefghjkmnpqrstvwxyz"
_WHEN = datetime(2026, 1, 1, tzinfo=UTC)
Row = dict[str, Any]


class MovedEncoder:
    """Encodes queries truly; a passage gets a real vector that is not its own, moved."""

    def __init__(self, encoder: Encoder, base: Vectors) -> None:
        self._encoder = encoder
        self._base = base
        steps = np.random.default_rng(7).standard_normal((8191, encoder.dimension))
        self._steps = (MOVED * steps / np.linalg.norm(steps, axis=1)[:, None]).astype(np.float32)

    @property
    def fingerprint(self) -> str:
        """As of the encoder within, so that a server takes the vectors for its own."""
        return self._encoder.fingerprint

    @property
    def dimension(self) -> int:
        """As of the encoder within."""
        return self._encoder.dimension

    def encode_query(self, text: str) -> Vectors:
        """Encode one query."""
        return self._encoder.encode_query(text)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Unit rows, in order; a text's is always the same."""
        keys = np.array([key_of(text) for text in texts], dtype=np.uint64)
        rows = self._base[keys % len(self._base)] + self._steps[(keys >> np.uint64(20)) % 8191]
        rows /= np.linalg.norm(rows, axis=1)[:, None]
        return np.asarray(rows, dtype=np.float32)


def filled(data_dir: Path, passages: int) -> None:
    """Fill the catalog of an empty data folder."""
    settings = read_settings(data_dir=data_dir)
    open_catalog(settings.catalog_url).close()
    engine = connect(settings.catalog_url).execution_options(seminar_writes=True)
    papers = _papers(int(passages * PAPERS_SHARE))
    rows = sum(len(one[1]) for one in papers)
    talks = _talks(passages - rows)
    with engine.begin() as connection:
        _write_papers(connection, papers)
        _write_talks(connection, talks, first_passage=rows + 1)
    engine.dispose()


def moved_encoder() -> MovedEncoder:
    """The packaged encoder for queries, with real vectors for passages."""
    encoder = open_encoder("all-MiniLM-L6-v2")
    return MovedEncoder(encoder, real_vectors.passages(encoder))


class UnkeptVectors(VectorCache):
    """Vectors that are made each time: fifty thousand small files would take longer."""

    def rows(self, owner_id: str, passages: Sequence[Passage]) -> Vectors:
        """Unit rows of some passages, in order."""
        return self._encoder.encode_passages([one.encoded_text for one in passages])


def published(data_dir: Path, encoder: Encoder) -> str:
    """Publish the catalog; the generation."""
    settings = read_settings(data_dir=data_dir)
    catalog = open_catalog(settings.catalog_url)
    cache = UnkeptVectors(Store(data_dir), encoder)
    generation = publish(catalog, settings.index_dir, cache, encoder, anew=True)
    catalog.close()
    return generation


def questions(limit: int = 1500) -> list[str]:
    """Real queries: students' questions and one-line summaries of papers, in turns."""
    sets = [
        [json.loads(line)["text"] for line in file.read_text().splitlines()]
        for file in (
            SHARED / "retrieval" / "mlquestions" / "queries.jsonl",
            SHARED / "retrieval" / "paper_tldr" / "queries.jsonl",
        )
    ]
    mixed = [one for pair in zip(sets[0], sets[1], strict=False) for one in pair]
    return [text[:1000] for text in [*mixed, *sets[0][len(sets[1]) :]] if text.strip()][:limit]


def key_of(text: str) -> int:
    """63 bits of a text's hash."""
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:8]) >> 1


def public_id(known: str) -> str:
    """A public id that is always the same for the same thing."""
    number = int.from_bytes(hashlib.sha256(known.encode()).digest()[:8])
    letters = []
    for _ in range(10):
        number, place = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[place])
    return "".join(letters)


def _entries() -> Iterator[Row]:
    with gzip.open(SHARED / "papers" / "conf_papers.jsonl.gz", "rt", encoding="utf-8") as lines:
        known = set()
        for line in lines:
            entry = json.loads(line)
            if entry.get("abstract") and entry.get("title") and entry["id"] not in known:
                known.add(entry["id"])
                yield entry


def _cut_abstract(entry: Row) -> list[Cut]:
    return cut_paper([PageText(number=1, text=entry["abstract"])])


def _lectures() -> Iterator[tuple[Row, list[Cut]]]:
    folder = SHARED / "transcripts"
    for line in (folder / "index.jsonl").read_text().splitlines():
        entry = json.loads(line)
        text = (folder / entry["file"]).read_text(encoding="utf-8", errors="replace")
        if entry["format"] == "srt":
            text = re.sub(r"(?m)^(\d+|.*-->.*)\s*$", "", text)
        yield entry, cut_talk(list(sentences_aloud(" ".join(text.split()))))


def sentences_aloud(text: str) -> Iterator[Sentence]:
    """The sentences of a text, timed at 150 words a minute."""
    at_ms = 0
    for sentence in re.split(r"(?<=[.?!])\s+", text):
        length_ms = WORD_MS * max(1, len(sentence.split()))
        if sentence.strip():
            yield Sentence(start_ms=at_ms, end_ms=at_ms + length_ms, text=sentence)
        at_ms += length_ms


def _papers(passages: int) -> list[tuple[Row, list[Cut]]]:
    chosen: list[tuple[Row, list[Cut]]] = []
    for entry in _entries():
        if passages <= 0:
            break
        if cuts := _cut_abstract(entry):
            chosen.append((entry, cuts[:passages]))
            passages -= len(chosen[-1][1])
    return chosen


def _talks(passages: int) -> list[tuple[Row, list[Cut]]]:
    chosen: list[tuple[Row, list[Cut]]] = []
    lectures = [one for one in _lectures() if one[1]]
    for time in count(1):
        for entry, cuts in lectures:
            if passages <= 0:
                return chosen
            again = f" ({time})" if time > 1 else ""
            chosen.append(({**entry, "title": entry["title"] + again}, cuts[:passages]))
            passages -= len(chosen[-1][1])
    return chosen


def _write_papers(connection: sa.Connection, papers: Sequence[tuple[Row, list[Cut]]]) -> None:
    owners: list[Row] = []
    pages: list[Row] = []
    rows: list[Row] = []
    for number, (entry, cuts) in enumerate(papers, 1):
        owner = public_id(entry["id"])
        authors = entry.get("authors") or []
        authors = authors if isinstance(authors, list) else re.split(r"[;,]\s*", authors)
        year = re.search(r"\d{4}", entry["id"])
        owners.append({
            "id": number, "public_id": owner, "slug": f"{slug_of(entry['title'])[:60]}-{number}",
            "title": entry["title"], "authors": [name for name in authors if name][:12],
            "abstract": entry["abstract"], "venue": str(entry.get("venue") or ""),
            "year": int(year[0]) if year else None, "page_count": 1,
            "sha256": hashlib.sha256(f"pdf {entry['id']}".encode()).hexdigest(),
            "size_bytes": 1, "file_name": "paper.pdf", "passages_sha256": _stamp(owner),
        })  # fmt: skip
        pages.append({"paper_id": number, "number": 1, "text": entry["abstract"]})
        rows += _passage_rows(cuts, owner, talk_id=None, paper_id=number)
    insert(connection, Paper, owners, title_is_known=True, visibility="public", labels=[],
            links=[], listing={}, created_at=_WHEN, updated_at=_WHEN)  # fmt: skip
    insert(connection, Page, pages)
    insert(connection, PassageRow, _numbered(rows, 1))


def _write_talks(
    connection: sa.Connection, talks: Sequence[tuple[Row, list[Cut]]], *, first_passage: int
) -> None:
    people = [f"Speaker Number{n:03}" for n in range(SPEAKERS)]
    series = sorted({entry["course"] for entry, _ in talks})
    insert(connection, Person, [
        {"id": n, "public_id": public_id(name), "slug": slug_of(name), "name": name,
         "affiliation": None} for n, name in enumerate(people, 1)
    ])  # fmt: skip
    insert(connection, Series, [
        {"id": n, "public_id": public_id(name), "slug": f"{slug_of(name)}-{n}", "name": name,
         "description": ""} for n, name in enumerate(series, 1)
    ])  # fmt: skip
    owners: list[Row] = []
    speaks: list[Row] = []
    recordings: list[Row] = []
    heard: list[Row] = []
    rows: list[Row] = []
    for number, (entry, cuts) in enumerate(talks, 1):
        owner = public_id(f"talk {entry['id']} {entry['title']}")
        owners.append({
            "id": number, "public_id": owner, "slug": f"{slug_of(entry['title'])[:60]}-{number}",
            "title": entry["title"], "series_id": series.index(entry["course"]) + 1,
            "held_on": date(2015, 1, 1) + timedelta(days=number * 7 % 4000),
            "passages_sha256": _stamp(owner),
        })  # fmt: skip
        speaks.append({
            "talk_id": number, "person_id": key_of(entry["title"]) % SPEAKERS + 1, "position": 0,
        })  # fmt: skip
        recordings.append({
            "id": number, "talk_id": number, "size_bytes": 1, "file_name": "talk.mp3",
            "sha256": hashlib.sha256(f"media {owner}".encode()).hexdigest(),
            "media_type": "audio/mpeg", "duration_ms": max(cut.end_ms or 0 for cut in cuts),
        })  # fmt: skip
        heard.append({"talk_id": number, "recording_id": number})
        rows += _passage_rows(cuts, owner, talk_id=number, paper_id=None)
    insert(connection, Talk, owners, title_is_known=True, abstract="", visibility="public",
            recording_status="recorded", links=[], tags=[], listing={}, created_at=_WHEN,
            updated_at=_WHEN)  # fmt: skip
    insert(connection, TalkSpeaker, speaks)
    insert(connection, Recording, recordings, decoded_ms=None, tracks=[], added_at=_WHEN)
    insert(connection, Transcript, heard, version=1, is_current=True, origin="machine",
            timed=True, engine="none", model="none", model_fingerprint="0", language="en",
            complete=True, gaps=[], created_at=_WHEN)  # fmt: skip
    insert(connection, PassageRow, _numbered(rows, first_passage))


def _passage_rows(
    cuts: Sequence[Cut], owner: str, *, talk_id: int | None, paper_id: int | None
) -> Iterator[Row]:
    for position, cut in enumerate(cuts):
        known = f"{owner}|{position}|{cut.text}"
        yield {
            "public_id": hashlib.sha256(known.encode()).hexdigest()[:20],
            "talk_id": talk_id, "paper_id": paper_id, "position": position,
            "start_ms": cut.start_ms, "end_ms": cut.end_ms,
            "page": cut.page, "section": cut.section, "text": cut.text,
        }  # fmt: skip


def _stamp(owner: str) -> str:
    """What stands for the passages of an owner that has one archive to be in."""
    return hashlib.sha256(f"passages of {owner}".encode()).hexdigest()


def _numbered(rows: Sequence[Row], first: int) -> list[Row]:
    return [{"id": number, **row} for number, row in enumerate(rows, first)]


def insert(
    connection: sa.Connection, table: type[SQLModel], rows: Sequence[Row], **same: Any
) -> None:
    made = SQLModel.metadata.tables[str(table.__tablename__)]
    for start in range(0, len(rows), 5000):
        connection.execute(made.insert(), [{**same, **row} for row in rows[start : start + 5000]])


def main() -> None:
    folder = Path(sys.argv[1])
    filled(folder, int(sys.argv[2]) if len(sys.argv) > 2 else 200_000)
    print(published(folder, moved_encoder()))


if __name__ == "__main__":
    main()
