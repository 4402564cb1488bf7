"""The socket, on the loopback interface only, and granian on it."""

from __future__ import annotations

import ipaddress
import os
import socket
from typing import Any

from granian._granian import SocketHolder
from granian.constants import Interfaces
from granian.server.embed import Server

from deploy.warehouse.errors import UnsafeAddress

BACKLOG = 512


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
        reason = f"warehouse cannot listen on {host}:{port}: {error.strerror}. Use another port."
        raise OSError(error.errno, reason) from None
    listener.listen(BACKLOG)
    listener.setblocking(False)
    return listener


class BoundServer(Server):
    """granian in this process's event loop, on a socket that is already bound.

    So the port is known before the first request, port 0 works, and two processes
    never share a port (granian itself binds with SO_REUSEPORT).
    """

    def __init__(self, application: Any, listener: socket.socket) -> None:
        host, port = listener.getsockname()[:2]
        # ASGI, not RSGI: it waits for a slow reader, and tells an upload that broke
        # off from one that ended.
        super().__init__(
            application,
            address=host,
            port=port,
            interface=Interfaces.ASGINL,
            websockets=False,
            backlog=BACKLOG,
            log_enabled=False,
        )
        self._listener = listener

    def _init_shared_socket(self) -> None:
        # The holder owns its descriptor and closes it.
        holder: Any = SocketHolder
        self._shd: Any = holder(os.dup(self._listener.fileno()), False, BACKLOG)
        self._sfd = self._shd.get_fd()
        self._ssp = None
