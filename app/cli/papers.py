"""`seminar papers`: look at the papers, and change, withdraw or remove one."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.context import open_archive
from app.cli.editing import edit_row, given, remove_row, withdraw_row
from app.cli.rows import AsJson, Reason, Yes, print_row, print_rows

if TYPE_CHECKING:
    from sqlmodel import Session

    from catalog.tables import Paper

papers = typer.Typer(help="The papers of the archive.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    app.add_typer(papers, name="papers")


@papers.command("list")
def list_papers(
    context: typer.Context,
    unresolved: Annotated[
        bool, typer.Option("--unresolved", help="Only those without a title.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """All papers, newest first."""
    from catalog import papers as catalog_papers

    with open_archive(context.obj.settings()) as archive, archive.catalog.read() as session:
        if unresolved:
            found = catalog_papers.without_title(session)
        else:
            found = catalog_papers.listed(session, include_hidden=True)
    rows = [_row(one) for one in found]
    columns = ("id", "year", "title", "authors", "pages")
    if unresolved:
        columns = ("id", "title", "arxiv_id", "address", "list")
    empty = "every paper has a title" if unresolved else "none yet; `seminar add` takes one in"
    print_rows(rows, columns, as_json=as_json, empty=empty)


@papers.command("show")
def show(context: typer.Context, key: str, as_json: AsJson = False) -> None:
    """One paper, by id, slug, arXiv id, DOI, nickname or its id in a list."""
    with open_archive(context.obj.settings()) as archive, archive.catalog.read() as session:
        row = _row(_called(session, key))
    print_row(row, as_json=as_json)


@papers.command("edit")
def edit(
    context: typer.Context,
    key: str,
    title: Annotated[str | None, typer.Option(help='Title; "" when it is not known.')] = None,
    author: Annotated[list[str] | None, typer.Option(help="Author; repeat for all.")] = None,
    year: Annotated[str | None, typer.Option(help="Year.")] = None,
    venue: Annotated[str | None, typer.Option(help="Venue.")] = None,
    abstract: Annotated[str | None, typer.Option(help="Abstract.")] = None,
    arxiv_id: Annotated[str | None, typer.Option("--arxiv", help="arXiv id.")] = None,
    doi: Annotated[str | None, typer.Option(help="DOI.")] = None,
    visibility: Annotated[str | None, typer.Option(help="public, unlisted or withdrawn.")] = None,
    label: Annotated[list[str] | None, typer.Option(help="Nickname; repeat for all.")] = None,
    url: Annotated[str | None, typer.Option(help="Its page elsewhere.")] = None,
    pdf_url: Annotated[str | None, typer.Option(help="Its PDF elsewhere.")] = None,
    as_json: AsJson = False,
) -> None:
    """Set what is said of a paper and print what changed; "" empties a field."""
    said = given(
        title=title, authors=author, year=year, venue=venue, abstract=abstract,
        arxiv_id=arxiv_id, doi=doi, visibility=visibility, labels=label, url=url, pdf_url=pdf_url,
    )  # fmt: skip
    if not said:
        raise typer.BadParameter("say what to set, as --title or --author")
    edit_row(context.obj, _called, key, said, as_json=as_json)


@papers.command("withdraw")
def withdraw(context: typer.Context, key: str, yes: Yes = False, reason: Reason = "") -> None:
    """Take a paper out of view at once; everything of it is kept."""
    withdraw_row(context.obj, _called, key, yes=yes, reason=reason)


@papers.command("remove")
def remove(context: typer.Context, key: str, yes: Yes = False, reason: Reason = "") -> None:
    """Delete a paper for good: its PDF, pages, passages, jobs, and the index of them."""
    remove_row(context.obj, _called, key, yes=yes, reason=reason)


def _called(session: "Session", key: str) -> "Paper":
    from catalog.papers import called

    return called(session, key)


def _row(one: "Paper") -> dict[str, Any]:
    return {
        "id": one.public_id,
        "slug": one.slug,
        "title": one.title,
        "title_is_known": one.title_is_known,
        "labels": one.labels,
        "authors": one.authors,
        "year": one.year,
        "venue": one.venue,
        "arxiv_id": one.arxiv_id,
        "doi": one.doi,
        "pages": one.page_count,
        "visibility": one.visibility,
        "file": one.file_name,
        "links": one.links,
        "address": next((link["url"] for link in one.links), None),
        "abstract": one.abstract,
        "external_id": one.external_id,
        "list": one.listing.get("file"),
    }
