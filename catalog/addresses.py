"""Addresses of what lies elsewhere: read in one way, so that one file has one name.

Invariant: what is promised is what is fetched later.  Where an address may lead is no matter of its
form; whoever fetches it decides.
"""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from catalog.errors import BadAddress

PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_SAFE = "/%:@!$&'()*+,;=~-._?"
_MAX_LENGTH = 2000

_NEW = r"\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}"
_OLD = r"[a-z]+(?:-[a-z]+)?(?:\.[A-Z]{2})?/\d{2}(?:0[1-9]|1[0-2])\d{3}"
ARXIV_ID = re.compile(rf"(?P<base>{_NEW}|{_OLD})(?:v(?P<version>[1-9]\d*))?")
_PAGE = re.compile(
    r"https?://(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html)/(?P<id>[^?#]+?)(?:\.pdf)?/?(?:[?#].*)?",
    re.IGNORECASE,
)
_PREFIX = "arxiv:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An address that was read and found well-formed; `path` has the query with it."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def place(self) -> str:
        """Host and port, as settings name them."""
        return f"{self._named}:{self.port}"

    @property
    def origin(self) -> str:
        """The address up to its path."""
        port = "" if self.port == PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self._named}{port}"

    @property
    def url(self) -> str:
        """The address in its one way of being written."""
        return self.origin + self.path

    @property
    def shown(self) -> str:
        """The address for people and logs: without its query, which may hold a key."""
        return self.origin + self.path.partition("?")[0]

    @property
    def _named(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host


@dataclass(frozen=True, slots=True, kw_only=True)
class ArxivId:
    """A paper's number, and a version of it if one was named."""

    base: str
    version: int | None = None

    def __str__(self) -> str:
        return self.base if self.version is None else f"{self.base}v{self.version}"

    @property
    def url(self) -> str:
        """The address of its page."""
        return f"https://arxiv.org/abs/{self}"


def target_of(url: str) -> Target:
    """Read an address.  Raises: BadAddress (its form)."""
    if (
        len(url) > _MAX_LENGTH
        or not url.isprintable()
        or any(c.isspace() or c == "\\" for c in url)
    ):
        raise BadAddress("the link", "it is not a well-formed address", "copy it again")
    try:
        parts = urlsplit(url)
        if parts.scheme not in PORTS:
            named = f"{parts.scheme}:…" if parts.scheme else "the link"
            raise BadAddress(named, "only http and https are fetched", "give such a link")
        port = parts.port
        host = _host(parts.hostname or "")
    except ValueError as error:
        raise BadAddress("the link", "it is not a well-formed address", "copy it again") from error
    if parts.username is not None or parts.password is not None:
        raise BadAddress(
            f"{parts.scheme}://{host}/…",
            "it holds a user name or password, which would be stored and shown",
            "download the file yourself and add it",
        )
    path = quote(parts.path or "/", safe=_SAFE.rstrip("?"))
    query = f"?{quote(parts.query, safe=_SAFE)}" if parts.query else ""
    return Target(
        scheme=parts.scheme,
        host=host,
        port=PORTS[parts.scheme] if port is None else port,
        path=path + query,
    )


def _host(name: str) -> str:
    """A host name in ASCII.  Raises: ValueError."""
    if ":" in name and "%" not in name:
        return str(ipaddress.IPv6Address(name))
    ascii_name = name.encode("idna").decode().lower().removesuffix(".")
    if not _HOST.fullmatch(ascii_name):
        raise ValueError(name)
    return ascii_name


def arxiv_id_in(word: str) -> ArxivId | None:
    """The number in `arxiv:…` or in an address of arXiv's; None when it is something else.

    Raises: BadAddress (it should be one and is not).
    """
    page = _PAGE.fullmatch(word)
    if page is None and not word.lower().startswith(_PREFIX):
        return None
    named = page["id"] if page else word[len(_PREFIX) :].strip()
    found = ARXIV_ID.fullmatch(named)
    if found is None:
        raise BadAddress(
            word[:80], "it is not a number of arXiv", "they are like 1912.02292 or cs/0301012"
        )
    base = re.sub(r"\.[A-Z]{2}/", "/", found["base"])
    return ArxivId(base=base, version=int(found["version"]) if found["version"] else None)
