"""The `seminar` command: quick to answer, clear when it refuses, and nothing lost."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
import sqlalchemy as sa

from app import __version__
from catalog.engine import connect, open_catalog
from tests.archive import (
    DEMO,
    ROOT,
    SHARED,
    environment,
    free_port,
    seminar,
    seminar_json,
    silence,
    started,
)
from tests.ingest.pdf_files import write_pdf

TALK = DEMO / "recordings" / "01-reading-a-generalization-gap.opus"
PAPER = DEMO / "papers" / "notes-minimum-norm.pdf"


def refused(data_dir: Path, *words: str | Path, model: str = "") -> str:
    """The one line with which a call is refused."""
    more = {"SEMINAR_WHISPER_MODEL": model} if model else {}
    done = seminar(data_dir, *words, check=False, timeout_s=120, **more)
    assert done.returncode == 1, f"{done.stdout}\n{done.stderr}"
    lines = [line for line in done.stderr.splitlines() if line.startswith("seminar: ")]
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr
    return lines[0]


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys, json\nfrom app.cli import main\n"
        "try:\n    main.app(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    heavy = {"sqlmodel", "pydantic", "numpy", "torch", "faiss", "dbos", "fastapi", "av"}
    assert heavy & set(json.loads(done.stderr)) == set()


def test_it_says_its_version(tmp_path: Path) -> None:
    assert seminar(tmp_path, "--version").stdout == f"seminar {__version__}\n"


@pytest.mark.parametrize("words", [("talks", "list"), ("jobs",), ("check",), ("reindex",)])
def test_where_no_archive_is_none_is_made(tmp_path: Path, words: tuple[str, ...]) -> None:
    elsewhere = tmp_path / "elsewhere"
    assert f"there is no archive in {elsewhere}; name its folder" in refused(elsewhere, *words)
    assert not elsewhere.exists()


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.mp3", b"", "empty"),
        ("letter.mp4", b"Dear colleagues, the recording is attached. " * 50, "media"),
        ("playlist.mp4", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "playlist.mp4"),
        ("broken.pdf", b"%PDF-1.7\nnothing follows", "PDF"),
    ],
)
def test_a_file_that_cannot_be_taken_leaves_nothing(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    (tmp_path / name).write_bytes(content)
    line = refused(tmp_path / "data", "add", tmp_path / name, "--wait")
    assert name in line
    assert says in line
    assert seminar_json(tmp_path / "data", "jobs", "list", "--all")["jobs"] == []
    assert seminar_json(tmp_path / "data", "talks", "list") == []
    assert not list((tmp_path / "data").glob("media/??/*"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "nowhere.mp3" in refused(tmp_path / "data", "add", tmp_path / "nowhere.mp3")


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read every file")
def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "secret.mp3"
    path.write_bytes(TALK.read_bytes())
    path.chmod(0)
    assert "secret.mp3" in refused(tmp_path / "data", "add", path)


def test_good_files_are_taken_although_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").write_bytes(b"")
    done = seminar(
        tmp_path / "data", "add", tmp_path / "empty.wav", TALK, PAPER, "--json", check=False
    )
    assert done.returncode == 1
    statuses = [row["status"] for row in json.loads(done.stdout)]
    assert statuses == ["refused", "accepted", "accepted"]


def test_what_a_pdf_does_not_tell_is_asked_for(tmp_path: Path) -> None:
    info = "/Title (Microsoft Word - notes.doc) /Author (admin)"
    notes = write_pdf(tmp_path / "my_notes.pdf", [["All margins are equal here."]], info=info)
    done = seminar(tmp_path / "data", "add", notes, "--year", "2024")
    assert done.stderr.splitlines()[0] == (
        "no title and no author is known for my_notes.pdf; give them with --title and --author"
    )
    told = seminar(tmp_path / "data", "add", PAPER, "--json")
    assert "is known for" not in told.stderr
    assert json.loads(told.stdout)[0]["title"] == (
        "Minimum-Norm Interpolation and the Second Descent"
    )


def test_the_same_file_again_names_the_talk(tmp_path: Path) -> None:
    data = tmp_path / "data"
    seminar(data, "add", TALK, "--title", "The first title")
    again = seminar(data, "add", TALK, "--title", "Another title")
    assert '"The first title"' in again.stderr
    assert len(seminar_json(data, "talks", "list")) == 1


def test_the_same_command_again_waits_for_what_is_not_through(tmp_path: Path) -> None:
    data = tmp_path / "data"
    sound = silence(tmp_path / "a.wav", duration_ms=500)
    [first] = seminar_json(data, "add", sound)
    again = seminar(data, "add", sound, "--wait", "--json")
    [row] = json.loads(again.stdout)
    assert (row["status"], row["job"]) == ("done", first["job"])
    assert "its job goes on" in again.stderr
    [third] = seminar_json(data, "add", sound)
    assert (third["status"], third.get("job")) == ("exists", None)


def test_a_list_with_faults_starts_nothing(tmp_path: Path) -> None:
    (tmp_path / "list.yaml").write_text(
        "talks:\n- {file: gone.mp3, title: A}\n- {title: B}\n- {file: list.yaml, titel: C}\n"
    )
    done = seminar(tmp_path / "data", "add", "--manifest", tmp_path / "list.yaml", check=False)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert all(any(f"list.yaml, line {n}: " in line for line in lines) for n in (2, 3, 4))
    assert lines[-1].startswith("seminar: ")
    assert "5 faults" in lines[-1] or "4 faults" in lines[-1]
    assert seminar_json(tmp_path / "data", "jobs", "list", "--all")["jobs"] == []


def test_a_folder_is_taken_with_its_side_cars_and_what_is_left_out_is_named(
    tmp_path: Path,
) -> None:
    folder, data = tmp_path / "folder", tmp_path / "data"
    (folder / "deep").mkdir(parents=True)
    vtt = "WEBVTT\n\n00:00.000 --> 00:02.000\nOn {}.\n"
    (folder / "2021-02-01 Ann - Margins.vtt").write_text(vtt.format("margins"))
    (folder / "deep" / "rec.srt").write_text(vtt.format("kernels"))
    (folder / "deep" / "rec.yaml").write_text("{title: Kernels, speakers: [Bo], series: S}")
    (folder / "notes.txt").write_text("nothing")
    (folder / "bad.mp3").write_bytes(b"")
    done = seminar(data, "add", folder, check=False)
    assert done.returncode == 1
    assert "2 accepted, 1 refused, 1 skipped; 4 files in all" in done.stderr
    assert "notes.txt: plain text is taken when it is named" in done.stderr
    talks = {one["title"]: one for one in seminar_json(data, "talks", "list")}
    assert talks["Margins"]["speakers"] == ["Ann"]
    assert talks["Margins"]["date"] == "2021-02-01"
    assert (talks["Kernels"]["speakers"], talks["Kernels"]["series"]) == (["Bo"], "S")


def test_captions_go_through_and_come_back_corrected(tmp_path: Path) -> None:
    data, vtt = tmp_path / "data", tmp_path / "talk.vtt"
    vtt.write_text("WEBVTT\n\n00:00.000 --> 00:05.000\nThe kernal trick is useful here.\n")
    [row] = json.loads(seminar(data, "add", vtt, "--title", "Tricks", "--wait", "--json").stdout)
    assert (row["status"], row["kind"]) == ("done", "captions")
    edited = tmp_path / "edited.vtt"
    edited.write_text(seminar(data, "transcript", "export", row["id"], "--format", "vtt").stdout)
    same = seminar(data, "transcript", "import", row["id"], edited, "--json")
    assert json.loads(same.stdout) == {"status": "unchanged"}
    edited.write_text(edited.read_text().replace("kernal", "kernel"))
    done = seminar(data, "transcript", "import", row["id"], edited, "--wait", "--json")
    assert json.loads(done.stdout)["status"] == "done"
    [hit] = seminar_json(data, "search", "kernel", "--mode", "keyword")["hits"]
    assert (hit["id"], hit["start_ms"]) == (row["id"], 0)
    assert seminar_json(data, "check")["faults"] == []


def test_a_recording_with_captions_is_read_through_and_not_transcribed(tmp_path: Path) -> None:
    data, folder = tmp_path / "data", tmp_path / "folder"
    folder.mkdir()
    shutil.copy(TALK, folder / "talk.opus")
    (folder / "talk.vtt").write_text("WEBVTT\n\n00:01.000 --> 00:05.000\nOnly this was said.\n")
    rows = json.loads(seminar(data, "add", folder, "--wait", "--json").stdout)
    assert [(row["status"], row["kind"]) for row in rows] == [
        ("done", "captions"),
        ("done", "talk"),
    ]
    [one] = seminar_json(data, "talks", "list")
    assert one["duration_ms"] > 60_000
    text = seminar(data, "transcript", "export", one["id"]).stdout
    assert text == "Only this was said.\n"
    assert not list((data / "artifacts").glob("heard/*"))
    assert seminar_json(data, "check")["faults"] == []


def test_a_watched_folder_is_taken_in_and_a_second_watcher_is_refused(tmp_path: Path) -> None:
    folder, data = tmp_path / "folder", tmp_path / "data"
    folder.mkdir()
    (folder / "a.vtt").write_text("WEBVTT\n\n00:00.000 --> 00:02.000\nHello.\n")
    quick = ("--settle", "0", "--grace", "0", "--every", "0.1")
    done = seminar(data, "watch", folder, *quick, "--until-idle", "--json")
    assert [json.loads(line)["status"] for line in done.stdout.splitlines()] == ["accepted"]
    again = seminar(data, "watch", folder, *quick, "--until-idle", "--json")
    assert again.stdout == ""
    with started(data, "watch", folder) as watcher:
        assert watcher.stdout is not None
        assert "watching" in watcher.stdout.readline()
        assert str(watcher.pid) in refused(data, "watch", folder, *quick, "--until-idle")


def test_a_missing_speech_model_stops_the_worker_and_keeps_the_job(tmp_path: Path) -> None:
    data = tmp_path / "data"
    seminar(data, "add", TALK)
    line = refused(data, "worker", "--until-idle", model="/no/such/model")
    assert "/no/such/model" in line
    assert "SEMINAR_WHISPER_MODEL" in line
    assert [job["state"] for job in seminar_json(data, "jobs")["jobs"]] == ["accepted"]


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = refused(tmp_path / "data", "serve", "--port", str(port))
    assert str(port) in line
    assert "--port" in line


def test_a_folder_from_a_newer_version_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/catalog.db"
    open_catalog(url).close()
    engine = connect(url)
    with engine.connect() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
        connection.commit()
    engine.dispose()
    for words in (("talks", "list"), ("worker",), ("add", TALK), ("check",)):
        assert "newer version" in refused(tmp_path, *words)


def test_two_workers_in_one_folder_are_refused(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with started(data, "worker") as worker:
        assert worker.stdout is not None
        assert any("worker started" in line for line in worker.stdout)
        line = refused(data, "worker", "--until-idle")
    assert str(worker.pid) in line


def test_wrong_usage_has_status_two(tmp_path: Path) -> None:
    for words in (("add",), ("search",), ("talks", "show"), ("add", TALK, "--date", "yesterday")):
        assert seminar(tmp_path / "data", *words, check=False).returncode == 2


def test_serve_never_loads_a_speech_library(demo_archive: Path) -> None:
    port = free_port()
    code = (
        "import sys, threading, time, urllib.request\n"
        "from app.cli.main import app\n"
        "def get(path):\n"
        f"    urllib.request.urlopen('http://127.0.0.1:{port}' + path).close()\n"
        "def look():\n"
        "    while True:\n"
        "        try:\n"
        "            get('/readyz')\n"
        "            break\n"
        "        except OSError:\n"
        "            time.sleep(0.1)\n"
        "    get('/search?q=kernel')\n"
        "    names = {n.split('.')[0] for n in sys.modules}\n"
        "    bad = names & {'faster_whisper', 'whisper', 'ctranslate2', 'av', 'dbos', 'torch'}\n"
        "    print('loaded:', sorted(bad), 'onnxruntime' in names, flush=True)\n"
        "threading.Thread(target=look, daemon=True).start()\n"
        f"app(['serve', '--port', '{port}'])\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment(demo_archive),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "loaded: [] True"
    finally:
        process.terminate()
        process.communicate(timeout=20)


def test_serve_with_worker_takes_in_what_is_added(tmp_path: Path) -> None:
    data, port = tmp_path / "data", free_port()
    with started(data, "serve", "--port", str(port), "--with-worker"):
        seminar(data, "add", PAPER, "--title", "Minimum norm", "--wait")
        address = f"http://127.0.0.1:{port}/api/v1/search?q=interpolation&mode=keyword"
        until = time.monotonic() + 60
        hits: list[object] = []
        while not hits and time.monotonic() < until:
            try:
                with urllib.request.urlopen(address) as answer:
                    hits = json.load(answer)["hits"]
            except OSError:
                time.sleep(0.2)
        assert hits


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared recordings are not here")
def test_odd_recordings_go_through_whole(tmp_path: Path) -> None:
    files = sorted(
        path
        for path in (SHARED / "recordings" / "edge").iterdir()
        if path.suffix in {".mp3", ".wav", ".m4a"}
    )
    data = tmp_path / "data"
    rows = json.loads(seminar(data, "add", *files, "--wait", "--json").stdout)
    assert {row["status"] for row in rows} == {"done"}, rows
    silent = next(row for row in rows if row["file"].endswith("empty.wav"))
    assert seminar(data, "transcript", "export", silent["id"]).stdout == ""
    assert seminar_json(data, "check")["faults"] == []


def test_a_truncated_recording_is_partial_and_says_so(tmp_path: Path) -> None:
    cut = tmp_path / "cut.m4a"
    whole = (DEMO / "recordings" / "02-the-second-descent.mp4").read_bytes()
    cut.write_bytes(whole[: len(whole) // 4])
    data = tmp_path / "data"
    done = seminar(data, "add", cut, "--wait", "--json")
    assert json.loads(done.stdout)[0]["status"] == "partial"
    assert "cut.m4a is damaged" in done.stderr
    assert seminar_json(data, "talks", "list")[0]["gaps"]


def test_a_cancelled_job_stops_and_can_be_taken_up_again(tmp_path: Path) -> None:
    data = tmp_path / "data"
    job = seminar_json(data, "add", PAPER)[0]["job"]
    seminar(data, "jobs", "cancel", job)
    seminar(data, "worker", "--until-idle")
    assert seminar_json(data, "jobs", "show", job)["state"] == "cancelled"
    seminar(data, "jobs", "retry", job)
    seminar(data, "worker", "--until-idle")
    assert seminar_json(data, "jobs", "show", job)["state"] == "done"
    shown = seminar(data, "jobs", "show", job).stdout
    assert f"file           {PAPER.name}" in shown
    assert re.search(r"^took +read \d+\.\d s", shown, re.MULTILINE)
    assert not re.search(r"None|\{|00:00$|\.\d{6}", shown)
