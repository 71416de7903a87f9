"""Servers and a browser for tests of pages: the archive, and another site beside it."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from app.main import create_app
from tests.app.shelf import Shelf, until


@contextmanager
def listening(app: ASGIApp) -> Iterator[str]:
    """Serve an application on a free port; its origin."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [free]})
        thread.start()
        try:
            until(lambda: server.started)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def archive(shelf: Shelf, *, cors_origins: str = "") -> Iterator[str]:
    """Serve the archive, also to pages of these origins; its origin."""
    encoder = shelf.encoder
    settings = shelf.settings.model_copy(update={"cors_origins": cors_origins})
    app = create_app(settings, load_encoder=lambda _: encoder)
    with listening(app) as origin:
        until(lambda: app.state.service.live.encoder.state == "ready")
        yield origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What another site answers at one path."""

    body: bytes
    media_type: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


class Site:
    """A site of files in memory, as a course's pages are."""

    def __init__(self) -> None:
        self.answers = {"/favicon.ico": Answer(body=b"", media_type="image/x-icon")}

    def put(self, path: str, answer: Answer) -> None:
        """Set what is answered at a path."""
        self.answers[path] = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the file, or with 404."""
        if scope["type"] != "http":
            return
        answer = self.answers.get(scope["path"])
        status = 200 if answer else 404
        found = answer or Answer(body=b"", media_type="text/plain")
        headers = [(b"content-type", found.media_type.encode())]
        headers += [(name.encode(), value.encode()) for name, value in found.headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": found.body})
