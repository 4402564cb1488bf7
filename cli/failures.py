"""Errors in words: what cannot be done, and what would mend it, on one line and exit code 1.

A traceback is for a fault in this program; a broker that is down, an unknown program or a
map with a wrong key is none. `PLEDGER_DEBUG=1` shows the traceback all the same.
"""

from __future__ import annotations

import os
import re
from typing import Any

import typer
from typer import Abort, Exit
from typer.core import TyperGroup

CLICKHOUSE_ANSWER = re.compile(r".*server response: (.*?)( \(version [^)]*\))?( \(for url .*\))?")
"""What the server said, within what its client says about it."""


class LedgerGroup(TyperGroup):
    """A group of commands whose expected errors are said in words."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (BrokenPipeError, Exit, Abort):  # an answer, and Ctrl-C
            raise
        except Exception as problem:
            if os.environ.get("PLEDGER_DEBUG") or not is_expected(problem):
                raise
            typer.echo(f"error: {in_words(problem)}", err=True)
            raise typer.Exit(status_of(ctx.invoked_subcommand or "")) from problem


FOUND = frozenset(("audit", "corrections", "forget", "reconcile", "replay", "verify"))
"""Commands whose exit status 1 says that something was found: what keeps them from looking is 2."""


def status_of(command: str) -> int:
    """The exit status of a command that could not be done."""
    return 2 if command in FOUND else 1


def is_expected(problem: Exception) -> bool:
    """Whether `problem` tells of the world, not of a fault in this program."""
    from clickhouse_connect.driver.exceptions import ClickHouseError
    from confluent_kafka import KafkaException
    from eventsourcing.persistence import PersistenceError

    from aggregates.errors import DecisionError
    from aggregates.master_key import VaultError
    from aggregates.personal_conversions import ReservedName
    from audit.invoice import UnknownInvoice
    from audit.key_files import KeyFileError
    from audit.rotation import CannotSign
    from cli.imports.click_table import ColumnError
    from cli.imports.deal_map import MapError
    from cli.imports.expressions import ExpressionError
    from cli.invoices import NotAsIssued
    from cli.ledger import NotReady, Unreachable
    from cli.reading import BadOption
    from events.ids import BadId
    from events.log import LogError
    from projections.effective import NoTime
    from projections.moments import NotAMoment
    from projections.statement import NotOneChain
    from streams.schema import SchemaError

    return isinstance(
        problem,
        BadId
        | BadOption
        | CannotSign
        | ClickHouseError
        | ColumnError
        | DecisionError
        | ExpressionError
        | KafkaException
        | KeyFileError
        | LogError
        | MapError
        | NotAMoment
        | NotAsIssued
        | NotOneChain
        | NotReady
        | NoTime
        | OSError
        | PersistenceError
        | ReservedName
        | SchemaError
        | UnknownInvoice
        | Unreachable
        | VaultError,
    )


def in_words(problem: Exception) -> str:
    """One line about `problem`."""
    from confluent_kafka import KafkaError, KafkaException

    if isinstance(problem, OSError) and problem.filename:
        return f"{problem.filename}: {problem.strerror}"
    if isinstance(problem, KafkaException) and isinstance(problem.args[0], KafkaError):
        return f"Kafka: {problem.args[0].str()} ({problem.args[0].name()})"
    text = " ".join(str(problem).split())
    answer = CLICKHOUSE_ANSWER.fullmatch(text)
    return answer[1] if answer else text or type(problem).__name__
