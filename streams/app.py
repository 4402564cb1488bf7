"""The Faust application: hosts the agents, supervises them, stops them in order.

Nothing that is about money goes through Faust's own consumer: agents take batches from
in-memory channels (`streams.source`). Faust wants one real topic, so it follows the
dead letters and says in the worker's log when one arrives.

Each process has an app id of its own: after a `kill -9` the group of the dead process
would keep the new one waiting for a minute or two.
"""

from __future__ import annotations

import logging
import os
import ssl
import uuid
from pathlib import Path

import faust
from faust.types.auth import CredentialsT

from events.settings import Broker, SettingsError
from events.topics import DEAD_LETTERS

log = logging.getLogger(__name__)

LETTERS_AT_ONCE = 1_000
LETTER_CHARACTERS = 500
"""How much of a dead letter the worker's log shows; the topic has it whole."""


def create_app(broker: Broker, directory: Path) -> faust.App:
    """A Faust app of this process, on `broker`; its own files stand in `directory`."""
    app = faust.App(
        f"pledger-worker-{os.getpid()}-{uuid.uuid4().hex[:8]}",
        broker=[f"kafka://{server.strip()}" for server in broker.servers.split(",")],
        broker_credentials=credentials(broker),
        datadir=str(directory / "faust"),
        store="memory://",
        topic_disable_leader=True,
        topic_allow_declare=False,
        web_enabled=False,
        consumer_auto_offset_reset="latest",
        stream_wait_empty=False,
        worker_redirect_stdouts=False,
        loghandlers=[],
    )
    letters = app.topic(DEAD_LETTERS, value_type=bytes, value_serializer="raw", internal=True)

    @app.agent(letters, name="pledger.dead-letters")
    async def say(stream: faust.StreamT[bytes]) -> None:
        async for found in stream.take(LETTERS_AT_ONCE, within=1.0):
            newest = bytes(found[-1]).decode(errors="replace")
            log.warning("%d dead letters, the newest: %s", len(found), newest[:LETTER_CHARACTERS])

    return app


def credentials(broker: Broker) -> CredentialsT | None:
    """Faust's form of librdkafka's security settings; raises SettingsError for another kind."""
    options = broker.options
    protocol = options.get("security.protocol", "plaintext").upper()
    if protocol == "PLAINTEXT":
        return None
    context = None
    if protocol.endswith("SSL"):
        context = ssl.create_default_context(cafile=options.get("ssl.ca.location"))
        if certificate := options.get("ssl.certificate.location"):
            context.load_cert_chain(
                certificate, options.get("ssl.key.location"), options.get("ssl.key.password")
            )
        if options.get("ssl.endpoint.identification.algorithm") == "none":
            context.check_hostname = False
    if protocol == "SSL":
        return faust.SSLCredentials(context)
    mechanism = options.get("sasl.mechanism") or options.get("sasl.mechanisms") or "PLAIN"
    if mechanism not in ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"):
        raise SettingsError(
            f"PLEDGER_BROKER: sasl.mechanism={mechanism}: workers understand PLAIN, "
            "SCRAM-SHA-256 and SCRAM-SHA-512"
        )
    return faust.SASLCredentials(
        username=options.get("sasl.username"),
        password=options.get("sasl.password"),
        mechanism=mechanism,
        ssl_context=context,
    )
