"""What a person typed, made ready for the two legs.

Invariant: any text at all gives a ParsedQuery or InvalidQuery, nothing else; and the notation of
queries and of passages is normalised by the same function, so that `\\ell_2`, "L2" and "ell two"
are one term.
"""

import re
import unicodedata
from dataclasses import dataclass

from index.errors import InvalidQuery
from index.prose import clean

MAX_CHARS = 1000
NORMALISER_VERSION = "1"

QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"'})
QUOTED = re.compile(r'"([^"]*)"')

_ORDER = {"zero": "0", "one": "1", "two": "2", "inf": "infinity", "infty": "infinity"}
_NORM = re.compile(
    r"(?<![\w\\])\\?(?:ell|l)[\s_^\-]{0,2}[{(]?\\?(0|1|2|p|q|zero|one|two|infinity|infty|inf)[)}]?(?!\w)"
)
_LATEX_WORD = re.compile(r"\\([a-zA-Z]+)")
_FORMATTING = re.compile(
    r"math(?:bb|cal|bf|rm|sf)|text(?:bf|it)?|operatorname|left|right|bigg?[lr]?|begin|end|frac|sqrt|"
    r"cdot|quad|qquad|hat|tilde|bar|vec"
)
_SYMBOLS = {
    "∞": " infinity ",
    "∇": " nabla ",
    "∂": " partial ",
    "∑": " sum ",
    "∏": " product ",
    "∫": " integral ",
}

# The short form is added to queries and passages that hold the long one, so that either finds the
# other.
_SHORT_FORMS = {
    "kullback leibler": "kl",
    "neural tangent kernel": "ntk",
    "stochastic gradient descent": "sgd",
    "empirical risk minimi[sz](?:ation|er)": "erm",
    "vapnik chervonenkis": "vc",
    "reproducing kernel hilbert space": "rkhs",
    "generative adversarial net(?:work)?": "gan",
    "variational auto ?encoder": "vae",
    "probably approximately correct": "pac",
    "maximum mean discrepancy": "mmd",
    "principal component analysis": "pca",
    "support vector machine": "svm",
    "restricted isometry property": "rip",
    "markov chain monte carlo": "mcmc",
}
_GAP = r"[\s\-–]+"
_SHORT = tuple(_SHORT_FORMS.values())
_LONG_FORMS = re.compile(
    "|".join(rf"\b({long})(?:s|es)?\b" for long in _SHORT_FORMS)
    .replace(" ?", r"\s?")
    .replace(" ", _GAP)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedQuery:
    """A query for both legs: running text for the encoder, words and phrases for the terms."""

    text: str
    words: str
    phrases: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise InvalidQuery("the query is empty; type some words to search for")


def parse(text: str) -> ParsedQuery:
    """Read a query as typed; phrases stand in quotes, an unpaired quote counts for nothing.

    Raises: InvalidQuery when it is empty or longer than 1,000 characters.
    """
    if len(text) > MAX_CHARS:
        raise InvalidQuery(f"the query has {len(text)} characters; shorten it to {MAX_CHARS}")
    plain = " ".join(clean(text).replace("\ufffd", " ").translate(QUOTES).split())
    phrases = tuple(phrase for found in QUOTED.findall(plain) if (phrase := normalised(found)))
    return ParsedQuery(
        text=" ".join(plain.replace('"', " ").split()),
        words=with_short_forms(normalised(QUOTED.sub(" ", plain).replace('"', " "))),
        phrases=phrases,
    )


def normalised(text: str) -> str:
    """Lower-cased text with one spelling for each notation; for passages and queries alike."""
    plain = unicodedata.normalize("NFKC", clean(text)).lower()
    for symbol, word in _SYMBOLS.items():
        plain = plain.replace(symbol, word)
    plain = _NORM.sub(lambda match: f" l{_ORDER.get(match[1], match[1])} ", _greek(plain))
    plain = _LATEX_WORD.sub(
        lambda match: " " if _FORMATTING.fullmatch(match[1]) else f" {match[1]} ", plain
    )
    return " ".join(plain.split())


def with_short_forms(text: str) -> str:
    """Normalised text, then the abbreviations of what it spells out; no phrase is broken."""
    short = [_SHORT[(match.lastindex or 1) - 1] for match in _LONG_FORMS.finditer(text)]
    return " ".join([text, *short]) if short else text


def _greek(text: str) -> str:
    """Spell out single Greek letters, as they are said and as LaTeX names them."""
    if not any("\u03b1" <= character <= "\u03d5" for character in text):
        return text
    return re.sub(
        r"(?<![\u0370-\u03ff])[\u03b1-\u03c9\u03d5](?![\u0370-\u03ff])", _letter_name, text
    )


def _letter_name(match: re.Match[str]) -> str:
    name = unicodedata.name(match[0], "").removeprefix("GREEK SMALL LETTER ").removeprefix("GREEK ")
    return f" {name.split()[-1].lower().replace('lamda', 'lambda')} " if name else match[0]
