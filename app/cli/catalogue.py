"""`seminar catalogue`: a list of talks and papers into the archive, and the archive as a list."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.context import open_archive, print_json, remark
from app.cli.rows import shortened
from app.web.formats import counted

if TYPE_CHECKING:
    from catalog.catalogue import Report, Touched
    from catalog.tables import Paper

catalogue = typer.Typer(help="Lists of talks and papers as files.", no_args_is_help=True)
LISTED = 20


class Form(StrEnum):
    """Shapes of a catalogue file."""

    JSON = "json"
    CSV = "csv"


class Part(StrEnum):
    """What a list may be narrowed to."""

    TALKS = "talks"
    PAPERS = "papers"


FormOption = Annotated[
    Form | None, typer.Option("--format", help="json or csv; else by the file's ending.")
]


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    app.add_typer(catalogue, name="catalogue")


@catalogue.command("import")
def import_(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="JSON or CSV; - for standard input.")],
    form: FormOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Take in a list of talks and papers; only what the list changed is changed."""
    from catalog import catalogue as lists
    from catalog import papers
    from catalog.errors import BadListing
    from catalog.listing_files import read

    name = Path(file).name
    try:
        listing = read(_bytes(file), _form(file, form).value, name)
        with open_archive(context.obj.settings(), begins=True) as archive:
            with archive.catalog.write() as session:
                report = lists.take_in(session, listing)
            with archive.catalog.read() as session:
                unresolved = papers.without_title(session) if listing.papers else []
    except BadListing as bad:
        for fault in bad.faults:
            remark(f"{name}: {fault}")
        sys.exit(f"seminar: {name} has {counted(len(bad.faults), 'fault')}; nothing was changed")
    if as_json:
        print_json(_as_json(report, unresolved))
    else:
        _tell(report, unresolved, name)


@catalogue.command("export")
def export(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="File to write; - for standard output.")],
    form: FormOption = None,
    only: Annotated[Part | None, typer.Option("--only", help="Talks or papers alone.")] = None,
) -> None:
    """Write all talks and papers, hidden ones too, as a list that can be imported again."""
    from catalog import catalogue as lists
    from catalog.listing_files import to_csv, to_json

    shape = _form(file, form)
    with open_archive(context.obj.settings()) as archive, archive.catalog.read() as session:
        whole = lists.document(session)
    parts = [only.value] if only else list(whole)
    if shape is Form.JSON:
        text = to_json({part: whole[part] for part in parts})
    else:
        filled = [part for part in parts if whole[part]] or ["talks"]
        if len(filled) > 1:
            raise typer.BadParameter("a CSV holds one kind: add --only talks or --only papers")
        text = to_csv("talk" if filled[0] == "talks" else "paper", whole[filled[0]])
    _write(file, text)


@catalogue.command("schema")
def schema() -> None:
    """Print what a list may hold, as JSON Schema."""
    from catalog.listing_schema import Catalogue

    print_json(Catalogue.model_json_schema())


def _bytes(file: str) -> bytes:
    from catalog.errors import FileUnreadable

    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise FileUnreadable(f"{file}: {error.strerror}; name a JSON or CSV file") from error


def _form(file: str, form: Form | None) -> Form:
    if form is not None:
        return form
    ending = Path(file).suffix.lower().removeprefix(".")
    if ending not in set(Form):
        raise typer.BadParameter(f"{file} ends neither in .json nor in .csv: add --format")
    return Form(ending)


def _write(file: str, text: str) -> None:
    from catalog.errors import FileUnreadable

    if file == "-":
        sys.stdout.write(text)
        return
    aside = Path(f"{file}.aside")
    try:
        with aside.open("w", encoding="utf-8", newline="") as written:
            written.write(text)
        aside.replace(file)
    except OSError as error:
        raise FileUnreadable(f"{file} cannot be written: {error.strerror}") from error
    finally:
        aside.unlink(missing_ok=True)


def _tell(report: "Report", unresolved: "list[Paper]", name: str) -> None:
    print(f"{len(report.added)} added, {len(report.changed)} changed, {report.unchanged} as before")
    for one in report.changed:
        print(f'changed  {one.kind} {one.id}  "{one.title}"')
        for field, (old, new) in one.fields.items():
            print(f"         {field}: {shortened(old)} -> {shortened(new)}")
    for one in report.kept:
        for field, (ours, theirs) in one.fields.items():
            remark(
                f'kept     {one.kind} {one.id}  "{one.title}": {field} stays {shortened(ours)}, as '
                f"staff set it; the list has {shortened(theirs)} now"
            )
    for line in report.elsewhere:
        remark(f"known    {line}")
    _some(report.vanished, f"no longer in {name}; nothing was removed:")
    _some_papers(unresolved)


def _some(found: "list[Touched]", says: str) -> None:
    if found:
        remark(f"{len(found)} {says}")
        for one in found[:LISTED]:
            remark(f'         {one.kind} {one.id}  "{one.title}"')
        if len(found) > LISTED:
            remark(f"         and {len(found) - LISTED} more; --json names all")


def _some_papers(unresolved: "list[Paper]") -> None:
    if unresolved:
        remark(
            f"{counted(len(unresolved), 'paper')} without a title yet: `seminar papers list "
            "--unresolved` names them, `seminar papers edit ID --title …` gives one"
        )
        for one in unresolved[:LISTED]:
            remark(f"         paper {one.public_id}  {one.title}")
        if len(unresolved) > LISTED:
            remark(f"         and {len(unresolved) - LISTED} more")


def _as_json(report: "Report", unresolved: "list[Paper]") -> dict[str, Any]:
    return {
        "added": [_row(one) for one in report.added],
        "changed": [_row(one) for one in report.changed],
        "kept": [_row(one) for one in report.kept],
        "unchanged": report.unchanged,
        "known_elsewhere": report.elsewhere,
        "vanished": [_row(one) for one in report.vanished],
        "unresolved": [{"id": one.public_id, "title": one.title} for one in unresolved],
    }


def _row(one: "Touched") -> dict[str, Any]:
    fields = {name: {"old": old, "new": new} for name, (old, new) in one.fields.items()}
    return {"kind": one.kind, "id": one.id, "title": one.title, "fields": fields}
