"""The warehouse's process: HTTP on the loopback interface, chDB behind it.

granian reads and writes HTTP in the process's own event loop. Each request's
work is sequential code in a thread (see `exchange`), which asks the loop for the
next piece of the body and hands it pieces of the answer; both wait for the other
side, so neither a slow client nor a fast one fills the memory. When a client
goes away its query is killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import signal
import socket
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from granian._granian import SocketHolder
from granian.constants import Interfaces
from granian.server.embed import Server

from deploy.warehouse.engine import Engine, Limits
from deploy.warehouse.errors import UnsafeAddress, WarehouseError
from deploy.warehouse.exchange import ClientGone, Exchange, Headers
from deploy.warehouse.guard import Guard
from deploy.warehouse.request import Request, parse, refuse_other_sites

# Requests worked on at once; more wait their turn.
MAX_CONCURRENT_REQUESTS = 32
BACKLOG = 512
# After SIGTERM, how long running requests may take to end before they are killed.
GRACE_SECONDS = 5.0
PLAIN: Headers = [("content-type", "text/plain; charset=UTF-8")]
OK = b"Ok.\n"

T = TypeVar("T")


class Wire:
    """One HTTP exchange as a thread sees it: blocking reads and writes."""

    def __init__(self, protocol: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._protocol = protocol
        self._pieces = protocol.__aiter__()
        self._loop = loop
        self._transport: Any = None
        self.gone = False
        self.answered = False

    def read(self) -> bytes:
        try:
            return bytes(self._wait(self._next()))
        except StopAsyncIteration:
            return b""

    def send(self, status: int, headers: Headers, content: bytes) -> None:
        self._wait(self._send(status, headers, content))

    def begin(self, status: int, headers: Headers) -> None:
        self._wait(self._begin(status, headers))

    def write(self, content: bytes) -> None:
        if content:
            self._wait(self._transport.send_bytes(content))

    async def _next(self) -> bytes:
        while True:
            try:
                piece = await self._pieces.__anext__()
            except StopAsyncIteration:
                return b""
            if piece:
                return bytes(piece)

    async def _send(self, status: int, headers: Headers, content: bytes) -> None:
        self.answered = True
        self._protocol.response_bytes(status, headers, content)

    async def _begin(self, status: int, headers: Headers) -> None:
        self.answered = True
        self._transport = self._protocol.response_stream(status, headers)

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        async def run() -> T:
            return await work

        if self.gone:
            work.close()
            raise ClientGone
        try:
            return asyncio.run_coroutine_threadsafe(run(), self._loop).result()
        except (RuntimeError, OSError) as error:
            raise ClientGone from error


class Door:
    """The RSGI application: routes, who may enter, and the threads that do the work."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._guard = Guard.of(engine.table_functions)
        self._workers = ThreadPoolExecutor(MAX_CONCURRENT_REQUESTS, "request")
        # Killing must not wait behind what it is to kill.
        self._killers = ThreadPoolExecutor(2, "kill")
        self.running: dict[str, Wire] = {}

    async def __call__(self, scope: Any, protocol: Any) -> None:
        headers = {name.lower(): value for name, value in scope.headers.items()}
        headers.setdefault("host", scope.authority or "localhost")
        try:
            refuse_other_sites(headers)
            if scope.path in {"/ping", "/replicas_status"} or _is_greeting(scope):
                protocol.response_bytes(200, PLAIN, OK)
            elif scope.path not in {"/", "/query"}:
                text = f"There is no handle {scope.path}. Use / for queries, /ping for health.\n"
                protocol.response_bytes(404, PLAIN, text.encode())
            else:
                await self._query(parse(scope.method, scope.query_string, headers), protocol)
        except WarehouseError as error:
            extra = [("x-clickhouse-exception-code", str(error.code))]
            if error.status == 401:
                extra.append(("www-authenticate", 'Basic realm="ClickHouse server HTTP API"'))
            protocol.response_bytes(error.status, PLAIN + extra, f"{error.text}\n".encode())

    async def _query(self, request: Request, protocol: Any) -> None:
        loop = asyncio.get_running_loop()
        wire = Wire(protocol, loop)
        exchange = Exchange(self._engine, self._guard, request)
        key = f"{request.query_id} {id(wire)}"
        self.running[key] = wire
        watch = loop.create_task(self._kill_when_gone(request.query_id, wire, protocol))
        try:
            await loop.run_in_executor(self._workers, exchange.run, wire, wire)
        except ClientGone:
            pass
        except Exception as error:
            if not wire.answered:
                failure = WarehouseError.of_engine(error)
                code = [("x-clickhouse-exception-code", str(failure.code))]
                protocol.response_bytes(500, PLAIN + code, f"{failure.text}\n".encode())
            raise
        finally:
            del self.running[key]
            watch.cancel()

    async def _kill_when_gone(self, query_id: str, wire: Wire, protocol: Any) -> None:
        await protocol.client_disconnect()
        wire.gone = True
        await asyncio.get_running_loop().run_in_executor(
            self._killers, self._engine.cancel, query_id
        )

    async def drain(self) -> None:
        """Waits for running requests to end; after GRACE_SECONDS kills them."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + GRACE_SECONDS
        while self.running and loop.time() < deadline:
            await asyncio.sleep(0.02)
        for key in list(self.running):
            query_id = key.split(" ", 1)[0]
            await loop.run_in_executor(self._killers, self._engine.cancel, query_id)
        deadline = loop.time() + GRACE_SECONDS
        while self.running and loop.time() < deadline:
            await asyncio.sleep(0.02)


def _is_greeting(scope: Any) -> bool:
    return bool(scope.path == "/" and scope.method in {"GET", "HEAD"} and not scope.query_string)


class BoundServer(Server):
    """granian's embedded server on a socket that is already bound.

    So the port is known before the first request, two processes can never share
    one (granian itself binds with SO_REUSEPORT), and port 0 works.
    """

    def __init__(self, target: Any, listener: socket.socket) -> None:
        host, port = listener.getsockname()[:2]
        super().__init__(
            target,
            address=host,
            port=port,
            interface=Interfaces.RSGI,
            websockets=False,
            backlog=BACKLOG,
            log_enabled=False,
        )
        self._listener = listener

    def _init_shared_socket(self) -> None:
        # The holder owns its descriptor and closes it.
        self._shd = SocketHolder(os.dup(self._listener.fileno()), False, BACKLOG)
        self._sfd = self._shd.get_fd()
        self._ssp = None


def listen(host: str, port: int) -> socket.socket:
    """A bound, listening socket. Raises UnsafeAddress, or OSError when the port is taken."""
    refuse_reachable(host)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise OSError(
            error.errno, f"warehouse cannot listen on {host}:{port}: {error.strerror}"
        ) from None
    listener.listen(BACKLOG)
    listener.setblocking(False)
    return listener


def refuse_reachable(host: str) -> None:
    """Raises UnsafeAddress unless the address is of the loopback interface."""
    name = "127.0.0.1" if host == "localhost" else host
    try:
        loopback = ipaddress.ip_address(name).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise UnsafeAddress(
            f"the embedded warehouse listens on the loopback interface only, not on {host!r}: it "
            "has no users or rights yet, so anyone who reaches it could change the tables. "
            "Use 127.0.0.1, or point PLEDGER_WAREHOUSE at a ClickHouse server."
        )


def serve(
    path: Path,
    host: str = "127.0.0.1",
    port: int = 8123,
    *,
    limits: Limits | None = None,
    ready: Callable[[str, int], None] | None = None,
) -> None:
    """Serves the warehouse in `path` until SIGTERM or SIGINT. Port 0 picks a free one.

    `ready(host, port)` is called once requests are answered. Raises UnsafeAddress,
    DirectoryInUse, or OSError when the port is taken.
    """
    refuse_reachable(host)
    engine = Engine(path, limits)
    try:
        with contextlib.closing(listen(host, port)) as listener:
            asyncio.run(_serve(engine, listener, ready))
    finally:
        engine.close()


async def _serve(
    engine: Engine, listener: socket.socket, ready: Callable[[str, int], None] | None
) -> None:
    door = Door(engine)
    server = BoundServer(door, listener)
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    serving = loop.create_task(server.serve())
    stopping = loop.create_task(stop.wait())
    # The socket already listens: what connects before granian accepts, waits.
    if ready is not None:
        ready(*listener.getsockname()[:2])
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        stopping.cancel()
        serving.result()
        return
    await door.drain()
    server.stop()
    await asyncio.wait({serving}, timeout=GRACE_SECONDS)
