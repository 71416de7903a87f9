"""Citations as CSL-JSON, for reference managers and citation processors.

Source: Citation Style Language 1.0.2, csl-data.json.
"""

import json
from typing import Any

from app.citations.citation import Citation


def csl_json(one: Citation) -> str:
    """A list with one item, as reference managers import it."""
    return json.dumps([item(one)], ensure_ascii=True, indent=1)


def item(one: Citation) -> dict[str, Any]:
    """The citation as an item."""
    talk = one.kind == "talk"
    known = {
        "id": one.key,
        "type": "speech" if talk else "article",
        "title": one.title,
        "author": [_person(name) for name in one.authors],
        "issued": _issued(one),
        "event-title" if talk else "container-title": one.within,
        "genre": "Talk" if talk else "",
        "abstract": one.abstract,
        "archive": one.archive,
        "language": one.language,
        "DOI": one.doi,
        "number": f"arXiv:{one.arxiv_id}" if one.arxiv_id else None,
        "page": str(one.page) if one.page is not None else None,
        "URL": one.url,
        "note": "; ".join(filter(None, [one.place, f"“{one.quote}”" if one.quote else ""])),
    }
    return {name: value for name, value in known.items() if value}


def _issued(one: Citation) -> dict[str, list[list[int]]] | None:
    if one.held_on:
        return {"date-parts": [[one.held_on.year, one.held_on.month, one.held_on.day]]}
    return {"date-parts": [[one.year]]} if one.year else None


def _person(name: str) -> dict[str, str]:
    """A name in its parts where it says them: "Last, First", or two plain words."""
    if name.count(",") == 1:
        family, given = map(str.strip, name.split(","))
        if family and given:
            return {"family": family, "given": given}
    words = name.split()
    if len(words) == 2 and all(word[:1].isupper() for word in words):
        return {"family": words[1], "given": words[0]}
    return {"literal": name}
