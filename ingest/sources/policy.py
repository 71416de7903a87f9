"""Where links may lead: which addresses are ours to reach, and which are inside.

Invariant: what is not a plain public address is refused.  An operator may name servers of the
own network; nothing else opens the inside.  There is one reading of an address: what is checked
here is what is asked for later.
"""

import ipaddress
import re
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from catalog.settings import Settings
from ingest.errors import LinkRefused, Unreachable

PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_SAFE = "/%:@!$&'()*+,;=~-._?"
_MAX_LENGTH = 2000

_INSIDE_V4 = [
    (ipaddress.ip_network(network), word)
    for network, word in (
        ("0.0.0.0/8", "unspecified"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared by a provider"),
        ("127.0.0.0/8", "loopback"),
        ("168.63.129.16/32", "of a cloud's inside"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "for documentation"),
        ("192.31.196.0/24", "reserved"),
        ("192.52.193.0/24", "reserved"),
        ("192.88.99.0/24", "a tunnel"),
        ("192.168.0.0/16", "private"),
        ("192.175.48.0/24", "reserved"),
        ("198.18.0.0/15", "for measurements"),
        ("198.51.100.0/24", "for documentation"),
        ("203.0.113.0/24", "for documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
]
_GLOBAL_V6 = ipaddress.ip_network("2000::/3")
_INSIDE_V6 = [
    (ipaddress.ip_network(network), word)
    for network, word in (
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("::ffff:0:0/96", "IPv4 within IPv6"),
        ("::/96", "IPv4 within IPv6"),
        ("64:ff9b::/96", "IPv4 within IPv6"),
        ("64:ff9b:1::/48", "IPv4 within IPv6"),
        ("2002::/16", "IPv4 within IPv6"),
        ("2001::/32", "IPv4 within IPv6"),
        ("2001::/23", "reserved"),
        ("2001:db8::/32", "for documentation"),
        ("2620:4f:8000::/48", "reserved"),
        ("3fff::/20", "for documentation"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "private"),
        ("ff00::/8", "multicast"),
    )
]
"""Source: IANA's registries of special-purpose IPv4 and IPv6 addresses."""


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


def resolved(host: str, port: int) -> list[str]:
    """The addresses of a host, as the system finds them.  Raises: Unreachable."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise Unreachable(host, f"its name is not found ({error.strerror})") from error
    except (OSError, UnicodeError) as error:
        raise Unreachable(host, f"its name is not found ({error})") from error
    return list(dict.fromkeys(str(one[4][0]) for one in found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Where links may lead: by default to public addresses at the usual ports only.

    `inside` are places (`host:port`) of the operator's own network that links may lead to.
    """

    inside: frozenset[str] = frozenset()
    resolve: Callable[[str, int], Sequence[str]] = resolved
    trust: Callable[[], ssl.SSLContext] = ssl.create_default_context

    def addresses(self, target: Target) -> list[str]:
        """The checked addresses of a target; one that is inside refuses them all.

        Raises: LinkRefused, Unreachable.
        """
        found = list(self.resolve(target.host, target.port))
        if target.place in self.inside and found:
            return found
        for address in found:
            word = inside(address)
            if word:
                raise LinkRefused(
                    target.shown,
                    f"{target.host} has an address that is {word}",
                    "links may lead to public servers only; download the file yourself and add "
                    "it, or ask who runs the archive to name the server in "
                    "SEMINAR_LINK_HOSTS_INSIDE",
                )
        if target.port not in PORTS.values():
            raise LinkRefused(
                target.shown,
                f"it names the port {target.port}",
                "only 80 and 443 are asked, and the places in SEMINAR_LINK_HOSTS_INSIDE",
            )
        if not found:
            raise Unreachable(target.host, "its name has no address")
        return found


def policy_of(settings: Settings) -> Policy:
    """The policy that an operator set; a host without a port stands for both usual ones."""
    places: set[str] = set()
    for named in named_in(settings.link_hosts_inside or ""):
        has_port = re.search(r":\d+$", named)
        places |= {named} if has_port else {f"{named}:{port}" for port in PORTS.values()}
    return Policy(inside=frozenset(places))


def named_in(setting: str) -> list[str]:
    """The hosts in a setting like "a.example, b.example:8080"."""
    return [one.strip().lower() for one in setting.split(",") if one.strip()]


def inside(address: str) -> str | None:
    """Why an IP address is not a plain public one, in a word; None when it is."""
    if "%" in address:
        return "link-local"
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv4Address):
        return next((word for network, word in _INSIDE_V4 if ip in network), None)
    for network, word in _INSIDE_V6:
        if ip in network:
            return word
    return None if ip in _GLOBAL_V6 else "reserved"


def target_of(url: str) -> Target:
    """Read an address.  Raises: LinkRefused (its form)."""
    if (
        len(url) > _MAX_LENGTH
        or not url.isprintable()
        or any(c.isspace() or c == "\\" for c in url)
    ):
        raise LinkRefused("the link", "it is not a well-formed address", "copy it again")
    try:
        parts = urlsplit(url)
        if parts.scheme not in PORTS:
            raise LinkRefused(
                f"{parts.scheme}:…", "only http and https are fetched", "give such a link"
            )
        port = parts.port
        host = _host(parts.hostname or "")
    except ValueError as error:
        raise LinkRefused("the link", "it is not a well-formed address", "copy it again") from error
    if parts.username is not None or parts.password is not None:
        raise LinkRefused(
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
