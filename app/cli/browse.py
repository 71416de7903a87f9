"""`seminar talks` and `seminar papers`: look at what the archive holds."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.context import clock, open_archive, print_json, stdout

if TYPE_CHECKING:
    from catalog.talks import TalkDetails

talks = typer.Typer(help="The talks of the archive.", no_args_is_help=True)
papers = typer.Typer(help="The papers of the archive.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    app.add_typer(talks, name="talks")
    app.add_typer(papers, name="papers")


@talks.command("list")
def list_talks(context: typer.Context, as_json: AsJson = False) -> None:
    """All talks, newest first."""
    from catalog import talks as catalog_talks

    with open_archive(context.obj.settings()) as archive, archive.catalog.read() as session:
        rows = [_talk(one) for one in catalog_talks.listed(session, include_hidden=True)]
    _print(rows, ("id", "date", "title", "speakers", "length", "state"), as_json=as_json)


@talks.command("show")
def show_talk(context: typer.Context, key: str, as_json: AsJson = False) -> None:
    """One talk, by id or slug."""
    from catalog import talks as catalog_talks

    with open_archive(context.obj.settings()) as archive, archive.catalog.read() as session:
        [one] = catalog_talks.details(session, [catalog_talks.find(session, key)])
    _print_one(_talk(one), as_json=as_json)


@papers.command("list")
def list_papers(context: typer.Context, as_json: AsJson = False) -> None:
    """All papers, newest first."""
    from catalog import papers as catalog_papers

    with open_archive(context.obj.settings()) as archive, archive.catalog.read() as session:
        rows = [_paper(one) for one in catalog_papers.listed(session, include_hidden=True)]
    _print(rows, ("id", "year", "title", "authors", "pages"), as_json=as_json)


@papers.command("show")
def show_paper(context: typer.Context, key: str, as_json: AsJson = False) -> None:
    """One paper, by id or slug."""
    from catalog import papers as catalog_papers

    with open_archive(context.obj.settings()) as archive, archive.catalog.read() as session:
        row = _paper(catalog_papers.find(session, key))
    _print_one(row, as_json=as_json)


def _talk(one: "TalkDetails") -> dict[str, Any]:
    recording, heard, job = one.recording, one.transcript, one.submission
    state = job.state if job else one.talk.recording_status
    if one.talk.visibility != "public":
        state = one.talk.visibility
    return {
        "id": one.talk.public_id,
        "slug": one.talk.slug,
        "title": one.talk.title,
        "speakers": list(one.names),
        "series": one.series.name if one.series else None,
        "date": one.talk.held_on,
        "length": clock(recording.decoded_ms) if recording else None,
        "duration_ms": recording.decoded_ms if recording else None,
        "state": "partial" if job and job.state == "done" and job.partial else state,
        "visibility": one.talk.visibility,
        "recording_status": one.talk.recording_status,
        "file": recording.file_name if recording else None,
        "sha256": recording.sha256 if recording else None,
        "language": heard.language if heard else one.talk.language,
        "engine": f"{heard.engine} {heard.model}" if heard else None,
        "gaps": heard.gaps if heard else [],
        "papers": [paper.public_id for paper in one.papers],
        "abstract": one.talk.abstract,
        "problem": job.failure if job else None,
    }


def _paper(one: Any) -> dict[str, Any]:
    return {
        "id": one.public_id,
        "slug": one.slug,
        "title": one.title,
        "authors": one.authors,
        "year": one.year,
        "venue": one.venue,
        "arxiv_id": one.arxiv_id,
        "doi": one.doi,
        "pages": one.page_count,
        "visibility": one.visibility,
        "file": one.file_name,
        "abstract": one.abstract,
    }


def _print(rows: list[dict[str, Any]], columns: tuple[str, ...], *, as_json: bool) -> None:
    if as_json:
        print_json(rows)
        return
    from rich.table import Table

    if not rows:
        print("none yet; `seminar add` takes one in")
        return
    table = Table(box=None, pad_edge=False)
    for name in columns:
        table.add_column(name, no_wrap=name in {"id", "date", "year", "length"})
    for row in rows:
        table.add_row(*(_words(row[name]) for name in columns))
    stdout().print(table)


def _print_one(row: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(row)
        return
    for name, value in row.items():
        if value not in (None, "", []):
            print(f"{name:16} {_words(value)}")


def _words(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return "" if value is None else str(value)
