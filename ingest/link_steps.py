"""The steps of a link's job: fetch, offer at the door, leave.

Invariant: each may run twice; what is fetched is whole or waits in its own folder.
"""

import json
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

from catalog import links, submissions
from catalog.addresses import ArxivId, Target
from catalog.engine import Catalog
from catalog.errors import AlreadyThere, CatalogProblem
from catalog.papers import NewPaper
from catalog.promises import UPLOADED, Said, link_of, stand_in
from catalog.settings import Settings
from catalog.store import Store, naming_a_full_disk
from catalog.tables import Paper, Submission
from catalog.talks import NewTalk
from ingest.accept import MEDIA_TYPES, KnownPaper, Offer, accept
from ingest.errors import BadInput, IngestProblem, LinkRefused, UnknownPaper, Unreachable
from ingest.pdf import read_pdf
from ingest.pdf_about import About
from ingest.progress import Progress, PutOff, held
from ingest.sources.arxiv import SPACING_S, Arxiv, arxiv_id_in
from ingest.sources.fetch import Fetched, Fetcher, Limits, Told
from ingest.sources.pages import fetch_page, is_page
from ingest.sources.policy import Policy, named_in, policy_of, target_of

_SUFFIXES = {
    **{kind: suffix for suffix, kind in reversed(MEDIA_TYPES.items())},
    "application/pdf": ".pdf",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A fetched file by name, and what its source says of it."""

    name: str
    title: str
    title_is_known: bool = False
    held_on: str | None = None
    note: str | None = None
    page: str | None = None


class LinkSteps:
    """The steps of a link's job; each may run twice.  One instance per worker."""

    def __init__(
        self,
        settings: Settings,
        catalog: Catalog,
        store: Store,
        policy: Policy | None = None,
        *,
        worker: str | None = None,
    ) -> None:
        self._settings = settings
        self._catalog = catalog
        self._store = store
        self._policy = policy or policy_of(settings)
        self._worker = worker

    def fetch(self, job_id: str) -> str:
        """Fetch the file; returns the name of the note about it.

        Raises: PutOff (it waits for another try), LinkProblem, StoreFull, Cancelled.
        """
        job = self._job(job_id)
        note = self._folder(job_id) / "found.json"
        if job.sha256 or note.exists():
            return note.name
        with self._catalog.write() as session:
            links.begin(session, job_id)
        try:
            with naming_a_full_disk("nothing was stored of the link"):
                found = self._fetched(job, _told(self._progress(job_id)))
        except Unreachable as problem:
            with self._catalog.write() as session:
                held(session, job_id, self._worker)
                links.put_off(session, job_id, str(problem), after_s=problem.after_s)
            raise PutOff(job_id) from problem
        except UnknownPaper:
            with self._catalog.write() as session:
                links.drop_stand_in(session, job_id)
            raise
        except (IngestProblem, CatalogProblem):
            self._store.drop_artifacts("links", job_id)
            raise
        self._store.write_artifact(note, json.dumps(asdict(found)).encode())
        return note.name

    def accept(self, job_id: str, note: str) -> None:
        """Offer the file at the door, and note which talk or paper it became.

        Raises: BadInput, LinkRefused, StoreFull, CatalogProblem.
        """
        job = self._job(job_id)
        if job.sha256:
            return
        found = _Found(**json.loads((self._folder(job_id) / note).read_text()))
        try:
            public_id = self._offered(job, found)
            with self._catalog.write() as session:
                held(session, job_id, self._worker)
                links.arrived(session, job_id, public_id)
        except (IngestProblem, CatalogProblem) as problem:
            self._store.drop_artifacts("links", job_id)
            if isinstance(problem, BadInput):
                self._forget(job)
            raise

    def leave(self, job_id: str) -> None:
        """Drop the fetched file, which is in the store now; the link's job is done."""
        self._store.drop_artifacts("links", job_id)
        with self._catalog.write() as session:
            held(session, job_id, self._worker)
            submissions.finish(session, job_id, "done")

    def _progress(self, job_id: str) -> Progress:
        return Progress(catalog=self._catalog, job_id=job_id, worker=self._worker)

    def _offered(self, job: Submission, found: _Found) -> str:
        """The id of the talk or paper that the file became, or was already."""
        path = self._folder(job.public_id, "whole") / found.name
        try:
            offer = Offer(path=path, about=_about(job, path, found))
            return accept(self._catalog, self._store, offer).public_id
        except AlreadyThere as there:
            return there.public_id

    def _fetched(self, job: Submission, told: Told) -> _Found:
        url = job.source_url or ""
        if url.startswith(UPLOADED):
            return self._from_store(job)
        arxiv_id = arxiv_id_in(url)
        if arxiv_id is not None:
            return self._from_arxiv(job, arxiv_id, told)
        target = target_of(url)
        if is_page(target, named_in(self._settings.page_hosts)):
            return self._from_page(job, target, told)
        part = self._folder(job.public_id) / "part"
        fetched = self._fetcher.fetch(url, part, told)
        return self._named(job, part, fetched)

    def _from_store(self, job: Submission) -> _Found:
        """A file that was uploaded: it lies in the store and gets its name beside it."""
        name = job.file_name
        path = self._folder(job.public_id, "whole") / name
        path.unlink(missing_ok=True)
        try:
            path.hardlink_to(self._store.media(_uploaded(job)))
        except FileNotFoundError as error:
            raise LinkRefused(name, "its bytes are not here any more", "upload it again") from error
        return _Found(name=name, title=Path(name).stem.replace("_", " ").strip() or name)

    def _forget(self, job: Submission) -> None:
        """Drop the bytes of an upload that cannot become anything."""
        if (job.source_url or "").startswith(UPLOADED):
            with self._catalog.read() as session:
                owner = submissions.holder_of(session, _uploaded(job))
            if owner is None:
                self._store.forget_media(_uploaded(job))

    def _from_arxiv(self, job: Submission, arxiv_id: ArxivId, told: Told) -> _Found:
        arxiv = Arxiv(
            base_url=self._settings.arxiv_url,
            fetcher=self._fetcher,
            run_dir=self._settings.data_dir / "run",
            spacing_s=SPACING_S,
        )
        entry = arxiv.entry(arxiv_id)
        said = Said(**{key: value for key, value in job.about.items() if key != "stand_in"})
        new = replace(
            stand_in(arxiv_id, said),
            title=entry.title,
            title_is_known=True,
            authors=entry.authors,
            year=entry.year,
            abstract=entry.abstract,
            doi=entry.doi,
            links=(("page", entry.id.url),),
        )
        with self._catalog.write() as session:
            if job.paper_id is None:  # its stand-in was taken back by an earlier try
                link = link_of(arxiv_id, said)
                job = links.promise_arxiv(session, stand_in(arxiv_id, said), link)
            links.fill(session, session.get_one(Paper, job.paper_id), new)
        part = self._folder(job.public_id) / "part"
        fetched = arxiv.pdf(entry.id, part, told)
        name = f"{str(entry.id).replace('/', '_')}.pdf"
        return self._named(job, part, replace(fetched, name=name))

    def _from_page(self, job: Submission, target: Target, told: Told) -> _Found:
        folder = self._folder(job.public_id, "whole")

        def told_with_room(size: int, total: int | None) -> None:
            self._store.require_room(0, target.shown)
            told(size, total)

        page = fetch_page(target, folder, self._limits, self._policy, told_with_room)
        return _Found(
            name=page.file.name,
            title=page.title or target.shown,
            title_is_known=bool(page.title),
            held_on=page.held_on.isoformat() if page.held_on else None,
            note=f"uploaded by {page.uploader}" if page.uploader else None,
            page=target.url,
        )

    def _named(self, job: Submission, part: Path, fetched: Fetched) -> _Found:
        """Give the fetched file its name, with an ending that says what is in it."""
        name = Path(fetched.name)
        ending = name.suffix.lower()
        if _is_pdf(part):
            ending = ".pdf"
        elif ending not in MEDIA_TYPES:
            ending = _SUFFIXES.get(fetched.media_type, "" if ending == ".pdf" else ending)
        file = self._folder(job.public_id, "whole") / f"{name.stem}{ending}"
        part.replace(file)
        title = name.stem.replace("_", " ").strip() or fetched.name
        return _Found(name=file.name, title=title)

    @property
    def _limits(self) -> Limits:
        return Limits(
            size_bytes=int(self._settings.link_max_gb * 1e9),
            time_s=self._settings.link_max_hours * 3600,
        )

    @property
    def _fetcher(self) -> Fetcher:
        return Fetcher(
            policy=self._policy,
            limits=self._limits,
            require_room=partial(self._store.require_room, name="the file of the link"),
        )

    def _folder(self, job_id: str, *parts: str) -> Path:
        return self._store.artifact("links", job_id, *parts, "part").parent

    def _job(self, job_id: str) -> Submission:
        with self._catalog.read() as session:
            return submissions.get(session, job_id)


def _about(job: Submission, path: Path, found: _Found) -> NewTalk | NewPaper | KnownPaper:
    """What is known of a fetched file: what staff said first, then what its source says."""
    if job.paper_id is not None:
        if not _is_pdf(path):
            raise LinkRefused(job.source_url or "", "arXiv gave no PDF", "try again later")
        return KnownPaper(paper_id=job.paper_id)
    said = Said(**job.about)
    if _is_pdf(path):
        return _paper(said, read_pdf(path).about, found)
    return NewTalk(
        title=said.title or found.title,
        title_is_known=bool(said.title) or found.title_is_known,
        speakers=tuple(said.speakers),
        series=said.series,
        held_on=replace(said, held_on=said.held_on or found.held_on).day,
        abstract=said.abstract,
        language=said.language,
        visibility=said.visibility,
        papers=tuple(said.papers),
        links=(("video", found.page),) if found.page else (),
        note=found.note,
    )


def _paper(said: Said, known: About, found: _Found) -> NewPaper:
    return NewPaper(
        title=said.title or known.title or found.title,
        title_is_known=bool(said.title or known.title),
        authors=tuple(said.authors) or known.authors,
        year=said.year or known.year,
        venue=said.venue,
        abstract=said.abstract or known.abstract,
        arxiv_id=known.arxiv_id,
        doi=known.doi,
        visibility=said.visibility,
    )


def _uploaded(job: Submission) -> str:
    """The sha256 of the file that was uploaded."""
    return (job.source_url or "").removeprefix(UPLOADED)


def _is_pdf(path: Path) -> bool:
    """Whether a file is a PDF, by what is in it."""
    with path.open("rb") as file:
        return b"%PDF-" in file.read(1024)


def _told(progress: Progress) -> Told:
    """Progress in kilobytes: beginning the step at the first word of it."""
    begun = False

    def told(size: int, total: int | None) -> None:
        nonlocal begun
        if begun:
            progress.at(size // 1000)
            return
        begun = True
        progress.enter("fetch", done=size // 1000, total=total // 1000 if total else None)

    return told
