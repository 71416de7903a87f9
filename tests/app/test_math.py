import re
import time
from datetime import date
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import escape

from app.web.contexts.parts import Piece
from app.web.formulas import formulas, in_line, in_text, marked
from app.web.mathml import mathml
from catalog.papers import NewPaper
from catalog.talks import NewTalk
from tests.app.shelf import Shelf, Spoken, served


def found(text: str) -> list[str]:
    return [one.latex for one in formulas(text)]


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("Regression in $\\ell_2$ and $n$", ["\\ell_2", "n"]),
        ("both \\(a<b\\) and \\[c = d\\]", ["a<b", "c = d"]),
        ("at length $$\\sum_i x_i$$.", ["\\sum_i x_i"]),
        ("over\nlines $a +\nb$", ["a +\nb"]),
        ("$5 and $10", []),
        ("between $5–$10", []),
        ("$5, or $6 at most", []),
        ("US$ and CA$", []),
        ("$HOME/$USER", []),
        ("\\$5 and $k$", ["k"]),
        ("cut …x_i$, where $y$ is", ["y"]),
        ("one $ alone", []),
        ("$ x $", []),
        ("$$", []),
        ("$100 million for $\\alpha$-divergences", ["\\alpha"]),
    ],
)
def test_formulas_are_told_from_money(text: str, latex: list[str]) -> None:
    assert found(text) == latex


def test_a_formula_is_mathml_with_its_latex() -> None:
    made = str(in_line("The $\\ell_2$ norm"))
    assert made == (
        'The <math title="\\ell_2"><semantics><mrow><msub><mi>ℓ</mi><mn>2</mn></msub></mrow>'
        '<annotation encoding="application/x-tex">\\ell_2</annotation></semantics></math> norm'
    )
    assert 'display="block"' in in_text("$$x^2$$")
    assert 'display="block"' not in in_line("$$x^2$$")
    assert "<mi>ℋ</mi>" in in_line("$\\mathcal H$")


@pytest.mark.parametrize(
    "latex",
    [
        *(
            "\\frac{1}",
            "{",
            "}",
            "x_",
            "\\unheardof x",
            "\\left( \\frac12",
            "a^b^c",
            "\\end{matrix}",
        ),
        *("\\begin{matrix} a", "\\newcommand{\\a}{\\b\\b}\\a", "\\def\\a{\\a\\a}\\a", "x" * 601),
        *("{" * 60 + "}" * 60, "\\frac" * 80, "\\left(" * 90, "\\sqrt" * 110, "^" * 500),
    ],
)
def test_what_cannot_be_read_is_shown_as_its_source(latex: str) -> None:
    began = time.perf_counter()
    text = f"So $${latex}$$ holds & more"
    assert str(in_text(text)) == str(escape(text))
    assert time.perf_counter() - began < 0.5


HOSTILE = [
    "\\text{<script>alert(1)</script>}",
    "\\text{</math><img src=x onerror=alert(1)>}",
    "\\href{javascript:alert(1)}{x}",
    "\\style{background:url(//x)}{x}",
    '\\class{a" onclick="alert(1)}{x}',
    "\\color{red}x",
    '\\color{"><script>}x',
    "\\rule{999em}{999em}",
    "\\hspace{99999em}x",
    "\\unicode{x3c}script\\unicode{x3e}",
    "&lt;script&gt;",
    "x \\text{&#x3c;b&#x3e;}",
    "\\mathrm{</annotation><script>}",
    "\\operatorname{<b>}",
    "\x00\x1b\u202e x",
]
ALLOWED = {"math", "semantics", "annotation", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac"}
ALLOWED |= {"msqrt", "mroot", "mstyle", "mpadded", "mphantom", "msub", "msup", "msubsup", "munder"}
ALLOWED |= {"mover", "munderover", "mtable", "mtr", "mtd", "ms", "mmultiscripts", "mprescripts"}


class Read(HTMLParser):
    """The elements and attributes that a browser would see."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: dict[str, str | None] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(attrs)


def safe(made: str) -> None:
    read = Read(made)
    assert read.tags <= ALLOWED
    assert not {"href", "style", "class", "src", "mathcolor"} & set(read.attributes)
    assert not any(name.startswith("on") for name in read.attributes)
    assert re.fullmatch(r"(-?[0-3]?(\.\d+)?em)?", read.attributes.get("width") or "")
    assert not re.search("[\x00-\x08\u202e]", made)
    ET.fromstring(made)


@pytest.mark.parametrize("latex", HOSTILE)
def test_a_formula_brings_nothing_but_mathematics(latex: str) -> None:
    made = mathml(latex)
    if made is not None:
        safe(str(made))


COMMANDS = st.sampled_from(
    [
        *("\\frac", "\\sqrt", "\\text", "\\left(", "\\right)", "{", "}", "^", "_", "x", "1", "<"),
        *("&", "\\\\", "\\begin{cases}", "\\end{cases}", "'", "#", "~"),
        *("\\href", "\\mathbb", "\\hspace", "\\operatorname", "\\color", "\\not", "[", "]", "\\%"),
    ]
)


@settings(max_examples=300, deadline=1000)
@given(st.lists(COMMANDS, max_size=80).map("".join) | st.text(max_size=120))
def test_whatever_is_typed_comes_out_safe_and_soon(latex: str) -> None:
    made = mathml(latex)
    if made is not None:
        safe(str(made))


@settings(max_examples=200)
@given(st.text(alphabet="$\\()[]a1 _^<&\n", max_size=60))
def test_no_text_is_lost_around_formulas(text: str) -> None:
    at, kept = 0, ""
    for one in formulas(text):
        kept += text[at : one.start] + text[one.start : one.end]
        assert one.latex in text[one.start : one.end]
        at = one.end
    assert kept + text[at:] == text
    assert Read(str(in_text(text))).tags <= ALLOWED | {"span"}


def test_marks_stay_outside_formulas() -> None:
    pieces = (
        Piece(text="the ", hit=False),
        Piece(text="norm", hit=True),
        Piece(text=" $x_", hit=False),
        Piece(text="i", hit=True),
        Piece(text="$ & ", hit=False),
        Piece(text="x", hit=True),
    )
    made = str(marked(pieces))
    assert made.startswith("the <mark>norm</mark> <math")
    assert made.endswith("</math> &amp; <mark>x</mark>")
    assert made.count("<mark>") == 2
    cut = (Piece(text="… x_i$ and the ", hit=False), Piece(text="norm", hit=True))
    assert str(marked(cut)) == "… x_i$ and the <mark>norm</mark>"


def test_pages_show_formulas_and_names_of_pages_stay_plain(shelf: Shelf) -> None:
    title = "Regression in $\\ell_2$"
    shelf.talk(
        NewTalk(title=title, abstract="For $n$ or $5 and $6.", held_on=date(2024, 1, 2)),
        Spoken(sentences=("A plain kernel.",)),
    )
    shelf.paper(
        NewPaper(title=f"{title} again", abstract="Let $$x^2$$ and $\\broken{$."),
        ("The bound $O(\\sqrt{n})$ holds for a kernel.",),
    )
    shelf.publish()
    with served(shelf) as client:
        for path in ("/talks/regression-in-ell-2", "/papers/regression-in-ell-2-again"):
            text = client.get(path).text
            assert f"<title>{title}" in text
            assert "Regression in <math" in text.split("<h1", 1)[1].split("</h1>")[0]
        paper = client.get("/papers/regression-in-ell-2-again").text
        assert "and $\\broken{$." in paper
        assert "<msqrt>" in paper
        for path in ("/", "/talks", "/papers", "/search?q=kernel"):
            assert "Regression in <math" in client.get(path).text, path
        assert "<math" not in client.get("/feeds/talks.atom").text
