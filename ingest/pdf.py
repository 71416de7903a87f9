"""The text of a paper, page by page, fit for reading and cutting.

PDFium runs in a confined child process (`pdf_child`), because it reads what strangers made and is
not thread-safe.  Invariant: pages are counted as in the PDF, from 1, and every page has an entry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from index.passage import PageText
from ingest.confined import Confined, Progress
from ingest.errors import PdfWithoutText, UnreadablePdf
from ingest.pdf_about import About, about
from ingest.pdf_text import tidied

READER = Confined(
    module="ingest.pdf_child", crash=UnreadablePdf, advice="print it to a new PDF and add that"
)
LEAST_LETTERS = 20

PagesRead = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfOptions:
    """The limits of reading."""

    max_pages: int = 2_000
    max_chars: int = 10_000_000
    memory_bytes: int = 1 << 30
    cpu_s: int = 120

    def __post_init__(self) -> None:
        if min(self.max_pages, self.max_chars, self.memory_bytes, self.cpu_s) <= 0:
            raise ValueError(f"limits must be positive: {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfText:
    """A paper's pages in order, and what its file says about it."""

    pages: tuple[PageText, ...]
    about: About


def read_pdf(
    path: Path, *, options: PdfOptions | None = None, progress: PagesRead | None = None
) -> PdfText:
    """Read a paper; `progress` gets the number of pages read, and of all.

    Columns are read one after the other.  Words broken at a line's end are joined, ligatures
    written out, running heads and page numbers left out.
    Raises: UnreadablePdf, PdfWithoutText, TooLarge, DecoderStopped.
    """
    tell: Progress | None = None if progress is None else lambda told: progress(*told)
    answer = READER.ask(path, {"options": asdict(options or PdfOptions())}, tell)
    pages = tidied(answer["pages"])
    if sum(c.isalpha() for page in pages for c in page) < LEAST_LETTERS:
        raise PdfWithoutText(
            path, "it holds no text, only pictures of pages", "run it through text recognition"
        )
    return PdfText(
        pages=tuple(PageText(number=n, text=text) for n, text in enumerate(pages, start=1)),
        about=about(answer["stated"], answer["front"], pages),
    )
