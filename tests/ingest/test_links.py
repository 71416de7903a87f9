"""Links: an address becomes a talk or paper once, waits in sight, or says why not."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from catalog import papers, submissions, talks
from catalog.engine import Catalog, open_catalog
from catalog.errors import AlreadyThere, NotThere
from catalog.papers import NewPaper
from catalog.promises import Said
from catalog.settings import Settings, read_settings
from catalog.store import Store
from catalog.tables import Paper, Submission, now
from ingest.accept import Offer, accept
from ingest.errors import BadInput, LinkRefused, UnknownPaper
from ingest.link_steps import LinkSteps
from ingest.links import promise_link
from ingest.progress import Cancelled, PutOff
from ingest.worker import Worker
from ingest.workflow import Workflows
from tests.archive import DEMO
from tests.ingest.elsewhere import Elsewhere, Handler, body, elsewhere, status
from tests.ingest.test_arxiv import feed
from tests.ingest.test_worker import ME, Scripted

TALK = (DEMO / "recordings" / "04-labels-come-last.opus").read_bytes()
PAPER = (DEMO / "papers" / "notes-minimum-norm.pdf").read_bytes()
UNSAID = Said()


class Bench:
    """An archive beside a server that its operator named."""

    def __init__(self, catalog: Catalog, server: Elsewhere, data_dir: Path) -> None:
        self.catalog = catalog
        self.server = server
        self.settings: Settings = read_settings(
            data_dir=data_dir,
            link_hosts_inside=f"127.0.0.1:{server.port}",
            arxiv_url=server.url(""),
        )
        self.store = Store(data_dir)
        self.steps = LinkSteps(self.settings, catalog, self.store)

    def promise(self, address: str, said: Said = UNSAID) -> str:
        word = self.server.url(address) if address.startswith("/") else address
        return promise_link(self.catalog, self.settings, word, said).job_id

    def run(self, job_id: str) -> Submission:
        self.steps.accept(job_id, self.steps.fetch(job_id))
        self.steps.leave(job_id)
        return self.job(job_id)

    def job(self, job_id: str) -> Submission:
        with self.catalog.read() as session:
            return submissions.get(session, job_id)

    def kinds(self) -> list[tuple[str, str]]:
        with self.catalog.read() as session:
            found = submissions.listed(session)
        return [(one.submission.kind, one.submission.state) for one in found]

    def titles(self) -> list[str]:
        with self.catalog.read() as session:
            names = [one.talk.title for one in talks.listed(session)]
            return names + [one.title for one in papers.listed(session)]

    def left_behind(self) -> list[Path]:
        return [one for one in self.store.artifact("links", "x").parent.rglob("*") if one.is_file()]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    opened = open_catalog(f"sqlite:///{tmp_path}/data/catalog.db")
    with elsewhere() as server:
        yield Bench(opened, server, tmp_path / "data")
    opened.close()


def test_a_link_to_a_recording_becomes_a_talk_with_what_staff_said(bench: Bench) -> None:
    bench.server.routes["/a/labels_come_last.opus"] = body(TALK, Content_Type="audio/ogg")
    said = Said(title="Labels", speakers=("Ada Quill",), held_on="2024-02-05", language="en")
    job_id = bench.promise("/a/labels_come_last.opus?key=1", said)
    assert bench.kinds() == [("link", "accepted")]
    link = bench.run(job_id)
    with bench.catalog.read() as session:
        [one] = talks.listed(session)
        job = submissions.find(session, one.talk.public_id)
    assert (one.talk.title, one.names, str(one.talk.held_on)) == (
        "Labels", ("Ada Quill",), "2024-02-05"
    )  # fmt: skip
    assert one.recording is not None
    assert one.recording.file_name == "labels_come_last.opus"
    assert one.recording.media_type == "audio/ogg"
    assert (link.state, link.talk_id) == ("done", one.talk.id)
    assert (job.submission.kind, job.submission.state) == ("talk", "accepted")
    assert (link.step, link.total) == ("fetch", len(TALK) // 1000)
    assert "key" not in link.file_name
    assert bench.left_behind() == []


def test_a_title_that_nobody_said_is_a_stand_in(bench: Bench) -> None:
    bench.server.routes["/Labels_come_last.opus"] = body(TALK)
    bench.run(bench.promise("/Labels_come_last.opus"))
    with bench.catalog.read() as session:
        [one] = talks.listed(session)
    assert (one.talk.title, one.talk.title_is_known) == ("Labels come last", False)


@pytest.mark.parametrize(
    ("path", "content", "kind", "name"),
    [
        ("/notes.mp4", PAPER, "paper", "notes.pdf"),
        ("/get", PAPER, "paper", "get.pdf"),
        ("/talk.pdf", TALK, "talk", "talk.ogg"),
        ("/get", TALK, "talk", "get.ogg"),
    ],
)
def test_the_content_decides_what_a_file_is(
    bench: Bench, path: str, content: bytes, kind: str, name: str
) -> None:
    bench.server.routes[path] = body(content, Content_Type="audio/ogg")
    bench.run(bench.promise(path))
    with bench.catalog.read() as session:
        made = submissions.listed(session)[-1].submission
    assert (made.kind, made.file_name) == (kind, name)


def test_the_same_address_twice_is_one_promise(bench: Bench) -> None:
    bench.server.routes["/x.pdf"] = body(PAPER)
    first = bench.promise("/x.pdf")
    assert bench.promise("/x.pdf#page=2") == first
    bench.run(first)
    with pytest.raises(AlreadyThere, match=r"x\.pdf is already in the archive as paper"):
        bench.promise("/x.pdf")
    assert len(bench.server.asked) == 1


def test_an_address_that_many_name_at_once_is_one_promise(bench: Bench) -> None:
    with ThreadPoolExecutor(20) as many:
        for address in ("/x.pdf", "arxiv:1912.02292"):
            assert len(set(many.map(bench.promise, [address] * 20))) == 1
    assert bench.kinds() == [("link", "accepted")] * 2
    assert bench.titles() == ["arXiv:1912.02292"]


def test_the_same_bytes_at_two_addresses_are_one_paper(bench: Bench) -> None:
    bench.server.routes.update({"/x.pdf": body(PAPER), "/y.pdf": body(PAPER)})
    first, second = bench.run(bench.promise("/x.pdf")), bench.run(bench.promise("/y.pdf"))
    assert first.paper_id == second.paper_id
    assert second.state == "done"
    assert len(bench.titles()) == 1


def test_a_step_that_is_run_again_changes_nothing(bench: Bench) -> None:
    bench.server.routes["/x.pdf"] = body(PAPER)
    job_id = bench.promise("/x.pdf")
    note = bench.steps.fetch(job_id)
    assert bench.steps.fetch(job_id) == note
    bench.steps.accept(job_id, note)
    bench.steps.accept(job_id, note)
    bench.steps.leave(job_id)
    bench.steps.leave(job_id)
    assert (len(bench.server.asked), len(bench.titles())) == (1, 1)
    assert bench.kinds() == [("link", "done"), ("paper", "accepted")]


def test_a_kill_between_the_door_and_the_note_names_the_same_paper(bench: Bench) -> None:
    bench.server.routes["/x.pdf"] = body(PAPER)
    job_id = bench.promise("/x.pdf")
    bench.steps.accept(job_id, bench.steps.fetch(job_id))
    with bench.catalog.write() as session:  # as if the note of it had not been written
        submissions.change(session, job_id, paper_id=None, sha256="")
    link = bench.run(job_id)
    assert link.paper_id is not None
    assert len(bench.titles()) == 1


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (status(404), LinkRefused, "nothing"),
        (body(b"<html>", Content_Type="text/html"), LinkRefused, "page"),
        (body(b"Dear colleagues, here it is. " * 99), BadInput, "x.mp4: it is not media"),
        (body(b"%PDF-1.7\nnothing follows"), BadInput, "x.pdf"),
        (body(b"#EXTM3U\nfile:///etc/passwd\n"), BadInput, "x.mp4"),
        (body(b""), BadInput, "empty"),
    ],
)
def test_what_cannot_be_taken_leaves_nothing_but_the_job(
    bench: Bench, answer: object, error: type[Exception], says: str
) -> None:
    bench.server.routes["/x.mp4"] = answer  # type: ignore[assignment]
    job_id = bench.promise("/x.mp4")
    with pytest.raises(error, match=says):
        bench.run(job_id)
    assert bench.titles() == []
    assert bench.left_behind() == []
    assert list(bench.store.media_files()) == []


def test_a_link_inside_is_refused_and_reaches_nobody(bench: Bench) -> None:
    with elsewhere() as canary:
        for host in ("127.0.0.1", "localhost", "2130706433"):
            job_id = bench.promise(canary.url("/secret", host))
            with pytest.raises(LinkRefused):
                bench.steps.fetch(job_id)
        assert canary.asked == []


def test_a_paper_that_the_archive_lacks_is_said_before_anything_is_fetched(bench: Bench) -> None:
    with pytest.raises(NotThere, match="no-such-paper"):
        bench.promise("/x.mp4", Said(papers=("no-such-paper",)))
    assert bench.kinds() == []


def test_a_day_must_be_one() -> None:
    with pytest.raises(ValueError, match="isoformat"):
        Said(held_on="yesterday")


# waiting


def waits(bench: Bench, job_id: str) -> float:
    """Let the job be put off; how long it waits then, in seconds."""
    with pytest.raises(PutOff):
        bench.steps.fetch(job_id)
    job = bench.job(job_id)
    assert (job.state, bench.titles()) == ("accepted", [])
    assert job.not_before is not None
    return (job.not_before - now()).total_seconds()


def test_a_server_in_trouble_is_tried_again_later_and_later(bench: Bench) -> None:
    bench.server.routes["/x.pdf"] = status(503)
    job_id = bench.promise("/x.pdf")
    waited = [waits(bench, job_id) for _ in range(9)]
    assert all(20 < one <= 3600 for one in waited)
    assert waited[0] < 31 < 50 < waited[1] < 61
    assert waited[-1] > 3500
    job = bench.job(job_id)
    assert job.attempt == 10
    assert job.failure is not None
    assert "answers 503; tried 9 times, the next try is at " in job.failure
    bench.server.routes["/x.pdf"] = body(PAPER)
    done = bench.run(job_id)
    assert (done.state, done.failure, done.not_before) == ("done", None, None)


def test_a_server_that_says_when_is_taken_at_its_word(bench: Bench) -> None:
    bench.server.routes["/x.pdf"] = status(429, Retry_After="600")
    assert 590 < waits(bench, bench.promise("/x.pdf")) <= 600


def test_an_interrupted_fetching_keeps_what_came(bench: Bench) -> None:
    bench.server.routes["/x.pdf"] = body(PAPER, len(PAPER) // 2, ETag='"1"')
    job_id = bench.promise("/x.pdf")
    waits(bench, job_id)
    assert bench.left_behind()
    bench.run(job_id)
    assert "range" in bench.server.asked[1][1]
    with bench.catalog.read() as session:
        [paper] = papers.listed(session)
    assert paper.sha256 is not None
    assert bench.store.media(paper.sha256).read_bytes() == PAPER


def test_the_worker_lets_a_job_wait_and_each_try_is_a_workflow_of_its_own(bench: Bench) -> None:
    bench.server.routes["/x.pdf"] = status(503)
    job_id = bench.promise("/x.pdf")
    scripted = Scripted()
    worker = Worker(bench.settings, bench.catalog, cast(Workflows, scripted), ME)
    worker.turn()
    waits(bench, job_id)
    worker.turn()
    assert scripted.driven == [f"{job_id}-1"]
    with bench.catalog.write() as session:
        submissions.change(session, job_id, not_before=now() - timedelta(seconds=1))
    worker.turn()
    assert scripted.driven == [f"{job_id}-1", f"{job_id}-2"]


def test_staff_can_end_a_wait(bench: Bench) -> None:
    bench.server.routes["/x.pdf"] = status(503)
    job_id = bench.promise("/x.pdf")
    waits(bench, job_id)
    with bench.catalog.write() as session:
        submissions.retry(session, job_id)
    assert bench.job(job_id).not_before is None


def test_a_cancelled_job_is_not_woken_by_being_put_off(bench: Bench) -> None:
    job_id = bench.promise("/x.pdf")

    def cancelling(to: Handler) -> None:
        with bench.catalog.write() as session:
            submissions.cancel(session, job_id)
        status(503)(to)

    bench.server.routes["/x.pdf"] = cancelling
    with pytest.raises(Cancelled):
        bench.steps.fetch(job_id)
    assert bench.job(job_id).state == "cancelled"


def test_a_cancelled_fetching_stops(bench: Bench) -> None:
    bench.server.routes["/x.pdf"] = body(PAPER)
    job_id = bench.promise("/x.pdf")
    with bench.catalog.write() as session:
        submissions.cancel(session, job_id)
    with pytest.raises(Cancelled):
        bench.steps.fetch(job_id)


def test_a_failed_link_that_is_added_again_is_tried_again(bench: Bench) -> None:
    job_id = bench.promise("/x.pdf")
    with bench.catalog.write() as session:
        submissions.finish(session, job_id, "failed", failure="there is nothing")
    assert bench.promise("/x.pdf", Said(title="Now with a title")) == job_id
    bench.server.routes["/x.pdf"] = body(PAPER)
    bench.run(job_id)
    assert bench.titles() == ["Now with a title"]


# arXiv


@pytest.fixture
def arxiv(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr("ingest.link_steps.SPACING_S", 0.0)
    bench.server.routes["/api/query"] = body(feed("1912.02292v2"))
    bench.server.routes["/pdf/1912.02292v2"] = body(PAPER, Content_Type="application/pdf")
    return bench


def the_paper(bench: Bench) -> Paper:
    with bench.catalog.read() as session:
        [paper] = papers.listed(session)
    return paper


def test_a_paper_of_arxiv_is_there_at_once_and_filled_by_its_job(arxiv: Bench) -> None:
    job_id = arxiv.promise("arxiv:1912.02292")
    paper = the_paper(arxiv)
    assert (paper.title, paper.title_is_known, paper.arxiv_id) == (
        "arXiv:1912.02292", False, "1912.02292"
    )  # fmt: skip
    link = arxiv.run(job_id)
    filled = the_paper(arxiv)
    assert (filled.id, link.paper_id) == (paper.id, paper.id)
    assert filled.title == "On the Sorrows of Wide & Idle Networks"
    assert (filled.authors, filled.year) == (["Ada Quill", "Béla Ürmös"], 2019)
    assert (filled.doi, filled.file_name) == ("10.9999/idle.2019", "1912.02292v2.pdf")
    assert filled.links == [{"kind": "page", "url": "https://arxiv.org/abs/1912.02292v2"}]
    assert arxiv.kinds() == [("link", "done"), ("paper", "accepted")]
    with pytest.raises(AlreadyThere, match="Wide & Idle Networks"):
        arxiv.promise("https://arxiv.org/abs/1912.02292v1")


def test_what_staff_said_of_a_paper_stays(arxiv: Bench) -> None:
    arxiv.run(arxiv.promise("arxiv:1912.02292", Said(title="Idle", authors=("A. Quill",))))
    paper = the_paper(arxiv)
    assert (paper.title, paper.authors, paper.year) == ("Idle", ["A. Quill"], 2019)


def test_a_number_without_a_paper_leaves_the_job_and_no_paper(arxiv: Bench) -> None:
    arxiv.server.routes["/api/query"] = body(feed())
    job_id = arxiv.promise("arxiv:1912.99999")
    with pytest.raises(UnknownPaper, match=r"arXiv has no paper 1912\.99999; check the number"):
        arxiv.run(job_id)
    assert arxiv.titles() == []
    assert arxiv.kinds() == [("link", "accepted")]
    arxiv.server.routes["/api/query"] = body(feed("1912.99999v1"))  # it appears after all
    arxiv.server.routes["/pdf/1912.99999v1"] = body(PAPER)
    arxiv.run(job_id)
    assert the_paper(arxiv).arxiv_id == "1912.99999"


def test_a_paper_of_the_reading_list_gets_its_file(arxiv: Bench) -> None:
    with arxiv.catalog.write() as session:
        new = NewPaper(title="Idle networks", arxiv_id="1912.02292", labels=("idle",))
        known_id = papers.add(session, new).public_id
    arxiv.run(arxiv.promise("arxiv:1912.02292"))
    paper = the_paper(arxiv)
    assert (paper.public_id, paper.title, paper.labels) == (known_id, "Idle networks", ["idle"])
    assert paper.sha256 is not None
    assert paper.year == 2019


def test_a_stand_in_gives_way_to_the_paper_that_has_its_bytes(arxiv: Bench, tmp_path: Path) -> None:
    file = tmp_path / "notes.pdf"
    file.write_bytes(PAPER)
    known = accept(
        arxiv.catalog, arxiv.store, Offer(path=file, about=NewPaper(title="As added by hand"))
    )
    link = arxiv.run(arxiv.promise("arxiv:1912.02292"))
    paper = the_paper(arxiv)
    assert (paper.public_id, paper.title) == (known.public_id, "As added by hand")
    assert (paper.arxiv_id, paper.year, link.paper_id) == ("1912.02292", 2019, paper.id)
    with pytest.raises(AlreadyThere, match="As added by hand"):
        arxiv.promise("arxiv:1912.02292")


def test_where_arxiv_is_out_of_reach_the_job_waits(bench: Bench) -> None:
    bench.steps = LinkSteps(
        read_settings(data_dir=bench.settings.data_dir, arxiv_url="https://arxiv.invalid"),
        bench.catalog,
        bench.store,
    )
    job_id = bench.promise("arxiv:1912.02292")
    with pytest.raises(PutOff):
        bench.steps.fetch(job_id)
    failure = bench.job(job_id).failure or ""
    assert failure.startswith("arxiv.invalid cannot be reached: its name is not found")
    assert "tried once, the next try is at " in failure


def test_a_full_disk_is_said_and_nothing_is_kept(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.server.routes["/x.pdf"] = body(PAPER)
    job_id = bench.promise("/x.pdf")
    usage = shutil.disk_usage(bench.settings.data_dir)._replace(free=1 << 20)
    monkeypatch.setattr("catalog.store.shutil.disk_usage", lambda _path: usage)
    with pytest.raises(Exception, match="the archive disk is full"):
        bench.steps.fetch(job_id)
    assert bench.left_behind() == []
