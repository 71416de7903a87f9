"""Pages that arrive a tag at a time, as over a poor network or with a busy browser."""

import asyncio
import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

TAGS = 90  # of a page's body, sent one by one: the bar, the title and what comes first below it
PAUSE_S = 0.03  # long enough for a browser to draw what it has
_BODY = re.compile(rb"<body[^>]*>")


class InParts:
    """An application whose pages come in parts: the head, then tag by tag, then the rest."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does; a page slowly, and never packed."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        is_page = False

        async def slowly(message: Message) -> None:
            nonlocal is_page
            if message["type"] == "http.response.start":
                kinds = [v for k, v in message["headers"] if k.lower() == b"content-type"]
                is_page = any(kind.startswith(b"text/html") for kind in kinds)
            if message["type"] != "http.response.body" or not is_page:
                await send(message)
                return
            for part in _parts(message["body"]):
                await send({**message, "body": part, "more_body": True})
                await asyncio.sleep(PAUSE_S)
            await send({**message, "body": b""})

        await self.app({**scope, "headers": plain}, receive, slowly)


def _parts(page: bytes) -> list[bytes]:
    """The page of HTML up to its body, each of the first tags of the body, the rest; joined, all.

    What a no-break space binds to a tag comes with it: without it the line would break elsewhere.
    """
    body = _BODY.search(page)
    assert body, "a page has a body"
    head, rest = page[: body.end()], page[body.end() :]
    *tags, rest = re.split(rb"(?<=>)(?!&nbsp;)", rest, maxsplit=TAGS)
    return [head, *tags, rest]
