"""From the catalog to a snapshot: once per change, whole, and without what is hidden."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog import passages, talks
from catalog.engine import Catalog, open_catalog
from catalog.passages import NewPassage
from catalog.store import Store
from catalog.talks import NewTalk
from index import snapshot
from index.errors import BadNotation
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
