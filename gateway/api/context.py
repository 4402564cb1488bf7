"""What the resources of the API share, and how a command is run.

A command (create a link, approve a partner…) goes through the aggregates, which block for a
millisecond or two until the log has it; so it runs on a thread. Its answer waits until this
gateway's own directory has read it back: whoever commanded something finds it in the next
GET, and in the next conversion's `known`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from typing import TypeVar

from clickhouse_connect.driver.client import Client
from confluent_kafka.admin import AdminClient

from aggregates.acting import acting
from aggregates.application import Decisions, open_decisions
from aggregates.open_vault import open_vault
from aggregates.vault import Vault
from events.click_token import ClickKeys
from events.log import watermarks
from events.settings import Settings
from gateway.access import Caller
from gateway.configuration import Configuration
from gateway.delivery import AckedLog
from gateway.intake import Intake
from gateway.known import Known
from gateway.personal import PersonalData
from streams.schema import connect

COMMAND_THREADS = 8
Answer = TypeVar("Answer")


class Context:
    """One gateway's parts, on one event loop, for one caller."""

    caller = Caller()
    """Who makes the request; see `asked_by`."""

    def __init__(
        self,
        settings: Settings,
        configuration: Configuration,
        known: Known,
        log: AckedLog,
        keys: ClickKeys,
    ) -> None:
        self.settings = settings
        self.configuration = configuration
        self.known = known
        self.log = log
        self.keys = keys
        self.vault: Vault = open_vault(settings)
        self.personal = PersonalData(self.vault, known)
        self.intake = Intake(known, log, keys, self.personal)
        self._decisions: Decisions = open_decisions(settings.broker, vault=self.vault)
        self._threads = ThreadPoolExecutor(COMMAND_THREADS, thread_name_prefix="command")
        self._warehouse: list[Client] = []
        """None or one; a list, so that the copies for the callers share it."""
        self._admin = AdminClient(settings.broker.client(log_level=0))  # type: ignore[arg-type]

    def asked_by(self, caller: Caller) -> Context:
        """The same parts, for a request of `caller`."""
        found = copy(self)
        found.caller = caller
        return found

    @property
    def author(self) -> str:
        """Who is recorded as deciding what this request decides."""
        return self.caller.person

    async def on_thread(self, call: Callable[[], Answer]) -> Answer:
        """Run what blocks without stopping the redirects."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    async def command(self, call: Callable[[Decisions], Answer]) -> Answer:
        """Decide something; done when it is in the log and this gateway knows it."""

        def decide() -> tuple[Answer, int]:
            with acting(self.caller.origin()):
                answer = call(self._decisions)
            return answer, self._decisions.recorder.max_notification_id() or 0

        answer, number = await self.on_thread(decide)
        await self.known.reach(number)
        return answer

    async def ask(self, call: Callable[[Decisions], Answer]) -> Answer:
        """Read an aggregate."""
        return await self.on_thread(lambda: call(self._decisions))

    def warehouse(self) -> Client:
        """A client of the warehouse, made when it is first needed; it blocks."""
        found = next(iter(self._warehouse), None)
        if found is None:
            found = connect(self.settings.warehouse)
            self._warehouse.append(found)
        return found

    def forget_warehouse(self) -> None:
        """Connect anew next time: another process may listen there by then."""
        self._warehouse.clear()

    async def ends(self, topic: str) -> dict[int, int]:
        """Partition → the next offset to be written, as the broker says now."""

        def ask() -> dict[int, int]:
            found = watermarks(self.settings.broker, topic)
            return {partition: end for partition, (_, end) in found.items()}

        return await self.on_thread(ask)

    async def broker_problem(self, timeout: float = 2.0) -> str:
        """Why the broker cannot be reached, or "" when it can."""
        try:
            await self.on_thread(lambda: self._admin.list_topics(timeout=timeout))
        except Exception as problem:  # whatever librdkafka says is the answer
            return str(problem)
        return ""

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)
        self._decisions.close()
        self.vault.close()
