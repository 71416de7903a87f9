"""The application: API, pages and files over one open service.

Invariant: nothing is opened before the lifespan begins, and everything is closed when it ends.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import to_thread
from fastapi import Depends, FastAPI
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app import __version__
from app.api import (
    additions,
    described,
    jobs,
    media,
    papers,
    problems,
    progress,
    search,
    similar,
    staff,
    status,
    suggest,
    talks,
    transcripts,
    uploads,
)
from app.api.admission import Admission
from app.api.bodies import Bodies
from app.api.edge import Edge, HeadAsGet
from app.api.metrics import Metrics
from app.api.remembered import Remembered
from app.api.strict import strict
from app.embed import files as embed
from app.encoding import LoadEncoder
from app.feeds import routes as feeds
from app.logs import configure_logs
from app.web import pages
from app.web.problem_pages import problem_page
from app.wiring import open_service
from catalog.settings import Settings, read_settings

NOT_TEXT = ("application/pdf", "application/octet-stream", "multipart/byteranges")


def create_app(settings: Settings, *, load_encoder: LoadEncoder | None = None) -> FastAPI:
    """The application for these settings.

    load_encoder: what to load in the place of the encoder that the settings name.
    Raises, when the lifespan begins: CatalogProblem.
    """
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        opening = open_service(settings, metrics=metrics, load=load_encoder)
        app.state.service = await to_thread.run_sync(opening.__enter__)
        await to_thread.run_sync(app.openapi)
        await to_thread.run_sync(embed.keep, settings.data_dir / embed.KEPT)
        try:
            yield
        finally:
            await to_thread.run_sync(opening.__exit__, None, None, None)

    app = FastAPI(
        title=f"{settings.archive_name}: API",
        version=__version__,
        generate_unique_id_function=described.named,
        lifespan=lifespan,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # both viewers fetch their scripts from elsewhere
        redoc_url=None,
    )
    for resource in (search, suggest, similar, talks, transcripts, papers, status, media):
        app.include_router(resource.router, dependencies=[Depends(strict)])
    for resource in (additions, staff, jobs, progress, uploads):
        app.include_router(resource.router, dependencies=[Depends(strict)])
    app.include_router(embed.router)
    feeds.install(app)
    pages.install(app, settings)
    described.install(app)
    page = problem_page(settings)
    problems.install(app, page)
    _wrap(app, settings, page, metrics)
    return app


def from_environment() -> FastAPI:
    """The application of one of several server processes.  Raises: InvalidSetting."""
    settings = read_settings()
    configure_logs(settings)
    return create_app(settings)


def _wrap(app: FastAPI, settings: Settings, page: problems.Page, metrics: Metrics) -> None:
    """Put the layers around the application; the last one added is the outermost."""
    app.add_middleware(
        GZipMiddleware,
        minimum_size=1000,
        compresslevel=5,
        exclude_content_types=(*DEFAULT_EXCLUDED_CONTENT_TYPES, *NOT_TEXT),
    )
    app.add_middleware(HeadAsGet)
    app.add_middleware(Remembered)
    app.add_middleware(Bodies)
    app.add_middleware(Admission, settings=settings, page=page)
    app.add_middleware(Edge, metrics=metrics, settings=settings)
    if settings.trusted_proxies.strip():
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=settings.trusted_proxies)
