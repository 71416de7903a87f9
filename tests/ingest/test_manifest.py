"""Lists of files: every fault with its line, and nothing starts before the whole is right."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from catalog import talks
from catalog.engine import Catalog, open_catalog
from catalog.papers import NewPaper
from catalog.talks import NewTalk
from ingest.errors import BadManifest
from ingest.manifest import check_with, read_manifest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.mp3", "b.mp3", "c.vtt", "p.pdf"):
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = open_catalog(f"sqlite:///{tmp_path}/data/catalog.db")
    yield opened
    opened.close()


def faults(path: Path) -> list[str]:
    with pytest.raises(BadManifest) as caught:
        read_manifest(path)
    return caught.value.faults


YAML = """\
papers:
  - file: gone.pdf
    title: A paper
talks:
  - file: a.mp3
    titel: Misspelt
    date: 2021-02-30
  - file: b.mp3
    title: B
    language: English
    visibility: secret
    speakers:
      - name: Ann
  - {file: ./a.mp3, title: Again, series: [x, y]}
  - title: Without a file
  - file: b.mp3
    title: T
    title: T again
    papers: [nowhere.pdf]
    captions: a.mp3
"""


def test_every_fault_of_a_yaml_list_has_its_line(folder: Path) -> None:
    (folder / "list.yaml").write_text(YAML)
    found = faults(folder / "list.yaml")
    lines = [int(one.removeprefix("line ").partition(":")[0]) for one in found]
    assert lines == sorted(lines)
    for line, words in (
        (2, "there is no file"),
        (5, "needs a `title`"),
        (6, "`titel` is unknown, is it `title`?"),
        (7, "'2021-02-30' is not a day"),
        (10, "'English' is not a code"),
        (11, "visibility is one of"),
        (13, "must be text"),
        (14, "2 values"),
        (15, "needs a `file`"),
        (18, "`title` is there twice"),
        (16, "b.mp3 is on line 8 already"),
        (16, "names nowhere.pdf, which is not in the list"),
        (20, "neither .vtt, .srt nor .txt"),
    ):
        assert any(one.startswith(f"line {line}:") and words in one for one in found), (
            line,
            words,
            found,
        )


CSV = """\
file,title,speakers,date,abstrakt,year
a.mp3,"A title, with a comma",Ann;Bo,2021-02-01,,
b.mp3,"Two
lines",,01.02.2021,,
gone.mp3,Gone,,,,
a.mp3,Twice,,,,,,
"""


def test_every_fault_of_a_csv_list_has_its_line(folder: Path) -> None:
    (folder / "list.csv").write_text(CSV)
    found = faults(folder / "list.csv")
    assert [one for one in found if "abstrakt" in one] == [
        "line 1: `abstrakt` is unknown, is it `abstract`?"
    ]
    assert any(one.startswith("line 3:") and "01.02.2021" in one for one in found)
    assert any(one.startswith("line 5:") and "gone.mp3" in one for one in found)
    assert any(one.startswith("line 6:") and "cells" in one for one in found)


@pytest.mark.parametrize(("part", "encoding"), [(",", "utf-8"), (";", "cp1252"), ("\t", "utf-16")])
def test_a_csv_list_of_any_office_is_read(folder: Path, part: str, encoding: str) -> None:
    rows = [
        ["file", "title", "speakers", "papers", "date", "language", "slides"],
        ["p.pdf", "Ein Papier", "", "", "", "", ""],
        ["a.mp3", "Über Kerne", '"Jörg Weiß;Ann"', "p.pdf", "2021-02-01", "de", "https://x.y/z"],
    ]
    (folder / "list.csv").write_text("\r\n".join(map(part.join, rows)), encoding=encoding)
    paper, talk = read_manifest(folder / "list.csv")
    assert isinstance(paper.about, NewPaper)
    assert isinstance(talk.about, NewTalk)
    assert talk.papers == ("p.pdf",)
    assert talk.about == NewTalk(
        title="Über Kerne",
        speakers=("Jörg Weiß", "Ann"),
        held_on=date(2021, 2, 1),
        language="de",
        links=(("slides", "https://x.y/z"),),
    )


def test_values_are_the_text_that_stands_there(folder: Path) -> None:
    (folder / "list.yaml").write_text(
        "- {file: a.mp3, title: 1984, language: no, date: 2021-02-01, series: ~}\n"
    )
    [entry] = read_manifest(folder / "list.yaml")
    assert isinstance(entry.about, NewTalk)
    assert (entry.about.title, entry.about.language, entry.about.series) == ("1984", "no", None)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("talks: [", "line 1"),
        ("talks: {a: b}", "list of entries"),
        ("lectures: []", "neither `papers` nor `talks`"),
        ("[" * 5000, "too deeply"),
        ("a: &a [*a]", "neither"),
        ("talks: []", "lists nothing"),
        ("\0\0", "not text"),
    ],
)
def test_what_is_no_list_is_refused(folder: Path, text: str, says: str) -> None:
    (folder / "list.yaml").write_text(text)
    assert any(says in one for one in faults(folder / "list.yaml")), faults(folder / "list.yaml")


def test_what_the_archive_does_not_have_is_a_fault(folder: Path, catalog: Catalog) -> None:
    (folder / "list.yaml").write_text(
        "- {file: a.mp3, talk: nosuchtalk}\n- {file: b.mp3, title: B, papers: [nosuchpaper]}\n"
    )
    entries = read_manifest(folder / "list.yaml")
    with pytest.raises(BadManifest) as caught:
        check_with(catalog, folder / "list.yaml", entries)
    assert [one[:7] for one in caught.value.faults] == ["line 1:", "line 2:"]
    assert "nosuchtalk" in caught.value.faults[0]
    assert "nosuchpaper" in caught.value.faults[1]


def test_a_talk_that_fits_two_is_a_fault(folder: Path, catalog: Catalog) -> None:
    same = NewTalk(title="Kernels", held_on=date(2021, 2, 1), recording_status="not_recorded")
    with catalog.write() as session:
        ids = [talks.add(session, same).public_id for _ in range(2)]
    (folder / "list.yaml").write_text("- {file: a.mp3, title: Kernels, date: 2021-02-01}\n")
    entries = read_manifest(folder / "list.yaml")
    with pytest.raises(BadManifest) as caught:
        check_with(catalog, folder / "list.yaml", entries)
    assert all(one in caught.value.faults[0] for one in ids)
