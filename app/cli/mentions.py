"""`seminar mentions`: where talks name papers; staff say which are right."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.context import clock, open_archive, print_json, remark
from app.cli.rows import AsJson, print_rows
from app.web.formats import counted

if TYPE_CHECKING:
    from catalog.mentions import Decision, Mentioned

mentions = typer.Typer(help="Where talks name papers of the archive.", no_args_is_help=True)
Ids = Annotated[list[str], typer.Argument(help="Ids in `seminar mentions list`.")]
STATES = ("found", "confirmed", "rejected")


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    app.add_typer(mentions, name="mentions")


@mentions.command("list")
def list_mentions(
    context: typer.Context,
    talk: Annotated[str | None, typer.Option(help="Only of this talk.")] = None,
    paper: Annotated[str | None, typer.Option(help="Only of this paper.")] = None,
    state: Annotated[str | None, typer.Option(help="found, confirmed or rejected.")] = None,
    as_json: AsJson = False,
) -> None:
    """Mentions with the words around them, their time, cues and confidence."""
    from catalog import mentions as catalog_mentions
    from catalog import papers, talks

    if state is not None and state not in STATES:
        raise typer.BadParameter(f"--state {state!r} is none of {', '.join(STATES)}")
    with open_archive(context.obj.settings()) as archive, archive.catalog.read() as session:
        found = catalog_mentions.listed(
            session,
            talk=talks.called(session, talk) if talk else None,
            paper=papers.called(session, paper) if paper else None,
            state=state,
        )
    columns = ("id", "state", "confidence", "at", "paper", "talk", "cues", "text")
    empty = "none; `seminar mentions find` looks for them now"
    print_rows([_row(one) for one in found], columns, as_json=as_json, empty=empty)


@mentions.command("confirm")
def confirm(context: typer.Context, ids: Ids) -> None:
    """Say that these are mentions: they are shown from now on."""
    _decide(context, ids, "confirmed")


@mentions.command("reject")
def reject(context: typer.Context, ids: Ids) -> None:
    """Say that these are none: they are not shown, and stay so when they are found again."""
    _decide(context, ids, "rejected")


@mentions.command("find")
def find(
    context: typer.Context,
    talk: Annotated[
        str | None, typer.Option(help="Only in this talk, even if nothing changed.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Look for mentions now, in every talk whose text or papers changed since the last time."""
    from catalog import talks
    from ingest.mention_turn import find_mentions

    with open_archive(context.obj.settings()) as archive:
        only = None
        if talk:
            with archive.catalog.read() as session:
                only = talks.called(session, talk).public_id
        looked = find_mentions(archive.catalog, only=only, within_s=float("inf"))
    if as_json:
        print_json({"talks": looked.talks})
    else:
        print(f"looked at {counted(looked.talks, 'talk')}")
        remark("`seminar mentions list` shows what was found")


def _decide(context: typer.Context, ids: list[str], decision: "Decision") -> None:
    """Write all of them down or, where one is not there, none."""
    from catalog.mentions import decide

    with open_archive(context.obj.settings()) as archive, archive.catalog.write() as session:
        decided = [decide(session, one, decision) for one in ids]
    for one in decided:
        print(f'{decision}: "{one.row.said}" in "{one.talk.title}" is "{one.paper.title}"')


def _row(one: "Mentioned") -> dict[str, Any]:
    row = one.row
    return {
        "id": row.public_id,
        "state": row.state,
        "confidence": row.confidence,
        "at": "" if row.start_ms is None else clock(row.start_ms),
        "start_ms": row.start_ms,
        "end_ms": row.end_ms,
        "talk": one.talk.title,
        "talk_id": one.talk.public_id,
        "paper": one.paper.title,
        "paper_id": one.paper.public_id,
        "said": row.said,
        "text": row.text,
        "cues": row.cues,
    }
