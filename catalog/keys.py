"""Keys to the service: made, listed, revoked.

Invariant: a secret is shown once, when it is made, and is nowhere afterwards; what is kept is its
hash.  A secret has 200 random bits, so a plain hash is enough: there is nothing to guess from.
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from sqlmodel import Session, col, select

from catalog.errors import BadKey
from catalog.names import by_key, new_public_id
from catalog.origins import checked_origin
from catalog.tables import KEY_SCOPES, KeyRow, Series, now

SECRET = re.compile(r"seminar_(?:search|ingest|admin)_[a-z2-7]{40}")
"""What every secret looks like, so that one in the wrong place is seen."""
_SECRET_BYTES = 25
_ENDING = 4
_DAYS = re.compile(r"([1-9]\d{0,4})d")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """What is asked of a key; `series` are ids, slugs or names."""

    scope: str
    label: str = ""
    origins: tuple[str, ...] = ()
    series: tuple[str, ...] = ()
    expires_at: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be.  Raises: BadKey."""
        if self.scope not in KEY_SCOPES:
            raise BadKey(f"the scope of a key is one of {', '.join(KEY_SCOPES)}")
        if self.series and self.scope != "search":
            raise BadKey(f"only a search key can be held to series; this one may {self.scope}")
        for origin in self.origins:
            checked_origin(origin)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key as it is known; `series` has the name of each series by its public id.

    A series that is gone is not in it, but stays in `row.series`: it narrows to nothing.
    """

    row: KeyRow
    series: dict[str, str]

    @property
    def state(self) -> str:
        """Whether it can be used: active, expired or revoked."""
        if self.row.revoked_at is not None:
            return "revoked"
        ended = self.row.expires_at is not None and self.row.expires_at <= now()
        return "expired" if ended else "active"


def digest(secret: str) -> str:
    """What is kept of a secret: its sha256, in hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()


def add(session: Session, new: NewKey) -> tuple[Key, str]:
    """Write a key; the key and its secret, which nobody can be told again.

    Raises: BadKey (no such series, an end that is past).
    """
    if new.expires_at is not None and new.expires_at <= now():
        raise BadKey(f"a key cannot end before it begins: {new.expires_at:%Y-%m-%d} is past")
    series = dict(_series_called(session, words) for words in new.series)
    random = base64.b32encode(secrets.token_bytes(_SECRET_BYTES)).decode().lower()
    secret = f"seminar_{new.scope}_{random}"
    row = KeyRow(
        public_id=new_public_id(),
        sha256=digest(secret),
        ending=secret[-_ENDING:],
        scope=new.scope,
        label=new.label,
        origins=list(dict.fromkeys(new.origins)),
        series=list(series),
        expires_at=new.expires_at,
    )
    session.add(row)
    session.flush()
    return Key(row=row, series=series), secret


def listed(session: Session) -> list[Key]:
    """Every key that there ever was, newest first."""
    rows = session.exec(select(KeyRow).order_by(col(KeyRow.id).desc())).all()
    return _with_series(session, rows)


def find(session: Session, public_id: str) -> Key:
    """The key with this id.  Raises: BadKey."""
    row = session.exec(select(KeyRow).where(KeyRow.public_id == public_id)).first()
    if row is None:
        shown = "that secret" if SECRET.search(public_id) else f'the id "{public_id}"'
        raise BadKey(f"no key has {shown}; `seminar keys list` shows the ids")
    return _with_series(session, [row])[0]


def revoke(session: Session, public_id: str) -> bool:
    """End a key now; False when it was revoked already.  Raises: BadKey (no such key)."""
    row = find(session, public_id).row
    if row.revoked_at is not None:
        return False
    row.revoked_at = now()
    session.add(row)
    session.flush()
    return True


def end_of(text: str) -> datetime:
    """When a key ends: `90d` from now, or the end (UTC) of a day like `2027-06-30`.

    Raises: BadKey.
    """
    days = _DAYS.fullmatch(text)
    try:
        if days is not None:
            return now() + timedelta(days=int(days[1]))
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
        return datetime.combine(day, time.max, UTC)
    except (ValueError, OverflowError) as error:
        raise BadKey(f"{text!r} is no end; give a day (2027-06-30) or days (90d)") from error


def _series_called(session: Session, words: str) -> tuple[str, str]:
    """Public id and name of the series with this id, slug or name."""
    named = session.exec(select(Series).where(Series.name == words)).first()
    if named is None:
        known = sorted(session.exec(select(Series.slug)).all())
        if (
            words not in known
            and not session.exec(select(Series).where(Series.public_id == words)).first()
        ):
            offered = f"; there are {', '.join(known[:20])}" if known else "; there is none yet"
            raise BadKey(f'the archive has no series "{words}"{offered}')
        named = by_key(session, Series, "series", words)
    return named.public_id, named.name


def _with_series(session: Session, rows: Sequence[KeyRow]) -> list[Key]:
    wanted = {one for row in rows for one in row.series}
    query = select(Series.public_id, Series.name).where(col(Series.public_id).in_(wanted))
    names = dict(session.exec(query).all()) if wanted else {}
    return [
        Key(row=row, series={one: names[one] for one in row.series if one in names}) for row in rows
    ]
