"""Files appear whole or not at all; damage is seen."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from catalog.errors import FileUnreadable, StoreDamaged, StoreFull
from catalog.lock import Held, is_held, only_one
from catalog.store import Store
from tests.archive import ROOT


def test_media_is_named_by_its_content_and_stored_once(tmp_path: Path) -> None:
    store = Store(tmp_path / "data")
    for name in ("one.mp3", "two.mp3"):
        (tmp_path / name).write_bytes(b"the same bytes")
        stored = store.put_media(tmp_path / name)
    assert store.media(stored.sha256).read_bytes() == b"the same bytes"
    assert len(list(store.media_files())) == 1
    assert store.leftovers(older_than_s=-1) == []


@pytest.mark.parametrize("damage", [b"other bytes!!", b""])
def test_a_changed_media_file_is_noticed(tmp_path: Path, damage: bytes) -> None:
    store = Store(tmp_path / "data")
    (tmp_path / "a").write_bytes(b"some bytes")
    sha256 = store.put_media(tmp_path / "a").sha256
    store.verify_media(sha256)
    store.media(sha256).write_bytes(damage)
    with pytest.raises(StoreDamaged, match=sha256):
        store.verify_media(sha256)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable, match=r"nowhere\.mp3"):
        Store(tmp_path / "data").put_media(tmp_path / "nowhere.mp3")


def test_a_full_disk_stores_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.store._RESERVE_BYTES", 1 << 60)
    (tmp_path / "a").write_bytes(b"some bytes")
    store = Store(tmp_path / "data")
    with pytest.raises(StoreFull, match="nothing was stored"):
        store.put_media(tmp_path / "a")
    assert list(store.media_files()) == []


def test_an_artifact_that_fails_halfway_does_not_appear(tmp_path: Path) -> None:
    store = Store(tmp_path)
    path = store.artifact("heard", "x.json")
    with pytest.raises(RuntimeError), store.new_file(path) as file:
        file.write(b"half")
        raise RuntimeError("killed")
    assert not path.exists()
    assert store.leftovers(older_than_s=-1) == []


def test_a_lock_is_freed_when_its_holder_is_killed(tmp_path: Path) -> None:
    lock = tmp_path / "run" / "worker.lock"
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom catalog.lock import only_one\n"
        "with only_one(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(lock)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert holder.stdout is not None
    assert holder.stdout.readline().strip() == "held"
    assert is_held(lock)
    with pytest.raises(Held, match=str(holder.pid)), only_one(lock, wait_s=0):
        pass
    os.kill(holder.pid, 9)
    holder.communicate()
    with only_one(lock):
        assert is_held(lock)
    assert not is_held(lock)
