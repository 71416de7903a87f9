"""`seminar worker`: the process that does the jobs."""

from typing import Annotated

import typer

from app.cli.context import Invocation


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    app.command("worker")(worker)


def worker(
    context: typer.Context,
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="End when nothing is left to do.")
    ] = False,
    queues: Annotated[
        str, typer.Option(help="Which jobs: speech (recordings), text (the rest, and publishing).")
    ] = "speech,text",
    name: Annotated[
        str | None, typer.Option(help="Name among several workers; else of machine and device.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="cpu, cuda or cuda:N; else SEMINAR_DEVICE.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Log warnings only.")] = False,
) -> None:
    """Do the jobs, one after another, until stopped."""
    from ingest.worker import Wanted, run

    invocation: Invocation = context.obj
    settings = invocation.settings(log_level="warning" if quiet else None)
    named = tuple(part.strip() for part in queues.split(",") if part.strip())
    wanted = Wanted(name=name, queues=named, device=device)
    if until_idle:
        run(settings, wanted, until=lambda worker: worker.is_idle())
    else:
        run(settings, wanted)
