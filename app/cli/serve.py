"""`seminar serve`: the web pages and the API."""

import os
import socket
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.context import Invocation, open_archive, remark

if TYPE_CHECKING:
    from catalog.settings import Settings


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    app.command("serve")(serve)


def serve(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address; else SEMINAR_HOST.")] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port; else SEMINAR_PORT.")
    ] = None,
    with_worker: Annotated[
        bool, typer.Option("--with-worker", help="Also do the jobs, in a second process.")
    ] = False,
    processes: Annotated[
        int,
        typer.Option(
            min=1,
            max=64,
            help="Server processes: about one for each core. They share the index in memory; "
            "each counts its own metrics, and its own limits but for SEMINAR_LIMIT_STORE.",
        ),
    ] = 1,
) -> None:
    """Serve the web pages and the API until stopped."""
    invocation: Invocation = context.obj
    settings = invocation.settings(host=host, port=port)
    _require_free(settings.host, settings.port)
    with open_archive(settings, begins=True) as archive:  # migrates, refuses what is newer
        worker = None
        if with_worker:
            from app.cli.waiting import start_worker

            worker = start_worker(archive, "--quiet")
    remark(f"serving {settings.data_dir} at http://{settings.host}:{settings.port}/")
    try:
        _run(settings, processes)
    finally:
        if worker is not None:
            worker.terminate()
            worker.wait(timeout=10)


def _run(settings: "Settings", processes: int) -> None:
    """Answer requests until stopped; of several processes one that dies is started anew."""
    import uvicorn

    from app.main import create_app

    if processes > 1:  # each reads the settings by itself
        os.environ["SEMINAR_DATA_DIR"] = str(settings.data_dir.absolute())
    uvicorn.run(
        create_app(settings) if processes == 1 else "app.main:from_environment",
        factory=processes > 1,
        workers=processes,
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        proxy_headers=False,  # the application itself knows whom to believe
        timeout_graceful_shutdown=5,
    )


def _require_free(host: str, port: int) -> None:
    from app.errors import PortTaken

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(host, port) from error
