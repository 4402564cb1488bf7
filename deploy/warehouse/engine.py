"""chDB: the directory of tables, open in this process.

Every request gets a connection of its own (see `connection`); queries of several
run in parallel, as chDB releases the interpreter while it works. Each carries
its query's id as `log_comment`, by which it can be found in `system.processes`
and killed.
"""

from __future__ import annotations

import fcntl
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from deploy.warehouse.connection import Connection, literal
from deploy.warehouse.errors import DirectoryInUse

DEFAULT_MAX_EXECUTION_SECONDS = 300
# Of the machine's memory, what one query may take.
DEFAULT_MEMORY_SHARE = 0.5
VALUES_ARE_LITERALS = {
    "input_format_values_interpret_expressions": "0",
    "input_format_values_deduce_templates_of_expressions": "0",
}


@dataclass(frozen=True)
class Limits:
    """What one query may use, unless the request sets its own limits."""

    max_execution_seconds: int = DEFAULT_MAX_EXECUTION_SECONDS
    max_memory_bytes: int = 0

    def settings(self) -> dict[str, str]:
        memory = self.max_memory_bytes or int(psutil.virtual_memory().total * DEFAULT_MEMORY_SHARE)
        return {
            "max_execution_time": str(self.max_execution_seconds),
            "max_memory_usage": str(memory),
            # chDB switches these on for notebooks; a server has them off.
            "allow_introspection_functions": "0",
            "implicit_select": "0",
            # Rows in the format Values may hold expressions; see `exchange`.
            **VALUES_ARE_LITERALS,
        }


class Engine:
    """The warehouse's directory, open in this process.

    Raises DirectoryInUse, naming the process, when another one has it open.
    """

    def __init__(self, path: Path, limits: Limits | None = None) -> None:
        self.path = path.absolute()
        # chDB reads options from the text behind a `?` and decodes percent signs.
        if set("?%#&") & set(str(self.path)):
            raise ValueError(f"warehouse path {self.path}: the characters ? % # & cannot be used")
        self.path.mkdir(parents=True, exist_ok=True)
        self._limits = (limits or Limits()).settings()
        refuse_if_held(self.path)
        try:
            # Keeps the engine up while no request is running.
            self._anchor = Connection(str(self.path))
        except RuntimeError as error:
            refuse_if_held(self.path)
            raise RuntimeError(f"chDB cannot open {self.path}: {error}") from error
        self._shut_filesystem_out()
        self.version = self._anchor.run("SELECT version()").content.decode().strip()
        self.timezone = self._anchor.run("SELECT timezone()").content.decode().strip()
        names = self._anchor.run("SELECT name FROM system.table_functions").content
        self.table_functions = names.decode().split()

    def _shut_filesystem_out(self) -> None:
        """Makes `default` an ordinary database.

        chDB lays it over the machine's files (`SELECT * FROM '/etc/passwd'`).
        Detached and attached again, it keeps its tables and loses the files.
        """
        self._anchor.run("DETACH DATABASE default")
        if self._default_has_tables():
            self._anchor.run("ATTACH DATABASE default")
        else:
            (self.path / "metadata" / "default.sql").unlink(missing_ok=True)
            self._anchor.run("CREATE DATABASE default ENGINE = Atomic")
        engine = self._anchor.run("SELECT engine FROM system.databases WHERE name = 'default'")
        if engine.content.strip() != b"Atomic":
            raise RuntimeError(f"{self.path}: database default is {engine.content!r}, not Atomic")

    def _default_has_tables(self) -> bool:
        # A database that never had a table has a definition but no directory; ClickHouse
        # gave it another UUID at this start and would not attach it under the written one.
        definition = self.path / "metadata" / "default.sql"
        if not definition.exists():
            return False
        found = re.search(r"UUID '([0-9a-f-]{36})'", definition.read_text())
        return found is None or (self.path / "store" / found[1][:3] / found[1]).exists()

    @contextmanager
    def connection(self, mark: str) -> Iterator[Connection]:
        """A connection for one request, under the limits, that `cancel(mark)` can stop."""
        connection = Connection(str(self.path))
        try:
            connection.set(self._limits | {"log_comment": mark})
            yield connection
        finally:
            connection.close()

    def cancel(self, mark: str) -> None:
        """Stops what runs under this mark, if anything does."""
        killer = Connection(str(self.path))
        try:
            killer.run(f"KILL QUERY WHERE Settings['log_comment'] = {literal(mark)} ASYNC")
        finally:
            killer.close()

    def close(self) -> None:
        self._anchor.close()


def refuse_if_held(path: Path) -> None:
    """Raises DirectoryInUse when another process has this directory open.

    ClickHouse locks the file `status` and writes its process id into it; the
    kernel drops the lock with the process, however it ends.
    """
    try:
        with (path / "status").open("r+") as status:
            fcntl.flock(status, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return
    except BlockingIOError:
        raise DirectoryInUse(
            f"warehouse directory {path} is in use by {_holder(path)}. "
            "Stop that process, or give this one another directory."
        ) from None


def _holder(path: Path) -> str:
    found = re.search(r"PID: (\d+)", (path / "status").read_text())
    if found is None:
        return "another process"
    try:
        command = " ".join(psutil.Process(int(found[1])).cmdline())
    except psutil.Error:
        command = "command unknown"
    return f"process {found[1]} ({command})"
