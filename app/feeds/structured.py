"""JSON-LD: talks and papers as schema.org names them.

Invariant: plain values only; whoever writes them into a page escapes them.
Source: https://schema.org/VideoObject, /AudioObject, /Clip, /ScholarlyArticle.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from app.api.places import media_url, paper_url, pdf_url, series_url, speaker_url, talk_url
from app.api.talks import duration_ms
from app.feeds.places import embed_path
from app.feeds.talk_facts import heard, is_video, iso_duration, playable, words
from catalog.tables import Paper, PassageRow
from catalog.talks import TalkDetails

CONTEXT = "https://schema.org"
CLIP_CHARS = 80


def talk_data(
    one: TalkDetails,
    *,
    base: str,
    passages: Sequence[PassageRow],
    chapters: Sequence[tuple[int, str]] = (),
    transcript: str,
) -> dict[str, Any]:
    """A talk with its recording, as an object; one that nobody can hear is an event.

    chapters: (start_ms, title) of each; without any, the passages are the clips.
    """
    talk, url = one.talk, base + talk_url(one.talk)
    recording = playable(one)
    common = {
        "@context": CONTEXT,
        "@id": url,
        "url": url,
        "name": talk.title,
        "description": talk.abstract or None,
    }
    if recording is None:
        held = talk.held_on.isoformat() if talk.held_on else None
        event = {
            "@type": "EducationEvent",
            "startDate": held,
            "performer": _speakers(one, base),
            "superEvent": _series(one, "EventSeries", base),
        }
        return _said({**common, **event})
    language = heard(one)
    return _said(
        {
            **common,
            "@type": "VideoObject" if is_video(one) else "AudioObject",
            "author": _speakers(one, base),
            "isPartOf": _series(one, "CreativeWorkSeries", base),
            "dateCreated": talk.held_on.isoformat() if talk.held_on else None,
            "uploadDate": recording.added_at.isoformat(timespec="seconds"),
            "duration": iso_duration(duration_ms(one)),
            "contentUrl": base + media_url(talk),
            "contentSize": str(recording.size_bytes),
            "encodingFormat": recording.media_type,
            "embedUrl": base + embed_path(talk.public_id),
            "inLanguage": (language.language if language else None) or talk.language,
            "transcript": transcript or None,
            "citation": [_cited(paper, base) for paper in one.papers],
            "hasPart": chapter_clips(chapters, duration_ms(one), url) or clips(passages, url),
        }
    )


def paper_data(paper: Paper, *, base: str) -> dict[str, Any]:
    """A paper."""
    pdf = pdf_url(paper)
    encoding = {"@type": "MediaObject", "contentUrl": base + pdf} if pdf else None
    return _said(
        {
            "@context": CONTEXT,
            "@type": "ScholarlyArticle",
            **_cited(paper, base),
            "description": words(paper.abstract) or None,
            "abstract": paper.abstract or None,
            "isPartOf": {"@type": "CreativeWork", "name": paper.venue} if paper.venue else None,
            "sameAs": [one for one in (arxiv_url(paper), doi_url(paper)) if one],
            "encoding": {**encoding, "encodingFormat": "application/pdf"} if encoding else None,
        }
    )


def clips(passages: Sequence[PassageRow], url: str) -> list[dict[str, Any]]:
    """The passages of a talk that have a time, each with its seconds and its address."""
    return [
        {
            "@type": "Clip",
            "name": words(one.text, CLIP_CHARS),
            "startOffset": one.start_ms // 1000,
            "endOffset": max(one.start_ms // 1000 + 1, one.end_ms // 1000),
            "url": f"{url}?t={one.start_ms // 1000}",
        }
        for one in passages
        if one.start_ms is not None and one.end_ms is not None
    ]


def chapter_clips(
    chapters: Sequence[tuple[int, str]], total_ms: int | None, url: str
) -> list[dict[str, Any]]:
    """The chapters of a talk, each until the next one begins."""
    if not chapters:
        return []
    starts_s = [start_ms // 1000 for start_ms, _ in chapters]
    last_s = max(starts_s[-1] + 1, (total_ms or 0) // 1000)
    return [
        {
            "@type": "Clip",
            "name": title,
            "startOffset": start,
            "endOffset": end,
            "url": f"{url}?t={start}",
        }
        for (_, title), start, end in zip(chapters, starts_s, [*starts_s[1:], last_s], strict=True)
    ]


def people(names: Sequence[str]) -> list[dict[str, str]]:
    """Persons, in order."""
    return [{"@type": "Person", "name": name} for name in names]


def arxiv_url(paper: Paper) -> str | None:
    """Where arXiv has the paper."""
    return f"https://arxiv.org/abs/{paper.arxiv_id}" if paper.arxiv_id else None


def doi_url(paper: Paper) -> str | None:
    """Where its DOI leads."""
    return f"https://doi.org/{paper.doi}" if paper.doi else None


def place_data(kind: str, name: str, path: str, base: str) -> dict[str, Any]:
    """A series or a person, with their page as `url`."""
    return {
        "@context": CONTEXT,
        "@type": kind,
        "@id": base + path,
        "url": base + path,
        "name": name,
    }


def _speakers(one: TalkDetails, base: str) -> list[dict[str, str]]:
    return [
        {"@type": "Person", "name": person.name, "url": base + speaker_url(person)}
        for person in one.speakers
    ]


def _series(one: TalkDetails, kind: str, base: str) -> dict[str, str] | None:
    if one.series is None:
        return None
    return {"@type": kind, "name": one.series.name, "url": base + series_url(one.series)}


def _cited(paper: Paper, base: str) -> dict[str, Any]:
    return _said(
        {
            "@type": "ScholarlyArticle",
            "@id": base + paper_url(paper),
            "url": base + paper_url(paper),
            "name": paper.title,
            "author": people(paper.authors),
            "datePublished": str(paper.year) if paper.year else None,
        }
    )


def _said(known: Mapping[str, Any]) -> dict[str, Any]:
    """What is known, without what is not."""
    return {name: value for name, value in known.items() if value not in (None, [], "")}
