"""One HTTP exchange between granian's event loop and the thread that answers it.

The thread reads and writes as if the client were at the other end of a pipe.
Each read fetches one piece of the body from the loop, each write waits until the
client's socket took it: neither a slow client nor a fast one fills the memory.
A body that breaks off is told from one that ends, also without a Content-Length;
a truncated upload must never count as a whole one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from concurrent.futures import CancelledError, Future
from typing import Any, TypeVar

from deploy.warehouse.answer import Headers
from deploy.warehouse.body import ClientGone

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

T = TypeVar("T")


class Wire:
    """The two ends of an ASGI exchange; `on_gone` is called when the client leaves."""

    def __init__(self, receive: Receive, send: Send, on_gone: Callable[[], None]) -> None:
        self._receive = receive
        self._send = send
        self._on_gone = on_gone
        self._loop = asyncio.get_running_loop()
        self._first: bytes | None = None
        self._ended = False
        self._watch: asyncio.Task[None] | None = None
        self._answer: tuple[int, Headers, bytes] | None = None
        self._begun = False
        self._whole = False
        self._waited_for: Future[Any] | None = None
        self.gone = False

    # In the event loop.

    async def open(self) -> None:
        """Reads the first piece: for most requests that is all, and saves the thread a wait."""
        self._first = await self._next()

    async def close(self) -> None:
        """Sends what the thread left, and stops watching."""
        if self._watch is not None:
            self._watch.cancel()
        if self._answer is not None and not self.gone:
            status, headers, content = self._answer
            await self._start(status, headers)
            await self._send({"type": "http.response.body", "body": content})
        elif self._whole and not self.gone:
            await self._send({"type": "http.response.body", "body": b""})

    def abandon(self) -> None:
        """Lets the thread go that waits for a client: it gets ClientGone."""
        self.gone = True
        if self._waited_for is not None:
            self._waited_for.cancel()

    async def _next(self) -> bytes:
        while not self._ended:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self.gone = True
                return b""
            if not message.get("more_body"):
                self._ended = True
                # From here on the only thing left to receive is the client's leaving.
                self._watch = self._loop.create_task(self._wait_for_leaving())
            if message.get("body"):
                return bytes(message["body"])
        return b""

    async def _wait_for_leaving(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.gone = True
        self._on_gone()

    async def _start(self, status: int, headers: Headers) -> None:
        raw = [(name.encode("latin-1"), value.encode()) for name, value in headers]
        await self._send({"type": "http.response.start", "status": status, "headers": raw})

    # In the thread.

    def read(self) -> bytes:
        piece = self._first if self._first is not None else self._wait(self._next())
        self._first = None
        if self.gone:
            raise ClientGone
        return piece

    def send(self, status: int, headers: Headers, content: bytes) -> None:
        if not self._begun:
            self._answer = (status, headers, content)

    def begin(self, status: int, headers: Headers) -> None:
        self._begun = True
        self._wait(self._start(status, headers))

    def write(self, content: bytes) -> None:
        if content:
            body = {"type": "http.response.body", "body": content, "more_body": True}
            self._wait(self._pass_on(body))

    def end(self) -> None:
        self._whole = True

    async def _pass_on(self, message: Message) -> None:
        await self._send(message)

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        if self.gone:
            work.close()
            raise ClientGone
        self._waited_for = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            result: T = self._waited_for.result()
        except CancelledError:
            raise ClientGone from None
        if self.gone:
            raise ClientGone
        return result
