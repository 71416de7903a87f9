"""A recording on a page of a video site; the only file that imports yt-dlp, an optional extra.

Invariant: only the extractors of listed sites run, none that follows a page anywhere; no file
addresses, no cookies, no other programs; what yt-dlp connects to goes through `egress`, which
applies the same policy as every link.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from catalog.addresses import Target
from ingest.errors import LinkProblem, LinkRefused, PagesMissing, Unreachable
from ingest.progress import Cancelled
from ingest.sources.egress import egress
from ingest.sources.fetch import Limits, Told
from ingest.sources.policy import Policy

_FORMAT = "bestaudio[ext=m4a]/bestaudio[protocol^=http]/bestaudio/best"
_EXTRACTORS = {"youtube.com": "youtube", "youtu.be": "youtube", "vimeo.com": "vimeo"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a page says of its recording, and the file that was fetched from it."""

    file: Path
    title: str | None
    held_on: date | None
    uploader: str | None


def is_page(target: Target, hosts: list[str]) -> bool:
    """Whether an address is on one of these hosts or under it."""
    return any(target.host == host or target.host.endswith(f".{host}") for host in hosts)


def require_pages(target: Target) -> None:
    """Raises: PagesMissing."""
    if find_spec("yt_dlp") is None:
        raise PagesMissing(target.shown)


def fetch_page(target: Target, folder: Path, limits: Limits, policy: Policy, told: Told) -> Page:
    """Fetch the sound of the recording on a page into `folder`, going on with what is there.

    Raises: PagesMissing, LinkRefused, Unreachable, what `told` raises.
    """
    require_pages(target)
    import yt_dlp

    with egress(policy) as proxy, _named(target):
        chosen = options(target, folder, limits, told) | {"proxy": proxy}
        with yt_dlp.YoutubeDL(chosen) as reader:
            info = reader.extract_info(target.url, download=True)
    return _page(target, info, folder)


def options(target: Target, folder: Path, limits: Limits, told: Told) -> dict[str, Any]:
    """How yt-dlp is to work: quietly, by one site's extractors, alone, within the limits."""
    return {
        "format": _FORMAT,
        "outtmpl": {"default": str(folder / "%(id)s.%(ext)s")},
        "allowed_extractors": extractors_of(target.host),
        "enable_file_urls": False,
        "noplaylist": True,
        "playlist_items": "1",
        "match_filter": _not_live,
        "max_filesize": limits.size_bytes,
        "progress_hooks": [_hook(told, limits)],
        "socket_timeout": limits.patience.silence_s,
        "retries": 2,
        "fragment_retries": 2,
        "extractor_retries": 1,
        "continuedl": True,
        "cachedir": False,
        "cookiefile": None,
        "usenetrc": False,
        "hls_prefer_native": True,
        "fixup": "never",
        "postprocessors": [],
        "quiet": True,
        "noprogress": True,
        "no_warnings": True,
        "logger": _Silent(),
    }


def extractors_of(host: str) -> list[str]:
    """Which of yt-dlp's extractors may read a page of this host; never the generic one."""
    for known, name in _EXTRACTORS.items():
        if host == known or host.endswith(f".{known}"):
            return [f"{name}.*"]
    return ["default", "-generic"]


class _Silent:
    """Takes yt-dlp's remarks; its errors come as exceptions."""

    def debug(self, _text: str) -> None:
        """Nothing."""

    warning = error = debug


def _not_live(info: dict[str, Any], *_rest: Any, **_more: Any) -> str | None:
    return "it is live and has no end yet" if info.get("is_live") else None


def _hook(told: Told, limits: Limits) -> Callable[[dict[str, Any]], None]:
    until = time.monotonic() + limits.time_s

    def hook(state: dict[str, Any]) -> None:
        if time.monotonic() > until:
            hours = f"{limits.time_s / 3600:.3g} hours"
            raise Unreachable("the recording on the page", f"it is not whole after {hours}")
        size = state.get("downloaded_bytes") or 0
        if size > limits.size_bytes:
            raise LinkRefused(
                "the recording on the page",
                f"it is more than {limits.size_bytes / 1e9:.3g} GB, the limit",
                "raise SEMINAR_LINK_MAX_GB if it is meant",
            )
        told(size, state.get("total_bytes") or state.get("total_bytes_estimate"))

    return hook


@contextmanager
def _named(target: Target) -> Iterator[None]:
    """yt-dlp's problems as ours."""
    from yt_dlp.utils import YoutubeDLError

    try:
        yield
    except YoutubeDLError as error:
        raise problem_of(error, target) from error


def problem_of(error: BaseException, target: Target) -> Exception:
    """What yt-dlp's error means: ours that it wrapped, the network's, or the page's."""
    from yt_dlp.networking.exceptions import HTTPError, ProxyError, TransportError

    for one in _causes(error):
        if isinstance(one, LinkProblem | Cancelled):
            return one
        if isinstance(one, ProxyError) and "403" in str(one):
            return LinkRefused(
                target.shown, "it leads to an address inside", "download the file yourself"
            )
        if isinstance(one, HTTPError) and one.status < 500 and one.status != 429:
            return LinkRefused(target.shown, f"the site answers {one.status}", "check the address")
        if isinstance(one, HTTPError | TransportError):
            return Unreachable(target.shown, str(one))
    return LinkRefused(
        target.shown, f"yt-dlp says: {error}", "give the address of the recording itself"
    )


def _causes(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        told = getattr(error, "exc_info", None)
        error = getattr(error, "cause", None) or (told[1] if told else None) or error.__cause__
    return found


def _page(target: Target, info: Any, folder: Path) -> Page:
    files = sorted(one for one in folder.iterdir() if one.suffix not in {".part", ".ytdl"})
    if not info or not files:
        raise LinkRefused(
            target.shown,
            "the page gave no recording",
            "it may be live, a list, or larger than SEMINAR_LINK_MAX_GB",
        )
    return Page(
        file=files[0],
        title=info.get("title"),
        held_on=_day(info.get("release_date") or info.get("upload_date")),
        uploader=info.get("uploader") or info.get("channel"),
    )


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
