"""`seminar reindex` and `seminar check`: after-care of the archive."""

from typing import Annotated

import typer

from app.cli.context import open_archive, print_json, remark


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    app.command("reindex")(reindex)
    app.command("check")(check)


def reindex(context: typer.Context) -> None:
    """Build and publish a new snapshot from the catalog; nothing is transcribed again."""
    from index import snapshot
    from ingest.publish import publish
    from ingest.steps import Steps

    settings = context.obj.settings()
    with open_archive(settings) as archive:
        steps = Steps(settings, archive.catalog, archive.store)
        generation = publish(
            archive.catalog, settings.index_dir, steps.vectors, steps.encoder, anew=True
        )
    manifest = snapshot.read_manifest(settings.index_dir, generation)
    print(
        f"published {generation}: {manifest.passages} passages of {manifest.talks} talks "
        f"and {manifest.papers} papers"
    )


def check(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Examine the whole archive: every promise, checksum, passage and vector."""
    from ingest.check import check as examine

    with open_archive(context.obj.settings()) as archive:
        report = examine(archive.catalog, archive.store, archive.settings)
    if as_json:
        print_json({"checked": report.checked, "faults": report.faults})
    else:
        for what, number in report.checked.items():
            print(f"{number:6} {what}")
        for fault in report.faults:
            remark(f"fault: {fault}")
        print("the archive is whole" if not report.faults else f"{len(report.faults)} faults")
    raise typer.Exit(1 if report.faults else 0)
