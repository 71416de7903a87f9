"""The PDF process: `python -m ingest.pdf_child`, started by `ingest.pdf`.

The one file that imports `pypdfium2`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ingest.confined_child import Limits, Request, say, serve
from ingest.errors import TooLarge, UnreadablePdf

PROGRESS_EVERY_PAGES = 20
CUT_IT = "cut it into parts"


def limits_of(request: Request) -> Limits:
    """Nothing is written; memory and processor time as the caller says."""
    options = request["options"]
    cpu_s = options["cpu_s"]
    memory = options["memory_bytes"]
    return Limits(memory_bytes=memory, file_bytes=0, cpu_s=cpu_s, most_cpu_s=cpu_s)


def answered(file: Path, request: Request) -> dict[str, Any]:
    """The raw text of every page in the order of the file, and the stated title and authors."""
    options = request["options"]
    document = _opened(file)
    if len(document) > options["max_pages"]:
        reason = f"it has {len(document)} pages, more than the limit of {options['max_pages']}"
        raise TooLarge(file, reason, CUT_IT)
    pages: list[str] = []
    room = options["max_chars"]
    for number in range(len(document)):
        text = _text(document, number, room)
        if text is None:
            reason = f"it holds more than the limit of {options['max_chars']} characters"
            raise TooLarge(file, reason, CUT_IT)
        pages.append(text)
        room -= len(text)
        if number % PROGRESS_EVERY_PAGES == 0:
            say({"progress": number})
    stated = document.get_metadata_dict()
    return {"pages": pages, "title": stated.get("Title", ""), "authors": stated.get("Author", "")}


def _opened(file: Path) -> Any:
    import pypdfium2

    try:
        return pypdfium2.PdfDocument(file)
    except pypdfium2.PdfiumError as problem:
        if "assword" in str(problem):
            raise UnreadablePdf(file, "it is encrypted", "save it without a password") from problem
        raise UnreadablePdf(
            file, "it is not a PDF or is damaged", "copy it again from its source"
        ) from problem


def _text(document: Any, number: int, most_chars: int) -> str | None:
    """One page's text, None when it is too long; a page that cannot be read is an empty one."""
    import pypdfium2

    try:
        page = document[number]
        text_page = page.get_textpage()
        short_enough = text_page.count_chars() <= most_chars
        text: str | None = text_page.get_text_bounded() if short_enough else None
        text_page.close()
        page.close()
    except pypdfium2.PdfiumError:
        return ""
    return text


if __name__ == "__main__":
    serve(limits_of, answered)
