"""`seminar transcribe` and `seminar transcript versions|use`: further versions of a transcript."""

from typing import Annotated, Any

import typer

from app.cli.context import open_archive, print_json, remark
from app.cli.transcript import transcript
from app.web.formats import counted

AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]
Wait = Annotated[bool, typer.Option("--wait", help="Stay until all of it is done.")]


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    app.command("transcribe")(transcribe)
    transcript.command("versions")(list_versions)
    transcript.command("use")(use)


def transcribe(
    context: typer.Context,
    key: Annotated[str, typer.Argument(help="Id or slug of a talk.")],
    model: Annotated[str | None, typer.Option(help="Speech model; else the setting's.")] = None,
    engine: Annotated[
        str | None, typer.Option(help="faster-whisper or openai-whisper; else the setting's.")
    ] = None,
    wait: Wait = False,
) -> None:
    """Hear a talk's recording again: a new version of its transcript, beside the others."""
    from ingest.versions import Hearing, hear_again

    settings = context.obj.settings(whisper_engine=engine, whisper_model=model)
    hearing = Hearing(engine=settings.whisper_engine, model=settings.whisper_model or "")
    with open_archive(settings) as archive:
        job = hear_again(archive.catalog, key, hearing)
        remark(f"job {job.public_id} is accepted; `seminar jobs` shows how far it is")
        if wait:
            _wait(archive, job.public_id)


def list_versions(context: typer.Context, key: str, as_json: AsJson = False) -> None:
    """The versions of a talk's transcript; one of them is current."""
    from catalog import talks
    from ingest.versions import versions

    with open_archive(context.obj.settings()) as archive, archive.catalog.read() as session:
        talk = talks.find(session, key)
        rows = [_row(one, number) for one, number in versions(session, talk)]
    if as_json:
        print_json(rows)
        return
    if not rows:
        print("no transcript yet; `seminar jobs` shows what is under way")
    for row in rows:
        mark = "*" if row["current"] else " "
        said = f"{row['engine']} {row['model']}".strip()
        long = counted(row["segments"], "segment")
        print(
            f"{mark} {row['version']:3}  {row['origin']:8}  {said:32}  {long:>14}"
            f"  {row['created_at']:%Y-%m-%d %H:%M}{'' if row['complete'] else '  partial'}"
        )


def use(
    context: typer.Context,
    key: str,
    version: Annotated[int, typer.Argument(help="Number in `seminar transcript versions`.")],
) -> None:
    """Make another version current: shown, exported and searched from now on."""
    from ingest import versions

    with open_archive(context.obj.settings()) as archive:
        published = versions.use(archive.catalog, key, version)
    soon = "a worker publishes it" if published else "`seminar reindex` publishes it"
    remark(f"version {version} is current; {soon}")


def _wait(archive: Any, job_id: str) -> None:
    from app.cli.waiting import wait_for

    ended = wait_for(archive, [job_id])[job_id]
    raise typer.Exit(0 if ended["status"] in {"done", "partial"} else 1)


def _row(one: Any, segments: int) -> dict[str, Any]:
    return {
        "version": one.version,
        "current": one.is_current,
        "origin": one.origin,
        "engine": one.engine,
        "model": one.model,
        "language": one.language,
        "complete": one.complete,
        "segments": segments,
        "created_at": one.created_at,
    }
