"""The PDF process: `python -m ingest.pdf_child`, started by `ingest.pdf`.

The one file that imports `pypdfium2`.  Invariant: what is laid out is laid out here, within the
limits; the parent gets text alone.
"""

from __future__ import annotations

import ctypes
import math
import mmap
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from ingest.confined_child import Limits, Request, say, serve
from ingest.errors import TooLarge, UnreadablePdf
from ingest.pdf_about import front_matter
from ingest.pdf_layout import Layout, laid_out
from ingest.pdf_lines import CELL_GAP_EM, Run
from ingest.pdf_signs import ACCENTS, EXTENSIBLE, accented, negated, signs_of

PROGRESS_EVERY_PAGES = 20
MOST_PACKET_BYTES = 1 << 18
NO_PAGES = "none of its pages can be opened: its list of them is damaged or runs in a circle"
CUT_IT = "cut it into parts"
PRINT_IT = "print it to a new PDF and add that"
AXIS_EM = 0.25  # large signs of mathematics are centred on an axis above the baseline
SPACE, ENDS = " ", frozenset("\r\n")
NARROW = 5.0  # points; no gap between columns is as small


def limits_of(request: Request) -> Limits:
    """Nothing is written; memory and processor time as the caller says."""
    options = request["options"]
    cpu_s = options["cpu_s"]
    memory = options["memory_bytes"]
    return Limits(memory_bytes=memory, file_bytes=0, cpu_s=cpu_s, most_cpu_s=cpu_s, advice=PRINT_IT)


def answered(file: Path, request: Request) -> dict[str, Any]:
    """The text of every page in the order of reading, and what the file says of itself."""
    options = request["options"]
    document = _opened(file)
    if len(document) > options["max_pages"]:
        reason = f"it has {len(document)} pages, more than the limit of {options['max_pages']}"
        raise TooLarge(file, reason, CUT_IT)
    layouts = _layouts(file, document, options["max_chars"])
    first = next(layouts)
    return {
        "pages": [negated(page) for page in (first.text, *(layout.text for layout in layouts))],
        "stated": {**document.get_metadata_dict(), "packet": _packet(file)},
        "front": front_matter(first),
    }


def _layouts(file: Path, document: Any, max_chars: int) -> Iterator[Layout]:
    """Every page's, an unreadable one's empty; at least one must be readable."""
    import pypdfium2

    room, unreadable, total = max_chars, 0, len(document)
    for number in range(total):
        try:
            runs = _runs(document, number, room)
        except pypdfium2.PdfiumError:
            runs, unreadable = [], unreadable + 1
        if runs is None:
            reason = f"it holds more than the limit of {max_chars} characters"
            raise TooLarge(file, reason, CUT_IT)
        if unreadable == total:
            break
        room -= sum(len(run.text) for run in runs)
        if number % PROGRESS_EVERY_PAGES == 0:
            say({"progress": [number, total]})
        yield laid_out(runs)
    if unreadable == total:
        raise UnreadablePdf(file, NO_PAGES, PRINT_IT)


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


def _packet(file: Path) -> str:
    """The file's XMP packet, which stands there as it is; empty where there is none."""
    with file.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        begin = whole.rfind(b"<x:xmpmeta")
        end = whole.find(b"</x:xmpmeta>", begin)
        short = 0 <= begin < end < begin + MOST_PACKET_BYTES
        return whole[begin:end].decode("utf-8", "replace") if short else ""


def _runs(document: Any, number: int, most_chars: int) -> list[Run] | None:
    """One page's text in pieces, None when it is too long.  Raises: PdfiumError."""
    page = document[number]
    text_page = page.get_textpage()
    short_enough = text_page.count_chars() <= most_chars
    runs = list(_TextPage(text_page).runs()) if short_enough else None
    text_page.close()
    page.close()
    return runs


class _TextPage:
    """The characters of a page: what they are, what draws them, and where they stand."""

    def __init__(self, text_page: Any) -> None:
        import pypdfium2.raw

        self._raw: Any = pypdfium2.raw
        self._page = text_page.raw
        self.count: int = text_page.count_chars()
        self._fonts: dict[int, str] = {}
        self._known: dict[int, Mapping[str, str]] = {}
        self._corners = tuple(ctypes.c_double() for _ in range(4))

    def runs(self) -> Iterator[Run]:
        """Runs in the order of the file."""
        owners = self._owners()
        signs = self._signs(owners)
        self._put_accents(signs)
        first: int | None = None
        hinted = False
        for at in range(self.count + 1):
            gap = owners[at] is None and signs[at] in ENDS
            gap = gap or (signs[at] == SPACE and self._ends_cell(at))
            if first is not None and (gap or owners[at] != owners[first]):
                yield from self._run(first, at, signs, hinted=hinted)
                first, hinted = None, False
            if gap or (first is None and signs[at] == SPACE):
                hinted = True
            elif first is None:
                first = at

    def _signs(self, owners: Sequence[int | None]) -> list[str]:
        """The characters, by what they stand for in their font; a line's end comes last."""
        unicode, page = self._raw.FPDFText_GetUnicode, self._page
        signs = _paired([chr(unicode(page, at)) for at in range(self.count)])
        for at, owner in enumerate(owners[:-1]):
            if owner is None:
                continue
            if owner not in self._known:
                self._known[owner] = signs_of(self._font(at))
            if self._known[owner]:
                signs[at] = self._known[owner].get(signs[at], signs[at])
        return [*signs, "\n"]

    def _owners(self) -> list[int | None]:
        """The address of what draws each character; asked for as a number, which is faster."""
        wrapped = ctypes.cast(self._raw.FPDFText_GetTextObject, ctypes.c_void_p).value
        kind = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
        owner, page = kind(wrapped or 0), ctypes.cast(self._page, ctypes.c_void_p)
        return [*(owner(page, at) for at in range(self.count)), None]

    def _run(self, first: int, end: int, signs: list[str], *, hinted: bool) -> Iterator[Run]:
        known = signs_of(self._font(first))
        seen = [at for at in range(first, end) if signs[at].strip()]
        if not seen:
            return
        first, last = seen[0], seen[-1]
        size, turns = self._size_and_turns(first)
        left, baseline = _turned(*self._origin(first), turns)
        right, _ = _turned(*self._far_corner(last, turns), turns)
        if known is EXTENSIBLE:
            baseline = self._middle(first, turns) - AXIS_EM * size
        yield Run(
            text="".join(signs[first : last + 1]),
            left=left,
            right=right,
            baseline=baseline,
            size=size,
            turns=turns,
            hinted=hinted,
        )

    def _ends_cell(self, at: int) -> bool:
        """Whether a space is as wide as those between columns."""
        if not 0 < at < self.count - 1:
            return False
        gap = self._box(at + 1)[0] - self._box(at - 1)[1]
        return gap > NARROW and gap > CELL_GAP_EM * self._size_and_turns(at - 1)[0]

    def _put_accents(self, signs: list[str]) -> None:
        """Put accents that are drawn on their own onto the letter below."""
        for at in range(1, self.count - 1):
            if signs[at] not in ACCENTS:
                continue
            left, right, *_ = self._box(at)
            middle = (left + right) / 2
            for base in (at + 1, at - 1):
                low, high, *_ = self._box(base)
                if signs[base].isalpha() and low <= middle <= high:
                    signs[base], signs[at] = accented(signs[base], signs[at]), ""
                    break

    def _font(self, at: int) -> str:
        owner = self._raw.FPDFText_GetTextObject(self._page, at)
        font = self._raw.FPDFTextObj_GetFont(owner) if owner else None
        if not font:
            return ""
        key = ctypes.cast(font, ctypes.c_void_p).value or 0
        if key not in self._fonts:
            name = ctypes.create_string_buffer(128)
            self._raw.FPDFFont_GetBaseFontName(font, name, len(name))
            self._fonts[key] = name.value.decode("utf-8", "replace")
        return self._fonts[key]

    def _size_and_turns(self, at: int) -> tuple[float, int]:
        matrix = self._raw.FS_MATRIX()
        size = self._raw.FPDFText_GetFontSize(self._page, at)
        if not self._raw.FPDFText_GetMatrix(self._page, at, matrix):
            return max(size, 1.0), 0
        turns = round(math.atan2(matrix.b, matrix.a) / (math.pi / 2)) % 4
        return max(size * math.hypot(matrix.c, matrix.d), 1.0), turns

    def _origin(self, at: int) -> tuple[float, float]:
        x, y = ctypes.c_double(), ctypes.c_double()
        self._raw.FPDFText_GetCharOrigin(self._page, at, x, y)
        return x.value, y.value

    def _box(self, at: int) -> tuple[float, float, float, float]:
        left, right, bottom, top = self._corners
        self._raw.FPDFText_GetCharBox(self._page, at, left, right, bottom, top)
        return left.value, right.value, bottom.value, top.value

    def _middle(self, at: int, turns: int) -> float:
        left, right, bottom, top = self._box(at)
        return _turned((left + right) / 2, (bottom + top) / 2, turns)[1]

    def _far_corner(self, at: int, turns: int) -> tuple[float, float]:
        left, right, bottom, top = self._box(at)
        return (right, left, left, right)[turns], (top, top, bottom, bottom)[turns]


def _paired(units: list[str]) -> list[str]:
    """UTF-16 units as characters: the second half of a pair becomes nothing."""
    for at, (high, low) in enumerate(pairwise(units)):
        if "\ud800" <= high <= "\udbff" and "\udc00" <= low <= "\udfff":
            units[at] = (high + low).encode("utf-16", "surrogatepass").decode("utf-16")
            units[at + 1] = ""
    return units


def _turned(x: float, y: float, turns: int) -> tuple[float, float]:
    """A point of the page after it was turned so that the text reads from left to right."""
    return ((x, y), (y, -x), (-x, -y), (-y, x))[turns]


if __name__ == "__main__":
    serve(limits_of, answered)
