"""What the edit, withdraw and remove verbs of talks and papers have in common."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import typer

from app.cli.context import Archive, Invocation, open_archive, remark
from app.cli.rows import print_changes, require_yes

if TYPE_CHECKING:
    from sqlmodel import Session

    from catalog.tables import Paper, Talk

    Find = Callable[[Session, str], Talk | Paper]


def edit_row(
    invocation: Invocation, find: "Find", key: str, said: Mapping[str, Any], *, as_json: bool
) -> None:
    """Set what the options say; fields that were not given are not in `said`."""
    from catalog import editing

    with open_archive(invocation.settings()) as archive:
        with archive.catalog.write() as session:
            owner = find(session, key)
            values = _checked(session, owner, said)
            changes = editing.edit(session, owner, values)
            searched = editing.shows_in_search(session, owner, changes)
        changed = {name: {"old": old, "new": new} for name, (old, new) in changes.items()}
        row = {"id": owner.public_id, "title": owner.title, "changed": changed}
        print_changes(_kind(owner), row, as_json=as_json)
        if searched:
            _tell_when(archive)


def withdraw_row(invocation: Invocation, find: "Find", key: str, *, yes: bool, reason: str) -> None:
    """Take a talk or paper out of view, after asking."""
    from catalog import removal

    with open_archive(invocation.settings()) as archive:
        with archive.catalog.read() as session:
            owner = find(session, key)
        kind = _kind(owner)
        require_yes(f'Withdraw {kind} {owner.public_id}, "{owner.title}"?', yes=yes)
        with archive.catalog.write() as session:
            was_shown = removal.withdraw(session, find(session, owner.public_id), said=reason)
    if not was_shown:
        print(f"{kind} {owner.public_id} was withdrawn already")
        return
    print(f'withdrawn: {kind} {owner.public_id}, "{owner.title}"; nobody sees it from now on')
    remark(f"`seminar {kind}s edit {owner.public_id} --visibility public` shows it again")


def remove_row(invocation: Invocation, find: "Find", key: str, *, yes: bool, reason: str) -> None:
    """Delete a talk or paper with all that was made of it, after asking."""
    from catalog import removal
    from ingest.sweep import sweep

    with open_archive(invocation.settings()) as archive:
        with archive.catalog.read() as session:
            owner = find(session, key)
        kind, title = _kind(owner), owner.title
        require_yes(
            f'Remove {kind} {owner.public_id}, "{title}", with its files and all that was made of '
            "them? It cannot be undone.",
            yes=yes,
        )
        with archive.catalog.write() as session:
            removal.remove(session, find(session, owner.public_id), said=reason)
        print(f'removed: {kind} {owner.public_id}, "{title}"')
        try:
            sweep(archive.settings, archive.catalog, archive.store)
        except Exception:
            remark("it is gone from the catalog, but not yet from the disk: run `seminar sweep`")
            raise
    remark("nothing of it is left in this archive; backups that were made before still have it")


def given(**said: Any) -> dict[str, Any]:
    """The options that were given."""
    return {name: value for name, value in said.items() if value is not None}


def _checked(session: "Session", owner: "Talk | Paper", said: Mapping[str, Any]) -> dict[str, Any]:
    """What the options say, by the rules of lists.  Raises: BadParameter, NotThere."""
    from catalog import editing
    from catalog.errors import BadEdit

    try:
        return editing.values_of(session, owner, said)
    except BadEdit as problem:
        raise typer.BadParameter(str(problem)) from problem


def _kind(owner: "Talk | Paper") -> str:
    from catalog.events import kind_of

    return kind_of(owner)


def _tell_when(archive: Archive) -> None:
    from catalog import workers

    with archive.catalog.read() as session:
        working = workers.any_alive(session, archive.settings)
    if working:
        remark("pages show it now; the worker publishes it for search within seconds")
    else:
        remark("pages show it now; search does when `seminar worker` or `seminar reindex` ran")
