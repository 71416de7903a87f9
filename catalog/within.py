"""What belongs to some series: their talks, and the papers that these talks name."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlmodel import Session, col

from catalog.tables import Paper, Series, Talk, TalkPaper


def public_ids(session: Session, series: Collection[str]) -> frozenset[str]:
    """Public ids of the talks in series of these names, and of the papers that they name.

    Talks of every visibility: whoever shows one looks at that himself.  A paper belongs to a series
    only by a public talk of it, so that it tells of no other.
    """
    in_series = col(Talk.series_id).in_(
        sa.select(col(Series.id)).where(col(Series.name).in_(list(series)))
    )
    talks = session.connection().execute(sa.select(col(Talk.public_id)).where(in_series))
    papers = session.connection().execute(
        sa.select(col(Paper.public_id))
        .join(TalkPaper, col(TalkPaper.paper_id) == col(Paper.id))
        .join(Talk, col(Talk.id) == col(TalkPaper.talk_id))
        .where(in_series, col(Talk.visibility) == "public")
    )
    return frozenset({*talks.scalars(), *papers.scalars()})
