"""`seminar transcript`: transcripts as files, out for a caption editor and in again."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.cli.context import open_archive, print_json, remark

transcript = typer.Typer(help="Transcripts as files.", no_args_is_help=True)


class Format(StrEnum):
    """Shapes of an exported transcript."""

    TXT = "txt"
    VTT = "vtt"
    SRT = "srt"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    app.add_typer(transcript, name="transcript")


@transcript.command("export")
def export(
    context: typer.Context,
    key: str,
    shape: Annotated[Format, typer.Option("--format", help="Shape of the file.")] = Format.TXT,
) -> None:
    """Write a talk's transcript to stdout."""
    from catalog import talks as catalog_talks
    from catalog import transcripts

    with open_archive(context.obj.settings()) as archive, archive.catalog.read() as session:
        talk = catalog_talks.find(session, key)
        current, segments = transcripts.current(session, talk)
        text = transcripts.rendered(talk, current, segments, shape.value)
    print(text, end="")


@transcript.command("import")
def import_(
    context: typer.Context,
    key: str,
    file: Annotated[Path, typer.Argument(help="The corrected file: .vtt, .srt or .txt.")],
    wait: Annotated[bool, typer.Option("--wait", help="Stay until it can be searched.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Put a corrected transcript in the place of the present one; old versions are kept."""
    from app.cli.waiting import wait_for
    from ingest.accept import accept_corrections
    from ingest.errors import NothingChanged

    with open_archive(context.obj.settings()) as archive:
        try:
            accepted = accept_corrections(archive.catalog, archive.store, file, talk=key)
        except NothingChanged as same:
            remark(str(same))
            if as_json:
                print_json({"status": "unchanged"})
            return
        for text in accepted.remarks:
            remark(f"{file.name}: {text}")
        row = {"status": "accepted", "id": accepted.public_id, "title": accepted.title}
        row["job"] = accepted.job_id
        if wait:
            row.update(wait_for(archive, [accepted.job_id])[accepted.job_id])
    if as_json:
        print_json(row)
    else:
        print(f"{row['status']:8}  transcript of {row['id']}  {row['title']}")
    raise typer.Exit(int(row["status"] in {"failed", "cancelled"}))
