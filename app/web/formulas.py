"""Formulas in titles, abstracts and the text of papers, shown as MathML.

Invariant: a text that is shown with its formulas loses no character that is no delimiter; what is
no formula, or cannot be read as one, stays as it was typed.  Everything is escaped.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from app.web.contexts.parts import Piece
from app.web.mathml import LONGEST, mathml

IN_A_LINE = 80  # characters of a formula that may stand in a title
WIDE = 40  # characters from which on a formula in running text may be wider than a phone
_FORMULA = re.compile(
    r"(?<!\\)(?:"
    rf"\$\$(?P<block>[^$]{{1,{LONGEST}}})\$\$"
    rf"|\\\[(?P<shown>.{{1,{LONGEST}}}?)\\\]"
    rf"|\\\((?P<paren>.{{1,{LONGEST}}}?)\\\)"
    # as Pandoc reads it: no space inside the signs, and no digit after the second
    rf"|(?<!\$)\$(?![\s$])(?P<line>(?:\\\$|[^$]){{0,{LONGEST}}}?[^\s$\\])\$(?![\d$])"
    r")",
    re.DOTALL,
)
_SIGNS = re.compile(r"[\\^_=<>]")
_WORD = re.compile(r"[^\W\d_]{4,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """A formula with where it stands in its text, delimiters included."""

    latex: str
    block: bool
    start: int
    end: int


def formulas(text: str) -> Iterator[Formula]:
    """The formulas of a text, in order: `$…$`, `\\(…\\)`, `$$…$$` and `\\[…\\]`.

    Sums of money are none: words between two dollar signs need a sign of mathematics among them.
    """
    if "$" not in text and "\\" not in text:
        return
    at = 0
    while found := _FORMULA.search(text, at):
        kind = str(found.lastgroup)
        latex = found[kind]
        if kind == "line" and not _is_mathematics(latex):
            at = found.start() + 1
            continue
        yield Formula(
            latex=latex, block=kind in {"block", "shown"}, start=found.start(), end=found.end()
        )
        at = found.end()


def in_line(text: str) -> Markup:
    """A title with its formulas; a long one stays as its source."""
    return _shown(text, (), most=IN_A_LINE, running=False)


def in_text(text: str) -> Markup:
    """Running text with its formulas; what is wider than the page can be moved by itself."""
    return _shown(text, (), most=LONGEST, running=True)


def marked(pieces: Sequence[Piece]) -> Markup:
    """A snippet with its marks and formulas; in a formula nothing is marked."""
    marks: list[tuple[int, int]] = []
    at = 0
    for piece in pieces:
        if piece.hit:
            marks.append((at, at + len(piece.text)))
        at += len(piece.text)
    return _shown("".join(one.text for one in pieces), marks, most=IN_A_LINE, running=False)


def _shown(text: str, marks: Sequence[tuple[int, int]], *, most: int, running: bool) -> Markup:
    parts: list[Markup] = []
    at = 0
    for one in formulas(text):
        made = mathml(one.latex, block=one.block and running) if len(one.latex) <= most else None
        if made is None:
            continue
        wide = running and (one.block or len(one.latex) > WIDE)
        parts.append(_words(text, at, one.start, marks))
        parts.append(
            Markup('<span class="formula" tabindex="0">{}</span>').format(made) if wide else made
        )
        at = one.end
    parts.append(_words(text, at, len(text), marks))
    return Markup().join(parts)


def _words(text: str, start: int, end: int, marks: Sequence[tuple[int, int]]) -> Markup:
    """A stretch of the text, its marked parts as `mark`."""
    parts: list[Markup] = []
    at = start
    for begins, ends in marks:
        begins, ends = max(begins, start), min(ends, end)
        if begins < ends:
            parts += [escape(text[at:begins]), Markup("<mark>{}</mark>").format(text[begins:ends])]
            at = ends
    return Markup().join([*parts, escape(text[at:end])])


def _is_mathematics(latex: str) -> bool:
    return bool(_SIGNS.search(latex)) or not _WORD.search(latex)
