"""From the catalog to a snapshot: once per change, whole, and without what is hidden."""

import random
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, select

from catalog import passages, talks
from catalog.engine import Catalog, open_catalog
from catalog.passages import NewPassage
from catalog.store import Store
from catalog.tables import Talk
from catalog.talks import NewTalk
from index import snapshot
from index.errors import BadNotation, CanaryFailed
from index.parts import parts_of
from index.testing import HashEncoder
from ingest.publish import differs, publish
from ingest.vectors import VectorCache

ENCODER = HashEncoder()


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Catalog]:
    catalog = open_catalog(f"sqlite:///{tmp_path}/catalog.db")
    put(catalog, "Open")
    put(catalog, "Hidden", visibility="unlisted")
    yield catalog
    catalog.close()


def put(catalog: Catalog, title: str, visibility: str = "public") -> None:
    with catalog.write() as session:
        talk = talks.add(session, NewTalk(title=title, visibility=visibility))
        new = [NewPassage(text=f"{title} {n}", start_ms=n, end_ms=n + 1) for n in range(3)]
        passages.replace(session, talk, new)


def published(catalog: Catalog, root: Path, *, anew: bool = False) -> str:
    cache = VectorCache(Store(root), ENCODER)
    return publish(catalog, root / "index", cache, ENCODER, anew=anew)


def test_only_what_is_public_is_published(shelf: Catalog, tmp_path: Path) -> None:
    generation = published(shelf, tmp_path)
    manifest = snapshot.read_manifest(tmp_path / "index", generation)
    assert (manifest.passages, manifest.talks) == (3, 1)


def test_nothing_new_makes_no_snapshot(shelf: Catalog, tmp_path: Path) -> None:
    first = published(shelf, tmp_path)
    assert published(shelf, tmp_path) == first
    assert published(shelf, tmp_path, anew=True) != first


def test_a_new_talk_makes_a_new_snapshot(shelf: Catalog, tmp_path: Path) -> None:
    first = published(shelf, tmp_path)
    put(shelf, "Another")
    second = published(shelf, tmp_path)
    assert second != first
    assert snapshot.current_generation(tmp_path / "index") == second


def test_a_damaged_snapshot_is_replaced_although_nothing_is_new(
    shelf: Catalog, tmp_path: Path
) -> None:
    first = published(shelf, tmp_path)
    shutil.rmtree(tmp_path / "index" / first / "terms")
    second = published(shelf, tmp_path)
    assert second != first
    snapshot.verify(tmp_path / "index", second)


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the talks whose passages are read to publish."""
    read: list[str] = []
    plain = passages.searchable

    def watched(session: Session, only: Collection[str] | None = None) -> Iterator[Any]:
        for one in plain(session, only):
            read.append(one.title)
            yield one

    monkeypatch.setattr("ingest.publish.catalog_passages.searchable", watched)
    return read


def test_one_talk_more_reads_and_writes_that_talk_alone(
    shelf: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        put(shelf, f"Talk {number}")
    first = tmp_path / "index" / published(shelf, tmp_path)
    put(shelf, "Another")
    read = counted(monkeypatch)
    second = tmp_path / "index" / published(shelf, tmp_path)
    assert set(read) == {"Another"}
    file = Path("part-000000000") / "vectors.npy"
    assert (second / file).samefile(first / file)
    assert snapshot.read_manifest(tmp_path / "index", second.name).passages == 21


def titles(root: Path) -> set[str]:
    index = root / "index"
    generation = snapshot.current_generation(index)
    assert generation is not None
    rows = snapshot.rows_of(index / generation, snapshot.verify(index, generation))
    return {rows.passage(row).title for row in rows.numbers()}


def test_what_changed_replaces_what_was_and_what_is_hidden_is_gone(
    shelf: Catalog, tmp_path: Path
) -> None:
    for number in range(5):
        put(shelf, f"Talk {number}")
    published(shelf, tmp_path)
    with shelf.write() as session:
        for talk in session.exec(select(Talk).where(Talk.title == "Talk 1")):
            talk.title = "Retitled"
        for talk in session.exec(select(Talk).where(Talk.title == "Talk 2")):
            talk.visibility = "withdrawn"
        for talk in session.exec(select(Talk).where(Talk.title == "Talk 3")):
            passages.replace(session, talk, [])
    generation = published(shelf, tmp_path)
    assert titles(tmp_path) == {"Open", "Retitled", "Talk 0", "Talk 4"}
    manifest = snapshot.read_manifest(tmp_path / "index", generation)
    assert (manifest.passages, manifest.rows, manifest.talks) == (12, 21, 4)
    assert published(shelf, tmp_path) == generation


def test_with_many_holes_everything_is_written_anew(shelf: Catalog, tmp_path: Path) -> None:
    for number in range(9):
        put(shelf, f"Talk {number}")
    holes = []
    for number in range(6):
        with shelf.write() as session:
            for talk in session.exec(select(Talk).where(Talk.title == f"Talk {number}")):
                talk.visibility = "withdrawn"
        manifest = snapshot.read_manifest(tmp_path / "index", published(shelf, tmp_path))
        holes.append(manifest.rows - manifest.passages)
    assert holes == [0, 3, 6, 0, 3, 6]
    assert len(titles(tmp_path)) == 4


def test_after_many_changes_the_snapshot_is_what_a_reindex_makes(
    shelf: Catalog, tmp_path: Path
) -> None:
    drawn = random.Random(20240229)
    published(shelf, tmp_path)
    for number in range(12):
        with shelf.write() as session:
            for talk in session.exec(select(Talk)):
                if drawn.random() < 0.2:
                    talk.title = f"{talk.title}!"
                if drawn.random() < 0.1:
                    talk.visibility = drawn.choice(["public", "withdrawn"])
        put(shelf, f"Talk {number}")
        published(shelf, tmp_path)
    grown = contents(tmp_path)
    published(shelf, tmp_path, anew=True)
    assert contents(tmp_path) == grown


def contents(root: Path) -> dict[str, tuple[str, tuple[float, ...]]]:
    """Each passage's title and vector, as published."""
    index = root / "index"
    generation = snapshot.current_generation(index) or ""
    rows = snapshot.rows_of(index / generation, snapshot.verify(index, generation))
    vectors = snapshot.vectors(index, generation)
    found = [rows.passage(row) for row in rows.numbers()]
    return {
        one.id: (one.title, tuple(vector.tolist()))
        for one, vector in zip(found, vectors, strict=True)
    }


def test_another_encoder_or_another_build_is_never_extended(
    shelf: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        put(shelf, f"Talk {number}")
    published(shelf, tmp_path)
    put(shelf, "Another")
    other = HashEncoder(name="other")
    index = tmp_path / "index"
    generation = publish(shelf, index, VectorCache(Store(tmp_path), other), other)
    assert [part.name for part in parts_of(index / generation)] == ["part-000000000"]
    assert snapshot.read_manifest(index, generation).encoder_fingerprint == other.fingerprint
    monkeypatch.setattr("index.snapshot.LAYOUT", "next")
    rebuilt = publish(shelf, index, VectorCache(Store(tmp_path), other), other)
    assert rebuilt != generation
    assert snapshot.read_manifest(index, rebuilt).build["vectors"] == "next"


def test_a_snapshot_that_fails_a_canary_is_not_published(shelf: Catalog, tmp_path: Path) -> None:
    first = published(shelf, tmp_path)
    with shelf.read() as session:
        found = session.exec(select(Talk).where(Talk.title == "Open")).one()
    canary = f'[[canary]]\nquery = "Open secrets"\nfinds = "{found.public_id}"\n'
    (tmp_path / "canaries.toml").write_text(canary)
    for number in range(12):
        put(shelf, f"Open secrets {number}")
    with pytest.raises(CanaryFailed, match=f"'Open secrets' failed.*{found.public_id}"):
        published(shelf, tmp_path)
    assert snapshot.current_generation(tmp_path / "index") == first
    assert snapshot.generations(tmp_path / "index") == [first]
    (tmp_path / "canaries.toml").unlink()
    assert published(shelf, tmp_path) != first


def test_an_empty_archive_can_be_published(tmp_path: Path) -> None:
    catalog = open_catalog(f"sqlite:///{tmp_path}/catalog.db")
    generation = published(catalog, tmp_path)
    assert snapshot.read_manifest(tmp_path / "index", generation).passages == 0
    catalog.close()


def test_another_notation_makes_another_snapshot(shelf: Catalog, tmp_path: Path) -> None:
    first = published(shelf, tmp_path)
    assert not differs(shelf, tmp_path / "index")
    (tmp_path / "notation.toml").write_text('[abbreviations]\nOX = ["open x"]\n')
    assert differs(shelf, tmp_path / "index")
    second = published(shelf, tmp_path)
    assert second != first
    assert published(shelf, tmp_path) == second


def test_a_faulty_notation_is_named_and_the_snapshot_stays(shelf: Catalog, tmp_path: Path) -> None:
    first = published(shelf, tmp_path)
    (tmp_path / "notation.toml").write_text("[abbreviations]\nOX = 7\n")
    with pytest.raises(BadNotation, match=r"notation\.toml .* \[abbreviations\] 'OX'"):
        published(shelf, tmp_path)
    assert snapshot.current_generation(tmp_path / "index") == first
