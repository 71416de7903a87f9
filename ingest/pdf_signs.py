"""Signs that PDFs of mathematics name in ways a reader of PDFs does not know: pure functions.

TeX's fonts name some of their glyphs like no other fonts, so that the norm comes out as `k`.
Source: Knuth, The TeXbook, appendix F; the encodings OMS, OML and OMX.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

NOT = "\u0338"

SYMBOLS = {
    "h": "⟨", "i": "⟩", "j": "|", "k": "‖", "0": "′", "6": NOT, "7": "↦", ">": "⊤",
    "\x16": "⪯", "\x17": "⪰", "\x1c": "≪", "\x1d": "≫", "\x1e": "≺", "\x1f": "≻",
}  # fmt: skip
ITALICS = {"\x0f": "ϵ", "`": "ℓ"}
RELATIONS = {".": "≲", "&": "≳", ",": "≜", "\x03": "□"}
FENCES = "()[]⌊⌋⌈⌉{}⟨⟩|‖/\\()()[]⌊⌋⌈⌉{}⟨⟩/\\()[]⌊⌋⌈⌉{}⟨⟩/\\/\\"
EXTENSIBLE: dict[str, str] = (
    {chr(code): fence for code, fence in enumerate(FENCES)}
    | dict.fromkeys(map(chr, range(0x30, 0x50)), "")
    | dict.fromkeys(map(chr, range(0xF8E5, 0xF8FF)), "")
    | dict(zip("\uf8eb\uf8f6\uf8ee\uf8f9\uf8f1\uf8fc", "()[]{}", strict=True))
    | dict(zip("PQRSTUVWXYZ[\\]^_`a", "∑∏∫⋃⋂⊎⋀⋁∑∏∫⋃⋂⊎⋀⋁∐∐", strict=True))
    | dict.fromkeys("bcd", "ˆ")
    | dict.fromkeys("efg", "˜")
    | dict(zip("hijklmno", "[]⌊⌋⌈⌉{}", strict=True))
    | dict.fromkeys("pqrs", "√")
    | dict.fromkeys("tuvwxyz{|}~", "")
)
BY_FONT = (
    (re.compile(r"(?:^|\+)(?:CMB?SY|LMMathSymbols)\d*", re.ASCII), SYMBOLS),
    (re.compile(r"(?:^|\+)(?:CMMIB?|LMMathItalic)\d*", re.ASCII), ITALICS),
    (re.compile(r"(?:^|\+)(?:CMEX|LMMathExtension)\d*", re.ASCII), EXTENSIBLE),
    (re.compile(r"(?:^|\+)MSAM\d*", re.ASCII), RELATIONS),
)
NOTHING: Mapping[str, str] = {}

ACCENTS = {
    "`": "\u0300", "´": "\u0301", "ˆ": "\u0302", "˜": "\u0303", "¯": "\u0304", "˘": "\u0306",
    "˙": "\u0307", "¨": "\u0308", "˚": "\u030a", "˝": "\u030b", "ˇ": "\u030c",
}  # fmt: skip
NEGATED = re.compile(rf"{NOT}\s*(\S)")


def signs_of(font: str) -> Mapping[str, str]:
    """What characters of a font stand for, where that is not themselves."""
    return next((signs for name, signs in BY_FONT if name.search(font)), NOTHING)


def accented(letter: str, accent: str) -> str:
    """A letter under an accent that the file draws on its own."""
    return unicodedata.normalize("NFC", letter + ACCENTS[accent])


def negated(text: str) -> str:
    """Relations that a stroke before them negates, as one sign."""
    whole = NEGATED.sub(lambda match: unicodedata.normalize("NFC", match[1] + NOT), text)
    return whole.replace("↦→", "↦").replace("↦ →", "↦")
