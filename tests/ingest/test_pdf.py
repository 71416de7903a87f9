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

PAPERS = ROOT.parent / "shared" / "data" / "papers" / "pdf"


def write_pdf(file: Path, pages: list[list[str]], *, info: str = "", extra: str = "") -> Path:
    """A small PDF: each page is a list of lines, set in Helvetica."""
    count = len(pages)
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(count))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {count} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, lines in enumerate(pages):
        shown = "".join(f"({line}) Tj T* " for line in lines)
        content = f"BT /F1 12 Tf 14 TL 72 720 Td {shown}ET"
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R "
            f">> >> /Contents {5 + 2 * number} 0 R >>"
        )
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    objects.append(f"<< {info} >>")
    body, places = "%PDF-1.4\n", []
    for number, text in enumerate(objects, start=1):
        places.append(len(body))
        body += f"{number} 0 obj\n{text}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    trailer = f"<< /Size {len(objects) + 1} /Root 1 0 R /Info {len(objects)} 0 R {extra} >>"
    end = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n{trailer}\n"
    file.write_text(f"{body}{end}startxref\n{len(body)}\n%%EOF\n", encoding="latin-1")
    return file


def test_pages_are_counted_from_one_and_read_in_order(tmp_path: Path) -> None:
    pages = [["The training error is zero."], ["And the kernel does not move."]]
    read = read_pdf(write_pdf(tmp_path / "paper.pdf", pages))
    assert [(p.number, p.text) for p in read.pages] == [(1, pages[0][0]), (2, pages[1][0])]


def test_title_and_authors_are_taken_from_the_file(tmp_path: Path) -> None:
    info = "/Title (On  Margins) /Author (A. Writer)"
    file = write_pdf(tmp_path / "paper.pdf", [["All margins are equal here."]], info=info)
    read = read_pdf(file)
    assert (read.title, read.authors) == ("On Margins", "A. Writer")
    other = read_pdf(write_pdf(tmp_path / "other.pdf", [["All margins are equal here."]]))
    assert (other.title, other.authors) == (None, None)


def test_a_pdf_of_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PdfWithoutText, match=r"^scan\.pdf: it holds no text"):
        read_pdf(write_pdf(tmp_path / "scan.pdf", [[], []]))


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


def test_nested_compression_is_bounded(tmp_path: Path) -> None:
    bomb = bytes(400 << 20)
    for _ in range(2):
        bomb = zlib.compress(bomb, 9)
    page = write_pdf(tmp_path / "paper.pdf", [["A page of a very long book."]]).read_bytes()
    start, end = page.index(b"<< /Length"), page.index(b"\nendstream")
    filters = b"<< /Filter [/FlateDecode /FlateDecode] /Length %d >>\nstream\n" % len(bomb)
    (tmp_path / "bomb.pdf").write_bytes(page[:start] + filters + bomb + page[end:])
    with pytest.raises((TooLarge, PdfWithoutText, UnreadablePdf)):
        read_pdf(tmp_path / "bomb.pdf", options=PdfOptions(memory_bytes=256 << 20, cpu_s=20))


def test_progress_tells_the_pages(tmp_path: Path) -> None:
    told: list[int] = []
    file = write_pdf(tmp_path / "paper.pdf", [["A page of a very long book."]] * 45)
    read_pdf(file, progress=told.append)
    assert told == [0, 20, 40]


def test_words_broken_at_the_end_of_a_line_are_joined() -> None:
    assert tidied(["We general\x02\r\nize well."]) == ["We generalize well."]
    assert tidied(["We general-\nize well."]) == ["We generalize well."]


def test_a_hyphen_that_the_paper_writes_elsewhere_stays() -> None:
    text = "back-training works. So back\x02training wins, self\x02training fails. selftraining"
    assert tidied([text]) == [
        "back-training works. So back-training wins, selftraining fails. selftraining"
    ]


def test_ligatures_are_written_out_and_mathematics_is_left_alone() -> None:
    assert tidied(["\ufb01rst e\ufb03cient \ufb02ow, x² and 𝑓"]) == [
        "first efficient flow, x² and 𝑓"
    ]


def test_running_heads_and_page_numbers_are_left_out() -> None:
    pages = [
        f"LECTURE NOTES ON LEARNING {n}\nText of page {'abcdefgh'[n]}.\n{n + 1}" for n in range(6)
    ]
    assert tidied(pages)[2] == "Text of page c."


def test_a_page_of_nothing_but_running_heads_keeps_them() -> None:
    assert tidied(["Appendix"] * 5) == ["Appendix"] * 5


def test_a_line_that_only_one_page_has_stays() -> None:
    assert tidied(["Introduction\nWe learn.", "Proofs\nWe prove."])[0] == "Introduction\nWe learn."


def test_shards_of_displayed_mathematics_are_gathered() -> None:
    assert tidied(["arg max\nq∈Q\nH(q) = p\nn\nSo it holds."]) == [
        "arg max q∈Q H(q) = p n\nSo it holds."
    ]


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
