import re
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import PdfWithoutText, TooLarge, UnreadablePdf
from ingest.pdf import PdfOptions, read_pdf
from ingest.pdf_text import tidied
from tests.ingest.media_files import ROOT
from tests.ingest.pdf_files import FONT, PAGE, PAGES, stream, write_objects, write_pdf

PAPERS = ROOT.parent / "shared" / "data" / "papers" / "pdf"


def test_pages_are_counted_from_one_and_read_in_order(tmp_path: Path) -> None:
    pages = [["The training error is zero."], ["And the kernel does not move."]]
    read = read_pdf(write_pdf(tmp_path / "paper.pdf", pages))
    assert [(p.number, p.text) for p in read.pages] == [(1, pages[0][0]), (2, pages[1][0])]


def test_title_and_authors_are_taken_from_the_file(tmp_path: Path) -> None:
    info = "/Title (On  Margins) /Author (A. Writer)"
    file = write_pdf(tmp_path / "paper.pdf", [["All margins are equal here."]], info=info)
    read = read_pdf(file)
    assert (read.about.title, read.about.authors) == ("On Margins", ("A. Writer",))
    other = read_pdf(write_pdf(tmp_path / "other.pdf", [["All margins are equal here."]]))
    assert (other.about.title, other.about.authors) == (None, ())


def test_a_pdf_of_pictures_is_refused(tmp_path: Path) -> None:
    picture = (
        "<< /Type /XObject /Subtype /Image /Width 8 /Height 8 /BitsPerComponent 8 "
        f"/ColorSpace /DeviceGray /Length 64 >>\nstream\n{'.' * 64}\nendstream"
    )
    page = PAGE.replace("/Font << /F1 3 0 R >>", "/XObject << /I 6 0 R >>")
    objects = [PAGES.format(kids="4 0 R", count=1), FONT, page, stream("600 0 0 700 0 0 cm /I Do")]
    file = write_objects(tmp_path / "scan.pdf", [*objects, picture])
    with pytest.raises(PdfWithoutText, match=r"^scan\.pdf: it holds no text, only pictures"):
        read_pdf(file)


@pytest.mark.parametrize("content", [b"no pdf at all", b"%PDF-1.7\n%%EOF\n", b"\0" * 3000])
def test_what_is_no_pdf_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "paper.pdf"
    file.write_bytes(content)
    with pytest.raises(UnreadablePdf, match=r"^paper\.pdf: it is not a PDF or is damaged; copy"):
        read_pdf(file)


def test_an_empty_or_absent_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "paper.pdf").touch()
    with pytest.raises(UnreadablePdf, match="the file is empty"):
        read_pdf(tmp_path / "paper.pdf")
    with pytest.raises(UnreadablePdf, match="no such file"):
        read_pdf(tmp_path / "nothing.pdf")


def test_an_encrypted_pdf_is_refused(tmp_path: Path) -> None:
    key = "A" * 64
    locked = (
        f"/Encrypt << /Filter /Standard /V 1 /R 2 /O <{key}> /U <{key}> /P -4 >> "
        f"/ID [<{key[:32]}> <{key[:32]}>]"
    )
    file = write_pdf(tmp_path / "paper.pdf", [["Nobody may read this."]], extra=locked)
    with pytest.raises(UnreadablePdf, match="it is encrypted; save it without a password"):
        read_pdf(file)


def test_too_many_pages_are_refused_and_the_limit_named(tmp_path: Path) -> None:
    file = write_pdf(tmp_path / "paper.pdf", [["A page of a very long book."]] * 12)
    with pytest.raises(TooLarge, match="12 pages, more than the limit of 10"):
        read_pdf(file, options=PdfOptions(max_pages=10))


def test_too_much_text_is_refused_and_the_limit_named(tmp_path: Path) -> None:
    file = write_pdf(tmp_path / "paper.pdf", [["A page of a very long book."]] * 12)
    with pytest.raises(TooLarge, match="limit of 100 characters"):
        read_pdf(file, options=PdfOptions(max_chars=100))


@pytest.mark.parametrize(
    ("kids", "branches"),
    [("4 0 R " * 100_000, []), ("6 0 R " * 10, [(7, 10_000), (8, 1_000), (9, 100), (4, 10)])],
    ids=["a long list", "a small tree"],
)
def test_a_small_file_of_100_000_pages_is_refused(
    kids: str, branches: list[tuple[int, int]], tmp_path: Path
) -> None:
    tree = [
        f"<< /Type /Pages /Parent 2 0 R /Kids [{f'{child} 0 R ' * 10}] /Count {count} >>"
        for child, count in branches
    ]
    objects = [PAGES.format(kids=kids, count=100_000), FONT, PAGE, stream(SHOWN), *tree]
    file = write_objects(tmp_path / "book.pdf", objects)
    with pytest.raises(TooLarge, match=r"100000 pages, more than the limit of 2000; cut it"):
        read_pdf(file)


@pytest.mark.parametrize(
    ("kids", "count"), [("2 0 R", 1), ("6 0 R 4 0 R", 3)], ids=["itself", "its parent"]
)
def test_a_page_tree_that_runs_in_a_circle_is_refused(
    kids: str, count: int, tmp_path: Path
) -> None:
    branch = "<< /Type /Pages /Parent 2 0 R /Kids [2 0 R] /Count 2 >>"
    objects = [PAGES.format(kids=kids, count=count), FONT, PAGE, stream(SHOWN), branch]
    with pytest.raises(UnreadablePdf, match="none of its pages can be opened"):
        read_pdf(write_objects(tmp_path / "circle.pdf", objects))


def test_forms_that_draw_themselves_are_bounded(tmp_path: Path) -> None:
    form = (
        "<< /Type /XObject /Subtype /Form /BBox [0 0 612 792] "
        "/Resources << /XObject << /X 6 0 R >> >> /Length 12 >>\nstream\n/X Do /X Do  \nendstream"
    )
    page = PAGE.replace("/Font << /F1 3 0 R >>", "/XObject << /X 6 0 R >>")
    objects = [PAGES.format(kids="4 0 R", count=1), FONT, page, stream("/X Do"), form]
    with pytest.raises(TooLarge, match="more than the limit of 256 MiB of memory; print it"):
        read_pdf(
            write_objects(tmp_path / "forms.pdf", objects),
            options=PdfOptions(memory_bytes=256 << 20),
        )


def test_nested_compression_is_bounded(tmp_path: Path) -> None:
    bomb = zlib.compress(zlib.compress(bytes(400 << 20), 9), 9)
    file = write_objects(tmp_path / "bomb.pdf", compressed(bomb))
    with pytest.raises(TooLarge, match="more than the limit of 256 MiB of memory; print it"):
        read_pdf(file, options=PdfOptions(memory_bytes=256 << 20))


def test_reading_for_too_long_is_refused_and_the_limit_named(tmp_path: Path) -> None:
    lines = f"BT /F1 12 Tf 72 720 Td {'(A page of a very long book.) Tj ' * 1_000_000} ET"
    file = write_objects(
        tmp_path / "slow.pdf", compressed(zlib.compress(zlib.compress(lines.encode())))
    )
    with pytest.raises(TooLarge, match="longer than the limit of 1 s on processor time; print it"):
        read_pdf(file, options=PdfOptions(memory_bytes=4 << 30, cpu_s=1))


def compressed(twice: bytes) -> list[str | bytes]:
    """The objects of a page whose content was compressed twice."""
    filters = f"<< /Filter [/FlateDecode /FlateDecode] /Length {len(twice)} >>\nstream\n"
    content = filters.encode() + twice + b"\nendstream"
    return [PAGES.format(kids="4 0 R", count=1), FONT, PAGE, content]


def test_progress_tells_the_pages(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    file = write_pdf(tmp_path / "paper.pdf", [["A page of a very long book."]] * 45)
    read_pdf(file, progress=lambda done, total: told.append((done, total)))
    assert told == [(0, 45), (20, 45), (40, 45)]


def test_words_broken_at_the_end_of_a_line_are_joined() -> None:
    assert tidied(["We general\x02\r\nize well."]) == ["We generalize\nwell."]
    assert tidied(["We general-\nize well."]) == ["We generalize\nwell."]


def test_a_hyphen_that_the_paper_writes_elsewhere_stays() -> None:
    text = "back-training works. So back\x02training wins, self\x02training fails. selftraining"
    assert tidied([text]) == [
        "back-training works. So back-training wins, selftraining fails. selftraining"
    ]


def test_a_broken_compound_keeps_its_hyphen_where_the_paper_speaks_for_it() -> None:
    page = (
        "in-domain and out-of-domain data, self-made, more or over. "
        "A QA\x02\nspecific loss, in\x02\ndomain, data of-domain, self\x02\nmade, "
        "More\x02\nover, out-of\x02\ndomain."
    )
    assert (
        "QA-specific\nloss, in-domain,\ndata of-domain, self-made,\nMoreover,\nout-of-domain."
        in (tidied([page])[0])
    )


def test_ligatures_are_written_out_and_mathematics_is_left_alone() -> None:
    assert tidied(["\ufb01rst e\ufb03cient \ufb02ow, x² and 𝑓"]) == [
        "first efficient flow, x² and 𝑓"
    ]


def test_running_heads_and_page_numbers_are_left_out() -> None:
    pages = [
        f"LECTURE NOTES ON LEARNING {n}\nText of page {'abcdefgh'[n]}.\n{n + 1}" for n in range(6)
    ]
    assert tidied(pages)[2] == "Text of page c."


def test_the_head_of_a_short_paper_is_left_out() -> None:
    head = "On Margins and Their Meanings   A. Writer"
    pages = ["On Margins\nWe begin.", f"{head}\nWe go on.", f"{head}\nWe end."]
    assert tidied(pages) == ["On Margins\nWe begin.", "We go on.", "We end."]


def test_a_title_that_heads_the_other_pages_stays() -> None:
    title = "On Margins and Meanings"
    texts = [f"This page says {word}." for word in ("one", "two", "three", "four")]
    pages = tidied([f"{title}\n{text}" for text in texts])
    assert pages == [f"{title}\n{texts[0]}", *texts[1:]]


def test_a_page_of_nothing_but_running_heads_keeps_them() -> None:
    assert tidied(["Appendix"] * 5) == ["Appendix"] * 5


def test_a_line_that_only_one_page_has_stays() -> None:
    assert tidied(["Introduction\nWe learn.", "Proofs\nWe prove."])[0] == "Introduction\nWe learn."


def test_shards_of_displayed_mathematics_are_gathered() -> None:
    assert tidied(["arg max\nq∈Q\nH(q) = p\nn\nSo it holds."]) == [
        "arg max q∈Q H(q) = p n\nSo it holds."
    ]


SHOWN = "BT /F1 12 Tf 72 720 Td (A page of a very long book of pages.) Tj ET"


@given(st.lists(st.text(max_size=200), max_size=6))
def test_as_many_pages_come_out_as_went_in(pages: list[str]) -> None:
    made = tidied(pages)
    assert len(made) == len(pages)
    assert all(not re.search(r"[\x00-\x08\x0b-\x1f]", page) for page in made)


def test_real_papers_read_well() -> None:
    if not PAPERS.is_dir():
        pytest.skip("the real papers are not on this machine")
    read = read_pdf(PAPERS / "mlquestions_emnlp2021.pdf")
    text = "\n".join(p.text for p in read.pages)
    assert len(read.pages) == 11
    assert "passage retrieval models from Natural Questions domain to the machine" in " ".join(
        text.split()
    )
    notes = read_pdf(PAPERS / "cs229t_notes.pdf")
    assert len(notes.pages) == 215
    assert not any(p.text.endswith(f"\n{p.number}") for p in notes.pages)
