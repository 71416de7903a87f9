"""`seminar worker` and `seminar jobs`: who does the work, and how far it is."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.context import Invocation, open_archive, print_json, remark, stdout

if TYPE_CHECKING:
    from catalog.submissions import Job

jobs = typer.Typer(help="See and steer what is under way.", no_args_is_help=False)
AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    app.command("worker")(worker)
    app.add_typer(jobs, name="jobs")


def worker(
    context: typer.Context,
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="End when nothing is left to do.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Log warnings only.")] = False,
) -> None:
    """Do the jobs, one after another, until stopped."""
    from ingest.worker import run

    invocation: Invocation = context.obj
    settings = invocation.settings(log_level="warning" if quiet else None)
    if until_idle:
        run(settings, until=lambda worker: not worker.open_jobs())
    else:
        run(settings)


@jobs.callback(invoke_without_command=True)
def _default(context: typer.Context, as_json: AsJson = False) -> None:
    if context.invoked_subcommand is None:
        _list(context.obj, everything=False, as_json=as_json)


@jobs.command("list")
def list_jobs(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Also what is done.")] = False,
    as_json: AsJson = False,
) -> None:
    """Jobs that are under way, failed or cancelled; with --all, every one."""
    _list(context.obj, everything=everything, as_json=as_json)


@jobs.command("show")
def show(context: typer.Context, key: str, as_json: AsJson = False) -> None:
    """One job, by its id or the id of its talk or paper."""
    from catalog import submissions

    with open_archive(context.obj.settings()) as archive, archive.catalog.read() as session:
        row = _row(submissions.find(session, key))
    if as_json:
        print_json(row)
        return
    for name, value in row.items():
        print(f"{name:12} {'' if value is None else value}")


@jobs.command("retry")
def retry(context: typer.Context, key: str) -> None:
    """Try a failed or cancelled job again; what is finished of it is kept."""
    from catalog import submissions

    with open_archive(context.obj.settings()) as archive, archive.catalog.write() as session:
        job_id = submissions.find(session, key).submission.public_id
        submissions.retry(session, job_id)
    remark(f"job {job_id} is accepted again")


@jobs.command("cancel")
def cancel(context: typer.Context, key: str) -> None:
    """Stop a job before its next segment; what is finished of it is kept."""
    from catalog import submissions

    with open_archive(context.obj.settings()) as archive, archive.catalog.write() as session:
        job_id = submissions.find(session, key).submission.public_id
        submissions.cancel(session, job_id)
    remark(f"job {job_id} is cancelled; `seminar jobs retry {job_id}` takes it up again")


def _list(invocation: Invocation, *, everything: bool, as_json: bool) -> None:
    from catalog import submissions
    from catalog.lock import is_held
    from ingest.worker import lock_path

    settings = invocation.settings()
    states = () if everything else (*submissions.OPEN, "failed", "cancelled")
    with open_archive(settings) as archive, archive.catalog.read() as session:
        found = submissions.listed(session, states=states)
        working = is_held(lock_path(settings.data_dir))
    if as_json:
        print_json({"worker": working, "jobs": [_row(job) for job in found]})
        return
    _print_table(found)
    waiting = any(job.submission.state in submissions.OPEN for job in found)
    if waiting and not working:
        remark("no worker is running: start one with `seminar worker`")


def _print_table(found: "list[Job]") -> None:
    from rich.table import Table

    from app.cli.waiting import describe

    if not found:
        print("nothing is under way")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("job", "kind", "file", "state", "progress", "what to do"):
        table.add_column(name)
    for job in found:
        one = job.submission
        table.add_row(
            one.public_id, one.kind, one.file_name, one.state, describe(job), one.failure or ""
        )
    stdout().print(table)


def _row(job: "Job") -> dict[str, Any]:
    one = job.submission
    return {
        "job": one.public_id,
        "kind": one.kind,
        "id": job.owner.public_id if job.owner else None,
        "title": job.title,
        "file": one.file_name,
        "state": one.state,
        "step": one.step,
        "done": one.done,
        "total": one.total,
        "unit": {"talk": "ms", "link": "kB"}.get(one.kind, "pages"),
        "speed": one.speed,
        "seconds_left": job.seconds_left,
        "partial": one.partial,
        "attempt": one.attempt,
        "problem": one.failure,
        "not_before": one.not_before,
        "accepted_at": one.accepted_at,
        "started_at": one.started_at,
        "finished_at": one.finished_at,
    }
