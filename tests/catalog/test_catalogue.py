"""Lists in and out: whole, once, and never over what staff set."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from catalog import catalogue, editing, events, papers, submissions, talks
from catalog.catalogue import Report
from catalog.engine import Catalog, open_catalog
from catalog.errors import AlreadyThere, Ambiguous, BadListing
from catalog.facts import talk_stand_in
from catalog.listing import entry_of, talk_facts
from catalog.listing_files import Form, read, to_csv, to_json
from catalog.papers import NewPaper
from catalog.store import StoredFile
from catalog.submissions import OfferedFile
from catalog.talks import NewTalk
from tests.archive import SHARED

LISTS = SHARED / "catalogue"
real_lists = pytest.mark.skipif(not LISTS.is_dir(), reason="the real lists are not here")


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Catalog]:
    """A catalog on SQLite, for what does not depend on the database."""
    opened = open_catalog(f"sqlite:///{tmp_path}/catalog.db")
    yield opened
    opened.close()


def talk(**said: Any) -> dict[str, Any]:
    known = {"id": "t1", "title": "First", "speakers": ["Ada"], "date": "2021-02-01"}
    return {**known, **said}


def paper(**said: Any) -> dict[str, Any]:
    return {"id": "p1", "title": "Notes", "authors": ["Bo"], "year": 2020, **said}


def take(
    catalog: Catalog, document: Any, *, name: str = "list.json", form: Form = "json"
) -> Report:
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    listing = read(data, form, name)
    with catalog.write() as session:
        return catalogue.take_in(session, listing)


def exported(catalog: Catalog) -> dict[str, list[dict[str, Any]]]:
    with catalog.read() as session:
        return catalogue.document(session)


def edit(catalog: Catalog, key: str, **values: Any) -> editing.Changes:
    with catalog.write() as session:
        return editing.edit(session, talks.called(session, key), values)


def counts(report: Report) -> tuple[int, int, int, int]:
    return len(report.added), len(report.changed), report.unchanged, len(report.vanished)


def test_a_list_comes_in_once_on_both_databases(catalog: Catalog) -> None:
    document = {"talks": [talk(papers=["p1"])], "papers": [paper()]}
    assert counts(take(catalog, document)) == (2, 0, 0, 0)
    assert counts(take(catalog, document)) == (0, 0, 2, 0)
    [entry] = exported(catalog)["talks"]
    assert (entry["papers"], entry["recording_status"]) == (["p1"], "not_recorded")
    with catalog.read() as session:
        assert [one.note for one in events.listed(session)] == ["2 added, 0 changed"]


def test_a_changed_entry_changes_that_talk_and_says_how(one: Catalog) -> None:
    take(one, [talk(), talk(id="t2", title="Second")])
    video = ["https://youtu.be/x"]
    report = take(one, [talk(), talk(id="t2", title="Second", video_urls=video, room="5")])
    assert counts(report) == (0, 1, 1, 0)
    assert report.changed[0].fields == {
        "video_urls": ((), ("https://youtu.be/x",)),
        "recording_status": ("not_recorded", "recorded"),
        "room": (None, "5"),
    }


def test_what_a_list_no_longer_names_stays_and_is_counted(one: Catalog) -> None:
    take(one, [talk(), talk(id="t2", title="Second")])
    take(one, [talk(id="t3", title="Of another list")], name="other.json")
    report = take(one, [talk()])
    assert [gone.title for gone in report.vanished] == ["Second"]
    assert len(exported(one)["talks"]) == 3


def test_what_staff_set_outlives_every_import(one: Catalog) -> None:
    take(one, [talk()])
    assert edit(one, "t1", title="Mended") == {"title": ("First", "Mended")}
    assert counts(take(one, [talk()])) == (0, 0, 1, 0)
    report = take(one, [talk(title="Otherwise", abstract="New.")])
    assert report.changed[0].fields == {"abstract": ("", "New.")}
    assert report.kept[0].fields == {"title": ("Mended", "Otherwise")}
    assert exported(one)["talks"][0]["title"] == "Mended"


@pytest.mark.parametrize("title", [None, "", "TBD", "tba.", "To be announced", "???"])
def test_a_title_that_is_none_gets_a_stand_in_and_comes_back_as_it_was(
    one: Catalog, title: str | None
) -> None:
    take(one, [talk(title=title, speakers=["Ada", "Bo", "Cy", "Di"])])
    with one.read() as session:
        row = talks.called(session, "t1")
    assert (row.title, row.title_is_known) == ("Talk by Ada, Bo, Cy and others", False)
    assert exported(one)["talks"][0]["title"] == title
    take(one, [talk(title="At last", speakers=["Ada", "Bo", "Cy", "Di"])])
    with one.read() as session:
        row = talks.called(session, "t1")
    assert (row.title, row.title_is_known, row.slug) == (
        "At last",
        True,
        "talk-by-ada-bo-cy-and-others",
    )


def test_a_title_that_only_sounds_like_none_is_one() -> None:
    known = talk_facts(talk(title="TBD or not TBD: deadlines"), {})
    assert known.title == "TBD or not TBD: deadlines"
    assert talk_stand_in(talk_facts({"series": "Lunch"}, {})) == "Talk in Lunch"


def test_a_recorded_talk_is_found_by_title_day_and_speakers_or_not_at_all(one: Catalog) -> None:
    stored = StoredFile(sha256="a" * 64, size_bytes=1)
    file = OfferedFile(stored=stored, name="a.mp3", media_type="audio/mpeg")
    with one.write() as session:
        submissions.accept_recording(session, NewTalk(title="First", speakers=("Ada",)), file)
    report = take(one, [talk(date=None, abstract="Of it.", language="en")])
    assert counts(report) == (0, 1, 0, 0)
    assert report.changed[0].fields == {"abstract": ("", "Of it."), "language": (None, "en")}
    assert exported(one)["talks"][0]["id"] == "t1"
    assert counts(take(one, [talk(id="t2", date=None)])) == (1, 0, 0, 1)


def test_entries_without_an_id_find_their_talk_after_staff_changed_its_title(one: Catalog) -> None:
    entry = talk(id=None)
    take(one, [entry])
    [known] = exported(one)["talks"]
    edit(one, known["id"], title="Mended")
    assert counts(take(one, [entry])) == (0, 0, 1, 0)


def test_several_that_fit_are_a_fault_and_nothing_is_written(one: Catalog) -> None:
    with one.write() as session:
        for _ in range(2):
            talks.add(session, NewTalk(title="First", speakers=("Ada",)))
    with pytest.raises(BadListing, match=r"talk 2 \(t1\): it fits 2 of the archive"):
        take(one, [talk(id="t0", title="New"), talk(date=None)])
    assert len(exported(one)["talks"]) == 2


def test_names_of_researchseminars_are_read_and_given_back(one: Catalog) -> None:
    entry = {
        "seminar_id": "MathML", "seminar_ctr": 7, "title": "On learning", "speaker": "Ada; Bo",
        "speaker_affiliation": "ENS", "start_time": "2021-02-01T15:00:00+01:00",
        "video_link": "https://youtu.be/x", "topics": ["cs_LG"], "comments": "Online",
    }  # fmt: skip
    take(one, [entry])
    [given_back] = exported(one)["talks"]
    assert entry.items() <= given_back.items()
    assert given_back["id"] == "MathML/7"
    assert given_back["speakers"] == ["Ada", "Bo"]
    assert (given_back["date"], given_back["series"]) == ("2021-02-01", "MathML")
    edit(one, "MathML/7", speakers=("Ada",))
    [given_back] = exported(one)["talks"]
    assert "speaker" not in given_back


FAULTS = [
    (talk(date="2021-13-01"), "date: '2021-13-01' is not a day"),
    (talk(date=20210201), "date: '20210201' is not a day"),
    (talk(speakers=7), "speakers: input should be a valid list, not 7"),
    (talk(title=["a"]), "title: input should be a valid string"),
    (talk(video_urls=["javascript:alert(1)"]), "video_urls 1: 'javascript:alert(1)' is not an add"),
    (talk(language="Deutsch, bitte"), "language: string should match"),
    (talk(visibility="secret"), "visibility: input should be 'public', 'unlisted' or 'withdrawn'"),
    (talk(papers=["p9"]), 'papers: "p9" is no paper of this list or of the archive'),
    (talk(abstract="a\0b"), "NUL"),
    (talk(room="\ud800"), "surrogate"),
    (paper(id="t1", year="soon"), "year: input should be a valid integer"),
    (paper(id="t1", arxiv_id="cs-1"), "arxiv_id: 'cs-1' is not an arXiv id"),
    ({"id": "t1", "title": "What is it?"}, "fields of neither a talk"),
    ("t1", "it must be an object"),
]


@pytest.mark.parametrize(("entry", "says"), FAULTS)
def test_a_fault_is_named_with_number_and_id_and_nothing_comes_in(
    one: Catalog, entry: Any, says: str
) -> None:
    with pytest.raises(BadListing) as refused:
        take(one, [talk(id="t0"), entry])
    [fault] = refused.value.faults
    assert says in fault
    assert " 2" in fault
    assert "(t1)" in fault or isinstance(entry, str)
    assert exported(one) == {"talks": [], "papers": []}


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (b"\xff\xfe", "json"), (b"{", "json"), (b"7", "json"), (b'{"talks": 7}', "json"),
        (b'[{"id": NaN}]', "json"), (b"[" * 100_000, "json"), (b"", "csv"), (b"a,b\n1,2", "csv"),
        (b"title,title,date\n", "csv"), (b'title,date\n"x', "csv"), (b"title,date\n1,2,3\n", "csv"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_list_is_refused(data: bytes, form: Form) -> None:
    with pytest.raises(BadListing, match="it cannot be read as"):
        read(data, form, "list")


def test_an_id_twice_is_a_fault() -> None:
    data = json.dumps([talk(), talk(title="Again")]).encode()
    with pytest.raises(BadListing, match=r"talk 2 \(t1\): it has the same id as talk 1"):
        read(data, "json", "list.json")


def test_a_paper_is_found_by_arxiv_id_and_by_nickname(one: Catalog) -> None:
    unnamed = {"id": "p2", "title": None, "arxiv_id": "arXiv:1706.03762v5", "authors": None}
    labels = {"labels_on_pages": ["Paper", "The Transformer"]}
    report = take(one, {"papers": [{**unnamed, **labels}, paper(labels=["notes"])]})
    assert [added.title for added in report.added] == ["The Transformer", "Notes"]
    with one.read() as session:
        assert papers.called(session, "the transformer").external_id == "p2"
        assert papers.called(session, "1706.03762").external_id == "p2"
        assert [p.external_id for p in papers.without_title(session)] == ["p2"]
    again = take(one, {"papers": [paper(id="q", arxiv_id="1706.03762")]}, name="other.json")
    assert (again.added, len(again.elsewhere)) == ([], 1)
    take(one, {"papers": [paper(id="p3", title="More", labels=["Notes"])]}, name="third.json")
    with one.read() as session, pytest.raises(Ambiguous, match="names 2 papers"):
        papers.called(session, "NOTES")
    with one.write() as session, pytest.raises(AlreadyThere):
        editing.edit(session, papers.called(session, "p3"), {"arxiv_id": "1706.03762"})


def test_authors_in_one_line_are_parted_only_where_that_is_sure(one: Catalog) -> None:
    lines = {"a": "A. One, B. Two and C. Three", "b": "Vaswani et al.", "c": "One, A., Two, B."}
    take(one, {"papers": [paper(id=name, title=name, authors=a) for name, a in lines.items()]})
    with one.read() as session:
        found = {p.external_id: p.authors for p in papers.listed(session)}
    assert found == {
        "a": ["A. One", "B. Two", "C. Three"],
        "b": ["Vaswani et al."],
        "c": ["One, A., Two, B."],
    }
    assert [entry["authors"] for entry in exported(one)["papers"]] == list(lines.values())


words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)
names = st.lists(words.map(str.strip).filter(bool), max_size=3)


@example({"title": "0", "speakers": [], "abstract": "\x1f", "tags": [], "kind": "0"})
@given(
    st.fixed_dictionaries(
        {"title": words, "speakers": names, "abstract": words, "tags": names, "kind": words}
    )
)
def test_whatever_an_entry_says_comes_out_as_it_went_in(said: dict[str, Any]) -> None:
    raw = {"id": "t1", **said}
    known = talk_facts(raw, {})
    entry = entry_of("talk", "t1", known, raw, known)
    assert raw.items() <= entry.items()
    [read_again] = read(to_json({"talks": [entry]}).encode(), "json", "list.json").talks
    assert read_again.raw == entry
    [read_again] = read(to_csv("talk", [entry]).encode(), "csv", "list.csv").talks
    for name, value in read_again.raw.items():
        assert entry[name] == value
    assert talk_facts(read_again.raw, {}) == known


def test_an_export_comes_into_an_empty_archive_as_it_was(one: Catalog, tmp_path: Path) -> None:
    with one.write() as session:
        bo = papers.add(session, NewPaper(title="By hand", authors=("Bo",)))
        talks.add(session, NewTalk(title="By hand", papers=(bo.public_id,), visibility="unlisted"))
    take(one, {"talks": [talk(title=None, papers=["p1"])], "papers": [paper(lecture=3)]})
    out = exported(one)
    for form, text in (("json", to_json(out)), ("csv", to_csv("paper", out["papers"]))):
        other = open_catalog(f"sqlite:///{tmp_path}/{form}.db")
        take(other, text.encode(), form="csv" if form == "csv" else "json")
        assert exported(other)["papers"] == out["papers"]
        if form == "json":
            assert to_json(exported(other)) == text
            assert counts(take(other, out))[:2] == (0, 0)
        other.close()
    assert counts(take(one, out))[:2] == (0, 0)


def test_a_cell_that_a_spreadsheet_would_run_is_text_and_comes_back() -> None:
    text = to_csv("talk", [talk(title="=HYPERLINK(1)", note="'=2", abstract="-x")])
    assert "'=HYPERLINK(1)" in text
    [entry] = read(text.encode(), "csv", "list.csv").talks
    assert (entry.raw["title"], entry.raw["note"], entry.raw["abstract"]) == (
        "=HYPERLINK(1)",
        "'=2",
        "-x",
    )


@real_lists
def test_the_real_lists_come_in_whole_and_go_out_whole(tmp_path: Path) -> None:
    first = open_catalog(f"sqlite:///{tmp_path}/a.db")
    second = open_catalog(f"sqlite:///{tmp_path}/b.db")
    files = ("papers.json", "papers_colt.json", "talks.json")
    for name in files:
        assert counts(take(first, (LISTS / name).read_bytes(), name=name))[1:] == (0, 0, 0)
    assert counts(take(first, (LISTS / "talks.json").read_bytes(), name="t")) == (0, 0, 468, 0)
    out = exported(first)
    given_back = {entry["id"]: entry for entry in out["talks"] + out["papers"]}
    for name in files:
        for entry in json.loads((LISTS / name).read_text()):
            assert entry.items() <= given_back[entry["id"]].items(), entry["id"]
    take(second, to_json(out).encode())
    assert to_json(exported(second)) == to_json(out)
    first.close()
    second.close()
