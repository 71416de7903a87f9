"""Public ids and slugs: what the outside calls things.  Both are given once and never change."""

import re
import secrets
import unicodedata
from typing import TypeVar

from sqlmodel import Session, SQLModel, col, or_, select

from catalog.errors import NotThere

_ALPHABET = "23456789abcdefghjkmnpqrstvwxyz"  # no digit or letter that is read for another
_ID_LENGTH = 10
_SLUG_LENGTH = 72
Row = TypeVar("Row", bound=SQLModel)


def new_public_id() -> str:
    """A fresh public id: ten characters, about 49 bits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH))


def slug_of(words: str) -> str:
    """Words as a readable part of an address: ASCII, lower case, hyphens; never empty."""
    folded = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", folded.lower()).strip("-")
    return slug[:_SLUG_LENGTH].rstrip("-") or "untitled"


def free_slug(session: Session, table: type[SQLModel], words: str) -> str:
    """A slug for these words that no row of `table` has yet; later ones are numbered."""
    wanted = slug_of(words)
    column = table.slug  # type: ignore[attr-defined]
    taken = set(session.exec(select(column).where(col(column).startswith(wanted))))
    number, slug = 2, wanted
    while slug in taken:
        slug, number = f"{wanted}-{number}", number + 1
    return slug


def by_key(session: Session, table: type[Row], kind: str, key: str) -> Row:
    """The row with this public id or slug.  Raises: NotThere, naming `kind`."""
    named = table.public_id, table.slug  # type: ignore[attr-defined]
    row = session.exec(select(table).where(or_(*(col(one) == key for one in named)))).first()
    if row is None:
        raise NotThere(kind, key)
    return row


def slugs(session: Session, table: type[SQLModel]) -> dict[str, str]:
    """The slugs of all rows by name."""
    columns = table.name, table.slug  # type: ignore[attr-defined]
    rows = session.exec(select(*columns)).all()
    return {str(name): str(slug) for name, slug in rows}


def row_id(row: SQLModel) -> int:
    """The primary key of a row that has been written."""
    number = row.id  # type: ignore[attr-defined]
    if number is None:
        raise ValueError(f"{row!r} has not been written yet")
    return int(number)
