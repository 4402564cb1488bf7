"""Appending to the log from an event loop: a future that is done when the broker has it.

librdkafka keeps its delivery reports until somebody polls for them. Here the event loop does
so itself, every millisecond while something is unacknowledged: the reports of that
millisecond come in one call and resolve their futures on the spot. A thread that polled
would have to take the interpreter away from the loop, and wake it, for every batch.
"""

from __future__ import annotations

import asyncio
from functools import partial

from confluent_kafka import KafkaError, Message

from events.log import Writer
from events.settings import Broker

LINGER_MS = 5
"""A click waits this long for company: the price, in latency, of batches at the broker."""

DELIVERY_TIMEOUT_MS = 4_000
"""After this long without an acknowledgement the sender is told to try again. Facts carry
their own id, so what was written after all and comes again is ignored; unlike the output of
a processor they have no number whose gap could hurt, so expiring them is safe."""

MAX_PENDING = 100_000
"""Unacknowledged records beyond which new ones are refused at once (about 3 s of clicks)."""

POLL_EVERY_S = 0.001


class NotAcknowledged(RuntimeError):
    """The broker did not take the record in time; nothing may be promised to the sender."""


class AckedLog:
    """A producer whose `append` can be awaited. Belongs to one event loop."""

    def __init__(self, broker: Broker, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._writer = Writer(
            broker,
            linger_ms=LINGER_MS,
            **{"message.timeout.ms": DELIVERY_TIMEOUT_MS, "socket.nagle.disable": True},
        )
        self.pending = 0
        """Records handed to the producer and not yet answered; the loop's own count."""
        self._closing = False

    def append(self, topic: str, key: str, value: bytes) -> asyncio.Future[None]:
        """Queue a record; the future is done when all in-sync replicas have it.

        It fails with NotAcknowledged after DELIVERY_TIMEOUT_MS, or at once when more than
        MAX_PENDING wait or the gateway is stopping.
        """
        future: asyncio.Future[None] = self._loop.create_future()
        if self.pending >= MAX_PENDING or self._closing:
            why = "the gateway is stopping" if self._closing else "too many records wait"
            future.set_exception(NotAcknowledged(f"{topic}: {why} for the broker"))
            return future
        self._writer.append(topic, key=key, value=value, on_delivery=partial(self._note, future))
        self.pending += 1
        if self.pending == 1:
            self._loop.call_later(POLL_EVERY_S, self._poll)
        return future

    def _poll(self) -> None:
        self._writer.poll(0)
        if self.pending:
            self._loop.call_later(POLL_EVERY_S, self._poll)

    def _note(
        self, future: asyncio.Future[None], error: KafkaError | None, _message: Message
    ) -> None:
        self.pending -= 1
        if future.done():  # its request was cancelled: the client has gone
            return
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(NotAcknowledged(f"the broker did not answer: {error.str()}"))

    async def close(self) -> None:
        """Take no new records, wait until all that were taken are answered, and stop."""
        self._closing = True
        while self.pending:
            await asyncio.sleep(POLL_EVERY_S)
        await self._loop.run_in_executor(None, self._writer.flush)
