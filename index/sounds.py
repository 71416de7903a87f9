"""How a word sounds, roughly: for words that were heard or typed by ear.

Invariant: a pure function of the letters; words that sound alike have equal or similar keys.
"""

import re
import unicodedata
from functools import lru_cache
from itertools import groupby

SPELLINGS = (
    ("sch|tch|ch|sh|dg", "s"),
    ("ph", "f"),
    ("th", "t"),
    ("ck", "k"),
    ("gh", ""),
    ("tz", "ts"),
    ("x", "ks"),
    ("qu", "kf"),
    ("^kn", "n"),
    ("^wr", "r"),
    ("c(?=[eiy])", "s"),
    ("(?<=[aeiouyr])h|h(?=$|[bcdfgjklmnpqrstvz])", ""),
    ("e$", ""),
    ("[aeiouy]+", "a"),
)
ALIKE = str.maketrans("bdgqcvwzjm", "ptkkkffssn")


@lru_cache(maxsize=131_072)  # whoever publishes asks for the same words again and again
def sounds(word: str) -> str:
    """A word as it sounds: one letter for all vowels, one for consonants alike."""
    letters = unicodedata.normalize("NFKD", word.lower())
    key = "".join(c for c in letters if c.isascii() and c.isalpha())
    for spelled, sounded in SPELLINGS:
        key = re.sub(spelled, sounded, key)
    return "".join(letter for letter, _ in groupby(key.translate(ALIKE)))


def readings(word: str) -> tuple[str, ...]:
    """Every way a word may be said: `ch` as in "change", and as in "chaos" or "Bach"."""
    hard = word.lower().replace("sch", "sh").replace("tch", "tsh").replace("ch", "k")
    return tuple(dict.fromkeys((sounds(word), sounds(hard))))
