"""A paper's page: what is known of it, and its pages."""

import re
from collections.abc import Sequence

from app.api.places import paper_url, pdf_url
from app.api.similar import Similar
from app.feeds.offered import cited
from app.web import results
from app.web.contexts.lists import PaperLine
from app.web.contexts.paper import PageLine, PaperPage
from app.web.contexts.parts import Card, Frame, Link, Notice
from app.web.elsewhere import links_elsewhere
from app.web.formats import counted
from app.web.inside import Inside
from app.web.mention_view import talks_naming_it
from app.web.talk_view import split_paragraphs, talk_line
from catalog.mentions import Mentioned
from catalog.submissions import OPEN
from catalog.tables import Page, Paper, PassageRow, Submission
from catalog.talks import TalkDetails
from index.prose import clean

EXCERPT_CHARS = 280
FEWEST_SECTIONS = 2


def paper_page(
    paper: Paper,
    *,
    frame: Frame,
    pages: Sequence[PageLine],
    talks: Sequence[TalkDetails],
    mentioned: Sequence[Mentioned],
    job: Submission | None,
    found: Inside | None,
    similar: Sequence[Similar],
    card: Card,
) -> PaperPage:
    """Everything that the paper's page shows."""
    naming = talks_naming_it([(one, talk_line(one)) for one in talks], mentioned)
    return PaperPage(
        frame=frame,
        title=paper.title,
        facts=results.who_of_paper(paper),
        notices=_notices(paper, job, pages),
        links=_links(paper),
        abstract=split_paragraphs(paper.abstract),
        talks=naming,
        talks_heading="Talks that name it"
        if any(one.moments for one in naming)
        else "Talks that go with it",
        similar=tuple(map(results.similar_line, similar)),
        found=found.lines if found else (),
        found_said=_found_said(frame.query, len(found.lines)) if found else "",
        outline=outline(pages),
        pages=tuple(pages),
        cited=cited(paper_url(paper)),
        card=card,
    )


def page_lines(
    paper: Paper, pages: Sequence[Page], passages: Sequence[PassageRow]
) -> list[PageLine]:
    """The pages in order, with the sections that begin on them."""
    sections: dict[int, dict[str, None]] = {}
    seen: set[str] = set()
    for passage in passages:
        if passage.section and passage.page and passage.section not in seen:
            seen.add(passage.section)
            sections.setdefault(passage.page, {})[passage.section] = None
    return [
        PageLine(
            anchor=f"page-{page.number}",
            place=f"p. {page.number}",
            url=pdf_url(paper, page.number) or paper_url(paper),
            sections=tuple(sections.get(page.number, ())),
            excerpt=excerpt(_without_heading(clean(page.text), paper)),
            paragraphs=split_paragraphs(clean(page.text)),
        )
        for page in pages
    ]


def outline(pages: Sequence[PageLine]) -> tuple[Link, ...]:
    """The sections in order, each leading to its page below; none where one says little."""
    found = [(name, one.anchor) for one in pages for name in one.sections]
    if len(found) < FEWEST_SECTIONS:
        return ()
    return tuple(Link(text=name, url=f"#{anchor}") for name, anchor in found)


def paper_line(paper: Paper) -> PaperLine:
    """A paper in a list."""
    pages = counted(paper.page_count, "page") if paper.page_count else ""
    return PaperLine(
        title=paper.title,
        stand_in=not paper.title_is_known,
        url=paper_url(paper),
        year=str(paper.year or ""),
        who=tuple(part for part in (", ".join(paper.authors), paper.venue or "", pages) if part),
        state="" if paper.sha256 else "known by name",
        links=() if paper.sha256 else _links(paper),
    )


def excerpt(text: str) -> str:
    """How a page begins, ended at a word."""
    plain = " ".join(text.split())
    if len(plain) <= EXCERPT_CHARS:
        return plain
    return plain[:EXCERPT_CHARS].rsplit(" ", 1)[0] + " …"


def _without_heading(text: str, paper: Paper) -> str:
    """The text of a page without title and authors, where it begins with both."""
    title = r"\s+".join(map(re.escape, paper.title.split()))
    name = "|".join(map(re.escape, filter(None, paper.authors)))
    if not name:
        return text
    between = r"\b[\s,;&·*]*"
    heading = rf"\s*{title}\s+(?:{name}){between}(?:(?:{name}|and){between})*"
    found = re.match(heading, text, re.IGNORECASE)
    return text[found.end() :] if found else text


def _notices(paper: Paper, job: Submission | None, pages: Sequence[PageLine]) -> tuple[Notice, ...]:
    made = []
    if not paper.title_is_known:
        made.append(Notice(text="The title of this paper is not known; this is what it is called."))
    if paper.visibility == "unlisted":
        made.append(Notice(text="This paper is unlisted: only who has its address finds it."))
    if job and job.state in OPEN and not pages:
        made.append(Notice(text="This paper is being processed."))
    elif job and job.state == "failed" and not pages:
        made.append(Notice(text="The text of this paper could not be read."))
    elif paper.sha256 is None:
        made.append(Notice(text="The archive knows this paper by name only; there is no file."))
    return tuple(made)


def _links(paper: Paper) -> tuple[Link, ...]:
    offered = {
        "PDF": pdf_url(paper),
        "arXiv": f"https://arxiv.org/abs/{paper.arxiv_id}" if paper.arxiv_id else None,
        "DOI": f"https://doi.org/{paper.doi}" if paper.doi else None,
    }
    ours = tuple(Link(text=text, url=url) for text, url in offered.items() if url)
    known = {link.url for link in ours}
    return ours + tuple(link for link in links_elsewhere(paper.links) if link.url not in known)


def _found_said(query: str, number: int) -> str:
    where = f"“{query}” in this paper"
    return f"{counted(number, 'passage')} for {where}" if number else f"Nothing for {where}"
