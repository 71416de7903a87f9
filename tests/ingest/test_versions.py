"""Versions of a talk's transcript side by side; one is current, and its passages are the talk's."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog import passages, submissions, talks, transcripts
from catalog.engine import Catalog, open_catalog
from catalog.errors import JobProblem, NotATranscript
from catalog.store import StoredFile
from catalog.submissions import OfferedFile
from catalog.tables import Talk
from catalog.talks import NewTalk
from catalog.transcripts import NewSegment, NewTranscript
from index.weights import located
from ingest.engines.choose import MODELS
from ingest.versions import Hearing, hear_again, use, versions
from tests.archive import DEMO, clip, seminar, seminar_json

TALK = DEMO / "recordings" / "05-four-ways-to-learn-a-distribution.mp3"
AGAIN = Hearing(engine="faster-whisper")


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = open_catalog(f"sqlite:///{tmp_path}/catalog.db")
    yield opened
    opened.close()


@pytest.fixture
def key(catalog: Catalog) -> str:
    """A talk that is done, heard by two models."""
    stored = StoredFile(sha256="a" * 64, size_bytes=1)
    file = OfferedFile(stored=stored, name="a.mp3", media_type="audio/mpeg")
    with catalog.write() as session:
        job = submissions.accept_recording(session, NewTalk(title="Two ears"), file)
        talk = session.get_one(Talk, job.talk_id)
        recording = transcripts.newest_recording(session, talk)
        assert recording is not None
        for model in ("small", "large"):
            transcripts.put(session, recording, heard(model))
        submissions.change(session, job.public_id, state="done")
        return talk.public_id


def heard(model: str) -> NewTranscript:
    said = NewSegment(start_ms=0, end_ms=2000, text=f"What the {model} model heard.", words=())
    return NewTranscript(
        engine="e", model=model, model_fingerprint=model, language="en", segments=(said,)
    )


def test_another_version_brings_its_own_passages_and_is_published(
    catalog: Catalog, key: str
) -> None:
    assert use(catalog, key, 1)
    with catalog.read() as session:
        talk = talks.find(session, key)
        assert [(one.model, one.is_current) for one, _n in versions(session, talk)] == [
            ("small", True), ("large", False),
        ]  # fmt: skip
        assert [one.text for one in passages.of(session, talk)] == ["What the small model heard."]
        assert submissions.find(session, key).submission.state == "committed"
    with pytest.raises(NotATranscript, match="there are: 1, 2"):
        use(catalog, key, 3)


def test_only_one_job_at_a_time_hears_a_talk_and_none_a_withdrawn_one(
    catalog: Catalog, key: str
) -> None:
    job = hear_again(catalog, key, AGAIN).public_id
    with pytest.raises(JobProblem, match=job):
        hear_again(catalog, key, AGAIN)
    with pytest.raises(JobProblem, match=job):
        use(catalog, key, 1)
    with catalog.write() as session:
        submissions.cancel(session, job)
        talk = talks.find(session, key)
        talk.recording_status = "withdrawn"
        session.add(talk)
    with pytest.raises(JobProblem, match="withdrawn"):
        hear_again(catalog, key, AGAIN)


def other_model(folder: Path) -> Path:
    """The packaged model with a byte after its end: other weights to us, the same to the engine."""
    model = folder / "other-model"
    shutil.copytree(located("tiny.en", MODELS), model)
    with (model / "model.bin").open("ab") as file:
        file.write(b"\0")
    return model


def test_a_talk_heard_by_another_model_has_two_versions(tmp_path: Path) -> None:
    data, sound = tmp_path / "data", tmp_path / "clip.wav"
    clip(TALK, sound, start_s=10, length_s=6)
    [added] = seminar_json(data, "add", sound, "--wait")
    seminar(data, "transcribe", added["id"], "--model", other_model(tmp_path))
    seminar(data, "worker", "--until-idle")
    rows = seminar_json(data, "transcript", "versions", added["id"])
    assert [(row["version"], row["current"]) for row in rows] == [(1, False), (2, True)]
    assert rows[1]["model"].endswith("other-model")
    seminar(data, "transcript", "use", added["id"], "1")
    seminar(data, "worker", "--until-idle")
    jobs = seminar_json(data, "jobs", "list", "--all")["jobs"]
    assert [(one["kind"], one["state"]) for one in jobs] == [
        ("talk", "done"), ("transcribe", "done"),
    ]  # fmt: skip
    assert seminar_json(data, "check")["faults"] == []
