"""What another site shows when somebody pastes the address of a page: cards and ways to take it.

Source: the Open Graph protocol; Twitter cards; oEmbed 1.0, 4.
"""

from collections.abc import Sequence
from urllib.parse import urlencode

from app.api.places import media_url, paper_url, pdf_url, talk_url
from app.feeds.oembed import HEIGHTS, WIDTH
from app.feeds.places import embed_path
from app.feeds.structured import paper_data, talk_data
from app.feeds.talk_facts import is_video, playable, words
from app.web.contexts.parts import Card, HeadLink, Meta
from catalog.tables import Paper, PassageRow
from catalog.talks import TalkDetails


def talk_card(
    one: TalkDetails,
    *,
    archive: str,
    base: str,
    start_s: int,
    passages: Sequence[PassageRow],
    chapters: Sequence[tuple[int, str]] = (),
    transcript: str,
) -> Card:
    """The card of a talk, from a second on; `chapters` are (start_ms, title)."""
    talk = one.talk
    url = base + talk_url(talk, start_s * 1000 if start_s else None)
    return Card(
        metas=(
            *_common(archive, url, talk.title, _described(one)),
            *_recording(one, base, start_s),
        ),
        links=(
            *(_oembed(base, url, form, talk.title) for form in ("json", "xml")),
            *_citations(base + talk_url(talk)),
        ),
        data=talk_data(one, base=base, passages=passages, chapters=chapters, transcript=transcript),
    )


def paper_card(paper: Paper, *, archive: str, base: str) -> Card:
    """The card of a paper, with the tags that reference managers look for."""
    url = base + paper_url(paper)
    pdf = pdf_url(paper)
    cited = [
        ("citation_title", paper.title),
        *(("citation_author", author) for author in paper.authors),
        ("citation_publication_date", str(paper.year or "")),
        ("citation_doi", paper.doi or ""),
        ("citation_arxiv_id", paper.arxiv_id or ""),
        ("citation_pdf_url", base + pdf if pdf else ""),
    ]
    return Card(
        metas=(
            *_common(archive, url, paper.title, words(paper.abstract)),
            Meta(property="og:type", content="article"),
            Meta(name="twitter:card", content="summary"),
            *(Meta(name=name, content=content) for name, content in cited if content),
        ),
        links=_citations(url),
        data=paper_data(paper, base=base),
    )


def _common(archive: str, url: str, title: str, description: str) -> list[Meta]:
    known = [
        Meta(property="og:site_name", content=archive),
        Meta(property="og:url", content=url),
        Meta(property="og:title", content=title),
    ]
    said = description or f"{title} – {archive}"
    return [
        *known,
        Meta(name="description", content=said),
        Meta(property="og:description", content=said),
    ]


def _described(one: TalkDetails) -> str:
    """The abstract; without one, who speaks, where and when."""
    if one.talk.abstract.strip():
        return words(one.talk.abstract)
    known = (
        ", ".join(one.names),
        one.series.name if one.series else "",
        one.talk.held_on.isoformat() if one.talk.held_on else "",
    )
    return " · ".join(part for part in known if part)


def _recording(one: TalkDetails, base: str, start_s: int) -> list[Meta]:
    recording = playable(one)
    if recording is None:
        return [
            Meta(property="og:type", content="website"),
            Meta(name="twitter:card", content="summary"),
        ]
    kind = "video" if is_video(one) else "audio"
    frame = base + embed_path(one.talk.public_id, start_s)
    known = [
        Meta(property="og:type", content="video.other" if kind == "video" else "website"),
        Meta(property=f"og:{kind}", content=base + media_url(one.talk)),
        Meta(property=f"og:{kind}:type", content=recording.media_type),
    ]
    if not base.startswith("https://"):  # such a player is refused
        return [*known, Meta(name="twitter:card", content="summary")]
    return [
        *known,
        Meta(name="twitter:card", content="player"),
        Meta(name="twitter:player", content=frame),
        Meta(name="twitter:player:width", content=str(WIDTH)),
        Meta(name="twitter:player:height", content=str(HEIGHTS[kind])),
    ]


def _oembed(base: str, url: str, form: str, title: str) -> HeadLink:
    kind = {"json": "application/json+oembed", "xml": "text/xml+oembed"}[form]
    query = urlencode({"url": url, "format": form})
    return HeadLink(rel="alternate", type=kind, url=f"{base}/oembed?{query}", title=title)


def _citations(url: str) -> tuple[HeadLink, ...]:
    return (
        HeadLink(rel="alternate", type="application/x-bibtex", url=f"{url}.bib", title="BibTeX"),
        HeadLink(
            rel="alternate",
            type="application/vnd.citationstyles.csl+json",
            url=f"{url}.csl.json",
            title="CSL-JSON",
        ),
    )
