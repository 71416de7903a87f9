"""What a harvester asks: its verb, its arguments, its dates and its resumption tokens.

Pure.  Invariant: a request that is here obeys the protocol; every other is `Refused` with the
protocol's own code.  A token carries the whole request, so nothing is kept between two pages; it is
checked as if it had been typed.  Source: OAI-PMH 2.0, 3.1 to 3.6.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Literal

Code = Literal[
    "badArgument",
    "badResumptionToken",
    "badVerb",
    "cannotDisseminateFormat",
    "idDoesNotExist",
    "noRecordsMatch",
]
PREFIX = "oai_dc"
LONGEST = 2000
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_SECOND = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
_SET = re.compile(r"[a-z0-9-]{1,100}(:[a-z0-9-]{1,100})?")


class Refused(Exception):
    """The protocol does not allow it, or nothing is there; answered in the protocol's own words."""

    def __init__(self, code: Code, says: str) -> None:
        self.code = code
        super().__init__(says)


@dataclass(frozen=True, slots=True, kw_only=True)
class Takes:
    """The arguments of a verb; one that `resumes` takes a token in the place of all others."""

    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    resumes: bool = False


_LIST = Takes(
    required=frozenset({"metadataPrefix"}),
    optional=frozenset({"from", "until", "set"}),
    resumes=True,
)
VERBS: Mapping[str, Takes] = {
    "Identify": Takes(),
    "ListMetadataFormats": Takes(optional=frozenset({"identifier"})),
    "ListSets": Takes(resumes=True),
    "ListIdentifiers": _LIST,
    "ListRecords": _LIST,
    "GetRecord": Takes(required=frozenset({"identifier", "metadataPrefix"})),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a list goes on: after this record, `shown` records having come before."""

    changed_at: datetime
    identifier: str
    shown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which records a list has: of a set, changed in [from_at, until_at], after a place."""

    arguments: Mapping[str, str]
    from_at: datetime | None
    until_at: datetime | None
    set: str | None
    after: Place | None = None


def parsed(pairs: Sequence[tuple[str, str]]) -> tuple[str, dict[str, str]]:
    """The verb and its other arguments.  Raises: Refused."""
    verbs = [value for name, value in pairs if name == "verb"]
    if len(verbs) != 1 or verbs[0] not in VERBS:
        raise Refused("badVerb", "one verb is needed, and one of the protocol's six")
    given = [(name, value) for name, value in pairs if name != "verb"]
    arguments = dict(given)
    if len(arguments) != len(given):
        raise Refused("badArgument", "an argument stands twice")
    _require_known(VERBS[verbs[0]], arguments)
    return verbs[0], arguments


def _require_known(takes: Takes, arguments: Mapping[str, str]) -> None:
    names = set(arguments)
    if takes.resumes and "resumptionToken" in names:
        if names != {"resumptionToken"}:
            raise Refused("badArgument", "resumptionToken stands alone")
        return
    if missing := takes.required - names:
        raise Refused("badArgument", f"missing: {', '.join(sorted(missing))}")
    if names - takes.required - takes.optional:
        raise Refused("badArgument", "there is an argument that this verb does not take")


def require_format(prefix: str) -> None:
    """Refuse a format that records are not given in.  Raises: Refused."""
    if prefix != PREFIX:
        raise Refused("cannotDisseminateFormat", f"records are given in {PREFIX} only")


def selection(verb: str, arguments: Mapping[str, str]) -> Selection:
    """Which records a list verb asks for, by its arguments or its token.  Raises: Refused."""
    token = arguments.get("resumptionToken")
    return _selected(arguments) if token is None else _resumed(verb, token)


def _selected(arguments: Mapping[str, str]) -> Selection:
    require_format(arguments["metadataPrefix"])
    since, until = arguments.get("from"), arguments.get("until")
    if since is not None and until is not None and len(since) != len(until):
        raise Refused("badArgument", "from and until are to be as exact as each other")
    from_at = None if since is None else instant(since)
    until_at = None if until is None else instant(until, end=True)
    if from_at and until_at and from_at > until_at:
        raise Refused("badArgument", "from is later than until")
    wanted = arguments.get("set")
    if wanted is not None and not _SET.fullmatch(wanted):
        raise Refused("badArgument", "this is no name of a set")
    return Selection(arguments=dict(arguments), from_at=from_at, until_at=until_at, set=wanted)


def instant(text: str, *, end: bool = False) -> datetime:
    """A day's first second, or its last, or a second, in UTC.  Raises: Refused."""
    try:
        if _SECOND.fullmatch(text):
            return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        if _DAY.fullmatch(text):
            day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
            return datetime.combine(day.date(), time(23, 59, 59), UTC) if end else day
    except ValueError:
        pass
    raise Refused("badArgument", "a date is written as 2024-02-12 or 2024-02-12T10:15:00Z")


def token_for(verb: str, asked: Selection, place: Place) -> str:
    """The token of what follows a place."""
    at = f"{place.changed_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    known = [verb, dict(asked.arguments), at, place.identifier, place.shown]
    plain = json.dumps(known, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(plain).decode().rstrip("=")


def _resumed(verb: str, token: str) -> Selection:
    refused = Refused("badResumptionToken", "this token is not of this list; begin it anew")
    if len(token) > LONGEST or not re.fullmatch(r"[A-Za-z0-9_-]+", token):
        raise refused
    try:
        plain = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        known_verb, arguments, at, identifier, shown = json.loads(plain)
        strings = [known_verb, at, identifier, *arguments, *arguments.values()]
        if known_verb != verb or not all(isinstance(one, str) for one in strings):
            raise refused
        if type(shown) is not int or not 0 < shown < 10**9 or "resumptionToken" in arguments:
            raise refused
        _require_known(VERBS[verb], arguments)
        asked = _selected(arguments)
        place = Place(changed_at=instant(at), identifier=identifier, shown=shown)
    except (binascii.Error, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise refused from error
    except Refused as error:
        raise refused from error
    return Selection(
        arguments=asked.arguments,
        from_at=asked.from_at,
        until_at=asked.until_at,
        set=asked.set,
        after=place,
    )
