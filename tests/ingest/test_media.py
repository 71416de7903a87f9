import http.server
import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from ingest.errors import (
    DecoderStopped,
    DiskFull,
    NoAudio,
    TooLarge,
    UnreadableMedia,
    UnsupportedFormat,
)
from ingest.media import DECODER, Decoded, DecodeOptions, decode, probe, samples
from ingest.media_marks import marks
from ingest.media_timeline import RATE as HZ
from ingest.media_timeline import Timeline
from ingest.media_windows import quietest
from tests.ingest.media_files import (
    ENCODERS,
    RATE,
    ROOT,
    Film,
    Sounding,
    encode,
    shared,
    silence,
    silent_ogg,
    tone,
    truncated,
    with_noise,
    write_tracks,
    write_wav,
)

SHORT = DecodeOptions(window_s=10, quiet_search_s=4)


def sound_of(decoded: Decoded) -> NDArray[np.float32]:
    return np.concatenate([samples(w.file) for w in decoded.windows])


def level(sound: NDArray[np.float32], start_s: float, end_s: float) -> float:
    part = sound[round(start_s * 16_000) : round(end_s * 16_000)]
    return float(np.sqrt(np.mean(part**2)))


@pytest.mark.parametrize("kind", sorted(ENCODERS))
def test_every_kind_that_is_taken_is_decoded_whole(kind: str, tmp_path: Path) -> None:
    file = encode(tmp_path / f"talk.{kind}", tone(3))
    decoded = decode(file, tmp_path / "out")
    assert abs(decoded.decoded_ms - 3000) < 80
    assert not decoded.is_partial
    assert level(sound_of(decoded), 0.5, 2.5) == pytest.approx(0.3 / np.sqrt(2), rel=0.05)


def test_probing_tells_every_track_and_whether_there_is_a_film(tmp_path: Path) -> None:
    aac, flac = (Sounding(codec=codec, sound=tone(2)) for codec in ("aac", "flac"))
    file = write_tracks(tmp_path / "talk.mkv", Film(seconds=2), aac, flac)
    info = probe(file)
    assert [(t.kind, t.codec) for t in info.tracks] == [
        ("video", "mpeg4"),
        ("audio", "aac"),
        ("audio", "flac"),
    ]
    assert info.has_video
    assert info.tracks[1].sample_rate_hz == RATE
    assert info.duration_ms == pytest.approx(2000, abs=60)
    assert decode(file, tmp_path / "out").track == 1


def test_the_default_track_is_the_one_that_is_heard(tmp_path: Path) -> None:
    quiet = Sounding(codec="flac", sound=silence(2))
    loud = Sounding(codec="flac", sound=tone(2), is_default=True)
    file = write_tracks(tmp_path / "talk.mkv", quiet, loud)
    decoded = decode(file, tmp_path / "out")
    assert level(sound_of(decoded), 0.5, 1.5) > 0.1


def test_windows_touch_hold_everything_and_end_where_it_is_quiet(tmp_path: Path) -> None:
    spoken = [tone(7.7), silence(0.5), tone(9.2), silence(0.5), tone(6)]
    file = write_wav(tmp_path / "talk.wav", np.concatenate(spoken))
    decoded = decode(file, tmp_path / "out", options=SHORT)
    ends = [w.start_ms + w.duration_ms for w in decoded.windows]
    assert [w.start_ms for w in decoded.windows] == [0, *ends[:-1]]
    assert ends[-1] == decoded.decoded_ms == 23_900
    assert 7_700 < ends[0] < 8_200
    assert 17_400 < ends[1] < 17_900
    sizes = [w.file.stat().st_size for w in decoded.windows]
    assert sizes == [w.duration_ms * 32 for w in decoded.windows]


def test_the_same_file_gives_the_same_windows_byte_for_byte(tmp_path: Path) -> None:
    sound = tone(25) + np.random.default_rng(5).normal(0, 0.02, 25 * RATE).astype(np.float32)
    file = encode(tmp_path / "talk.mp3", sound)
    first = decode(file, tmp_path / "one", options=SHORT)
    second = decode(file, tmp_path / "two", options=SHORT)
    assert [w.file.read_bytes() for w in first.windows] == [
        w.file.read_bytes() for w in second.windows
    ]
    assert len(first.windows) > 2


def test_decoding_again_leaves_nothing_of_the_earlier_try(tmp_path: Path) -> None:
    out = tmp_path / "out"
    decode(write_wav(tmp_path / "long.wav", tone(25)), out, options=SHORT)
    (out / "window-0000.part").write_bytes(b"half")
    again = decode(write_wav(tmp_path / "short.wav", tone(3)), out, options=SHORT)
    assert sorted(f.name for f in out.iterdir()) == [w.file.name for w in again.windows]


def test_progress_tells_the_minutes_decoded(tmp_path: Path) -> None:
    told: list[int] = []
    file = write_wav(tmp_path / "talk.wav", tone(190, rate=8000), rate=8000)
    decode(file, tmp_path / "out", progress=told.append)
    assert told == sorted(told)
    assert len(told) == 3
    assert told[0] >= 60_000


def test_an_error_of_the_progress_callback_ends_the_child(tmp_path: Path) -> None:
    def cancel(done_ms: int) -> None:
        raise InterruptedError(done_ms)

    file = write_wav(tmp_path / "talk.wav", tone(190, rate=8000), rate=8000)
    with pytest.raises(InterruptedError):
        decode(file, tmp_path / "out", progress=cancel)


def test_both_sides_of_a_stereo_recording_are_heard(tmp_path: Path) -> None:
    left = np.concatenate([tone(1), silence(1)])
    right = np.concatenate([silence(1), tone(1)])
    file = write_wav(tmp_path / "talk.wav", np.stack([left, right], axis=1))
    sound = sound_of(decode(file, tmp_path / "out"))
    assert level(sound, 0.2, 0.8) > 0.1
    assert level(sound, 1.2, 1.8) > 0.1


@pytest.mark.parametrize("channels", [3, 6, 8, 16])
def test_each_of_many_channels_is_heard(channels: int, tmp_path: Path) -> None:
    data = np.zeros((channels * RATE // 4, channels), dtype=np.float32)
    for channel in range(channels):
        data[channel * RATE // 4 : (channel + 1) * RATE // 4, channel] = tone(0.25)
    sound = sound_of(decode(write_wav(tmp_path / "talk.wav", data), tmp_path / "out"))
    levels = [level(sound, c / 4 + 0.05, c / 4 + 0.2) for c in range(channels)]
    assert min(levels) > 0.04


def test_sound_that_begins_late_is_put_at_its_time(tmp_path: Path) -> None:
    late = Sounding(codec="flac", sound=tone(3), start_s=2.0)
    file = write_tracks(tmp_path / "talk.mkv", Film(seconds=5), late)
    decoded = decode(file, tmp_path / "out")
    sound = sound_of(decoded)
    assert level(sound, 0, 1.9) == 0
    assert level(sound, 2.2, 4.8) > 0.1
    assert not decoded.is_partial


def test_a_hole_in_the_timestamps_becomes_silence_and_a_gap(tmp_path: Path) -> None:
    file = tmp_path / "talk.mkv"
    with av.open(str(file), "w") as out:
        track = out.add_stream("pcm_s16le", rate=RATE, layout="mono")
        for start in (0, 1, 4, 5):
            second = (tone(1)[None] * 32767).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(second, format="s16", layout="mono")
            frame.rate, frame.pts = RATE, start * RATE
            out.mux(track.encode(frame))
        out.mux(track.encode(None))
    decoded = decode(file, tmp_path / "out")
    sound = sound_of(decoded)
    assert decoded.decoded_ms == 6000
    assert decoded.gaps == ((2000, 4000),)
    assert level(sound, 2.1, 3.9) == 0
    assert level(sound, 4.1, 5.9) > 0.1


def test_a_sound_track_shorter_than_its_film_is_whole(tmp_path: Path) -> None:
    short = Sounding(codec="aac", sound=tone(3))
    file = write_tracks(tmp_path / "talk.mp4", Film(seconds=9), short)
    decoded = decode(file, tmp_path / "out")
    assert not decoded.is_partial
    assert decoded.decoded_ms == pytest.approx(9000, abs=50)


@pytest.mark.parametrize("percent", [10, 50, 90])
@pytest.mark.parametrize("kind", ["mp3", "flac", "ogg", "webm", "mkv", "wav", "wma", "mp4"])
def test_a_cut_off_recording_is_partial(kind: str, percent: int, tmp_path: Path) -> None:
    options = {"movflags": "faststart"} if kind == "mp4" else {}
    whole = encode(tmp_path / f"whole.{kind}", tone(12), **options)
    file = truncated(whole, tmp_path / f"cut.{kind}", percent)
    decoded = decode(file, tmp_path / "out")
    assert decoded.is_partial
    assert decoded.decoded_ms == pytest.approx(120 * percent, abs=900)


@pytest.mark.parametrize("kind", ["mp3", "flac", "ogg", "webm", "mkv", "mp4"])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_damaged_place_is_a_gap_and_the_rest_is_kept(
    kind: str, seed: int, tmp_path: Path
) -> None:
    sound = tone(20) + np.random.default_rng(1).normal(0, 0.05, 20 * RATE).astype(np.float32)
    options = {"movflags": "faststart"} if kind == "mp4" else {}
    whole = encode(tmp_path / f"whole.{kind}", sound, **options)
    file = with_noise(whole, tmp_path / f"noisy.{kind}", seed=seed)
    decoded = decode(file, tmp_path / "out")
    assert decoded.gaps, f"seed {seed}"
    assert decoded.decoded_ms > 15_000


def test_a_wrong_length_in_the_header_is_reported(tmp_path: Path) -> None:
    line = Timeline(declared=60 * HZ)
    line.place(0, 20 * HZ)
    line.finish(sound_end=60 * HZ, end=60 * HZ)
    assert line.gaps == [(20 * HZ, 60 * HZ)]


def test_timestamps_that_jump_beyond_the_end_make_no_silence() -> None:
    line = Timeline(declared=10 * HZ)
    assert line.place(0, HZ) == 0
    assert line.place(3600 * HZ, HZ) == 0
    assert line.place(3601 * HZ, HZ) == 0
    assert line.position == 3 * HZ


def test_timestamps_that_start_again_lose_no_sound() -> None:
    line = Timeline(declared=None)
    for at in (0, 1, 2, 0, 1, 2):
        assert line.place(at * HZ, HZ) == 0
    assert line.position == 6 * HZ
    assert line.gaps == []


def test_sound_that_overlaps_is_dropped_until_its_time() -> None:
    line = Timeline(declared=None)
    line.place(0, HZ)
    assert line.place(HZ // 2, HZ // 4) is None
    assert line.place(HZ, HZ) == 0


def test_a_frame_without_a_timestamp_follows_what_was_lost() -> None:
    line = Timeline(declared=None)
    line.place(0, HZ)
    line.lose(HZ // 2)
    assert line.place(None, HZ) == HZ // 2
    assert line.gaps == [(HZ, HZ + HZ // 2)]


def test_the_quietest_place_is_found() -> None:
    sound = np.full(16_000 * 3, 1000, dtype=np.int16)
    sound[20_000:24_000] = 10
    assert 21_600 <= quietest(sound) <= 22_400


def test_an_mp3_without_a_frame_count_has_no_sure_length(tmp_path: Path) -> None:
    sure = encode(tmp_path / "sure.mp3", tone(3))
    unsure = encode(tmp_path / "unsure.mp3", tone(3), write_xing="0")
    assert marks(sure, "mp3").length_is_known
    assert not marks(unsure, "mp3").length_is_known
    assert decode(unsure, tmp_path / "out").container_ms is None


def test_no_real_recording_is_called_damaged(tmp_path: Path) -> None:
    files = [*shared("short").iterdir(), *shared("edge").iterdir()]
    heard = sorted(f for f in files if f.suffix in {".mp3", ".wav", ".flac", ".ogg", ".m4a"})
    partial = [f.name for f in heard if decode(f, tmp_path / "out").is_partial]
    assert len(heard) > 20
    assert partial == []


def test_silence_is_decoded_like_anything_else(tmp_path: Path) -> None:
    decoded = decode(write_wav(tmp_path / "talk.wav", silence(2)), tmp_path / "out")
    assert decoded.decoded_ms == 2000
    assert not decoded.is_partial


def test_a_tenth_of_a_second_is_enough(tmp_path: Path) -> None:
    decoded = decode(write_wav(tmp_path / "talk.wav", tone(0.1)), tmp_path / "out")
    assert decoded.decoded_ms == 100


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "talk.mp4"
    file.touch()
    with pytest.raises(UnreadableMedia, match=r"^talk\.mp4: the file is empty; copy it again"):
        decode(file, tmp_path / "out")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableMedia, match="there is no such file"):
        probe(tmp_path / "talk.mp4")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    file = write_wav(tmp_path / "talk.wav", tone(1))
    file.chmod(0)
    with pytest.raises(UnreadableMedia, match="right to read"):
        probe(file)


@pytest.mark.parametrize("content", [b"<html>no</html>" * 50, bytes(5000), b"PK\3\4" + bytes(400)])
def test_what_is_not_media_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "talk.mp4"
    file.write_bytes(content)
    with pytest.raises((UnreadableMedia, UnsupportedFormat)):
        decode(file, tmp_path / "out")
    assert not list(tmp_path.glob("out/*"))


def test_random_bytes_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "talk.mp4"
    file.write_bytes(np.random.default_rng(3).bytes(50_000))
    with pytest.raises((UnreadableMedia, UnsupportedFormat)):
        decode(file, tmp_path / "out")


def test_an_mp4_without_its_directory_is_refused(tmp_path: Path) -> None:
    whole = encode(tmp_path / "whole.mp4", tone(5))
    with pytest.raises(UnreadableMedia, match="copy it again"):
        decode(truncated(whole, tmp_path / "talk.mp4", 60), tmp_path / "out")


def test_a_film_without_sound_is_refused(tmp_path: Path) -> None:
    file = write_tracks(tmp_path / "talk.mp4", Film(seconds=2))
    assert probe(file).has_video
    with pytest.raises(NoAudio, match=r"^talk\.mp4: there is no sound track"):
        decode(file, tmp_path / "out")


def test_a_picture_is_not_taken(tmp_path: Path) -> None:
    file = tmp_path / "talk.mp4"
    with av.open(str(file), "w", format="image2") as out:
        track = out.add_stream("png", rate=1)
        track.width, track.height, track.pix_fmt = 32, 32, "rgb24"
        grey = np.full((32, 32, 3), 128, dtype=np.uint8)
        out.mux(track.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
    with pytest.raises(UnsupportedFormat, match="convert it to mp3"):
        decode(file, tmp_path / "out")


class Canary(http.server.BaseHTTPRequestHandler):
    hits: list[str] = []  # noqa: RUF012 - one per test run is wanted

    def do_GET(self) -> None:
        Canary.hits.append(self.path)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *words: object) -> None:
        return


PLAYLISTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{url}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile '{url}'\n",
    "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
    'mediaPresentationDuration="PT10S" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011">'
    '<Period><AdaptationSet mimeType="audio/mp4"><Representation id="1" bandwidth="1">'
    "<BaseURL>{url}</BaseURL></Representation></AdaptationSet></Period></MPD>",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
}


@pytest.mark.parametrize("kind", sorted(PLAYLISTS))
@pytest.mark.parametrize("suffix", ["mp4", "mp3", "m3u8"])
def test_a_playlist_reads_no_other_file_and_no_network(
    kind: str, suffix: str, tmp_path: Path
) -> None:
    canary = write_wav(tmp_path / "canary.wav", tone(2))
    os.utime(canary, (1_000_000, canary.stat().st_mtime))
    server = http.server.HTTPServer(("127.0.0.1", 0), Canary)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Canary.hits.clear()
    try:
        for url in (f"file://{canary}", str(canary), f"http://127.0.0.1:{server.server_port}/x.ts"):
            file = tmp_path / f"talk.{suffix}"
            file.write_text(PLAYLISTS[kind].format(url=url))
            with pytest.raises((UnsupportedFormat, UnreadableMedia)):
                decode(file, tmp_path / "out")
    finally:
        server.shutdown()
        server.server_close()
    assert Canary.hits == []
    assert canary.stat().st_atime == 1_000_000
    assert not list(tmp_path.glob("out/*.pcm"))


def test_the_canary_sings_when_it_is_read(tmp_path: Path) -> None:
    """The control of the test above: FFmpeg's own defaults do follow a playlist to a local file."""
    segment = write_tracks(tmp_path / "canary.mpegts", Sounding(codec="aac", sound=tone(2)))
    file = tmp_path / "talk.m3u8"
    file.write_text(PLAYLISTS["hls"].format(url=segment))
    with av.open(str(file), format="hls") as unprotected:
        assert sum(frame.samples for frame in unprotected.decode(audio=0)) > 0


def test_a_recording_beyond_the_limit_is_refused_and_the_limit_named(tmp_path: Path) -> None:
    bomb = silent_ogg(tmp_path / "talk.ogg", hours=400)
    assert bomb.stat().st_size < 2_000_000
    with pytest.raises(TooLarge, match=r"400\.0 h long, more than the limit of 12 h"):
        decode(bomb, tmp_path / "out")
    assert not list(tmp_path.glob("out/*.pcm"))


def test_a_recording_that_does_not_tell_its_length_stops_at_the_limit(tmp_path: Path) -> None:
    file = encode(tmp_path / "talk.mp3", tone(30), write_xing="0")
    limited = replace(SHORT, max_duration_s=20)
    with pytest.raises(TooLarge, match="more than the limit"):
        decode(file, tmp_path / "out", options=limited)


def test_too_many_tracks_are_refused_and_the_limit_named(tmp_path: Path) -> None:
    short = Sounding(codec="pcm_s16le", sound=tone(0.1))
    file = write_tracks(tmp_path / "talk.mkv", *[short] * 9)
    assert len(probe(file).tracks) == 9
    for limit in (3, 8):
        with pytest.raises(TooLarge, match=f"limit of .*{limit}"):
            probe(file, options=DecodeOptions(max_tracks=limit))


def test_memory_beyond_the_limit_is_refused_and_the_limit_named(tmp_path: Path) -> None:
    file = encode(tmp_path / "talk.mp3", tone(3))
    with pytest.raises((TooLarge, DecoderStopped, UnreadableMedia)):
        decode(file, tmp_path / "out", options=DecodeOptions(memory_bytes=64 << 20))


def test_memory_does_not_grow_with_the_length(tmp_path: Path) -> None:
    peaks = {}
    for minutes in (4, 40):
        sound = np.tile(tone(60, rate=8000), minutes)
        file = write_wav(tmp_path / f"{minutes}.wav", sound, rate=8000)
        measured = f"""
import resource
from pathlib import Path
from ingest.media import DECODER, DecodeOptions, decode
decode(Path({str(file)!r}), Path({str(tmp_path / "out")!r}),
       options=DecodeOptions(window_s=60, quiet_search_s=10))
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
        done = subprocess.run(
            [sys.executable, "-c", measured], capture_output=True, text=True, check=True, cwd=ROOT
        )
        peaks[minutes] = int(done.stdout) / 1024
    assert peaks[40] < peaks[4] + 15, peaks


@pytest.mark.parametrize(
    ("deed", "error", "says"),
    [
        ("SIGKILL", DecoderStopped, "was stopped by signal 9; try the job again"),
        ("SIGSEGV", UnreadableMedia, "crashed 3 times with signal 11; convert it"),
        ("stumble", DecoderStopped, "over its own feet"),
        ("spin", TooLarge, "longer than the limit on processor time"),
        ("full", DiskFull, "the archive disk is full"),
    ],
)
def test_a_child_that_ends_badly_is_told_apart(
    deed: str, error: type[Exception], says: str, tmp_path: Path
) -> None:
    file = write_wav(tmp_path / "talk.wav", tone(1))
    misbehaving = replace(DECODER, module="tests.ingest.deeds")
    with pytest.raises(error, match=says):
        misbehaving.ask(file, {"deed": deed, "out_dir": str(tmp_path)})
