"""Addresses elsewhere, in words: videos, slides, papers and notes of a talk or paper."""

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from urllib.parse import urlsplit

from app.web.contexts.parts import Link

WORDS = {"video": "Video", "slides": "Slides", "paper": "Paper", "notes": "Notes", "page": "Page"}
HOSTS = {  # by the end of the host's name
    "youtube.com": "YouTube",
    "youtu.be": "YouTube",
    "vimeo.com": "Vimeo",
    "panopto.com": "Panopto",
    "zoom.us": "Zoom",
    "drive.google.com": "Google Drive",
    "arxiv.org": "arXiv",
}


def links_elsewhere(
    links: Iterable[Mapping[str, str]], *, kinds: Container[str] = WORDS
) -> tuple[Link, ...]:
    """Links of these kinds that a browser may follow, the second of the same words as number 2."""
    shown = [
        link
        for link in links
        if link["kind"] in kinds and link["url"].startswith(("https://", "http://"))
    ]
    seen: Counter[str] = Counter()
    made = []
    for link in shown:
        what, where = WORDS[link["kind"]], _where(link["kind"], link["url"])
        seen[what + where] += 1
        number = f" {seen[what + where]}" if seen[what + where] > 1 else ""
        made.append(Link(text=what + number + where, url=link["url"]))
    return tuple(made)


def _where(kind: str, url: str) -> str:
    try:
        host = (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:  # a list may hold anything that begins like an address
        host = ""
    if kind in {"slides", "notes"}:
        return ""
    for end, name in HOSTS.items():
        if host == end or host.endswith("." + end):
            return f" on {name}"
    return f" at {host}" if kind == "page" and host else " elsewhere"
