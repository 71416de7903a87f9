"""A small archive built by the catalog's own verbs and a real snapshot, and a service over it."""

import io
import time
import wave
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from app.encoding import LoadEncoder
from app.main import create_app
from catalog import papers as catalog_papers
from catalog import passages as catalog_passages
from catalog import submissions, talks, transcripts
from catalog.engine import open_catalog
from catalog.papers import NewPaper
from catalog.passages import NewPassage
from catalog.settings import read_settings
from catalog.store import Store
from catalog.submissions import OfferedFile
from catalog.tables import Paper, Recording, Submission
from catalog.talks import NewTalk
from catalog.transcripts import NewSegment, NewTranscript
from index import snapshot
from index.encoders import Encoder
from index.passage import PageText, Sentence, cut_paper, cut_talk
from index.testing import HashEncoder
from ingest.publish import as_passage

SENTENCE_MS = 10_000


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """A talk's sentences, ten seconds each; `doubtful` words were heard badly."""

    sentences: tuple[str, ...]
    doubtful: tuple[str, ...] = ()
    gaps: tuple[tuple[int, int], ...] = ()
    language: str = "en"


class Shelf:
    """A data folder that tests fill; close it when done."""

    def __init__(
        self, root: Path, encoder: Encoder | None = None, *, database_url: str | None = None
    ) -> None:
        self.settings = read_settings(
            data_dir=root,
            database_url=database_url,
            limit_per_client="off",  # some tests ask as quickly as they can
        )
        self.catalog = open_catalog(self.settings.catalog_url)
        self.store = Store(root)
        self.encoder = encoder or HashEncoder()
        self.encoder_model = ""
        self._incoming = root / "incoming"
        self._incoming.mkdir(parents=True)

    def talk(
        self,
        new: NewTalk,
        spoken: Spoken | None,
        *,
        media: bytes = b"",
        media_type: str = "audio/wav",
    ) -> str:
        """A talk with its recording, transcript and passages; its public id."""
        sound = media or f"RIFF {new.title}".encode()
        with self.catalog.write() as session:
            job = submissions.accept_recording(session, new, self._offered(sound, media_type))
            owner = submissions.owner_of(session, job)
            recording = session.get(Recording, job.recording_id)
            assert recording is not None
            if spoken is not None:
                recording.duration_ms = SENTENCE_MS * len(spoken.sentences)
                session.add(recording)
                transcripts.put(session, recording, _transcript(spoken))
                catalog_passages.replace(session, owner, _passages(spoken))
                submissions.finish(session, job.public_id, "done")
            return owner.public_id

    def bare_talk(self, new: NewTalk) -> str:
        """A talk that nobody recorded; its public id."""
        with self.catalog.write() as session:
            return talks.add(session, new).public_id

    def paper(self, new: NewPaper, pages: Sequence[str]) -> str:
        """A paper with its PDF, pages and passages; its public id."""
        with self.catalog.write() as session:
            file = self._offered(f"%PDF {new.title}".encode(), "application/pdf", "notes.pdf")
            job = submissions.accept_paper(session, new, file)
            owner = submissions.owner_of(session, job)
            assert isinstance(owner, Paper)
            catalog_papers.replace_pages(session, owner, pages)
            cuts = cut_paper([PageText(number=n, text=t) for n, t in enumerate(pages, 1)])
            catalog_passages.replace(
                session,
                owner,
                [NewPassage(text=c.text, page=c.page, section=c.section) for c in cuts],
            )
            submissions.finish(session, job.public_id, "done")
            return owner.public_id

    def change_talk(self, public_id: str, **values: Any) -> None:
        """Set columns of a talk, as staff would."""
        with self.catalog.write() as session:
            talk = talks.find(session, public_id)
            for name, value in values.items():
                setattr(talk, name, value)
            session.add(talk)

    def say_again(self, public_id: str, spoken: Spoken) -> None:
        """Give a talk another transcript and passages, as a job that hears it again does."""
        with self.catalog.write() as session:
            talk = talks.find(session, public_id)
            recording = transcripts.newest_recording(session, talk)
            assert recording is not None
            transcripts.put(session, recording, _transcript(spoken))
            catalog_passages.replace(session, talk, _passages(spoken))

    def change_job(self, talk_id: str, **values: Any) -> None:
        """Set columns of a talk's job, as a worker would."""
        with self.catalog.write() as session:
            job: Submission = submissions.find(session, talk_id).submission
            submissions.change(session, job.public_id, **values)

    def withdraw_paper(self, public_id: str) -> None:
        """Take a paper out of view."""
        with self.catalog.write() as session:
            paper = catalog_papers.find(session, public_id)
            paper.visibility = "withdrawn"
            session.add(paper)

    def slug(self, public_id: str) -> str:
        """The slug of a talk."""
        with self.catalog.read() as session:
            return talks.find(session, public_id).slug

    def publish(self) -> str:
        """Publish what the catalog shows now; the generation."""
        with self.catalog.read() as session:
            found = list(catalog_passages.searchable(session))
            digest = catalog_passages.digest(session)
        passages = [as_passage(one) for one in found]
        vectors = self.encoder.encode_passages([passage.encoded_text for passage in passages])
        root = self.settings.index_dir
        made = snapshot.write(
            root,
            passages,
            vectors,
            encoder=self.encoder,
            encoder_model=self.encoder_model,
            catalog_digest=digest,
        )
        snapshot.publish(root, made.generation)
        return made.generation

    def close(self) -> None:
        """Close the catalog."""
        self.catalog.close()

    def _offered(self, data: bytes, media_type: str, name: str = "talk.wav") -> OfferedFile:
        file = self._incoming / name
        file.write_bytes(data)
        stored = self.store.put_media(file)
        file.unlink()
        return OfferedFile(stored=stored, name=name, media_type=media_type)


@contextmanager
def served(
    shelf: Shelf, *, load_encoder: LoadEncoder | None = None, wait: bool = True
) -> Iterator[TestClient]:
    """A client of the service over this archive, ready unless asked not to wait."""
    encoder = shelf.encoder
    with TestClient(
        create_app(shelf.settings, load_encoder=load_encoder or (lambda _: encoder))
    ) as client:
        if wait:
            until(lambda: client.get("/readyz").status_code == 200)
        yield client


def until(holds: Any, *, within_s: float = 15.0) -> None:
    """Wait for something to hold."""
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end, "it did not come to pass in time"
        time.sleep(0.02)


def silent_wav(seconds: int) -> bytes:
    """A recording that any browser plays."""
    data = io.BytesIO()
    with wave.open(data, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\0\0" * 8000 * seconds)
    return data.getvalue()


def _transcript(spoken: Spoken) -> NewTranscript:
    return NewTranscript(
        engine="test-engine",
        model="test-model",
        model_fingerprint="0",
        language=spoken.language,
        gaps=spoken.gaps,
        segments=tuple(
            NewSegment(
                start_ms=number * SENTENCE_MS,
                end_ms=number * SENTENCE_MS + 9_000,
                text=sentence,
                words=_words(sentence, number * SENTENCE_MS, spoken.doubtful),
            )
            for number, sentence in enumerate(spoken.sentences)
        ),
    )


def _words(
    sentence: str, start_ms: int, doubtful: Sequence[str]
) -> tuple[tuple[int, int, str, float], ...]:
    words = sentence.split()
    step_ms = 9_000 // len(words)
    return tuple(
        (
            start_ms + n * step_ms,
            start_ms + (n + 1) * step_ms,
            f" {word}",
            0.41 if word.strip(".,?") in doubtful else 0.97,
        )
        for n, word in enumerate(words)
    )


def _passages(spoken: Spoken) -> list[NewPassage]:
    sentences = [
        Sentence(start_ms=n * SENTENCE_MS, end_ms=n * SENTENCE_MS + 9_000, text=text)
        for n, text in enumerate(spoken.sentences)
    ]
    return [
        NewPassage(text=cut.text, start_ms=cut.start_ms, end_ms=cut.end_ms)
        for cut in cut_talk(sentences)
    ]
