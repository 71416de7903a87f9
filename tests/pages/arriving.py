"""Pages that arrive a part at a time, as over a poor network."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

PAUSE_S = 0.15  # long enough for a browser to draw what it has


class InParts:
    """An application whose pages come in parts, cut where `cuts` first stand in them."""

    def __init__(self, app: ASGIApp, cuts: tuple[bytes, ...]) -> None:
        self.app = app
        self.cuts = cuts

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
            body = message["body"]
            for cut in self.cuts:
                head, found, body = body.partition(cut)
                await send({**message, "body": head + found, "more_body": True})
                await asyncio.sleep(PAUSE_S)
            await send({**message, "body": body})

        await self.app({**scope, "headers": plain}, receive, slowly)
