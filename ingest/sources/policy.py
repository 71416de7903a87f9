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

from catalog import addresses
from catalog.addresses import PORTS, Target
from catalog.errors import BadAddress
from catalog.settings import Settings
from ingest.errors import LinkRefused, Unreachable

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
    try:
        return addresses.target_of(url)
    except BadAddress as problem:
        raise LinkRefused(problem.address, problem.reason, problem.advice) from problem
