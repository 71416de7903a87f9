"""A recording and captions come to their talk later: by id, or by exactly its title and day."""

import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from catalog import submissions, talks
from catalog.engine import Catalog, open_catalog
from catalog.errors import AlreadyThere, Ambiguous, NotTaken, NotThere
from catalog.store import Store
from catalog.talks import NewTalk, TalkDetails
from ingest.accept import Accepted, Offer, accept
from ingest.manifest import Entry
from ingest.take_in import take_in
from tests.archive import DEMO

SOUND = DEMO / "recordings" / "04-labels-come-last.opus"
OTHER = DEMO / "recordings" / "01-reading-a-generalization-gap.opus"
DAY = date(2021, 2, 1)


@dataclass(frozen=True, kw_only=True)
class Desk:
    catalog: Catalog
    root: Path

    def announced(self, title: str = "Kernels", status: str = "not_recorded") -> str:
        new = NewTalk(title=title, held_on=DAY, recording_status=status, abstract="As announced.")
        with self.catalog.write() as session:
            return talks.add(session, new).public_id

    def offer(self, path: Path, about: NewTalk, talk: str | None = None) -> Accepted:
        store = Store(self.root / "data")
        return accept(self.catalog, store, Offer(path=path, about=about, talk=talk))

    def captions(self, text: str = "words") -> Path:
        path = self.root / f"{text}.srt"
        path.write_text(f"1\n00:00:00,000 --> 00:00:02,000\nSome {text}.\n")
        return path

    def all(self) -> list[TalkDetails]:
        with self.catalog.read() as session:
            return talks.listed(session)

    def stored(self) -> int:
        return len(list(Store(self.root / "data").media_files()))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    catalog = open_catalog(f"sqlite:///{tmp_path}/data/catalog.db")
    yield Desk(catalog=catalog, root=tmp_path)
    catalog.close()


def test_a_recording_joins_the_talk_that_staff_name(desk: Desk) -> None:
    key = desk.announced()
    assert desk.offer(SOUND, NewTalk(title=""), key).public_id == key
    [one] = desk.all()
    assert one.talk.recording_status == "recorded"
    assert one.talk.title == "Kernels"
    assert one.recording is not None


def test_a_recording_joins_the_talk_with_its_title_and_day(desk: Desk) -> None:
    key = desk.announced()
    about = NewTalk(title="Kernels ", held_on=DAY, abstract="Another.", language="de")
    assert desk.offer(SOUND, about).public_id == key
    [one] = desk.all()
    assert (one.talk.abstract, one.talk.language) == ("As announced.", "de")


@pytest.mark.parametrize(
    "about",
    [
        NewTalk(title="Kernels"),
        NewTalk(title="kernels", held_on=DAY),
        NewTalk(title="Kernels", held_on=date(2021, 2, 2)),
        NewTalk(title="Kernels I", held_on=DAY),
    ],
)
def test_what_only_resembles_a_talk_is_a_talk_of_its_own(desk: Desk, about: NewTalk) -> None:
    key = desk.announced()
    assert desk.offer(SOUND, about).public_id != key
    assert len(desk.all()) == 2


def test_where_two_talks_fit_none_is_taken_and_both_are_named(desk: Desk) -> None:
    keys = [desk.announced(), desk.announced()]
    with pytest.raises(Ambiguous) as caught:
        desk.offer(SOUND, NewTalk(title="Kernels", held_on=DAY))
    assert all(key in str(caught.value) for key in keys)
    assert desk.stored() == 0
    assert desk.offer(SOUND, NewTalk(title="Kernels", held_on=DAY), keys[1]).public_id == keys[1]


def test_a_talk_has_one_recording(desk: Desk) -> None:
    key = desk.announced()
    desk.offer(SOUND, NewTalk(title=""), key)
    with pytest.raises(NotTaken, match=SOUND.name):
        desk.offer(OTHER, NewTalk(title=""), key)
    with pytest.raises(AlreadyThere, match=key):
        desk.offer(SOUND, NewTalk(title=""), key)
    assert desk.stored() == 1


def test_a_speaker_who_declined_is_not_recorded_after_all(desk: Desk) -> None:
    key = desk.announced(status="declined")
    with pytest.raises(NotTaken, match="declined"):
        desk.offer(SOUND, NewTalk(title=""), key)
    assert desk.stored() == 0


def test_an_unknown_talk_is_refused(desk: Desk) -> None:
    with pytest.raises(NotThere, match="nosuch"):
        desk.offer(SOUND, NewTalk(title=""), "nosuch")
    assert desk.stored() == 0


def test_captions_join_a_talk_and_need_no_recording(desk: Desk) -> None:
    key = desk.announced()
    assert desk.offer(desk.captions(), NewTalk(title=""), key).kind == "captions"
    assert desk.offer(desk.captions("others"), NewTalk(title="New")).public_id != key
    with desk.catalog.read() as session:
        kinds = [job.submission.kind for job in submissions.listed(session)]
    assert kinds == ["captions", "captions"]


def test_the_same_captions_again_name_their_talk(desk: Desk) -> None:
    first = desk.offer(desk.captions(), NewTalk(title="First"))
    again = desk.root / "again.srt"
    shutil.copy(desk.captions(), again)
    with pytest.raises(AlreadyThere, match=first.public_id):
        desk.offer(again, NewTalk(title="Second"))
    assert len(desk.all()) == 1


def test_captions_that_come_after_the_recording_make_no_second_talk(desk: Desk) -> None:
    first = desk.offer(SOUND, NewTalk(title="As first called"))
    entry = Entry(path=SOUND, about=NewTalk(title="T"), captions=desk.captions())
    taken = list(take_in(desk.catalog, Store(desk.root / "data"), entry))
    assert [(one.status, one.public_id) for one in taken] == [
        ("accepted", first.public_id),
        ("exists", first.public_id),
    ]
    assert len(desk.all()) == 1


def test_bad_captions_refuse_the_recording_that_they_come_with(desk: Desk) -> None:
    bad = desk.root / "bad.srt"
    bad.write_text("no times")
    entry = Entry(path=SOUND, about=NewTalk(title="T"), captions=bad)
    [refused] = take_in(desk.catalog, Store(desk.root / "data"), entry)
    assert (refused.status, refused.path) == ("refused", SOUND)
    assert "bad.srt" in str(refused.problem)
    assert (desk.all(), desk.stored()) == ([], 0)


def test_two_recordings_that_come_at_once_do_not_share_a_talk(
    catalog: Catalog, tmp_path: Path
) -> None:
    desk = Desk(catalog=catalog, root=tmp_path)
    key = desk.announced()
    came: list[object] = []

    def offer(path: Path) -> None:
        try:
            came.append(desk.offer(path, NewTalk(title=""), key))
        except NotTaken as problem:
            came.append(problem)

    threads = [threading.Thread(target=offer, args=(path,)) for path in (SOUND, OTHER)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(type(one).__name__ for one in came) == ["Accepted", "NotTaken"]
