"""The one door through which sealed text leaves the gateway: opened, or `[erased]`.

Resources answer with what stands in the log. Whatever of an answer is sealed is revealed
here, on its way out, so that no resource has to know which of its fields are personal, and a
new one cannot forget to.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from re import Match
from typing import Any

import msgspec

from events.sealing import SEALED, SEALED_PREFIX, Reveal
from gateway.bridge import Asgi

Message = MutableMapping[str, Any]
LENGTH = b"content-length"


def revealing(application: Asgi, reveal: Reveal) -> Asgi:
    """`application` with the sealed text of its answers replaced by what `reveal` says."""

    async def revealed(scope: Any, receive: Any, send: Any) -> None:
        start: Message = {}
        parts: list[bytes] = []

        async def pass_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                return
            if message["type"] != "http.response.body":
                await send(message)
                return
            parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                body = revealed_body(b"".join(parts), reveal)
                start["headers"] = [
                    (name, str(len(body)).encode() if name.lower() == LENGTH else value)
                    for name, value in start.get("headers", ())
                ]
                await send(start)
                await send({"type": "http.response.body", "body": body, "more_body": False})

        await application(scope, receive, pass_on)

    return revealed


def revealed_body(body: bytes, reveal: Reveal) -> bytes:
    """JSON with the sealed text in its strings replaced, and still JSON."""
    if SEALED_PREFIX.encode() not in body:
        return body

    def plain(found: Match[str]) -> str:
        return msgspec.json.encode(reveal(found[0])).decode()[1:-1]

    return SEALED.sub(plain, body.decode()).encode()
