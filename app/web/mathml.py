"""LaTeX as MathML that a page may show: only elements and attributes of this list, or nothing.

Invariant: whatever a formula says, what comes out is MathML Core with escaped text, of bounded size
and made in bounded time.  The only file that imports latex2mathml, whose own markup is not used: it
lets `\\text`, `\\href` and `\\style` write what they like.
Source: MathML Core, 2; https://w3c.github.io/mathml-core/.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from html import unescape
from xml.etree.ElementTree import Element

from markupsafe import Markup, escape

LONGEST = 600  # characters of a formula; longer ones are shown as their source
DEEPEST = 24  # groups within groups
MOST_NODES = 600
_ELEMENTS = frozenset(
    {
        *("mrow", "mi", "mn", "mo", "mtext", "mspace", "ms", "mfrac", "msqrt", "mroot", "mstyle"),
        *("mpadded", "mphantom", "msub", "msup", "msubsup", "munder", "mover", "munderover"),
        *("mmultiscripts", "mprescripts", "mtable", "mtr", "mtd"),
    }
)
_VALUES: Mapping[str, re.Pattern[str]] = {
    **dict.fromkeys(
        ("stretchy", "fence", "separator", "displaystyle", "movablelimits", "accent"),
        re.compile("true|false"),
    ),
    "form": re.compile("prefix|infix|postfix"),
    "scriptlevel": re.compile(r"[+-]?[0-3]"),
    "linethickness": re.compile("0|0em|0px"),
    "width": re.compile(r"-?[0-3]?(\.\d{1,3})?em"),
    "mathvariant": re.compile("normal"),
}
_PARTS = {  # how many parts an element has; a browser shows one with others as an error
    **dict.fromkeys(("mfrac", "mroot", "msub", "msup", "munder", "mover"), 2),
    **dict.fromkeys(("msubsup", "munderover"), 3),
}
_DEFINES = re.compile(
    r"\\(def|gdef|edef|let|newcommand|renewcommand|providecommand|DeclareMathOperator)(?![A-Za-z])"
)
_ESCAPED = re.compile(r"\\[\\{}]")
_ALPHABETS = {  # names of alphabets by MathML's variants, which browsers know no longer
    "script": "SCRIPT",
    "double-struck": "DOUBLE-STRUCK",
    "fraktur": "FRAKTUR",
    "bold": "BOLD",
    "bold-italic": "BOLD ITALIC",
    "sans-serif": "SANS-SERIF",
    "monospace": "MONOSPACE",
}


class _Unfit(Exception):
    """The formula has no MathML that may be shown."""


@lru_cache(maxsize=4096)
def mathml(latex: str, *, block: bool = False) -> Markup | None:
    """The formula as a `math` element with its LaTeX as an annotation; None where that fails."""
    if (
        not latex.strip()
        or len(latex) > LONGEST
        or _DEFINES.search(latex)
        or _depth(latex) > DEEPEST
    ):
        return None
    from latex2mathml.converter import convert_to_element  # few pages have a formula

    try:
        made = convert_to_element(latex)
        inner = Markup().join(_written(made, _Budget()))
    except Exception:  # it raises whatever comes, and a formula is no reason to fail
        return None
    source = escape(_legal(latex.strip()))
    display = Markup(' display="block"') if block else Markup()
    return Markup(
        '<math{} title="{}"><semantics>{}'
        '<annotation encoding="application/x-tex">{}</annotation></semantics></math>'
    ).format(display, source, inner, source)


class _Budget:
    """How many elements a formula may still have."""

    def __init__(self) -> None:
        self._left = MOST_NODES

    def spend(self) -> None:
        """Count one more.  Raises: _Unfit."""
        self._left -= 1
        if self._left < 0:
            raise _Unfit


def _written(element: Element, budget: _Budget) -> Iterator[Markup]:
    """The element's children as markup.  Raises: _Unfit."""
    for child in element:
        budget.spend()
        if child.tag not in _ELEMENTS or len(child) != _PARTS.get(child.tag, len(child)):
            raise _Unfit
        text = _legal(unescape(child.text or ""))
        if child.tag != "mtext" and text.startswith("\\"):
            raise _Unfit  # a command that nobody knows
        variant = child.get("mathvariant", "")
        attributes = Markup().join(
            Markup(' {}="{}"').format(name, value)
            for name, value in child.attrib.items()
            if name in _VALUES and _VALUES[name].fullmatch(value)
        )
        yield Markup("<{}{}>{}{}</{}>").format(
            child.tag,
            attributes,
            _lettered(text, variant),
            Markup().join(_written(child, budget)),
            child.tag,
        )


def _lettered(text: str, variant: str) -> str:
    """Letters in the alphabet of a variant, by the characters that Unicode has for them."""
    alphabet = _ALPHABETS.get(variant)
    return "".join(_letter(one, alphabet) for one in text) if alphabet else text


def _letter(letter: str, alphabet: str) -> str:
    if not (letter.isascii() and letter.isalpha()):
        return letter
    which = "CAPITAL" if letter.isupper() else "SMALL"
    letters = {"FRAKTUR": "BLACK-LETTER"}.get(alphabet, alphabet)
    for name in (f"MATHEMATICAL {alphabet}", letters):
        try:
            return unicodedata.lookup(f"{name} {which} {letter.upper()}")
        except KeyError:
            continue
    return letter


def _depth(latex: str) -> int:
    """How deep groups and pairs may lie in one another; too deep where a group ends unbegun."""
    depth = deepest = 0
    for sign in _ESCAPED.sub("", latex):
        depth += {"{": 1, "}": -1}.get(sign, 0)
        if depth < 0:
            return DEEPEST + 1
        deepest = max(deepest, depth)
    return max(deepest, latex.count(r"\left"), latex.count(r"\begin"))


def _legal(text: str) -> str:
    """The text without what HTML and XML do not allow, nor signs that turn the direction."""
    return "".join(one for one in text if one in "\n\t " or unicodedata.category(one)[0] != "C")
