"""Lists, edits, withdrawals and removals as staff do them."""

import json
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.archive import DEMO, ROOT, command, environment, seminar, seminar_json, started

PAPER = DEMO / "papers" / "notes-minimum-norm.pdf"
MARKER = "qzxmarkerqzx"


def written(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document))
    return path


def refusal(data: Path, *words: str | Path, status: int = 1) -> str:
    done = seminar(data, *words, check=False)
    assert done.returncode == status, f"{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    return done.stderr


def talk(number: int, **said: Any) -> dict[str, Any]:
    return {"id": f"t{number}", "title": f"Talk {number}", "speakers": ["Ada"], **said}


def test_a_list_goes_in_and_out_by_file_and_by_pipe(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    papers = [
        {"id": "p1", "title": None, "authors": None, "labels": ["lazy training"],
         "url": "https://example.org/lazy"},
    ]  # fmt: skip
    source = written(tmp_path / "list.json", {"talks": [talk(1), talk(2)], "papers": papers})
    done = seminar(first, "catalogue", "import", source)
    assert done.stdout.startswith("3 added, 0 changed, 0 as before")
    assert "1 paper without a title yet" in done.stderr
    assert seminar(first, "catalogue", "import", source).stdout.startswith("0 added, 0 changed, 3 ")
    assert "lazy training" in seminar(first, "papers", "list", "--unresolved").stdout
    assert seminar_json(first, "papers", "show", "Lazy Training")["external_id"] == "p1"
    out = seminar(first, "catalogue", "export", "-", "--format", "json").stdout
    taken = subprocess.run(
        command("catalogue", "import", "-", "--format", "json"),
        env=environment(second), cwd=ROOT, input=out, text=True, capture_output=True, check=True,
    )  # fmt: skip
    assert taken.stdout.startswith("3 added")
    assert seminar(second, "catalogue", "export", "-", "--format", "json").stdout == out
    assert "--only talks or --only papers" in refusal(
        first, "catalogue", "export", tmp_path / "out.csv", status=2
    )
    seminar(first, "catalogue", "export", tmp_path / "out.csv", "--only", "talks")
    third = seminar(tmp_path / "third", "catalogue", "import", tmp_path / "out.csv")
    assert third.stdout.startswith("2 added")


def test_faults_are_lines_and_nothing_comes_in(tmp_path: Path) -> None:
    data = tmp_path / "data"
    seminar(data, "catalogue", "import", written(tmp_path / "sound.json", [talk(9)]))
    faulty = [talk(1), talk(2, date="soon"), talk(3, speakers=3), talk(1)]
    said = refusal(data, "catalogue", "import", written(tmp_path / "list.json", faulty))
    lines = said.strip().splitlines()
    assert lines[0] == "list.json: talk 2 (t2): date: 'soon' is not a day like 2021-02-01"
    assert [line[:22] for line in lines[1:3]] == [
        "list.json: talk 3 (t3)",
        "list.json: talk 4 (t1)",
    ]
    assert lines[-1] == "seminar: list.json has 3 faults; nothing was changed"
    assert [one["title"] for one in seminar_json(data, "talks", "list")] == ["Talk 9"]
    assert "no.json" in refusal(data, "catalogue", "import", tmp_path / "no.json")


def test_an_edit_says_what_changed_and_refuses_what_no_list_could_say(tmp_path: Path) -> None:
    data = tmp_path / "data"
    seminar(data, "catalogue", "import", written(tmp_path / "list.json", [talk(1)]))
    changed = seminar_json(
        data, "talks", "edit", "t1", "--title", "Mended", "--speaker", "Bo", "--speaker", "Cy",
        "--date", "2021-02-01", "--link", "slides=https://example.org/s",
    )["changed"]  # fmt: skip
    assert changed["title"] == {"old": "Talk 1", "new": "Mended"}
    assert changed["speakers"] == {"old": ["Ada"], "new": ["Bo", "Cy"]}
    assert changed["slides_urls"]["new"] == ["https://example.org/s"]
    assert seminar_json(data, "talks", "edit", "t1", "--title", "Mended")["changed"] == {}
    assert "nothing" in seminar(data, "talks", "edit", "t1", "--link", "slides=").stdout
    for words in (("--date", "soon"), ("--link", "video=file:///etc/passwd"), ()):
        assert "Invalid value" in refusal(data, "talks", "edit", "t1", *words, status=2)
    assert "no paper" in refusal(data, "talks", "edit", "t1", "--paper", "none")
    deeds = [(one["deed"], one["fields"]) for one in seminar_json(data, "events")]
    assert deeds[-2:] == [
        ("edit", ["title", "speakers", "date", "slides_urls"]),
        ("import", []),
    ]


def test_nothing_is_withdrawn_or_removed_unasked(tmp_path: Path) -> None:
    data = tmp_path / "data"
    seminar(data, "catalogue", "import", written(tmp_path / "list.json", [talk(1)]))
    for verb in ("withdraw", "remove"):
        with subprocess.Popen(
            command("talks", verb, "t1"), env=environment(data), cwd=ROOT, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as asked:  # fmt: skip
            said = asked.communicate(timeout=60)[1]
        assert asked.returncode == 2
        assert "--yes" in said
    seminar(data, "talks", "withdraw", "t1", "--yes", "--reason", "the speaker asked")
    assert seminar_json(data, "talks", "show", "t1")["visibility"] == "withdrawn"
    assert seminar_json(data, "events")[0]["note"] == "the speaker asked"
    seminar(data, "talks", "remove", "t1", "--yes")
    assert "no talk" in refusal(data, "talks", "show", "t1")


def test_an_unknown_id_is_named(tmp_path: Path) -> None:
    data = tmp_path / "data"
    seminar(data, "catalogue", "import", written(tmp_path / "list.json", [talk(1)]))
    assert '"x1"' in refusal(data, "talks", "edit", "x1", "--title", "T")
    assert '"x1"' in refusal(data, "papers", "remove", "x1", "--yes")


def test_search_follows_staff_and_forgets_what_they_remove_under_a_running_worker(
    tmp_path: Path,
) -> None:
    data, named = tmp_path / "data", tmp_path / f"{MARKER}.pdf"
    named.write_bytes(PAPER.read_bytes())
    seminar(data, "add", named, "--title", "First", "--author", MARKER, "--wait")
    with started(data, "worker"):
        seminar(data, "papers", "edit", "first", "--title", f"About {MARKER}")
        until(lambda: any(MARKER.encode() in one.read_bytes() for one in texts(data)))
        seminar(data, "papers", "remove", "first", "--yes")
        left = [p for p in data.rglob("*") if p.is_file() and MARKER.encode() in p.read_bytes()]
        assert left == []
    assert list(data.glob("media/??/*")) == []
    assert seminar_json(data, "check")["faults"] == []
    assert seminar_json(data, "jobs", "list", "--all")["jobs"] == []


def texts(data: Path) -> list[Path]:
    """The passages that came into the newest snapshot last."""
    return sorted(data.glob("index/*/part-*/passages.jsonl"))[-1:]


def until(holds: Any, *, within_s: float = 120.0) -> None:
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end, "it did not come to pass in time"
        time.sleep(0.2)
