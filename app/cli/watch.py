"""`seminar watch`: take in what is copied into a folder."""

import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.context import Archive, Invocation, open_archive, remark

if TYPE_CHECKING:
    from ingest.take_in import Taken
    from ingest.watch import WatchOptions


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    app.command("watch")(watch)


def watch(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="The folder to watch, with its folders.")],
    settle: Annotated[
        float, typer.Option(min=0, help="Seconds without change until a file is whole.")
    ] = 10.0,
    grace: Annotated[
        float, typer.Option(min=0, help="Seconds that a side-car NAME.yaml is waited for.")
    ] = 60.0,
    every: Annotated[float, typer.Option(min=0.1, help="Seconds between two looks.")] = 2.0,
    series: Annotated[str | None, typer.Option(help="Series of talks that name none.")] = None,
    language: Annotated[str | None, typer.Option(help="Language of talks that name none.")] = None,
    visibility: Annotated[str, typer.Option(help="Who sees talks that do not say.")] = "public",
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="End when no file is waited for.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Take in each file of a folder when it is whole, until stopped; the files stay there."""
    from catalog.languages import is_language
    from catalog.tables import VISIBILITIES
    from ingest.watch import WatchOptions

    if not folder.is_dir():
        raise typer.BadParameter(f"{folder} is not a folder")
    if visibility not in VISIBILITIES:
        raise typer.BadParameter(f"--visibility is one of {', '.join(VISIBILITIES)}")
    if language is not None and not is_language(language):
        raise typer.BadParameter(f"--language {language!r} is not a code such as en, de or fa")
    options = WatchOptions(
        settle_s=settle, grace_s=grace, series=series, language=language, visibility=visibility
    )
    invocation: Invocation = context.obj
    with open_archive(invocation.settings(), begins=True) as archive:
        for taken in _watched(archive, folder, options, every_s=every, until_idle=until_idle):
            _say(taken, as_json=as_json)


def _watched(
    archive: Archive, folder: Path, options: "WatchOptions", *, every_s: float, until_idle: bool
) -> "Iterator[Taken]":
    from catalog.lock import Held, only_one
    from ingest.errors import AlreadyWatched
    from ingest.watch import Watch, Watched
    from ingest.watch_memory import Memory

    place = folder.resolve()
    key = hashlib.sha256(str(place).encode()).hexdigest()[:16]
    try:
        with only_one(archive.settings.data_dir / "run" / f"watch-{key}.lock"):
            memory = Memory(archive.store.artifact("watched", f"{key}.jsonl"))
            into = Watched(catalog=archive.catalog, store=archive.store, memory=memory)
            one = Watch(place, into, options)
            remark(f"watching {place}; `seminar worker` does the work")
            while True:
                yield from one.look()
                if until_idle and one.is_idle:
                    return
                time.sleep(every_s)
    except Held as held:
        raise AlreadyWatched(place, held.pid) from held


def _say(taken: "Taken", *, as_json: bool) -> None:
    if as_json:
        row = {
            "file": str(taken.path),
            "status": taken.status,
            "kind": taken.kind,
            "id": taken.public_id,
            "title": taken.title,
            "job": taken.job_id,
            "problem": str(taken.problem) if taken.problem else None,
        }
        print(json.dumps(row, ensure_ascii=False), flush=True)
        return
    for text in taken.remarks:
        remark(f"{taken.path.name}: {text}")
    if taken.status == "accepted":
        print(f"accepted  {taken.kind} {taken.public_id}  {taken.title}", flush=True)
    elif taken.status == "late":
        remark(
            f"{taken.path.name} was taken as {taken.public_id} before its side-car came or "
            "changed; what it says was not taken over"
        )
    else:
        remark(f"seminar: {taken.problem}")
