"""An ASGI application behind RSGI, so that one server speaks both: the click path bare, the
API in Litestar.

Requests are read whole before the application sees them (they are small; MAX_BODY says how
small), and answers are sent in one piece.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import quote

from gateway.access import Caller
from gateway.problems import MEDIA_TYPE, Problem

MAX_BODY = 64 * 1024 * 1024
"""Bytes of a request's body; some 200,000 conversions in one batch."""

NOBODY = Caller()

Asgi = Callable[..., Awaitable[None]]


class RsgiBridge:
    """Calls an ASGI 3 application for RSGI requests; HTTP only."""

    def __init__(self, application: Asgi) -> None:
        self._application = application

    async def __call__(self, scope: Any, protocol: Any, caller: Caller = NOBODY) -> None:
        body = await _body(protocol, scope.headers.get("content-length"))
        if body is None:
            refuse(
                protocol,
                Problem(413, f"the body is larger than {MAX_BODY} bytes: send it in parts"),
            )
            return
        received = False

        async def receive() -> dict[str, Any]:
            nonlocal received
            if received:
                return {"type": "http.disconnect"}
            received = True
            return {"type": "http.request", "body": body, "more_body": False}

        status = 500
        headers: list[tuple[str, str]] = []
        answer = bytearray()

        async def send(message: MutableMapping[str, Any]) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [
                    (name.decode("latin-1"), value.decode("latin-1"))
                    for name, value in message.get("headers", ())
                ]
            elif message["type"] == "http.response.body":
                answer.extend(message.get("body", b""))

        await self._application(_asgi_scope(scope, caller), receive, send)
        protocol.response_bytes(status, headers, bytes(answer))


def refuse(protocol: Any, problem: Problem, *headers: tuple[str, str]) -> None:
    """Answer an RSGI request with a problem."""
    protocol.response_bytes(
        problem.status,
        [("content-type", MEDIA_TYPE), *problem.headers.items(), *headers],
        problem.body(),
    )


async def _body(protocol: Any, content_length: str | None) -> bytes | None:
    """The request's body, or None when it is larger than MAX_BODY."""
    if content_length is not None and content_length.isdigit() and int(content_length) > MAX_BODY:
        return None
    body = bytearray()
    async for chunk in protocol:
        body.extend(chunk)
        if len(body) > MAX_BODY:
            return None
    return bytes(body)


def _asgi_scope(scope: Any, caller: Caller) -> dict[str, Any]:
    path = scope.path
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": scope.http_version,
        "method": scope.method,
        "scheme": scope.scheme,
        "path": path,
        "raw_path": quote(path).encode(),
        "query_string": scope.query_string.encode(),
        "root_path": "",
        "headers": [
            (name.encode("latin-1"), value.encode("latin-1", "replace"))
            for name, value in scope.headers.items()
        ],
        "client": _host_port(scope.client),
        "server": _host_port(scope.server),
        "state": {"caller": caller},
        "extensions": {},
    }


def _host_port(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port) if port.isdigit() else 0
