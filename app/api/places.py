"""Addresses: where a talk, a second of it, a paper and a page of it are."""

from catalog.shown import Shown
from catalog.tables import Paper, Person, Series, Talk
from index.passage import Passage


def talk_url(talk: Talk, at_ms: int | None = None) -> str:
    """The talk's page, at a second of it."""
    return f"/talks/{talk.slug}" + ("" if at_ms is None else f"?t={at_ms // 1000}")


def paper_url(paper: Paper) -> str:
    """The paper's page."""
    return f"/papers/{paper.slug}"


def series_url(series: Series) -> str:
    """The page of a series."""
    return f"/series/{series.slug}"


def speaker_url(person: Person) -> str:
    """The page of a speaker, across all series."""
    return f"/speakers/{person.slug}"


def job_url(public_id: str) -> str:
    """Where a job is asked for."""
    return f"/api/v1/jobs/{public_id}"


def pdf_url(paper: Paper, page: int | None = None) -> str | None:
    """The paper's PDF, at a page of it; None where the archive has no file."""
    if paper.sha256 is None:
        return None
    return _pdf(paper.public_id, page)


def media_url(talk: Talk) -> str:
    """The talk's current recording."""
    return f"/media/talks/{talk.public_id}"


def transcript_url(talk: Talk, form: str) -> str:
    """The talk's transcript in one of its forms."""
    return f"/api/v1/talks/{talk.public_id}/transcript?format={form}"


def owner_url(owner: Shown) -> str:
    """The page of a talk or a paper."""
    return f"/{owner.kind}s/{owner.slug}"


def shown_pdf_url(owner: Shown, page: int | None = None) -> str | None:
    """The PDF of a paper that is shown, at a page of it; None where the archive has no file."""
    if not owner.has_file:
        return None
    return _pdf(owner.public_id, page)


def passage_anchor(passage_id: str) -> str:
    """The name, on the talk's page, of the place where a passage without a time begins."""
    return f"passage-{passage_id}"


def passage_url(owner: Shown, passage: Passage) -> str:
    """The second of the talk, or the words of one without times, or the page of the PDF."""
    if owner.kind == "paper":
        return shown_pdf_url(owner, passage.page) or owner_url(owner)
    if passage.start_ms is None:
        return f"{owner_url(owner)}#{passage_anchor(passage.id)}"
    return f"{owner_url(owner)}?t={passage.start_ms // 1000}"


def _pdf(public_id: str, page: int | None) -> str:
    return f"/media/papers/{public_id}.pdf" + ("" if page is None else f"#page={page}")
