"""Entry of the `seminar` command: its verbs, and how problems become one line and a status."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from app import __version__
from app.cli import (
    add,
    archive,
    catalogue,
    evaluate,
    jobs,
    keys,
    mentions,
    papers,
    search,
    serve,
    talks,
    transcript,
    versions,
    watch,
    worker,
)
from app.cli.context import Invocation

app = typer.Typer(
    name="seminar",
    help="Find the second of the talk, or the page of the paper, where it was said.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _say_version(asked: bool) -> None:
    if asked:
        print(f"seminar {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    data_dir: Annotated[
        Path | None,
        typer.Option("--data-dir", help="Where the archive lives; else SEMINAR_DATA_DIR, ./data."),
    ] = None,
    _version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_say_version, help="Say which it is."),
    ] = False,
) -> None:
    context.obj = Invocation(data_dir=data_dir)


VERBS = (
    *(add, watch, worker, jobs, search, talks, papers, mentions, transcript, versions),
    *(catalogue, archive, evaluate, keys, serve),
)
for verbs in VERBS:
    verbs.register(app)


def main() -> None:
    """Run the command; a known problem is one line on stderr and status 1."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # speech libraries load ONNX Runtime too
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(0)
    except Exception as error:
        if not _is_ours(error):
            raise
        sys.exit(f"seminar: {error}")


def _is_ours(error: Exception) -> bool:
    from app.errors import ServiceProblem
    from catalog.errors import CatalogProblem
    from index.errors import IndexProblem
    from ingest.errors import IngestProblem

    return isinstance(error, CatalogProblem | IndexProblem | IngestProblem | ServiceProblem)


if __name__ == "__main__":
    main()
