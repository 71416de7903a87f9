"""`seminar reindex`, `check`, `sweep` and `events`: after-care of the archive."""

import sys
from typing import Annotated

import typer

from app.cli.context import open_archive, print_json, remark
from app.cli.rows import AsJson, print_rows
from app.web.formats import counted


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    app.command("reindex")(reindex)
    app.command("check")(check)
    app.command("sweep")(sweep)
    app.command("events")(events)


def reindex(context: typer.Context) -> None:
    """Build and publish a new snapshot from the catalog; nothing is transcribed again.

    With another encoder than before, everything is encoded anew first, while the old snapshot
    goes on being served.
    """
    from index import snapshot
    from ingest.publish import publish
    from ingest.steps import Steps

    settings = context.obj.settings()
    with open_archive(settings) as archive:
        steps = Steps(settings, archive.catalog, archive.store)
        steps.encode_anew(_told)
        generation = publish(
            archive.catalog,
            settings.index_dir,
            steps.vectors,
            steps.encoder,
            encoder_model=steps.encoder_model,
            anew=True,
        )
    manifest = snapshot.read_manifest(settings.index_dir, generation)
    print(
        f"published {generation}: {counted(manifest.passages, 'passage')} of "
        f"{counted(manifest.talks, 'talk')} and {counted(manifest.papers, 'paper')}"
    )


def _told(done: int, total: int) -> None:
    if sys.stderr.isatty():
        end = "\n" if done == total else ""
        print(f"\rencoding: {done} of {total} passages ", end=end, file=sys.stderr, flush=True)
    elif done == total:
        remark(f"encoded {counted(total, 'passage')}")


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
        print("the archive is whole" if not report.faults else counted(len(report.faults), "fault"))
    raise typer.Exit(1 if report.faults else 0)


def sweep(context: typer.Context) -> None:
    """Finish removals that were broken off, and let no older snapshot stay."""
    from ingest.sweep import sweep as finish

    with open_archive(context.obj.settings()) as archive:
        swept = finish(archive.settings, archive.catalog, archive.store)
    print(f"{counted(swept.removals, 'removal')} finished")
    if swept.generation:
        remark(f"published {swept.generation}")


def events(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """What staff imported, edited, withdrew and removed: who, and when."""
    from catalog import events as deeds

    with open_archive(context.obj.settings()) as archive, archive.catalog.read() as session:
        found = deeds.listed(session, limit=limit)
    rows = [
        {
            "at": one.at.isoformat(timespec="seconds"),
            "who": one.who,
            "deed": one.deed,
            "kind": one.kind,
            "id": one.public_id,
            "fields": one.fields,
            "note": one.note,
            "finished": not one.unswept,
        }
        for one in found
    ]
    columns = ("at", "who", "deed", "kind", "id", "fields", "note")
    print_rows(rows, columns, as_json=as_json, empty="nothing was changed by hand yet")
