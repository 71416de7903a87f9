"""A JSON schema in a few words, for the reference pages.

Invariant: only what the schema says, in an order of its own, so that the words never vary.
"""

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]
_PLAIN = {"integer": "integer", "number": "number", "boolean": "yes or no", "null": "null"}
_TEXTS = {"date": "day", "date-time": "instant", "path": "path"}


def type_of(schema: Schema) -> str:
    """What kind of value it is."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(type_of(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(f"`{one}`" for one in schema["enum"])
    kind = schema.get("type", "")
    if kind == "array":
        inner = schema.get("prefixItems") or [schema.get("items", {})]
        return "list of " + ", ".join(type_of(one) for one in inner)
    if kind == "object":
        return _object(schema)
    return (
        _TEXTS.get(schema.get("format", ""), "text")
        if kind == "string"
        else _PLAIN.get(kind, "any")
    )


def given(schema: Schema) -> Schema:
    """The schema of a value that somebody gives: leaving it out is no value of its own."""
    kinds = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    return kinds[0] if len(kinds) == 1 else schema


def limits_of(schema: Schema) -> str:
    """How long or large a value may be."""
    longest = schema.get("maxLength")
    letters = f", at most {longest} characters" if longest else ""
    return letters + bounds_of(schema.get("minimum"), schema.get("maximum"))


def default_of(schema: Schema) -> str:
    """What it is when nothing is said."""
    value = schema.get("default")
    return "" if value is None else f"`{value}`"


def bounds_of(least: object, most: object) -> str:
    """A range of numbers, either end of which may be open."""
    if least is not None and most is not None:
        return f", {least} to {most}"
    if least is not None:
        return f", at least {least}"
    return "" if most is None else f", at most {most}"


def _object(schema: Schema) -> str:
    values = schema.get("additionalProperties")
    return f"map to {type_of(values)}" if isinstance(values, dict) and values else "object"
