"""`seminar add`: take recordings and papers in."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.context import Archive, Invocation, open_archive, print_json, remark

if TYPE_CHECKING:
    from catalog.papers import NewPaper
    from catalog.talks import NewTalk
    from ingest.accept import Accepted, Offer


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    app.command("add")(add)


def add(
    context: typer.Context,
    paths: Annotated[list[Path] | None, typer.Argument(help="Recordings and PDFs.")] = None,
    title: Annotated[str | None, typer.Option(help="Title; else the file's name.")] = None,
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
    manifest: Annotated[Path | None, typer.Option(help="YAML list of files and metadata.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until all of it is done.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Take recordings and papers in; a worker does the rest, or --wait for it here."""
    invocation: Invocation = context.obj
    if not paths and manifest is None:
        raise typer.BadParameter("name files, or a list with --manifest")
    if title and len(paths or []) > 1:
        raise typer.BadParameter("--title is for one file; use --manifest for several")
    said = _Said(
        title=title, speakers=speaker or [], series=series, date=date, abstract=abstract,
        language=language, visibility=visibility, papers=paper or [], authors=author or [],
        year=year, venue=venue,
    )  # fmt: skip
    settings = invocation.settings()
    with open_archive(settings) as archive:
        taken = _Taken(archive)
        for path in paths or []:
            taken.take(path, lambda path=path: said.offer(path))
        if manifest is not None:
            taken.take_manifest(manifest)
        if wait and taken.jobs:
            from app.cli.waiting import wait_for

            taken.ended = wait_for(archive, taken.jobs)
        taken.report(as_json=as_json, waited=wait)
    raise typer.Exit(taken.status)


class _Said:
    """What the options say about the files."""

    def __init__(self, **said: Any) -> None:
        self._said = said

    def offer(self, path: Path) -> "Offer":
        from catalog.tables import VISIBILITIES
        from ingest.accept import Offer, is_pdf

        if self._said["visibility"] not in VISIBILITIES:
            raise typer.BadParameter(f"--visibility is one of {', '.join(VISIBILITIES)}")
        return Offer(path=path, about=self._paper(path) if is_pdf(path) else self._talk(path))

    def _talk(self, path: Path) -> "NewTalk":
        from catalog.talks import NewTalk

        said = self._said
        return NewTalk(
            title=said["title"] or _words_of(path),
            speakers=tuple(said["speakers"]),
            series=said["series"],
            held_on=_day(said["date"]),
            abstract=said["abstract"],
            language=said["language"],
            visibility=said["visibility"],
            papers=tuple(said["papers"]),
        )

    def _paper(self, path: Path) -> "NewPaper":
        from catalog.papers import NewPaper
        from ingest.pdf import read_pdf

        said, known = self._said, read_pdf(path).about
        paper = NewPaper(
            title=said["title"] or known.title or _words_of(path),
            authors=tuple(said["authors"]) or known.authors,
            year=said["year"] or known.year,
            venue=said["venue"],
            abstract=said["abstract"] or known.abstract,
            arxiv_id=known.arxiv_id,
            doi=known.doi,
            visibility=said["visibility"],
        )
        titled = said["title"] or known.title
        _ask_for(path, {"title": titled, "author": paper.authors, "year": paper.year})
        return paper


class _Taken:
    """What was taken in, what was there, and what was refused."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._rows: list[dict[str, Any]] = []
        self.jobs: list[str] = []
        self.ended: dict[str, dict[str, Any]] = {}

    def take(self, path: Path, offer: Any, papers: tuple[str, ...] = ()) -> str | None:
        """Accept one file; a refusal is a line on stderr, and the others go on."""
        from catalog.errors import AlreadyThere, CatalogProblem
        from ingest.accept import accept
        from ingest.errors import IngestProblem

        row: dict[str, Any] = {"file": str(path)}
        self._rows.append(row)
        try:
            accepted = accept(self._archive.catalog, self._archive.store, offer())
        except AlreadyThere as there:
            remark(f"seminar: {there}")
            row.update(status="exists", kind=there.kind, id=there.public_id, title=there.title)
            return there.public_id
        except (CatalogProblem, IngestProblem) as problem:
            remark(f"seminar: {problem}")
            row.update(status="refused", problem=str(problem))
            return None
        self._note(row, accepted)
        return accepted.public_id

    def take_manifest(self, manifest: Path) -> None:
        """Accept all that a manifest lists; talks are linked to its papers."""
        from dataclasses import replace

        from catalog.talks import NewTalk
        from ingest.accept import Offer
        from ingest.manifest import read_manifest

        ids: dict[str, str] = {}
        for entry in read_manifest(manifest):
            about = entry.about
            if isinstance(about, NewTalk):
                named = tuple(ids[name] for name in entry.papers if name in ids)
                about = replace(about, papers=named)
            offer = Offer(path=entry.path, about=about)
            taken = self.take(entry.path, lambda offer=offer: offer)
            if taken:
                ids[entry.path.name] = taken

    def report(self, *, as_json: bool, waited: bool) -> None:
        """Say what came of each file."""
        for row in self._rows:
            row.update(self.ended.get(row.get("job", ""), {}))
        if as_json:
            print_json(self._rows)
            return
        for row in self._rows:
            if row["status"] == "accepted":
                print(f"accepted  {row['kind']} {row['id']}  {row['title']}")
            elif row["status"] in {"done", "partial"}:
                print(f"{row['status']:8}  {row['kind']} {row['id']}  {row['title']}")
        if self.jobs and not waited:
            remark("`seminar worker` does the work, `seminar jobs` shows how far it is")

    @property
    def status(self) -> int:
        """1 when something was refused or failed."""
        return int(any(row["status"] in {"refused", "failed", "cancelled"} for row in self._rows))

    def _note(self, row: dict[str, Any], accepted: "Accepted") -> None:
        self.jobs.append(accepted.job_id)
        row.update(
            status="accepted",
            kind=accepted.kind,
            id=accepted.public_id,
            title=accepted.title,
            job=accepted.job_id,
        )


def _words_of(path: Path) -> str:
    return path.stem.replace("_", " ").strip() or path.name


def _day(text: str | None) -> Any:
    from datetime import date

    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"--date {text!r} is not a day like 2021-02-01") from error


def _ask_for(path: Path, known: dict[str, Any]) -> None:
    """Say what neither staff nor the file has told."""
    unknown = [name for name, value in known.items() if not value]
    if unknown:
        options = " and ".join(f"--{name}" for name in unknown)
        them = "it" if len(unknown) == 1 else "them"
        remark(
            f"no {' and no '.join(unknown)} is known for {path.name}; give {them} with {options}"
        )
