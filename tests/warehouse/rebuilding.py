"""What the tests of a rebuild share: the command, facts that keep coming, readers at work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from clickhouse_connect.driver.client import Client

from events import topics
from events.clicks import Click
from events.codec import encode
from events.conversions import Deal, conversion_key
from events.log import Writer
from events.settings import Broker, Settings, Warehouse
from streams.schema import connect
from streams.sink_rows import TABLES

START_MS = 1_767_225_600_000
COMMAND_S = 120
BREATH_S = 0.05
"""Between two looks of a reader: the processor is for the rebuild too."""
UNREADABLE = 1
"""Conversions of a story that nobody can read; the deals that come in all can be."""


def rebuild(
    settings: Settings, *arguments: str, die_at: str = ""
) -> subprocess.CompletedProcess[str]:
    """`pledger warehouse rebuild` in a process of its own, killed at a step if one is named."""
    return pledger(settings, "rebuild", "--sinks", "1", *arguments, die_at=die_at)


def pledger(
    settings: Settings, *arguments: str, die_at: str = ""
) -> subprocess.CompletedProcess[str]:
    """One of the commands of `pledger warehouse`."""
    command = [sys.executable, "-c", "from cli.warehouse_database import app; app()", *arguments]
    return subprocess.run(
        command,
        env=environment(settings) | {"PLEDGER_DIE_AT": f"rebuild:{die_at}" if die_at else ""},
        capture_output=True,
        text=True,
        timeout=COMMAND_S,
    )


def environment(settings: Settings) -> dict[str, str]:
    target = settings.warehouse
    return {
        **os.environ,
        "PLEDGER_HOME": str(settings.home),
        "PLEDGER_BROKER": settings.broker.servers,
        "PLEDGER_WAREHOUSE": f"clickhouse://{target.host}:{target.port}/{target.database}",
        "COLUMNS": "200",
    }


def rebuilt(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The report of a rebuild that switched over."""
    assert done.returncode == 0, done.stderr + done.stdout
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["switched"]
    return report


@contextmanager
def facts_coming(broker: Broker) -> Iterator[None]:
    """Clicks and deals keep coming in as long as this lasts."""
    ended = threading.Event()

    def go_on() -> None:
        writer = Writer(broker, linger_ms=5)
        number = 0
        while not ended.is_set():
            for _ in range(20):
                number += 1
                link, customer = f"late-{number % 7}", f"late-{number}"
                click = Click(f"{link}.{number}", link, "acme", "ann", START_MS + number)
                writer.append(topics.CLICKS, key=link, value=encode(click))
                deal = Deal("acme", customer, f"l{number}", f"L-{number}", 100, "EUR", START_MS, 1)
                key = conversion_key("acme", customer)
                writer.append(topics.CONVERSIONS, key=key, value=encode(deal))
            writer.flush()
            time.sleep(0.05)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


class Readers:
    """Threads that query tables and views all the time and note whatever is not right."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._ended = threading.Event()
        self.problems: list[str] = []
        self.queries = 0
        self._threads = [
            threading.Thread(target=self._go_on, args=(check,))
            for check in (_counts, _positions, _numbers, _figures)
        ]

    def __enter__(self) -> Readers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _go_on(self, check: Callable[[Client, dict[str, int]], Iterator[str]]) -> None:
        client = connect(self._warehouse)
        seen: dict[str, int] = {}
        while not self._ended.is_set():
            try:
                self.problems += check(client, seen)
            except Exception as problem:  # whatever a reader would see
                self.problems.append(f"{check.__name__}: {problem}")
            self.queries += 1
            time.sleep(BREATH_S)
        client.close()


def _never_falls(seen: dict[str, int], what: str, now: int) -> Iterator[str]:
    if now < seen.get(what, 0):
        yield f"{what} fell from {seen[what]} to {now}"
    seen[what] = max(now, seen.get(what, 0))


def _counts(client: Client, seen: dict[str, int]) -> Iterator[str]:
    for table in (*TABLES.values(), "first_clicks", "conversion_outcomes", "journal_legs"):
        final = "FINAL" if table in TABLES.values() else ""
        [(count,)] = client.query(f"SELECT count() FROM {table} {final}").result_rows
        yield from _never_falls(seen, table, count)


def _positions(client: Client, seen: dict[str, int]) -> Iterator[str]:
    rows = client.query("SELECT topic, partition, next_offset FROM freshness").result_rows
    for topic, partition, end in rows:
        yield from _never_falls(seen, f"{topic}/{partition}", end)


def _numbers(client: Client, seen: dict[str, int]) -> Iterator[str]:
    """What is numbered without a gap has none at any time: no table is ever half there."""
    for table, number in (("journal_entries", "n"), ("attributions", "n")):
        rows = client.query(
            f"SELECT partition, count(), max({number}) + 1 FROM {table} FINAL GROUP BY partition"
        ).result_rows
        for partition, count, due in rows:
            if count != due:
                yield f"{table}/{partition}: {count} rows, numbered to {due}"
    [(count, due)] = client.query("SELECT count(), max(number) FROM decisions FINAL").result_rows
    if count != due:
        yield f"decisions: {count} rows, numbered to {due}"
    rows = client.query(
        "SELECT partition, max(offset) + 1 - count() FROM conversions FINAL GROUP BY partition"
    ).result_rows
    for partition, missing in rows:
        if missing > UNREADABLE:
            yield f"conversions/{partition}: {missing} records without a row"


def _figures(client: Client, seen: dict[str, int]) -> Iterator[str]:
    rows = client.query("SELECT unit, balance, legs, commissions FROM trial_balance").result_rows
    for unit, balance, legs, commissions in rows:
        if balance:
            yield f"trial balance in {unit}: {balance}"
        yield from _never_falls(seen, f"legs in {unit}", legs)
        if seen.setdefault(f"commissions in {unit}", commissions) != commissions:
            yield f"commissions in {unit}: {commissions}"
    for view in ("partner_balances", "partner_daily", "partners", "payouts", "program_funnel"):
        yield from _never_falls(
            seen, view, client.query(f"SELECT count() FROM {view}").result_rows[0][0]
        )
