"""`seminar add` of what lies elsewhere: links and papers of arXiv."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

from app.cli.context import Archive, remark

if TYPE_CHECKING:
    from catalog.promises import Said

_LINK = re.compile(r"arxiv:|[a-z][a-z0-9+.-]+://", re.IGNORECASE)


def is_link(word: str) -> bool:
    """Whether a word names something elsewhere, and not a file here."""
    return _LINK.match(word) is not None


def said_of(options: Mapping[str, Any]) -> "Said":
    """What the options say about what a link will give."""
    from catalog.promises import Said
    from catalog.tables import VISIBILITIES

    if options["visibility"] not in VISIBILITIES:
        raise typer.BadParameter(f"--visibility is one of {', '.join(VISIBILITIES)}")
    return Said(
        title=options["title"],
        speakers=tuple(options["speakers"]),
        series=options["series"],
        held_on=options["date"],
        abstract=options["abstract"],
        language=options["language"],
        visibility=options["visibility"],
        papers=tuple(options["papers"]),
        authors=tuple(options["authors"]),
        year=options["year"],
        venue=options["venue"],
    )


def take_link(archive: Archive, word: str, said: "Said") -> dict[str, Any]:
    """Promise one link; a refusal is a line on stderr and a row that says so."""
    from catalog import submissions
    from catalog.errors import AlreadyThere, CatalogProblem
    from ingest.errors import IngestProblem
    from ingest.links import promise_link

    row: dict[str, Any] = {"file": word}
    try:
        accepted = promise_link(archive.catalog, archive.settings, word, said)
    except AlreadyThere as there:
        remark(f"seminar: {there}")
        with archive.catalog.read() as session:
            job_id = submissions.under_way(session, there.public_id)
        return (
            row
            | {"status": "exists", "kind": there.kind, "id": there.public_id, "title": there.title}
            | ({"job": job_id} if job_id else {})
        )
    except (CatalogProblem, IngestProblem) as problem:
        remark(f"seminar: {problem}")
        return row | {"status": "refused", "problem": str(problem)}
    return row | {
        "status": "accepted",
        "kind": accepted.kind,
        "id": accepted.public_id,
        "title": accepted.title,
        "job": accepted.job_id,
    }


def name_what_came(archive: Archive, rows: Sequence[dict[str, Any]]) -> None:
    """Give each row whose link was fetched the name of the talk or paper that it became."""
    from catalog import submissions
    from catalog.tables import Talk

    with archive.catalog.read() as session:
        for row in rows:
            job = submissions.get(session, row["job"]) if "job" in row else None
            if job is None or job.kind != "link" or not job.sha256:
                continue
            owner = submissions.owner_of(session, job)
            kind = "talk" if isinstance(owner, Talk) else "paper"
            row.update(kind=kind, id=owner.public_id, title=owner.title)
