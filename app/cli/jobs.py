"""`seminar jobs`: what is under way, how long it will take, and which goes first."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.context import Invocation, open_archive, print_json, remark

if TYPE_CHECKING:
    from app.cli.jobs_table import Seen

jobs = typer.Typer(help="See and steer what is under way.", no_args_is_help=False)
AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]
Watch = Annotated[
    bool | None,
    typer.Option("--watch/--once", help="Stay and redraw; else only in a terminal with work."),
]


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    app.add_typer(jobs, name="jobs")


@jobs.callback(invoke_without_command=True)
def _default(context: typer.Context, watch: Watch = None, as_json: AsJson = False) -> None:
    if context.invoked_subcommand is None:
        _list(context.obj, everything=False, watch=watch, as_json=as_json)


@jobs.command("list")
def list_jobs(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Also what is done.")] = False,
    watch: Watch = None,
    as_json: AsJson = False,
) -> None:
    """Jobs that are under way, failed or cancelled; with --all, every one."""
    _list(context.obj, everything=everything, watch=watch, as_json=as_json)


@jobs.command("show")
def show(context: typer.Context, key: str, as_json: AsJson = False) -> None:
    """One job, by its id or the id of its talk or paper."""
    from app.cli.jobs_table import one_job, told

    with open_archive(context.obj.settings()) as archive:
        row = one_job(archive, key)
    if as_json:
        print_json(row)
        return
    for name, value in told(row):
        print(f"{name:14} {value}")


@jobs.command("retry")
def retry(
    context: typer.Context,
    key: Annotated[str | None, typer.Argument(help="Job, talk or paper.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="All that failed.")] = False,
) -> None:
    """Try a failed or cancelled job again; what is finished of it is kept."""
    from catalog import submissions

    if (key is None) == (not failed):
        raise typer.BadParameter("name one job, or give --failed for all that failed")
    with open_archive(context.obj.settings()) as archive, archive.catalog.write() as session:
        if key is None:
            found = submissions.listed(session, states=("failed",))
        else:
            found = [submissions.find(session, key)]
        for job in found:
            submissions.retry(session, job.submission.public_id)
    for job in found:
        remark(f"job {job.submission.public_id} of {job.submission.file_name} is accepted again")
    if not found:
        remark("no job has failed")


@jobs.command("cancel")
def cancel(context: typer.Context, key: str) -> None:
    """Stop a job before its next segment; what is finished of it is kept."""
    from catalog import submissions

    with open_archive(context.obj.settings()) as archive, archive.catalog.write() as session:
        job_id = submissions.find(session, key).submission.public_id
        submissions.cancel(session, job_id)
    remark(f"job {job_id} is cancelled; `seminar jobs retry {job_id}` takes it up again")


@jobs.command("first")
def first(context: typer.Context, key: str) -> None:
    """Do this job next, before all that wait."""
    _prioritise(context.obj, key, None)


@jobs.command("priority", context_settings={"ignore_unknown_options": True})
def priority(
    context: typer.Context,
    key: str,
    number: Annotated[int, typer.Argument(help="Higher goes first; 0 is usual, -1 is last.")],
) -> None:
    """Give a waiting job a priority."""
    _prioritise(context.obj, key, number)


def _prioritise(invocation: Invocation, key: str, number: int | None) -> None:
    from catalog import submissions

    with open_archive(invocation.settings()) as archive, archive.catalog.write() as session:
        job_id = submissions.find(session, key).submission.public_id
        given = submissions.prioritise(session, job_id, number)
    remark(f"job {job_id} has priority {given}")


def _list(invocation: Invocation, *, everything: bool, watch: bool | None, as_json: bool) -> None:
    from app.cli import jobs_table

    with open_archive(invocation.settings()) as archive:
        seen = jobs_table.look(archive, everything=everything)
        if as_json:
            print_json(seen.as_json())
        elif watch or (watch is None and sys.stdout.isatty() and seen.is_moving):
            jobs_table.watch(archive, everything=everything)
        else:
            _print(seen)


def _print(seen: "Seen") -> None:
    from app.cli.context import stdout

    if not seen.jobs:
        print("nothing is under way")
        return
    stdout().print(seen.table())
    for line in seen.remarks():
        remark(line)
