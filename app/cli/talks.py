"""`seminar talks`: look at the talks, and change, withdraw or remove one."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.context import clock, open_archive
from app.cli.editing import edit_row, given, remove_row, withdraw_row
from app.cli.rows import AsJson, Reason, Yes, print_row, print_rows

if TYPE_CHECKING:
    from sqlmodel import Session

    from catalog.tables import Talk
    from catalog.talks import TalkDetails

talks = typer.Typer(help="The talks of the archive.", no_args_is_help=True)
KINDS = ("video", "slides", "paper", "notes", "page")


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    app.add_typer(talks, name="talks")


@talks.command("list")
def list_talks(context: typer.Context, as_json: AsJson = False) -> None:
    """All talks, newest first."""
    from catalog import talks as catalog_talks

    with open_archive(context.obj.settings()) as archive, archive.catalog.read() as session:
        rows = [_row(one) for one in catalog_talks.listed(session, include_hidden=True)]
    columns = ("id", "date", "title", "speakers", "length", "state")
    print_rows(
        rows, columns, as_json=as_json,
        empty="none yet; `seminar add` takes one in, `seminar catalogue import` a list",
    )  # fmt: skip


@talks.command("show")
def show(context: typer.Context, key: str, as_json: AsJson = False) -> None:
    """One talk, by id, slug or its id in a list."""
    from catalog import talks as catalog_talks

    with open_archive(context.obj.settings()) as archive, archive.catalog.read() as session:
        [one] = catalog_talks.details(session, [catalog_talks.called(session, key)])
    print_row(_row(one), as_json=as_json)


@talks.command("edit")
def edit(
    context: typer.Context,
    key: str,
    title: Annotated[str | None, typer.Option(help='Title; "" when it is not known.')] = None,
    speaker: Annotated[list[str] | None, typer.Option(help="Speaker; repeat for all.")] = None,
    series: Annotated[str | None, typer.Option(help="Course or seminar.")] = None,
    date: Annotated[str | None, typer.Option(help="Day of the talk, YYYY-MM-DD.")] = None,
    abstract: Annotated[str | None, typer.Option(help="Abstract.")] = None,
    language: Annotated[str | None, typer.Option(help="Language code.")] = None,
    affiliation: Annotated[str | None, typer.Option(help="Of the speakers.")] = None,
    visibility: Annotated[str | None, typer.Option(help="public, unlisted or withdrawn.")] = None,
    recording_status: Annotated[
        str | None, typer.Option(help="recorded, not_recorded, declined or withdrawn.")
    ] = None,
    link: Annotated[
        list[str] | None,
        typer.Option(help="KIND=ADDRESS (video, slides, paper, notes, page); replaces that kind."),
    ] = None,
    paper: Annotated[list[str] | None, typer.Option(help="Paper of the talk; repeat.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="Tag; repeat for all.")] = None,
    note: Annotated[str | None, typer.Option(help="Note of staff.")] = None,
    as_json: AsJson = False,
) -> None:
    """Set what is said of a talk and print what changed; "" empties a field."""
    said = given(
        title=title, speakers=speaker, series=series, date=date, abstract=abstract,
        language=language, affiliation=affiliation, visibility=visibility,
        recording_status=recording_status, papers=paper, tags=tag, note=note, **_links(link),
    )  # fmt: skip
    if not said:
        raise typer.BadParameter("say what to set, as --title or --speaker")
    edit_row(context.obj, _called, key, said, as_json=as_json)


@talks.command("withdraw")
def withdraw(context: typer.Context, key: str, yes: Yes = False, reason: Reason = "") -> None:
    """Take a talk out of view at once; everything of it is kept."""
    withdraw_row(context.obj, _called, key, yes=yes, reason=reason)


@talks.command("remove")
def remove(context: typer.Context, key: str, yes: Yes = False, reason: Reason = "") -> None:
    """Delete a talk for good: recording, transcripts, passages, jobs, and the index of them."""
    remove_row(context.obj, _called, key, yes=yes, reason=reason)


def _called(session: "Session", key: str) -> "Talk":
    from catalog.talks import called

    return called(session, key)


def _links(given_links: list[str] | None) -> dict[str, list[str]]:
    """The links by field; KIND= alone takes all of a kind away."""
    links: dict[str, list[str]] = {}
    for one in given_links or []:
        kind, parted, url = one.partition("=")
        if kind not in KINDS or not parted:
            raise typer.BadParameter(f"--link {one!r} is not KIND=ADDRESS, of {', '.join(KINDS)}")
        links.setdefault(f"{kind}_urls", []).append(url)
    return links


def _row(one: "TalkDetails") -> dict[str, Any]:
    recording, heard, job = one.recording, one.transcript, one.submission
    state = job.state if job else one.talk.recording_status
    if one.talk.visibility != "public":
        state = one.talk.visibility
    return {
        "id": one.talk.public_id,
        "slug": one.talk.slug,
        "title": one.talk.title,
        "title_is_known": one.talk.title_is_known,
        "speakers": list(one.names),
        "affiliation": one.talk.affiliation,
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
        "links": one.talk.links,
        "tags": one.talk.tags,
        "note": one.talk.note,
        "abstract": one.talk.abstract,
        "external_id": one.talk.external_id,
        "list": one.talk.listing.get("file"),
        "problem": job.failure if job else None,
    }
