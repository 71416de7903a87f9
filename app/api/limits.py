"""How often somebody may ask: counted per key and per client address.

Invariant: counting never takes the service down; where a shared store does not answer, this
process counts for itself.  Addresses are counted and forgotten with the window, never written down.
"""

import inspect
import ipaddress
import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import anyio
import structlog
from limits import RateLimitItem, aio, parse
from limits import strategies as in_process
from limits.storage import storage_from_string

from app.errors import TooManyRequests
from catalog.errors import InvalidSetting
from catalog.settings import Settings

MEMORY = "memory://"
STORE_WAIT_S = 0.25
_NETWORK_BITS = 64  # of an IPv6 address: one customer has at least so much

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where somebody is with one limit: `left` requests until it begins anew in `reset_s`."""

    policy: str
    quota: int
    window_s: int
    left: int
    reset_s: int
    exceeded: bool

    def require(self) -> None:
        """Refuse who asked too often.  Raises: TooManyRequests."""
        if self.exceeded:
            raise TooManyRequests(
                by=self.policy,
                quota=self.quota,
                window_s=self.window_s,
                retry_after_s=max(1, self.reset_s),
            )


class Limits:
    """Counts requests by the settings' limits; used from one event loop."""

    def __init__(self, settings: Settings) -> None:
        """Raises: InvalidSetting (the store cannot be used)."""
        self._items = {
            name: parse(rate)
            for name, rate in (
                ("key", settings.limit_per_key),
                ("client", settings.limit_per_client),
            )
            if rate != "off"
        }
        self._spare = in_process.FixedWindowRateLimiter(storage_from_string(MEMORY))
        self._counter: Any = self._spare
        if settings.limit_store != MEMORY:
            self._counter = _shared(settings.limit_store)

    async def count(self, policy: str, who: str) -> Standing | None:
        """Count a request of somebody; None where there is no such limit."""
        item = self._items.get(policy)
        if item is None:
            return None
        if self._counter is not self._spare:
            try:
                with anyio.fail_after(STORE_WAIT_S):
                    return await _counted(self._counter, policy, item, who)
            except Exception as problem:  # every store has errors of its own
                log.warning("limits are counted in this process", reason=type(problem).__name__)
        return await _counted(self._spare, policy, item, who)


def headers_of(standings: Iterable[Standing]) -> list[tuple[bytes, bytes]]:
    """How somebody stands.  Source: draft-ietf-httpapi-ratelimit-headers-10."""
    known = list(standings)
    if not known:
        return []
    policies = ", ".join(f'"{one.policy}";q={one.quota};w={one.window_s}' for one in known)
    standing = ", ".join(f'"{one.policy}";r={one.left};t={one.reset_s}' for one in known)
    return [(b"ratelimit-policy", policies.encode()), (b"ratelimit", standing.encode())]


@lru_cache(4096)
def client_named(address: str) -> str:
    """What a client address is counted as: an IPv6 address by its network."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(known, ipaddress.IPv4Address):
        return str(known)
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(ipaddress.ip_network((known, _NETWORK_BITS), strict=False))


def _shared(uri: str) -> Any:
    try:
        return aio.strategies.FixedWindowRateLimiter(storage_from_string(f"async+{uri}"))
    except Exception as problem:  # a missing library, a scheme that is not known, a bad address
        raise InvalidSetting(
            f"SEMINAR_LIMIT_STORE cannot be used: {problem}; see the operator's guide"
        ) from problem


async def _counted(counter: Any, policy: str, item: RateLimitItem, who: str) -> Standing:
    allowed = counter.hit(item, who)
    allowed = await allowed if inspect.isawaitable(allowed) else allowed
    stats = counter.get_window_stats(item, who)
    stats = await stats if inspect.isawaitable(stats) else stats
    return Standing(
        policy=policy,
        quota=item.amount,
        window_s=item.get_expiry(),
        left=stats.remaining,
        reset_s=max(0, math.ceil(stats.reset_time - time.time())),
        exceeded=not allowed,
    )
