"""Links: from an address to a file that is offered at the same door as every other.

Invariant: a link that is promised is fetched, or waits in sight, or says why not; what it gave is
a talk or paper of its own job.  An address twice, or two addresses of the same bytes, make one.
"""

from catalog import promises
from catalog.engine import Catalog
from catalog.errors import BadAddress
from catalog.promises import Said
from catalog.settings import Settings
from ingest.accept import Accepted
from ingest.errors import LinkRefused
from ingest.sources.arxiv import arxiv_id_in
from ingest.sources.pages import is_page, require_pages
from ingest.sources.policy import named_in, target_of


def promise_link(catalog: Catalog, settings: Settings, address: str, said: Said) -> Accepted:
    """Promise to fetch an address: returns at once.

    Raises: LinkRefused (its form), PagesMissing, AlreadyThere, NotThere (a paper of the talk).
    """
    if arxiv_id_in(address) is None:
        target = target_of(address)
        if is_page(target, named_in(settings.page_hosts)):
            require_pages(target)
    try:
        job = promises.promise_link(catalog, address, said)
    except BadAddress as problem:
        raise LinkRefused(problem.address, problem.reason, problem.advice) from problem
    return Accepted(
        job_id=job.submission.public_id,
        kind="paper" if job.owner else "link",
        public_id=job.owner.public_id if job.owner else job.submission.public_id,
        title=job.owner.title if job.owner else said.title or job.title,
    )
