"""Small PDFs for tests, written by hand: what producers of PDFs do, and what nobody should."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CATALOG = "<< /Type /Catalog /Pages 2 0 R >>"
PAGES = "<< /Type /Pages /Kids [{kids}] /Count {count} >>"
FONT = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
PAGE = (
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >> "
    "/Contents 5 0 R >>"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A piece of text on a page; `turned` is a matrix of four for what is not upright."""

    text: str
    x: float
    y: float
    size: float = 10
    turned: str = "1 0 0 1"
    kerned: bool = False


def stream(content: str) -> str:
    """A content stream."""
    return f"<< /Length {len(content)} >>\nstream\n{content}\nendstream"


def write_objects(file: Path, objects: Sequence[str | bytes], trailer: str = "") -> Path:
    """A PDF of a catalog, number 1, and these objects, from number 2."""
    body, places = b"%PDF-1.4\n", []
    for number, one in enumerate([CATALOG, *objects], start=1):
        places.append(len(body))
        content = one if isinstance(one, bytes) else one.encode("latin-1")
        body += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 2
    end = (
        f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n"
        f"<< /Size {size} /Root 1 0 R {trailer} >>\nstartxref\n{len(body)}\n%%EOF\n"
    )
    file.write_bytes(body + end.encode())
    return file


def write_pdf(file: Path, pages: list[list[str]], *, info: str = "", extra: str = "") -> Path:
    """Each page is a list of lines, set in Helvetica."""
    contents = [
        f"BT /F1 12 Tf 14 TL 72 720 Td {''.join(f'({line}) Tj T* ' for line in lines)}ET"
        for lines in pages
    ]
    objects = _book(contents, FONT)
    trailer = f"/Info {len(objects) + 2} 0 R {extra}"
    return write_objects(file, [*objects, f"<< {info} >>"], trailer)


def write_placed(file: Path, *pages: Sequence[Placed], font: str = FONT) -> Path:
    """Each page is pieces of text in the order in which they are drawn."""
    contents = [
        "".join(
            f"BT /F1 {one.size} Tf {one.turned} {one.x} {one.y} Tm "
            + (f"[{one.text}] TJ ET\n" if one.kerned else f"({one.text}) Tj ET\n")
            for one in page
        )
        for page in pages
    ]
    return write_objects(file, _book(contents, font))


def _book(contents: Sequence[str], font: str) -> list[str]:
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(contents)))
    objects = [PAGES.format(kids=kids, count=len(contents)), font]
    for number, content in enumerate(contents):
        objects.append(PAGE.replace("5 0 R", f"{5 + 2 * number} 0 R"))
        objects.append(stream(content))
    return objects
