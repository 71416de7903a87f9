"""Sparse answers: `fields=` names what of each entry is wanted.

Invariant: what surrounds the entries (cursor, totals, what ran) is always there; names are checked
with the shape, so that a misspelt one is refused and not silently missing.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, TypeAlias

from fastapi import Query
from pydantic import BaseModel

from app.errors import UnknownField

Wanted: TypeAlias = frozenset[str] | None
"""Names of the fields that are wanted; None for all."""
LONGEST = 500
SHAPE = "x-fields-of"


def fields_of(shape: type[BaseModel]) -> Callable[[str | None], Awaitable[Wanted]]:
    """A dependency that reads `fields` for this shape; it raises UnknownField."""
    names = tuple(shape.model_fields)
    one = f"({'|'.join(names)})"

    async def wanted(
        fields: Annotated[
            str | None,
            Query(
                max_length=LONGEST,
                description=f"Only these fields, separated by commas: {', '.join(names)}.",
                examples=[",".join(name for name in ("id", "title", "url") if name in names)],
                json_schema_extra={"pattern": f"^{one}(,{one})*$", SHAPE: shape.__name__},
            ),
        ] = None,
    ) -> Wanted:
        if fields is None:
            return None
        chosen = frozenset(fields.split(","))
        if not chosen <= set(names):
            raise UnknownField(names)
        return chosen

    return wanted


def written(answer: BaseModel, wanted: Wanted, *, within: str | None = None) -> bytes:
    """The answer as JSON with the wanted fields only.

    within: the name of the list whose entries are narrowed; the answer itself without it.
    """
    if wanted is None:
        return answer.model_dump_json().encode()
    chosen: set[str] | Mapping[str, Any] = set(wanted)
    if within is not None:
        around = dict.fromkeys(set(type(answer).model_fields) - {within}, True)
        chosen = {**around, within: {"__all__": set(wanted)}}
    return answer.model_dump_json(include=chosen).encode()
