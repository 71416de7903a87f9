"""`seminar transcript`: what was said, as files."""

from enum import StrEnum
from typing import Annotated

import typer

from app.cli.context import open_archive

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
        _version, segments = transcripts.current(session, talk)
    print(transcripts.rendered(segments, shape.value), end="")
