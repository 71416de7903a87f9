"""Addresses: where a talk, a second of it, a paper and a page of it are."""

from catalog.tables import Paper, Talk
from catalog.talks import TalkDetails
from index.searcher import Hit


def talk_url(talk: Talk, at_ms: int | None = None) -> str:
    """The talk's page, at a second of it."""
    return f"/talks/{talk.slug}" + ("" if at_ms is None else f"?t={at_ms // 1000}")


def paper_url(paper: Paper) -> str:
    """The paper's page."""
    return f"/papers/{paper.slug}"


def pdf_url(paper: Paper, page: int | None = None) -> str | None:
    """The paper's PDF, at a page of it; None where the archive has no file."""
    if paper.sha256 is None:
        return None
    return f"/media/papers/{paper.public_id}.pdf" + ("" if page is None else f"#page={page}")


def media_url(talk: Talk) -> str:
    """The talk's current recording."""
    return f"/media/talks/{talk.public_id}"


def transcript_url(talk: Talk, form: str) -> str:
    """The talk's transcript in one of its forms."""
    return f"/api/v1/talks/{talk.public_id}/transcript?format={form}"


def owner_url(owner: TalkDetails | Paper) -> str:
    """The page of a talk or a paper."""
    return paper_url(owner) if isinstance(owner, Paper) else talk_url(owner.talk)


def passage_anchor(passage_id: str) -> str:
    """The name, on the talk's page, of the place where a passage without a time begins."""
    return f"passage-{passage_id}"


def passage_url(owner: TalkDetails | Paper, hit: Hit) -> str:
    """The second of the talk, or the words of one without times, or the page of the PDF."""
    if isinstance(owner, Paper):
        return pdf_url(owner, hit.passage.page) or paper_url(owner)
    if hit.passage.start_ms is None:
        return f"{talk_url(owner.talk)}#{passage_anchor(hit.passage.id)}"
    return talk_url(owner.talk, hit.passage.start_ms)
