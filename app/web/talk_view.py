"""A talk's page: its state in words, its player, and its transcript."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from app.api.answers import hidden_recording
from app.api.places import (
    media_url,
    series_url,
    speaker_url,
    talk_url,
    transcript_url,
)
from app.api.similar import Similar
from app.api.talks import duration_ms, forms_of, percent_of
from app.feeds.offered import cited
from app.web import results
from app.web.contexts.lists import TalkLine
from app.web.contexts.parts import Card, Frame, Link, Notice
from app.web.contexts.talk import Chapter, EmbedPage, Paragraph, Player, Source, Stretch, TalkPage
from app.web.elsewhere import links_elsewhere
from app.web.formats import clock, counted, day, length, listed, short_day, size
from app.web.inside import Inside
from app.web.mention_view import papers_of
from app.web.transcript import Theme, gap_text, paragraphs
from app.web.untimed import untimed_paragraphs
from catalog.captions import Line
from catalog.mentions import Mentioned
from catalog.submissions import OPEN
from catalog.tables import PassageRow, Transcript, now
from catalog.talks import TalkDetails

STEPS = {
    None: "waiting for its turn",
    "accept": "waiting for its turn",
    "read": "being read",
    "decode": "the sound is being read",
    "transcribe": "being transcribed",
    "gate": "being transcribed",
    "passages": "being cut into passages",
    "encode": "being prepared for search",
    "commit": "being written to the catalog",
    "publish": "being published",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A transcript with its lines; without times, with the passages that were cut of it.

    themes: where it turns to something else.
    """

    transcript: Transcript
    lines: Sequence[Line]
    passages: Sequence[PassageRow] = ()
    themes: Sequence[Theme] = ()

    @property
    def said(self) -> str:
        """Where it is from."""
        one = self.transcript
        words = {
            "machine": f"Heard by {one.engine}, {one.model}. "
            "Words with dotted lines were heard badly; press one to hear it.",
            "captions": f"From the captions {one.model}.",
            "edited": "Corrected by staff.",
        }
        return words[one.origin] + ("" if one.timed else " It has no times.")


def talk_page(
    details: TalkDetails,
    *,
    frame: Frame,
    heard: Heard | None,
    start_s: int,
    found: Inside | None,
    mentioned: Sequence[Mentioned],
    similar: Sequence[Similar],
    card: Card,
    base: str,
) -> TalkPage:
    """Everything that the talk's page shows; `base` is where the archive is to the outside."""
    talk, query = details.talk, frame.query
    url = talk_url(talk)
    spoken = _paragraphs(heard, url) if heard else ()
    chapters = tuple(one.chapter for one in spoken if one.chapter)
    return TalkPage(
        frame=frame,
        title=talk.title,
        speakers=tuple(Link(text=one.name, url=speaker_url(one)) for one in details.speakers),
        series=Link(text=details.series.name, url=series_url(details.series))
        if details.series
        else None,
        day=day(talk.held_on),
        day_iso=talk.held_on.isoformat() if talk.held_on else "",
        length=length(duration_ms(details)),
        notices=_notices(details, heard),
        player=_player(details, heard, start_s),
        found=found.lines if found else (),
        found_said=_found_said(query, len(found.lines)) if found else "",
        elsewhere=_elsewhere(query) if found else None,
        stretch=_stretch(details, heard, chapters, found),
        chapters=chapters,
        doubtful=_doubtful(spoken),
        share=Link(text=f"Share at {clock(start_s * 1000)}", url=f"{url}?t={start_s}"),
        source=_source(details, base),
        downloads=_downloads(details) if heard else (),
        recording=_recording_file(details),
        links=links_elsewhere(talk.links),
        abstract=split_paragraphs(talk.abstract),
        papers=papers_of(details.papers, mentioned),
        similar=tuple(map(results.similar_line, similar)),
        language=(heard.transcript.language if heard else None) or talk.language or "en",
        paragraphs=spoken,
        timed=heard is not None and heard.transcript.timed,
        heard_said=heard.said if heard else "",
        cited=cited(url),
        card=card,
    )


def embed_page(
    details: TalkDetails, *, frame: Frame, heard: Heard | None, start_s: int, here: str
) -> EmbedPage:
    """What a talk shows in another site's frame; `here` is the frame's own address."""
    return EmbedPage(
        frame=frame,
        title=details.talk.title,
        url=talk_url(details.talk, start_s * 1000 if start_s else None),
        who=talk_line(details).who,
        notices=_notices(details, heard),
        player=_player(details, heard, start_s),
        language=(heard.transcript.language if heard else None) or details.talk.language or "en",
        paragraphs=_paragraphs(heard, here) if heard else (),
        timed=heard is not None and heard.transcript.timed,
    )


def talk_line(details: TalkDetails, *, but: str = "") -> TalkLine:
    """A talk in a list; in that of a series or a speaker its name need not stand again."""
    return TalkLine(
        title=details.talk.title,
        stand_in=not details.talk.title_is_known,
        url=talk_url(details.talk),
        day=short_day(details.talk.held_on),
        day_iso=details.talk.held_on.isoformat() if details.talk.held_on else "",
        who=tuple(
            part
            for part in (
                ", ".join(details.names),
                details.series.name if details.series else "",
                length(duration_ms(details)),
            )
            if part not in ("", but)
        ),
        state=_short_state(details),
        links=links_elsewhere(details.talk.links, kinds={"video", "slides"}),
    )


def _paragraphs(heard: Heard, url: str) -> tuple[Paragraph, ...]:
    if heard.transcript.timed:
        return paragraphs(
            heard.lines, page_url=url, gaps=heard.transcript.gaps, themes=heard.themes
        )
    return untimed_paragraphs(heard.lines, heard.passages)


def is_upcoming(details: TalkDetails) -> bool:
    """Whether the talk is still to be held."""
    held_on = details.talk.held_on
    return held_on is not None and held_on > now().date() and details.recording is None


def split_paragraphs(text: str) -> tuple[str, ...]:
    """Paragraphs of a text that staff wrote."""
    return tuple(part for block in text.split("\n\n") if (part := " ".join(block.split())))


def _notices(details: TalkDetails, heard: Heard | None) -> tuple[Notice, ...]:
    return tuple(
        notice
        for notice in (
            _visibility(details),
            _title(details),
            _recording(details),
            None if hidden_recording(details) else _job(details, heard),
            _transcript(details, heard),
        )
        if notice
    )


def _visibility(details: TalkDetails) -> Notice | None:
    if details.talk.visibility != "unlisted":
        return None
    return Notice(text="This talk is unlisted: only who has its address finds it.")


def _title(details: TalkDetails) -> Notice | None:
    if details.talk.title_is_known:
        return None
    return Notice(text="The title of this talk is not known.")


def _recording(details: TalkDetails) -> Notice | None:
    if is_upcoming(details):
        return Notice(text=f"This talk is announced for {day(details.talk.held_on)}.")
    words = {
        "not_recorded": "There is no recording of this talk.",
        "declined": "The speaker declined to be recorded.",
        "withdrawn": "The recording of this talk was withdrawn.",
    }
    text = words.get(details.recording_status)
    if text is None and details.recording is None:
        video = any(link["kind"] == "video" for link in details.talk.links)
        text = (
            "The recording of this talk is elsewhere; what is said in it cannot be searched here."
            if video
            else "There is no recording of this talk in the archive."
        )
    return Notice(text=text) if text else None


def _job(details: TalkDetails, heard: Heard | None) -> Notice | None:
    job = details.submission
    if job is None:
        return None
    captions = job.kind == "captions"
    if job.state == "failed" and heard is None:
        what = "captions could not be read" if captions else "recording could not be transcribed"
        return Notice(text=f"The {what}; staff can see why.")
    if job.state not in OPEN or (heard and job.state == "committed"):
        return None
    step = STEPS.get(job.step if job.state != "accepted" else None, "being processed")
    what = "This transcript" if captions else "This recording"
    text = f"{what} is {step}." if step.startswith("being") else f"{what}: {step}."
    if details.seconds_left is not None:
        text = f"{text} About {length(max(60_000, round(details.seconds_left * 1000)))} left."
    return Notice(text=text, percent=percent_of(job) if job.state == "running" else None)


def _transcript(details: TalkDetails, heard: Heard | None) -> Notice | None:
    if heard is None:
        return None
    if not heard.lines:
        return Notice(text="No speech was heard in this recording.")
    gaps = heard.transcript.gaps
    if heard.transcript.complete or not gaps:
        return None
    total_ms = duration_ms(details)
    missing_ms = sum(end - start for start, end in gaps)
    if total_ms is None:
        return Notice(text=f"Partial: {listed([gap_text(gap) for gap in gaps[:3]])}.")
    return Notice(
        text=f"Partial: {clock(max(0, total_ms - missing_ms))} of {clock(total_ms)} could be read "
        f"({counted(len(gaps), 'gap')})."
    )


def _player(details: TalkDetails, heard: Heard | None, start_s: int) -> Player | None:
    recording = details.recording
    if recording is None or hidden_recording(details):
        return None
    return Player(
        key=details.talk.public_id,
        kind="video" if recording.media_type.startswith("video/") else "audio",
        source=media_url(details.talk) + (f"#t={start_s}" if start_s else ""),
        media_type=recording.media_type,
        start_s=start_s,
        captions=transcript_url(details.talk, "vtt") if heard and heard.transcript.timed else None,
        language=(heard.transcript.language if heard else None) or "en",
        file_name=recording.file_name,
    )


def _downloads(details: TalkDetails) -> tuple[Link, ...]:
    return tuple(
        Link(text=form.upper(), url=transcript_url(details.talk, form))
        for form in ("txt", "vtt", "srt", "json")
        if form in forms_of(details.transcript)
    )


def _recording_file(details: TalkDetails) -> Link | None:
    recording = details.recording
    if recording is None or hidden_recording(details):
        return None
    kind = "Video" if recording.media_type.startswith("video/") else "Sound"
    return Link(text=f"{kind}, {size(recording.size_bytes)}", url=media_url(details.talk))


def _elsewhere(query: str) -> Link:
    return Link(text=f"“{query}” in the whole archive", url=f"/search?{urlencode({'q': query})}")


def _stretch(
    details: TalkDetails, heard: Heard | None, chapters: Sequence[Chapter], found: Inside | None
) -> Stretch | None:
    """The talk from end to end, where there is a recording with times to move in."""
    total_ms = duration_ms(details)
    if not total_ms or heard is None or not heard.transcript.timed or hidden_recording(details):
        return None
    timeline = found.timeline if found else None
    said = f"The talk from end to end, {counted(len(chapters), 'chapter')}"
    return Stretch(
        label=timeline.label if timeline else said,
        length_ms=total_ms,
        end=clock(total_ms),
        chapters=tuple(
            f"{100 * min(one.start_ms, total_ms) / total_ms:.2f}%" for one in chapters[1:]
        ),
        ticks=timeline.ticks if timeline else (),
    )


def _doubtful(spoken: Sequence[Paragraph]) -> int:
    """How many stretches of words were heard badly."""
    return sum(bool(part.doubt) for one in spoken for line in one.lines for part in line.parts)


def _source(details: TalkDetails, base: str) -> Source:
    talk = details.talk
    url = base + talk_url(talk)
    return Source(
        who=", ".join(details.names),
        title=talk.title,
        within=details.series.name if details.series else "",
        day=day(talk.held_on),
        url=url,
        bibtex=f"{talk_url(talk)}.bib",
    )


def _short_state(details: TalkDetails) -> str:
    words = {
        "not_recorded": "no recording",
        "declined": "recording declined",
        "withdrawn": "recording withdrawn",
    }
    if is_upcoming(details):
        return "announced"
    if details.recording_status in words:
        return words[details.recording_status]
    job = details.submission
    if job and job.state in OPEN and details.transcript is None:
        return "being processed"
    if job and job.state == "failed" and details.transcript is None:
        return "not transcribed"
    if details.recording:
        return ""
    video = any(link["kind"] == "video" for link in details.talk.links)
    return "recording elsewhere" if video else "no recording"


def _found_said(query: str, number: int) -> str:
    where = f"“{query}” in this talk"
    return f"{counted(number, 'passage')} for {where}" if number else f"Nothing for {where}"
