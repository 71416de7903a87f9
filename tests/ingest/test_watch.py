"""The watch folder: each file once, whole, when it is still; the folder is left as it is."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from catalog import submissions, talks
from catalog.engine import Catalog, open_catalog
from catalog.store import Store
from ingest.take_in import Taken
from ingest.watch import Watch, Watched, WatchOptions
from ingest.watch_memory import Memory
from tests.archive import DEMO

TALK = DEMO / "recordings" / "04-labels-come-last.opus"


def captions(text: str) -> bytes:
    return f"WEBVTT\n\n00:00.000 --> 00:04.000\nA caption about {text}.\n".encode()


@dataclass
class Desk:
    """A watched folder with a clock that tests turn."""

    catalog: Catalog
    root: Path
    now_s: float = 1_000.0
    taken: list[Taken] = field(default_factory=list)
    watch: Watch = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.restart()

    @property
    def folder(self) -> Path:
        return self.root / "folder"

    def restart(self) -> None:
        """A watcher that knows only what is on disk."""
        store = Store(self.root / "data")
        into = Watched(
            catalog=self.catalog,
            store=store,
            memory=Memory(store.artifact("watched", "x.jsonl")),
            clock=lambda: self.now_s,
        )
        options = WatchOptions(settle_s=10, grace_s=60, series="Seminar")
        self.watch = Watch(self.folder, into, options)

    def wait(self, seconds: float) -> list[Taken]:
        """Look every two seconds for as long; what was taken meanwhile."""
        before = len(self.taken)
        until = self.now_s + seconds
        while self.now_s < until:
            self.now_s += 2
            self.taken += self.watch.look()
        return self.taken[before:]

    def stored(self) -> set[str]:
        with self.catalog.read() as session:
            return {job.submission.sha256 for job in submissions.listed(session)}

    def titles(self) -> list[str]:
        with self.catalog.read() as session:
            return sorted(one.talk.title for one in talks.listed(session))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    catalog = open_catalog(f"sqlite:///{tmp_path}/data/catalog.db")
    yield Desk(catalog, tmp_path)
    catalog.close()


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_file_that_grows_slowly_is_taken_once_and_whole(desk: Desk) -> None:
    target, whole = desk.folder / "talk.opus", TALK.read_bytes()
    for part in range(0, len(whole), len(whole) // 20 + 1):
        with target.open("ab") as file:
            file.write(whole[part : part + len(whole) // 20 + 1])
        assert desk.wait(8) == []
    assert [one.status for one in desk.wait(120)] == ["accepted"]
    assert desk.stored() == {sha256(TALK)}
    assert desk.wait(120) == []


def test_a_copy_that_pauses_is_waited_for_three_times_as_long(desk: Desk) -> None:
    target = desk.folder / "talk.vtt"
    target.write_bytes(captions("x")[:40])
    desk.wait(2)
    desk.now_s += 56  # nobody looked, nothing came
    with target.open("ab") as file:
        file.write(captions("x")[40:])
    assert desk.wait(120) == []
    assert [one.status for one in desk.wait(120)] == ["accepted"]
    assert desk.stored() == {sha256(target)}


def test_a_file_that_somebody_still_writes_to_is_left_alone(desk: Desk) -> None:
    target = desk.folder / "talk.vtt"
    with target.open("wb") as file:
        file.write(captions("x"))
        file.flush()
        assert desk.wait(200) == []
    assert [one.status for one in desk.wait(4)] == ["accepted"]


def test_a_file_renamed_into_place_is_taken(desk: Desk) -> None:
    half = desk.folder / "talk.vtt.part"
    half.write_bytes(captions("x"))
    assert desk.wait(200) == []
    half.rename(desk.folder / "talk.vtt")
    assert [one.status for one in desk.wait(70)] == ["accepted"]


def test_another_content_in_the_same_place_is_a_new_talk(desk: Desk) -> None:
    target = desk.folder / "talk.vtt"
    target.write_bytes(captions("the first"))
    desk.wait(80)
    aside = desk.root / "new.vtt"
    aside.write_bytes(captions("the other"))
    aside.replace(target)
    assert [one.status for one in desk.wait(80)] == ["accepted"]
    assert len(desk.stored()) == 2


def test_a_file_that_was_only_touched_is_not_a_new_talk(desk: Desk) -> None:
    target = desk.folder / "talk.vtt"
    target.write_bytes(captions("x"))
    desk.wait(80)
    os.utime(target, (1, 1))
    assert [one.status for one in desk.wait(80)] == ["exists"]
    assert len(desk.titles()) == 1


def test_a_side_car_that_comes_later_is_waited_for(desk: Desk) -> None:
    (desk.folder / "rec0001.vtt").write_bytes(captions("margins"))
    assert desk.wait(40) == []
    side_car = desk.folder / "rec0001.yaml"
    side_car.write_text("title: Margins\nspeakers: [Ann Other, Bo]\ndate: 2021-02-01\n")
    assert [one.title for one in desk.wait(12)] == ["Margins"]
    with desk.catalog.read() as session:
        [one] = talks.listed(session)
    assert one.names == ("Ann Other", "Bo")
    assert str(one.talk.held_on) == "2021-02-01"
    assert one.series is not None
    assert one.series.name == "Seminar"


def test_a_side_car_that_comes_too_late_is_said_once(desk: Desk) -> None:
    (desk.folder / "rec.vtt").write_bytes(captions("x"))
    desk.wait(80)
    (desk.folder / "rec.yaml").write_text("title: Too late\n")
    assert [one.status for one in desk.wait(80)] == ["late"]
    assert desk.titles() == ["rec"]


def test_a_faulty_side_car_is_said_once_and_tried_again_when_mended(desk: Desk) -> None:
    (desk.folder / "rec.vtt").write_bytes(captions("x"))
    (desk.folder / "rec.yaml").write_text("title: T\ndate: tomorrow\n")
    [refused] = desk.wait(200)
    assert refused.status == "refused"
    assert "line 2" in str(refused.problem)
    desk.restart()
    assert desk.wait(100) == []
    (desk.folder / "rec.yaml").write_text("title: T\ndate: 2021-02-01\n")
    assert [one.status for one in desk.wait(14)] == ["accepted"]


def test_the_name_of_a_file_tells_day_speakers_and_title(desk: Desk) -> None:
    name = "2021-02-01 J. Doe & Ann Other - Stumps - and why.vtt"
    (desk.folder / name).write_bytes(captions("x"))
    desk.wait(80)
    with desk.catalog.read() as session:
        [one] = talks.listed(session)
    assert (one.talk.title, one.names) == ("Stumps - and why", ("J. Doe", "Ann Other"))
    assert str(one.talk.held_on) == "2021-02-01"


def test_many_at_once_and_a_restart_in_between_are_each_taken_once(desk: Desk) -> None:
    for number in range(40):
        (desk.folder / f"{number:03}.vtt").write_bytes(captions(f"number {number}"))
    desk.wait(50)
    desk.now_s += 20
    looking = desk.watch.look()
    first = [next(looking) for _ in range(15)]  # killed in the middle of a look
    desk.restart()
    later = desk.wait(100)
    assert {one.status for one in [*first, *later]} == {"accepted"}
    assert len(first) + len(later) == 40
    assert len(desk.stored()) == 40


def test_a_restart_without_memory_makes_nothing_twice(desk: Desk) -> None:
    (desk.folder / "a.vtt").write_bytes(captions("x"))
    desk.wait(80)
    shutil.rmtree(desk.root / "data" / "artifacts")
    desk.restart()
    assert [one.status for one in desk.wait(80)] == ["exists"]
    assert len(desk.titles()) == 1


def test_captions_go_with_the_recording_of_their_name(desk: Desk) -> None:
    shutil.copy(TALK, desk.folder / "talk.opus")
    (desk.folder / "talk.en.vtt").write_bytes(captions("x"))
    assert [one.kind for one in desk.wait(80)] == ["captions", "talk"]
    (desk.folder / "talk.en.vtt").write_bytes(captions("x, made better"))
    assert [one.kind for one in desk.wait(80)] == ["captions"]
    assert len(desk.titles()) == 1


def test_the_folder_is_left_as_it_was(desk: Desk) -> None:
    (desk.folder / "in").mkdir()
    (desk.folder / "in" / "a.vtt").write_bytes(captions("x"))
    (desk.folder / "in" / "bad.mp3").write_bytes(b"no sound")
    (desk.folder / ".hidden.vtt").write_bytes(captions("y"))

    def state() -> dict[str, tuple[int, int]]:
        return {
            str(one): (one.stat().st_mtime_ns, one.stat().st_ino) for one in desk.folder.rglob("*")
        }

    before = state()
    assert sorted(one.status for one in desk.wait(300)) == ["accepted", "refused"]
    assert state() == before


def test_a_torn_line_of_memory_is_passed_over(desk: Desk) -> None:
    (desk.folder / "a.vtt").write_bytes(captions("x"))
    desk.wait(80)
    [memory] = (desk.root / "data" / "artifacts" / "watched").iterdir()
    with memory.open("a") as file:
        file.write('{"path": "b.vtt", "look": [[1,')
    desk.restart()
    assert desk.wait(80) == []


def test_a_full_or_broken_archive_is_not_the_files_fault(desk: Desk) -> None:
    media = desk.root / "data" / "media"
    media.write_text("something else is in the way")
    (desk.folder / "a.vtt").write_bytes(captions("x"))
    assert [one.status for one in desk.wait(400)] == ["refused"]
    media.unlink()
    assert [one.status for one in desk.wait(70)] == ["accepted"]
