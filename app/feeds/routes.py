"""All routes of this package; those with an ending stand before the pages that would take them."""

from fastapi import FastAPI

from app.feeds import (
    atom,
    calendar,
    cite,
    oembed,
    opensearch,
    podcast,
    saved_search,
    sitemap,
)
from app.feeds.oai import routes as oai
from app.web import embedded


def install(app: FastAPI) -> None:
    """Add them to the application."""
    for resource in (
        saved_search,
        atom,
        podcast,
        calendar,
        cite,
        sitemap,
        opensearch,
        oembed,
        oai,
        embedded,
    ):
        app.include_router(resource.router)
