from pathlib import Path

import pytest

from ingest.pdf import read_pdf
from ingest.pdf_about import About, about
from tests.ingest.media_files import ROOT
from tests.ingest.pdf_files import Placed, write_placed

PAPERS = ROOT.parent / "shared" / "data" / "papers" / "pdf"
NO_FRONT: dict[str, list[str]] = {"lines": [], "aside": []}
ABSTRACT = "We show that the margin of a separator bounds its error on new data " * 3


def front(*lines: tuple[str, float], aside: tuple[str, ...] = ()) -> dict[str, object]:
    return {"lines": lines, "aside": aside}


def test_the_file_s_own_statements_come_first() -> None:
    stated = {"Title": " On\tMargins ", "Author": "Ann B. Writer, Carl Döring and Eve Long"}
    known = about(stated, front(("Something Larger", 2.0), ("Zed Zoe", 1.2)), [""])
    assert known == About(title="On Margins", authors=("Ann B. Writer", "Carl Döring", "Eve Long"))


@pytest.mark.parametrize(
    "title",
    ["Microsoft Word - x.doc", "untitled", "main.dvi", "paper_v3", "10_01_final", "Slide 1", "x"],
)
def test_what_a_program_left_there_is_no_title(title: str) -> None:
    assert about({"Title": title}, NO_FRONT, [""]).title is None


@pytest.mark.parametrize(
    "author", ["root", "admin", "jdoe", "a@b.org", "Anonymous Author", "Doe, J"]
)
def test_what_is_no_full_name_is_no_author(author: str) -> None:
    assert about({"Author": author}, NO_FRONT, [""]).authors == ()


def test_surnames_before_first_names_are_turned() -> None:
    assert about({"Author": "Writer, Ann; Long, Eve"}, NO_FRONT, [""]).authors == (
        "Ann Writer",
        "Eve Long",
    )


def test_the_largest_text_above_the_abstract_is_the_title_and_names_follow() -> None:
    lines = (
        ("Published at the Workshop on Margins 2021", 0.9),
        ("On Margins and Their", 1.7),
        ("Mean\x02", 1.7),
        ("ings∗", 1.7),
        ("Ann B. Writer1,2, Carl de Vries2 and Eve Long∗", 1.2),
        ("1University of Somewhere", 1.0),
        ("Abstract", 1.2),
        ("AND VERY LARGE TEXT", 3.0),
    )
    known = about({}, front(*lines), [f"Abstract\n{ABSTRACT}\n1 Introduction\nText."])
    assert known == About(
        title="On Margins and Their Meanings",
        authors=("Ann B. Writer", "Carl de Vries", "Eve Long"),
        abstract=ABSTRACT.strip(),
        year=2021,
    )


def test_notes_of_a_lecture_are_told_apart_by_its_number() -> None:
    lines = (
        ("Learning Theory", 1.1),
        ("Lecturer: Ann Writer", 1.0),
        ("Lecture #4", 1.0),
        ("Scribe: Eve Long (elong), Carl Döring", 1.0),
        ("October 1, 2018", 1.0),
        ("1 Review and Overview", 1.3),
    )
    known = about({}, front(*lines), ["Learning Theory"])
    assert known.title == "Learning Theory, Lecture 4"
    assert known.authors == ("Ann Writer", "Eve Long", "Carl Döring")
    assert known.year == 2018


def test_a_page_without_a_title_has_none() -> None:
    assert about({}, front(("Just text at the usual size.", 1.0)), ["Just text."]) == About()


@pytest.mark.parametrize(
    ("stamp", "arxiv_id", "year"),
    [
        ("arXiv:2101.00123v2 [cs.LG] 4 Jan 2021", "2101.00123", 2021),
        ("arXiv:math.PR/0601001v1 1 Jan 2006", "math.PR/0601001", 2006),
        ("arXiv:submit/3704765 [cs.CL] 18 Apr 2021", None, 2021),
    ],
)
def test_the_stamp_in_the_margin_tells_id_and_year(
    stamp: str, arxiv_id: str | None, year: int, tmp_path: Path
) -> None:
    pieces = [
        Placed(text=stamp, x=20, y=300, size=20, turned="0 1 -1 0"),
        Placed(text="Text that names arXiv:1905.12345 in a sentence of 1999.", x=72, y=700),
    ]
    known = read_pdf(write_placed(tmp_path / "paper.pdf", pieces)).about
    assert (known.arxiv_id, known.year) == (arxiv_id, year)


def test_a_doi_is_taken_when_there_is_but_one() -> None:
    one = "Published. https://doi.org/10.1145/3292500.3330701."
    assert about({}, NO_FRONT, [one]).doi == "10.1145/3292500.3330701"
    assert about({}, NO_FRONT, [f"{one} See also doi:10.1000/182"]).doi is None


def test_an_xmp_packet_is_read() -> None:
    packet = (
        "<dc:title><rdf:Alt><rdf:li xml:lang='x-default'>On Margins &amp; More</rdf:li></rdf:Alt>"
        "</dc:title><dc:creator><rdf:Seq><rdf:li>Ann Writer</rdf:li><rdf:li>Eve Long</rdf:li>"
        "</rdf:Seq></dc:creator><prism:doi>10.1145/3292500</prism:doi>"
    )
    assert about({"packet": packet}, NO_FRONT, [""]) == About(
        title="On Margins & More", authors=("Ann Writer", "Eve Long"), doi="10.1145/3292500"
    )


def test_real_papers_are_known_by_their_titles() -> None:
    if not PAPERS.is_dir():
        pytest.skip("the real papers are not on this machine")
    files = [PAPERS / "mlquestions_emnlp2021.pdf", *sorted(PAPERS.glob("1[01]_*_final.pdf"))[:4]]
    known = [read_pdf(file).about for file in files]
    titles = [one.title or "" for one in known]
    assert titles[0].startswith("Back-Training excels")
    assert titles[0].endswith("Passage Retrieval")
    assert all("Statistical Learning Theory, Lecture " in title for title in titles[1:])
    assert [len(one.authors) for one in known] == [4, 2, 2, 3, 3]
    assert len(set(titles)) == len(titles)
