"""A talk or a paper in unqualified Dublin Core.

Source: https://www.dublincore.org/specifications/dublin-core/dces/.
"""

from collections.abc import Iterable
from xml.etree import ElementTree as ET

from app.api.places import paper_url, pdf_url, talk_url
from app.feeds.structured import arxiv_url, doi_url
from app.feeds.talk_facts import heard, is_video, playable
from app.feeds.xml import node, texts
from catalog.tables import Paper
from catalog.talks import TalkDetails

NAMESPACE = "http://www.openarchives.org/OAI/2.0/oai_dc/"
SCHEMA = "http://www.openarchives.org/OAI/2.0/oai_dc.xsd"
_ROOT = {
    "xmlns:oai_dc": NAMESPACE,
    "xmlns:dc": "http://purl.org/dc/elements/1.1/",
    "xsi:schemaLocation": f"{NAMESPACE} {SCHEMA}",
}
Elements = Iterable[tuple[str, str | None]]


def dublin_core(one: TalkDetails | Paper, *, base: str, publisher: str) -> ET.Element:
    """The element `oai_dc:dc`."""
    known = _paper(one, base) if isinstance(one, Paper) else _talk(one, base)
    said = [*known, ("publisher", publisher)]
    return node(
        "oai_dc:dc", _ROOT, *(made for name, text in said for made in texts(f"dc:{name}", text))
    )


def _talk(one: TalkDetails, base: str) -> Elements:
    talk, recording, transcript = one.talk, playable(one), heard(one)
    kind = "Event" if recording is None else "MovingImage" if is_video(one) else "Sound"
    yield "title", talk.title
    yield from (("creator", name) for name in one.names)
    yield from (("subject", tag) for tag in talk.tags)
    yield "description", talk.abstract
    yield "date", talk.held_on.isoformat() if talk.held_on else None
    yield "type", kind
    yield "format", recording.media_type if recording else None
    yield "identifier", base + talk_url(talk)
    yield "language", (transcript.language if transcript else None) or talk.language
    yield "relation", one.series.name if one.series else None
    yield from (("relation", base + paper_url(paper)) for paper in one.papers)


def _paper(paper: Paper, base: str) -> Elements:
    pdf = pdf_url(paper)
    yield "title", paper.title
    yield from (("creator", author) for author in paper.authors)
    yield "description", paper.abstract
    yield "date", str(paper.year) if paper.year else None
    yield "type", "Text"
    yield "format", "application/pdf" if pdf else None
    yield "identifier", base + paper_url(paper)
    yield "identifier", doi_url(paper)
    yield "identifier", arxiv_url(paper)
    yield "relation", base + pdf if pdf else None
    yield "source", paper.venue
