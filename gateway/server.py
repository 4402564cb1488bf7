"""Runs the gateway: one process, one event loop, until SIGTERM or SIGINT.

Start: refuse what cannot be right (no token on a public address, a taken port), read all
decisions, listen. Stop: take no new requests, finish those under way, wait for the broker
to acknowledge what was appended, leave.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket
from collections.abc import Sequence
from typing import Any

import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from events.click_token import load_keys
from events.settings import Settings, SettingsError
from gateway.access import Access
from gateway.api.application import build_api
from gateway.api.context import Context
from gateway.bridge import RsgiBridge, refuse
from gateway.configuration import Configuration, load_configuration
from gateway.delivery import AckedLog
from gateway.known import Known
from gateway.problems import Problem
from gateway.redirects import PREFIX, Redirects
from gateway.visitors import Network, address_of, load_address_hash
from streams.decisions import DirectoryFollower

BACKLOG = 4_096
"""Connections that may wait to be accepted, and be open at once."""

GC_THRESHOLD = 50_000
"""Objects made before garbage is looked for: a request makes some tens, and no cycles."""

logger = logging.getLogger(__name__)


def run(settings: Settings, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT. Raises SettingsError when it must not start, LogError
    when the broker cannot be reached."""
    configuration = load_configuration(host)
    refuse_taken(host, port)
    uvloop.run(_serve(settings, configuration, host, port))


def refuse_taken(host: str, port: int) -> None:
    """Raises SettingsError when somebody listens there: the server itself would share the
    port with them, and each would get a part of the requests."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            raise SettingsError(
                f"the gateway cannot listen on {host}:{port} ({problem.strerror}); "
                "choose another port, or stop what is there"
            ) from problem


class Gateway:
    """The RSGI application: links to the click path, everything else to the API."""

    def __init__(
        self,
        redirects: Redirects,
        api: RsgiBridge,
        access: Access,
        trusted_proxies: Sequence[Network] = (),
    ) -> None:
        self._redirects = redirects
        self._api = api
        self._access = access
        self._trusted = trusted_proxies

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        path = scope.path
        try:
            if path.startswith(PREFIX):
                await self._redirects(scope, protocol, path)
            else:
                source = address_of(scope, self._trusted)
                caller = self._access.caller(path, scope.headers, source)
                await self._api(scope, protocol, caller)
        except Problem as refusal:
            refuse(protocol, refusal)
        except Exception:
            logger.exception("%s %s failed", scope.method, path)
            refuse(protocol, Problem(500, "an error of ours; it is in the gateway's log"))


async def _serve(settings: Settings, configuration: Configuration, host: str, port: int) -> None:
    loop = asyncio.get_running_loop()
    keys = load_keys(settings.keys)
    known = Known(DirectoryFollower(settings.broker))
    known.start()
    log = AckedLog(settings.broker, loop)
    context = Context(settings, configuration, known, log, keys)
    server = Server(
        Gateway(
            Redirects(known, log, keys, load_address_hash(settings.keys), configuration),
            RsgiBridge(build_api(context)),
            Access(known.directory, configuration.api_token, configuration.keys_only),
            configuration.trusted_proxies,
        ),
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        http=HTTPModes.http1,
        websockets=False,
        backlog=BACKLOG,
        log_enabled=False,
    )
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, server.stop)
    logger.info("gateway on http://%s:%d, %d decisions known", host, port, known.count)
    gc.collect()
    gc.freeze()  # what was loaded so far is never looked through again
    gc.set_threshold(GC_THRESHOLD)
    try:
        await server.serve()
    finally:
        await log.close()
        await known.stop()
        context.close()
