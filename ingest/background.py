"""What the catalog knows of a talk before it is heard: where its vocabulary comes from."""

from sqlmodel import Session

from catalog import papers, talks
from catalog.tables import Paper, Talk
from ingest.vocabulary import PaperSource, TalkSource

MOST_PAGES = 60
"""Of a book only the beginning is read; it names what it is about."""


def background(session: Session, talk: Talk) -> TalkSource:
    """The talk's title, abstract, speakers and series, and its linked papers that are public."""
    (known,) = talks.details(session, [talk])
    return TalkSource(
        title=talk.title,
        speakers=known.names,
        series=known.series.name if known.series else "",
        abstract=talk.abstract,
        papers=tuple(_paper(session, paper) for paper in known.papers),
    )


def _paper(session: Session, paper: Paper) -> PaperSource:
    pages = papers.pages(session, paper)[:MOST_PAGES]
    return PaperSource(
        title=paper.title,
        authors=tuple(paper.authors),
        abstract=paper.abstract,
        pages=tuple(page.text for page in pages),
    )
