"""Links in the catalog, on both databases."""

import pytest

from catalog import links, papers, submissions
from catalog.engine import Catalog
from catalog.errors import AlreadyThere
from catalog.links import NewLink
from catalog.papers import NewPaper
from catalog.store import StoredFile
from catalog.submissions import OfferedFile

LINK = NewLink(url="https://media.example/x", shown="x", about={"title": "X"})
NUMBER = NewLink(url="https://arxiv.org/abs/1912.02292", shown="arXiv:1912.02292", about={})
PAPER = NewPaper(title="arXiv:1912.02292", title_is_known=False, arxiv_id="1912.02292")
FILE = OfferedFile(
    stored=StoredFile(sha256="a" * 64, size_bytes=1), name="a.pdf", media_type="application/pdf"
)


def test_an_address_has_one_promise_until_it_gave_something(catalog: Catalog) -> None:
    with catalog.write() as session:
        link = links.promise(session, LINK)
        assert links.promise(session, LINK).public_id == link.public_id
        made = submissions.accept_paper(session, NewPaper(title="Known"), FILE)
        owner = submissions.owner_of(session, made)
        links.arrived(session, link.public_id, owner.public_id)
        submissions.finish(session, link.public_id, "done")
    with catalog.write() as session, pytest.raises(AlreadyThere, match="Known"):
        links.promise(session, LINK)
    with catalog.read() as session:  # the job that staff mean is the paper's own
        assert submissions.find(session, owner.public_id).submission.kind == "paper"
        assert submissions.find(session, link.public_id).submission.sha256 == "a" * 64


def test_a_stand_in_comes_at_once_and_goes_without_its_job(catalog: Catalog) -> None:
    with catalog.write() as session:
        job_id = links.promise_arxiv(session, PAPER, NUMBER).public_id
        assert links.promise_arxiv(session, PAPER, NUMBER).public_id == job_id
    with catalog.write() as session:
        links.drop_stand_in(session, job_id)
    with catalog.read() as session:
        assert papers.listed(session) == []
        assert submissions.get(session, job_id).paper_id is None


def test_a_paper_that_staff_listed_is_no_stand_in(catalog: Catalog) -> None:
    with catalog.write() as session:
        known = papers.add(session, NewPaper(title="Idle networks", arxiv_id="1912.02292"))
        job = links.promise_arxiv(session, PAPER, NUMBER)
        assert job.paper_id == known.id
        links.drop_stand_in(session, job.public_id)
        submissions.accept_paper(session, NewPaper(title="By hand"), FILE)
        other = papers.listed(session)[0].public_id
        with pytest.raises(AlreadyThere, match="By hand"):
            links.arrived(session, job.public_id, other)
    with catalog.read() as session:
        assert {one.title for one in papers.listed(session)} == {"Idle networks", "By hand"}


def test_a_doi_that_another_paper_has_is_left_to_it(catalog: Catalog) -> None:
    with catalog.write() as session:
        papers.add(session, NewPaper(title="A", doi="10.9999/a"))
        mine = papers.add(session, NewPaper(title="B"))
        links.fill(session, mine, NewPaper(title="B", doi="10.9999/a", year=2019))
        assert (mine.doi, mine.year) == (None, 2019)
