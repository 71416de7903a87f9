"""`seminar add`: take recordings, captions and papers in."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.add_link import is_link, name_what_came, take_link
from app.cli.context import Invocation, open_archive, remark

if TYPE_CHECKING:
    from catalog.papers import NewPaper
    from catalog.promises import Said
    from catalog.talks import NewTalk
    from ingest.manifest import Entry


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    app.command("add")(add)


def add(
    context: typer.Context,
    paths: Annotated[
        list[str] | None,
        typer.Argument(help="Recordings, captions, PDFs, folders of them, links, or arxiv:NUMBER."),
    ] = None,
    title: Annotated[str | None, typer.Option(help="Title; else by the file's name.")] = None,
    speaker: Annotated[list[str] | None, typer.Option(help="Speaker; may be repeated.")] = None,
    series: Annotated[str | None, typer.Option(help="Course or seminar.")] = None,
    date: Annotated[str | None, typer.Option(help="Day of the talk, YYYY-MM-DD.")] = None,
    abstract: Annotated[str, typer.Option(help="Abstract.")] = "",
    language: Annotated[str | None, typer.Option(help="Language code, else as heard.")] = None,
    visibility: Annotated[str, typer.Option(help="public, unlisted or withdrawn.")] = "public",
    paper: Annotated[list[str] | None, typer.Option(help="Id of a paper of the talk.")] = None,
    author: Annotated[list[str] | None, typer.Option(help="Author of a PDF.")] = None,
    year: Annotated[int | None, typer.Option(help="Year of a PDF.")] = None,
    venue: Annotated[str | None, typer.Option(help="Venue of a PDF.")] = None,
    talk: Annotated[
        str | None, typer.Option(help="Id of the talk that a recording or captions belong to.")
    ] = None,
    manifest: Annotated[
        Path | None, typer.Option(help="List of files and metadata, YAML or CSV.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until all of it is done.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Take recordings, captions and papers in; a worker does the rest, or --wait for it here."""
    from app.cli.taking import Taking, checked_manifest
    from ingest.gather import gather

    invocation: Invocation = context.obj
    if not paths and manifest is None:
        raise typer.BadParameter("name files, or a list with --manifest")
    said = _Said(
        title=title, speakers=speaker or [], series=series, date=date, abstract=abstract,
        language=language, visibility=visibility, papers=paper or [], authors=author or [],
        year=year, venue=venue, talk=talk,
    )  # fmt: skip
    said.check()
    links = [word for word in paths or [] if is_link(word)]
    gathered = gather([Path(word) for word in paths or [] if not is_link(word)])
    if (title or talk) and len(gathered.files) + len(links) > 1:
        raise typer.BadParameter("--title and --talk are for one file; use --manifest for several")
    settings = invocation.settings()
    with open_archive(settings, begins=True) as archive:
        listed = checked_manifest(archive, manifest) if manifest else []
        taking = Taking(archive, quiet=as_json or wait)
        for link in links:
            taking.note(take_link(archive, link, said.of_link()))
        for path in gathered.files:
            taking.take(path, partial(said.entry, path, captions=gathered.captions.get(path)))
        taking.take_all(listed)
        taking.skip(gathered.skipped)
        if wait and taking.jobs:
            from app.cli.waiting import wait_for

            taking.ended = wait_for(archive, taking.jobs)
            name_what_came(archive, taking.rows)
        taking.report(as_json=as_json, waited=wait)
    raise typer.Exit(taking.status)


class _Said:
    """What the options say about the files."""

    def __init__(self, **said: Any) -> None:
        self._said = said

    def check(self) -> None:
        """Refuse what no file can have.  Raises: BadParameter."""
        from catalog.languages import is_language
        from catalog.tables import VISIBILITIES

        if self._said["visibility"] not in VISIBILITIES:
            raise typer.BadParameter(f"--visibility is one of {', '.join(VISIBILITIES)}")
        language = self._said["language"]
        if language is not None and not is_language(language):
            raise typer.BadParameter(f"--language {language!r} is not a code such as en, de or fa")
        _day(self._said["date"])

    def of_link(self) -> "Said":
        """What is said of a link, whatever it will give."""
        from app.cli.add_link import said_of

        return said_of(self._said)

    def entry(self, path: Path, *, captions: Path | None) -> "Entry":
        """A file with what the options say, then its side-car, then its name.

        Raises: BadManifest (its side-car), BadInput (a PDF that cannot be read).
        """
        from catalog.papers import NewPaper
        from ingest.described import described

        entry = described(path)
        if isinstance(entry.about, NewPaper):
            about = self._over(entry.about)
            _ask_for(path, about)
            return replace(entry, about=about)
        return replace(
            entry,
            about=self._talk(entry.about),
            captions=entry.captions or captions,
            talk=self._said["talk"] or entry.talk,
        )

    def _over(self, known: Any) -> "NewPaper":
        """What the options say of a paper counts more than its side-car."""
        said = self._said
        given = {name: said[name] for name in ("title", "year", "venue", "abstract")}
        given["authors"] = tuple(said["authors"])
        given["visibility"] = said["visibility"] if said["visibility"] != "public" else None
        given["title_is_known"] = bool(said["title"])
        paper: NewPaper = replace(known, **{name: value for name, value in given.items() if value})
        return paper

    def _talk(self, known: Any) -> "NewTalk":
        said = self._said
        given = {
            "title": said["title"],
            "speakers": tuple(said["speakers"]),
            "series": said["series"],
            "held_on": _day(said["date"]),
            "abstract": said["abstract"],
            "language": said["language"],
            "visibility": said["visibility"] if said["visibility"] != "public" else None,
            "papers": tuple(said["papers"]),
        }
        talk: NewTalk = replace(known, **{name: value for name, value in given.items() if value})
        return talk


def _day(text: str | None) -> Any:
    from datetime import date

    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"--date {text!r} is not a day like 2021-02-01") from error


def _ask_for(path: Path, paper: "NewPaper") -> None:
    """Say what neither staff nor the file has told."""
    known = {"title": paper.title_is_known, "author": paper.authors, "year": paper.year}
    unknown = [name for name, value in known.items() if not value]
    if unknown:
        options = " and ".join(f"--{name}" for name in unknown)
        them = "it" if len(unknown) == 1 else "them"
        remark(
            f"no {' and no '.join(unknown)} is known for {path.name}; give {them} with {options}"
        )
