"""`seminar keys`: make, list and revoke keys to the service."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.context import Invocation, open_archive, print_json, remark
from app.cli.rows import AsJson, print_rows

if TYPE_CHECKING:
    from catalog.keys import Key

keys = typer.Typer(help="Make, list and revoke keys to the service.", no_args_is_help=True)
COLUMNS = ("id", "scope", "state", "label", "origins", "series", "expires_at", "ending")


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    app.add_typer(keys, name="keys")


@keys.command("create")
def create(
    context: typer.Context,
    scope: Annotated[str, typer.Option(help="What it may: search, ingest or admin.")],
    origin: Annotated[
        list[str] | None,
        typer.Option(help="Pages that may send it: https://course.example.edu; repeatable."),
    ] = None,
    series: Annotated[
        list[str] | None,
        typer.Option(help="What a search key may find: a series by id, slug or name; repeatable."),
    ] = None,
    expires: Annotated[
        str | None, typer.Option(help="Its last day, or for how long: 2027-06-30, 90d.")
    ] = None,
    label: Annotated[str, typer.Option(help="What it is for, to know it by.")] = "",
    as_json: AsJson = False,
) -> None:
    """Make a key.  Its secret is shown once; the archive keeps only a hash of it."""
    from catalog.keys import NewKey, add, end_of

    invocation: Invocation = context.obj
    new = NewKey(
        scope=scope,
        label=label,
        origins=tuple(origin or ()),
        series=tuple(series or ()),
        expires_at=end_of(expires) if expires else None,
    )
    with open_archive(invocation.settings(), begins=True) as archive:
        with archive.catalog.write() as session:
            made, secret = add(session, new)
        row = {**_row(made), "secret": secret}
    if as_json:
        print_json(row)
        return
    print(secret)
    remark(f"key {row['id']} may {scope}; this is the only time that its secret is shown")
    remark("it is sent as `Authorization: Bearer …`, never in an address")
    if scope == "search" and not new.origins:
        remark("it names no --origin, so it is for scripts: no page can use it")


@keys.command("list")
def list_keys(context: typer.Context, as_json: AsJson = False) -> None:
    """Every key, newest first, those that ended too."""
    from catalog.keys import listed

    invocation: Invocation = context.obj
    with open_archive(invocation.settings()) as archive, archive.catalog.read() as session:
        rows = [_row(one) for one in listed(session)]
    print_rows(rows, COLUMNS, as_json=as_json, empty="no keys; `seminar keys create` makes one")


@keys.command("revoke")
def revoke_key(context: typer.Context, key: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """End a key for good; servers refuse it within five seconds."""
    from catalog.keys import revoke

    invocation: Invocation = context.obj
    with open_archive(invocation.settings()) as archive, archive.catalog.write() as session:
        ended = revoke(session, key)
    print(f"revoked: key {key}" if ended else f"key {key} was revoked already")


def _row(key: "Key") -> dict[str, Any]:
    row = key.row
    return {
        "id": row.public_id,
        "scope": row.scope,
        "state": key.state,
        "label": row.label,
        "origins": row.origins,
        "series": [key.series.get(one, f"{one} (gone)") for one in row.series],
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "revoked_at": row.revoked_at,
        "ending": row.ending,
    }
