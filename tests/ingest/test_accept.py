"""The door: a refused file leaves nothing, an accepted one is promised."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog import submissions
from catalog.engine import Catalog, open_catalog
from catalog.errors import AlreadyThere, NotThere
from catalog.papers import NewPaper
from catalog.store import Store
from catalog.talks import NewTalk
from ingest.accept import Offer, accept, is_pdf
from ingest.errors import BadManifest
from ingest.manifest import read_manifest
from tests.archive import DEMO, ROOT, command, environment, seminar_json

TALK = DEMO / "recordings" / "04-labels-come-last.opus"
PAPER = DEMO / "papers" / "notes-minimum-norm.pdf"


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = open_catalog(f"sqlite:///{tmp_path}/data/catalog.db")
    yield opened
    opened.close()


def stored(tmp_path: Path) -> list[Path]:
    return list(Store(tmp_path / "data").media_files())


def test_a_refusal_by_the_catalog_leaves_no_file(catalog: Catalog, tmp_path: Path) -> None:
    offer = Offer(path=TALK, about=NewTalk(title="T", papers=("no-such-paper",)))
    with pytest.raises(NotThere, match="no-such-paper"):
        accept(catalog, Store(tmp_path / "data"), offer)
    assert stored(tmp_path) == []


def test_the_same_bytes_keep_their_file(catalog: Catalog, tmp_path: Path) -> None:
    store = Store(tmp_path / "data")
    accept(catalog, store, Offer(path=PAPER, about=NewPaper(title="First")))
    with pytest.raises(AlreadyThere, match="First"):
        accept(catalog, store, Offer(path=PAPER, about=NewPaper(title="Second")))
    assert len(stored(tmp_path)) == 1


def test_an_arxiv_id_belongs_to_one_paper(catalog: Catalog, tmp_path: Path) -> None:
    store = Store(tmp_path / "data")
    other = DEMO / "papers" / "notes-lazy-training.pdf"
    accept(catalog, store, Offer(path=PAPER, about=NewPaper(title="A", arxiv_id="1912.02292")))
    with pytest.raises(AlreadyThere, match=r"1912\.02292"):
        accept(catalog, store, Offer(path=other, about=NewPaper(title="B", arxiv_id="1912.02292")))
    assert len(stored(tmp_path)) == 1


def test_an_accepted_file_is_a_job(catalog: Catalog, tmp_path: Path) -> None:
    store = Store(tmp_path / "data")
    accepted = accept(catalog, store, Offer(path=TALK, about=NewTalk(title="T")))
    with catalog.read() as session:
        job = submissions.find(session, accepted.public_id)
        assert job.submission.state == "accepted"
        assert store.media(job.submission.sha256).read_bytes() == TALK.read_bytes()


def test_two_processes_that_offer_the_same_file_make_one_talk(tmp_path: Path) -> None:
    data = tmp_path / "data"
    calls = [
        subprocess.Popen(
            command("add", TALK, "--json"), cwd=ROOT, env=environment(data),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for _ in range(4)
    ]  # fmt: skip
    assert [(call.communicate()[1], call.returncode)[1] for call in calls] == [0, 0, 0, 0]
    assert len(seminar_json(data, "talks", "list")) == 1
    assert len(seminar_json(data, "jobs")["jobs"]) == 1


def test_the_kind_of_a_file_is_told_by_name_then_by_content(tmp_path: Path) -> None:
    (tmp_path / "unnamed").write_bytes(b"%PDF-1.7 and so on")
    (tmp_path / "x.bin").write_bytes(b"RIFF")
    assert is_pdf(tmp_path / "unnamed")
    assert is_pdf(tmp_path / "missing.PDF")
    assert not is_pdf(tmp_path / "x.bin")
    assert not is_pdf(TALK)


def test_the_list_of_the_demonstration_is_read_papers_first() -> None:
    entries = read_manifest(DEMO / "manifest.yaml")
    assert [isinstance(entry.about, NewPaper) for entry in entries] == [True] * 4 + [False] * 7
    assert all(entry.path.is_file() for entry in entries)
    assert all(entry.papers for entry in entries[4:])


def test_a_talk_that_names_an_unlisted_paper_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").write_bytes(b"x")
    (tmp_path / "list.yaml").write_text(
        "talks:\n- {file: a.mp3, title: A, papers: [gone.pdf], date: 2024-02-05}\n"
    )
    with pytest.raises(BadManifest, match=r"a\.mp3 names gone\.pdf"):
        read_manifest(tmp_path / "list.yaml")
