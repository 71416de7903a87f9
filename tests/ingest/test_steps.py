"""What a talk's own metadata does to its transcript."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from catalog import talks, transcripts
from catalog.engine import Catalog, open_catalog
from catalog.settings import read_settings
from catalog.store import Store
from catalog.talks import NewTalk
from ingest.accept import Offer, accept
from ingest.recording_steps import RecordingSteps
from ingest.segments import Segment
from ingest.steps import Steps
from ingest.testing import TonesHeard
from tests.ingest.media_files import tone, write_wav

PCM = NDArray[np.float32]


class Polyglot(TonesHeard):
    """Hears German where nobody says otherwise, and remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str | None, tuple[str, ...]]] = []

    def transcribe(
        self, pcm: PCM, *, language: str | None, hotwords: Sequence[str]
    ) -> Iterator[Segment]:
        self.asked.append((language, tuple(hotwords)))
        return super().transcribe(pcm, language=language, hotwords=hotwords)

    def detect_language(self, pcm: PCM) -> str:
        return "de"


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = open_catalog(f"sqlite:///{tmp_path}/data/catalog.db")
    yield opened
    opened.close()


@pytest.fixture
def steps(catalog: Catalog, tmp_path: Path) -> Steps:
    made = Steps(read_settings(data_dir=tmp_path / "data"), catalog, Store(tmp_path / "data"))
    made.__dict__["engine"] = Polyglot()
    return made


def accepted(steps: Steps, tmp_path: Path, **about: str) -> str:
    sound = write_wav(tmp_path / "talk.wav", tone(3, rate=16_000), rate=16_000)
    new = NewTalk(title="Rademacher averages", speakers=("Mira Halvorsen",), **about)  # type: ignore[arg-type]
    return accept(steps.catalog, steps.store, Offer(path=sound, about=new)).job_id


def done(steps: Steps, job: str) -> Polyglot:
    heard = RecordingSteps(steps)
    windows = heard.decode(job)
    language = heard.language(job, windows)
    terms = heard.vocabulary(job)
    names = [heard.transcribe(job, windows, n, language, terms) for n in range(len(windows))]
    heard.commit_talk(job, heard.cut_talk(job, names), names, language)
    engine = steps.engine
    assert isinstance(engine, Polyglot)
    return engine


def stored_language(catalog: Catalog) -> str | None:
    with catalog.read() as session:
        transcript, _ = transcripts.current(session, talks.listed(session)[0].talk)
        return transcript.language


def test_a_language_set_by_staff_is_obeyed_and_stored(steps: Steps, tmp_path: Path) -> None:
    engine = done(steps, accepted(steps, tmp_path, language="fa"))
    assert [language for language, _ in engine.asked] == ["fa"]
    assert stored_language(steps.catalog) == "fa"


def test_otherwise_what_was_detected_is_used_and_stored(steps: Steps, tmp_path: Path) -> None:
    engine = done(steps, accepted(steps, tmp_path))
    assert [language for language, _ in engine.asked] == ["de"]
    assert stored_language(steps.catalog) == "de"
    with steps.catalog.read() as session:
        assert talks.listed(session)[0].talk.language is None


def test_the_engine_is_told_what_the_talk_is_about(steps: Steps, tmp_path: Path) -> None:
    engine = done(steps, accepted(steps, tmp_path, abstract="We bound the Kullback divergence."))
    ((_, hotwords),) = engine.asked
    assert hotwords[:2] == ("Rademacher averages.", "We bound the Kullback divergence.")
    assert {"Mira Halvorsen", "Rademacher", "Kullback"} <= set(hotwords)


def test_a_job_keeps_the_terms_it_began_with(steps: Steps, tmp_path: Path) -> None:
    job = accepted(steps, tmp_path)
    heard = RecordingSteps(steps)
    windows = heard.decode(job)
    terms = heard.vocabulary(job)
    first = heard.transcribe(job, windows, 0, "en", terms)
    with steps.catalog.write() as session:
        talk = talks.find(session, talks.listed(session)[0].talk.public_id)
        talk.title = "Talagrand's inequality"
        session.add(talk)
    assert heard.transcribe(job, windows, 0, "en", terms) == first
    engine = steps.engine
    assert isinstance(engine, Polyglot)
    assert len(engine.asked) == 1
    anew = heard.vocabulary(job)
    assert anew != terms
    assert heard.transcribe(job, windows, 0, "en", anew) != first
    assert "talagrand" in engine.asked[1][1]
