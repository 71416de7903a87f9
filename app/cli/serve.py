"""`seminar serve`: the web pages and the API."""

import socket
from typing import Annotated

import typer

from app.cli.context import Invocation, open_archive, remark


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    app.command("serve")(serve)


def serve(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address; else SEMINAR_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; else SEMINAR_PORT.")] = None,
    with_worker: Annotated[
        bool, typer.Option("--with-worker", help="Also do the jobs, in a second process.")
    ] = False,
) -> None:
    """Serve the web pages and the API until stopped."""
    invocation: Invocation = context.obj
    settings = invocation.settings(host=host, port=port)
    _require_free(settings.host, settings.port)
    with open_archive(settings) as archive:  # migrates, refuses what is newer
        worker = None
        if with_worker:
            from app.cli.waiting import start_worker

            worker = start_worker(archive, "--quiet")
    import uvicorn

    from app.main import create_app

    remark(f"serving {settings.data_dir} at http://{settings.host}:{settings.port}/")
    try:
        uvicorn.run(
            create_app(settings),
            host=settings.host,
            port=settings.port,
            log_level="warning",
            access_log=False,
            proxy_headers=False,  # the application itself knows whom to believe
            timeout_graceful_shutdown=5,
        )
    finally:
        if worker is not None:
            worker.terminate()
            worker.wait(timeout=10)


def _require_free(host: str, port: int) -> None:
    from app.errors import PortTaken

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(host, port) from error
