"""XML of the standard library, written so that nothing a speaker or file says can break it.

Invariant: what is written is well formed.  Names come with their prefix, and the root names the
namespaces, so that each format's own is the default one, as readers expect.
"""

import re
from collections.abc import Mapping
from xml.etree import ElementTree as ET

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def legal(text: str) -> str:
    """The text without the characters that XML forbids.  Source: XML 1.0, 2.2."""
    return _FORBIDDEN.sub("", text)


def node(
    name: str, attributes: Mapping[str, str] | None = None, *content: "ET.Element | str | None"
) -> ET.Element:
    """An element with its attributes, and text or elements in it; None is left out."""
    made = ET.Element(name, {key: legal(value) for key, value in (attributes or {}).items()})
    for one in content:
        if isinstance(one, str):
            made.text = legal(one)
        elif one is not None:
            made.append(one)
    return made


def texts(name: str, *values: str | None) -> list[ET.Element]:
    """An element for each value that says something."""
    return [node(name, None, value) for value in values if value]


def written(root: ET.Element) -> bytes:
    """A document in UTF-8, with its declaration."""
    body: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return body
