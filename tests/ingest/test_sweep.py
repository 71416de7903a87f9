"""Removal: nothing of a talk or paper stays, whatever was broken off in between."""

import os
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from catalog import editing, events, papers, removal, submissions, talks
from catalog.engine import open_catalog
from catalog.errors import JobProblem, NotThere
from catalog.papers import NewPaper
from catalog.settings import read_settings
from catalog.tables import Talk, now
from catalog.talks import NewTalk
from index import snapshot
from ingest import sweep
from ingest.check import check
from ingest.publish import Deeds, differs, publish
from ingest.vectors import VectorCache
from tests.app.shelf import Shelf, Spoken

MARKER = "qzxmarkerqzx"
GOES = NewTalk(
    title=f"{MARKER} title",
    speakers=(f"{MARKER} person",),
    series=f"{MARKER} series",
    held_on=date(2021, 2, 1),
    abstract=f"{MARKER} abstract",
    links=(("video", f"https://example.org/{MARKER}"),),
    note=f"{MARKER} note",
    listing={"entry": {"id": MARKER}},
)
STAYS = NewTalk(title="Stays", speakers=("Ada",), series="Lunch")


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    made = Shelf(tmp_path / "data")
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _with_the_encoder_of_tests(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """Publish with the encoder of tests: no model is loaded to delete a row."""
    monkeypatch.setattr("ingest.steps.Steps.encoder", shelf.encoder)


def filled(shelf: Shelf) -> str:
    """A published archive with one talk that stays and one that goes; the id of the latter."""
    shelf.talk(STAYS, Spoken(sentences=("Of kernels and of margins.",)))
    key = shelf.talk(GOES, Spoken(sentences=(f"We speak of {MARKER} today.",) * 4))
    cache = VectorCache(shelf.store, shelf.encoder)
    publish(shelf.catalog, shelf.settings.index_dir, cache, shelf.encoder)
    heard = shelf.store.artifact("heard", sha_of(shelf, key), "engine", "any-0000.json")
    shelf.store.write_artifact(heard, MARKER.encode())
    age(shelf.settings.data_dir)
    return key


def sha_of(shelf: Shelf, key: str) -> str:
    with shelf.catalog.read() as session:
        return submissions.find(session, key).submission.sha256


def age(root: Path) -> None:
    """Files that were there before, by their times too."""
    an_hour_ago = time.time() - 3600
    for path in root.rglob("*"):
        if path.is_file() and path.suffix != ".db":
            os.utime(path, (an_hour_ago, an_hour_ago))


def take_away(shelf: Shelf, key: str) -> None:
    with shelf.catalog.write() as session:
        removal.remove(session, talks.find(session, key))


def swept(shelf: Shelf) -> sweep.Swept:
    return sweep.sweep(shelf.settings, shelf.catalog, shelf.store)


def files_with(root: Path, marker: str) -> list[str]:
    """Every file below `root` whose bytes or whose name hold the marker."""
    known = marker.encode()
    return [
        str(path.relative_to(root))
        for path in root.rglob("*")
        if path.is_file() and (known in path.read_bytes() or marker in path.name)
    ]


def test_no_byte_of_a_removed_talk_stays(shelf: Shelf) -> None:
    key = filled(shelf)
    root = shelf.settings.data_dir
    with shelf.catalog.write() as session:  # an older form of it lies in the database's free pages
        editing.edit(session, talks.find(session, key), {"abstract": f"{MARKER} " * 2000})
        editing.edit(session, talks.find(session, key), {"abstract": "short"})
    before = files_with(root, MARKER)
    assert any(name.startswith("catalog.db") for name in before)
    assert any(name.startswith("media/") for name in before)
    assert any(name.startswith("index/") for name in before)
    assert any(name.startswith("artifacts/heard/") for name in before)
    take_away(shelf, key)
    assert swept(shelf).removals == 1
    assert files_with(root, MARKER) == []
    assert files_with(root, "kernels") != []
    assert check(shelf.catalog, shelf.store, shelf.settings).faults == []
    with shelf.catalog.read() as session:
        assert [one.talk.title for one in talks.listed(session)] == ["Stays"]
        deed = events.listed(session)[0]
    assert (deed.deed, deed.public_id, bool(deed.who), deed.unswept) == ("remove", key, True, {})


def test_what_a_worker_only_took_out_is_rewritten_by_the_sweep(shelf: Shelf) -> None:
    """A worker publishes the removal before the sweep: then it lies in a hole of the snapshot."""
    for number in range(5):
        shelf.talk(NewTalk(title=f"Talk {number}"), Spoken(sentences=("Of other things.",)))
    key = filled(shelf)
    take_away(shelf, key)
    cache = VectorCache(shelf.store, shelf.encoder)
    publish(shelf.catalog, shelf.settings.index_dir, cache, shelf.encoder)
    assert not differs(shelf.catalog, shelf.settings.index_dir)
    assert any(name.startswith("index/") for name in files_with(shelf.settings.data_dir, MARKER))
    assert swept(shelf).generation is not None
    assert files_with(shelf.settings.data_dir, MARKER) == []
    assert check(shelf.catalog, shelf.store, shelf.settings).faults == []
    assert swept(shelf).generation is None


def test_a_removal_that_was_broken_off_is_named_and_finished_later(shelf: Shelf) -> None:
    key = filled(shelf)
    take_away(shelf, key)
    faults = check(shelf.catalog, shelf.store, shelf.settings).faults
    assert any(f"removal of talk {key} is not finished" in fault for fault in faults)
    again = open_catalog(shelf.settings.catalog_url)
    assert sweep.sweep(shelf.settings, again, shelf.store).removals == 1
    again.close()
    assert files_with(shelf.settings.data_dir, MARKER) == []
    assert swept(shelf).removals == 0


def test_the_last_talk_can_go_too(shelf: Shelf) -> None:
    key = filled(shelf)
    with shelf.catalog.read() as session:
        stays = talks.find(session, "stays").public_id
    for one in (key, stays):
        take_away(shelf, one)
    swept(shelf)
    [generation] = snapshot.generations(shelf.settings.index_dir)
    assert snapshot.read_manifest(shelf.settings.index_dir, generation).passages == 0
    assert check(shelf.catalog, shelf.store, shelf.settings).faults == []


def test_a_file_that_came_again_meanwhile_is_left(shelf: Shelf) -> None:
    key = filled(shelf)
    sha256 = sha_of(shelf, key)
    take_away(shelf, key)
    shelf.talk(NewTalk(title="Again"), None, media=f"RIFF {GOES.title}".encode())
    swept(shelf)
    shelf.store.verify_media(sha256)


@pytest.mark.parametrize("state", ["accepted", "running", "committed"])
def test_what_has_an_open_job_is_not_removed(shelf: Shelf, state: str) -> None:
    key = filled(shelf)
    shelf.change_job(key, state=state)
    with pytest.raises(JobProblem, match=f"has a job that is {state}; (stop it with|wait)"):
        take_away(shelf, key)
    with shelf.catalog.read() as session:
        assert talks.find(session, key).visibility == "public"


def test_a_job_that_was_just_cancelled_gets_time_to_stop(shelf: Shelf) -> None:
    key = filled(shelf)
    shelf.change_job(key, state="cancelled", started_at=now(), finished_at=now())
    with pytest.raises(JobProblem, match="give the worker 10 seconds"):
        take_away(shelf, key)
    shelf.change_job(key, finished_at=now() - timedelta(seconds=11))
    take_away(shelf, key)


def test_removal_takes_all_rows_on_both_databases(database_url: str) -> None:
    catalog = open_catalog(database_url)
    with catalog.write() as session:
        paper = papers.add(session, NewPaper(title="P"))
        talk = talks.add(session, GOES)
        talks.name_papers(session, talk, [paper.public_id])
        kept = talks.add(session, NewTalk(title="Kept", speakers=GOES.speakers))
    with catalog.write() as session:
        assert removal.withdraw(session, talks.find(session, talk.public_id), said="asked to")
        assert not removal.withdraw(session, talks.find(session, talk.public_id))
        removal.remove(session, talks.find(session, talk.public_id))
        removal.remove(session, papers.find(session, paper.public_id))
    catalog.compact()
    with catalog.read() as session:
        assert [one.names for one in talks.listed(session)] == [GOES.speakers]
        assert talks.listed(session)[0].talk.public_id == kept.public_id
        assert [one.deed for one in events.listed(session)] == ["remove", "remove", "withdraw"]
        with pytest.raises(NotThere):
            talks.find(session, talk.public_id)
    catalog.close()


def test_a_sweep_without_a_snapshot_needs_no_encoder(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    take_away(shelf, shelf.bare_talk(GOES))
    settings = read_settings(data_dir=shelf.settings.data_dir, encoder_model="/no/such/model")
    assert sweep.sweep(settings, shelf.catalog, shelf.store).generation is None
    assert files_with(shelf.settings.data_dir, MARKER) == []


def test_a_worker_publishes_what_staff_changed_and_nothing_else(shelf: Shelf) -> None:
    key = filled(shelf)
    deeds = Deeds(shelf.catalog, shelf.settings.index_dir)
    assert not deeds.to_publish()
    edit(shelf, key, abstract="Another one.")
    assert not deeds.to_publish()
    edit(shelf, key, title="Another title")
    assert deeds.to_publish()
    cache = VectorCache(shelf.store, shelf.encoder)
    publish(shelf.catalog, shelf.settings.index_dir, cache, shelf.encoder)
    assert not deeds.to_publish()
    with shelf.catalog.write() as session:
        removal.withdraw(session, talks.find(session, key))
    assert deeds.to_publish()
    assert differs(shelf.catalog, shelf.settings.index_dir)


def edit(shelf: Shelf, key: str, **values: object) -> None:
    with shelf.catalog.write() as session:
        talk: Talk = talks.find(session, key)
        editing.edit(session, talk, values)
