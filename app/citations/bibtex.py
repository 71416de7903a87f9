"""Citations as BibTeX.

Invariant: whatever a title holds, the entry has the fields that it should have and TeX prints the
title: signs that mean something to TeX are escaped, mathematics in whole dollars is left as it is.
Source: Patashnik, BibTeXing (1988); biblatex's `eprint` fields.
"""

import re
from collections.abc import Iterable, Iterator

from app.citations.citation import Citation

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MATHS = re.compile(r"(\$(?=\S)[^$\n]{1,200}(?<=\S)\$(?!\d))")
_SIGNS = {
    "\\": r"\textbackslash{}",
    "{": r"\textbraceleft{}",  # BibTeX counts the brace of \{, too
    "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{sign: f"\\{sign}" for sign in "#$%&_"},
}
_UNSEEN = re.compile("[\x00-\x1f\x7f\ud800-\udfff]+")


def bibtex(one: Citation) -> str:
    """An entry of type `misc`: BibTeX knows no talks, and the archive no publishers."""
    fields = "".join(f"  {name} = {value},\n" for name, value in _fields(one))
    return f"@misc{{{one.key},\n{fields}}}\n"


def escaped(text: str) -> str:
    """A text as TeX prints it; mathematics whose braces are whole is kept."""
    plain = " ".join(_UNSEEN.sub(" ", text).split())
    return "".join(
        part if n % 2 and _whole(part) else "".join(_SIGNS.get(sign, sign) for sign in part)
        for n, part in enumerate(_MATHS.split(plain))
    )


def _fields(one: Citation) -> Iterator[tuple[str, str]]:
    if one.authors:
        yield "author", _braced(" and ".join(map(_name, one.authors)))
    yield "title", _braced(_braced(escaped(one.title)))  # twice: capitals stay
    day = one.held_on
    if day or one.year:
        yield "year", _braced(str(day.year if day else one.year))
    if day:
        yield "month", _MONTHS[day.month - 1]
        yield "day", _braced(str(day.day))
    how = _how(one)
    if how:
        yield "howpublished", _braced(escaped(how))
    yield from ((name, _braced(escaped(value))) for name, value in _ids(one))
    yield "url", _braced(one.url)
    note = "; ".join(filter(None, [one.place, f"“{one.quote}”" if one.quote else ""]))
    if note:
        yield "note", _braced(escaped(note[:1].upper() + note[1:]))


def _how(one: Citation) -> str:
    if one.kind == "paper":
        return one.within
    return ", ".join(filter(None, ["Talk", one.within]))


def _ids(one: Citation) -> Iterable[tuple[str, str]]:
    if one.doi:
        yield "doi", one.doi
    if one.arxiv_id:
        yield "eprint", one.arxiv_id
        yield "archiveprefix", "arXiv"
    if one.language:
        yield "langid", one.language


def _name(name: str) -> str:
    """A person; one whose name BibTeX would take for several stays together."""
    said = escaped(name)
    return _braced(said) if re.search(r"\band\b", said, re.IGNORECASE) else said


def _braced(text: str) -> str:
    return "{" + text + "}"


def _whole(maths: str) -> bool:
    """Whether each brace has its other, and nothing ends the entry."""
    depth = 0
    for n, sign in enumerate(maths):
        if sign in "{}" and maths[n - 1 : n] == "\\":
            return False  # BibTeX counts it as a brace, TeX does not
        depth += {"{": 1, "}": -1}.get(sign, 0)
        if depth < 0:
            return False
    return depth == 0
