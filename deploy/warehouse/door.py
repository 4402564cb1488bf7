"""The ASGI application: routes, who may enter, and the threads that do the work."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

from deploy.warehouse.answer import Headers
from deploy.warehouse.body import ClientGone
from deploy.warehouse.engine import Engine
from deploy.warehouse.errors import WarehouseError
from deploy.warehouse.exchange import Exchange
from deploy.warehouse.guard import Guard
from deploy.warehouse.request import Request, parse, refuse_other_sites
from deploy.warehouse.wire import Message, Receive, Send, Wire

# Requests worked on at once; more wait their turn.
MAX_CONCURRENT_REQUESTS = 32
# How long running requests may take to end before they are killed.
GRACE_SECONDS = 5.0
# How long a killed query may take to tell its client.
FAREWELL_SECONDS = 1.0
POLL_SECONDS = 0.02
KILL_AGAIN_SECONDS = 0.1

PLAIN: Headers = [("content-type", "text/plain; charset=UTF-8")]
HEALTH_PATHS = frozenset({"/ping", "/replicas_status"})
METHODS = frozenset({"GET", "HEAD", "POST"})
QUERY_PATHS = frozenset({"/", "/query"})


class Door:
    """Takes every request, and knows which are running."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._guard = Guard.of(engine.table_functions)
        self._workers = ThreadPoolExecutor(MAX_CONCURRENT_REQUESTS, "request")
        # Killing must not wait behind what it is to kill.
        self._killers = ThreadPoolExecutor(2, "kill")
        self._numbers: Iterator[int] = count()
        self._running: dict[int, tuple[str, Wire]] = {}
        self._killing: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = {name.decode("latin-1").lower(): _text(value) for name, value in scope["headers"]}
        method, path = scope["method"], scope["path"]
        try:
            refuse_other_sites(headers)
            asks_nothing = method in {"GET", "HEAD"} and not scope["query_string"]
            if path in HEALTH_PATHS or (path == "/" and asks_nothing):
                await _reply(send, 200, PLAIN, "Ok.\n")
            elif method not in METHODS:
                await _reply(
                    send, 405, PLAIN, f"{method} is not used here: GET reads, POST writes.\n"
                )
            elif path not in QUERY_PATHS:
                text = f"There is no handle {path}. Use / for queries, /ping for health.\n"
                await _reply(send, 404, PLAIN, text)
            else:
                request = parse(method, _text(scope["query_string"]), headers)
                await self._query(request, receive, send)
        except WarehouseError as error:
            extra = [("x-clickhouse-exception-code", str(error.code))]
            if error.status == 401:
                extra.append(("www-authenticate", 'Basic realm="ClickHouse server HTTP API"'))
            await _reply(send, error.status, PLAIN + extra, f"{error.text}\n")

    async def _query(self, request: Request, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        number = next(self._numbers)
        # The client chooses the query's id, so the number makes it this request's own.
        mark = f"{number}:{request.query_id}"

        def kill() -> None:
            killing = loop.create_task(self._kill(number, mark))
            self._killing.add(killing)
            killing.add_done_callback(self._killing.discard)

        wire = Wire(receive, send, kill)
        exchange = Exchange(self._engine, self._guard, request, mark)
        self._running[number] = (mark, wire)
        try:
            await wire.open()
            await loop.run_in_executor(self._workers, exchange.run, wire, wire)
        except ClientGone:
            pass
        finally:
            del self._running[number]
            await wire.close()

    async def _kill(self, number: int, mark: str) -> None:
        # More than once: a query that was about to begin is not there to be killed yet.
        while number in self._running:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._killers, self._engine.cancel, mark)
            await asyncio.sleep(KILL_AGAIN_SECONDS)

    async def drain(self) -> None:
        """Waits for running requests to end; kills those that take longer than GRACE_SECONDS."""
        await self._wait_until_idle(GRACE_SECONDS)
        loop = asyncio.get_running_loop()
        leftover = list(self._running.items())
        killing = [loop.create_task(self._kill(number, mark)) for number, (mark, _) in leftover]
        # A killed query still tells its client so; a client that does not read is left.
        await self._wait_until_idle(FAREWELL_SECONDS)
        for _, wire in list(self._running.values()):
            wire.abandon()
        await asyncio.gather(*killing)

    async def _wait_until_idle(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while self._running and loop.time() < deadline:
            await asyncio.sleep(POLL_SECONDS)


async def _reply(send: Send, status: int, headers: Headers, text: str) -> None:
    raw = [(name.encode(), value.encode()) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": text.encode("utf-8", "backslashreplace")})


def _text(value: bytes) -> str:
    return value.decode("utf-8", "backslashreplace")
