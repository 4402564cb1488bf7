"""The warehouse's process: from an empty directory to answers, and down again.

    serve(Path("warehouse"), "127.0.0.1", 8123)

opens the directory, listens, and answers until SIGTERM or SIGINT. Then it takes
no new connection, lets what runs come to its end, kills what takes too long, and
closes the tables. `kill -9` loses nothing that was acknowledged: the next start
reads the same parts.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable
from pathlib import Path

from deploy.warehouse.door import FAREWELL_SECONDS, Door
from deploy.warehouse.engine import Engine, Limits
from deploy.warehouse.listener import BoundServer, listen, refuse_reachable

Ready = Callable[[str, int], None]


def serve(
    path: Path,
    host: str = "127.0.0.1",
    port: int = 8123,
    *,
    limits: Limits | None = None,
    ready: Ready | None = None,
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


async def _serve(engine: Engine, listener: socket.socket, ready: Ready | None) -> None:
    door = Door(engine)
    server = BoundServer(door, listener)
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    serving = loop.create_task(server.serve())
    stopping = loop.create_task(stop.wait())
    # The socket listens already: what connects before granian accepts, waits.
    if ready is not None:
        ready(*listener.getsockname()[:2])
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        stopping.cancel()
        serving.result()
        return
    await door.drain()
    server.stop()  # type: ignore[no-untyped-call]
    await asyncio.wait({serving}, timeout=FAREWELL_SECONDS)
