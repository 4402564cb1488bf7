"""chDB: one directory, one connection a request.

A connection of chDB keeps what a failed query left behind and hands it to the
next one; it also keeps `SET`, `USE` and parameters. Opening one costs 0.1 ms,
so every request gets its own and none is used twice. Queries of several
connections run in parallel: chDB releases the interpreter while it works.

Each connection carries its query's id as `log_comment`, by which it can be
found in `system.processes` and killed.
"""

from __future__ import annotations

import fcntl
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from chdb import _chdb

from deploy.warehouse.errors import UNKNOWN_SETTING, DirectoryInUse, WarehouseError

DEFAULT_MAX_EXECUTION_SECONDS = 300
# Of the machine's memory, what one query may take.
DEFAULT_MEMORY_SHARE = 0.5

SETTING_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
OUR_SCOPE = re.compile(r"(: )?In scope SELECT formatQuerySingleLine\(.*\)(?=\. \()", re.S)
PARAMETER_NAME = re.compile(r"\w+")


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
        }


@dataclass(frozen=True)
class Rows:
    """An answer in one piece, and how much was read and written for it."""

    content: bytes
    read_rows: int
    read_bytes: int
    result_rows: int
    written_rows: int
    written_bytes: int


class Connection:
    """One request's connection; every failure is raised as WarehouseError."""

    def __init__(self, path: str) -> None:
        self._chdb = _chdb.connect(path)
        self._parameters: dict[str, str] = {}

    def close(self) -> None:
        self._chdb.close()

    def set(self, settings: Mapping[str, str]) -> None:
        """Raises WarehouseError 115 for an unknown name."""
        for name in settings:
            if not SETTING_NAME.fullmatch(name):
                raise WarehouseError.refused(UNKNOWN_SETTING, f"Unknown setting {name!r}.")
        if settings:
            pairs = ", ".join(f"{name} = {literal(value)}" for name, value in settings.items())
            self.run(f"SET {pairs}")

    def use(self, database: str) -> None:
        escaped = database.replace("\\", "\\\\").replace("`", "\\`")
        self.run(f"USE `{escaped}`")

    def bind(self, parameters: Mapping[str, str]) -> None:
        """Values of `{name:Type}`, escaped as in TabSeparated, as HTTP clients send them."""
        for name in parameters:
            if not PARAMETER_NAME.fullmatch(name):
                raise WarehouseError.refused(UNKNOWN_SETTING, f"Unknown parameter {name!r}.")
        self._parameters = dict(parameters)

    def canonical(self, text: str) -> str:
        """The text as ClickHouse's parser writes it; raises on anything but one statement."""
        asked = "SELECT formatQuerySingleLine({q:String})"
        try:
            answer = self.run(asked, "RawBLOB", {"q": _tab_escaped(text)}).content
        except WarehouseError as error:
            # The text around the client's statement is ours, and no help to the client.
            raise WarehouseError(error.code, OUR_SCOPE.sub("", error.text)) from None
        return answer.decode("utf-8", "backslashreplace")

    def run(
        self, text: str, fmt: str = "TabSeparated", parameters: Mapping[str, str] | None = None
    ) -> Rows:
        """Runs one statement to its end."""
        bound = self._parameters if parameters is None else dict(parameters)
        try:
            result = self._chdb.query(text, fmt, params=bound)
        except RuntimeError as error:
            raise WarehouseError.of_engine(error) from None
        return Rows(
            content=result.bytes(),
            read_rows=result.storage_rows_read(),
            read_bytes=result.storage_bytes_read(),
            result_rows=result.rows_read(),
            written_rows=result.rows_written(),
            written_bytes=result.bytes_written(),
        )

    def stream(self, text: str, fmt: str) -> Iterator[bytes]:
        """A SELECT's answer, block by block; only for formats that can be joined."""
        try:
            result = self._chdb.send_query(text, fmt, params=self._parameters)
            finished = False
            try:
                while True:
                    block = self._chdb.streaming_fetch_result(result)
                    if block is None or block.rows_read() == 0:
                        finished = True
                        return
                    yield block.bytes()
            finally:
                if not finished:
                    self._chdb.streaming_cancel_query(result)
        except RuntimeError as error:
            raise WarehouseError.of_engine(error) from None

    @contextmanager
    def insert(self, head: str, fmt: str) -> Iterator[Insert]:
        """Rows into a table; what is not finished is cancelled."""
        try:
            handle = self._chdb.send_insert(head, fmt)
        except RuntimeError as error:
            raise WarehouseError.of_engine(error) from None
        insert = Insert(self._chdb, handle)
        try:
            yield insert
        finally:
            insert.cancel()


class Insert:
    """An insert under way. Rows already written as parts stay when it fails, as in ClickHouse."""

    def __init__(self, chdb: Any, handle: Any) -> None:
        self._chdb = chdb
        self._handle = handle
        self._open = True

    def append(self, piece: bytes) -> None:
        try:
            self._chdb.insert_append(self._handle, piece)
        except RuntimeError as error:
            raise WarehouseError.of_engine(error) from None

    def finish(self) -> Rows:
        self._open = False
        try:
            result = self._chdb.insert_done(self._handle)
        except RuntimeError as error:
            raise WarehouseError.of_engine(error) from None
        return Rows(b"", 0, 0, 0, result.rows_written(), result.bytes_written())

    def cancel(self) -> None:
        if self._open:
            self._open = False
            self._chdb.insert_cancel(self._handle)


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
        if (self.path / "metadata" / "default.sql").exists():
            self._anchor.run("ATTACH DATABASE default")
        else:
            self._anchor.run("CREATE DATABASE default ENGINE = Atomic")
        engine = self._anchor.run("SELECT engine FROM system.databases WHERE name = 'default'")
        if engine.content.strip() != b"Atomic":
            raise RuntimeError(f"{self.path}: database default is {engine.content!r}, not Atomic")

    @contextmanager
    def connection(self, query_id: str) -> Iterator[Connection]:
        """A connection for one request, under the limits, that `cancel(query_id)` can stop."""
        connection = Connection(str(self.path))
        try:
            connection.set(self._limits | {"log_comment": query_id})
            yield connection
        finally:
            connection.close()

    def cancel(self, query_id: str) -> None:
        """Stops what runs under this id, if anything does."""
        killer = Connection(str(self.path))
        try:
            killer.run(f"KILL QUERY WHERE Settings['log_comment'] = {literal(query_id)} ASYNC")
        finally:
            killer.close()

    def close(self) -> None:
        self._anchor.close()


def literal(value: str) -> str:
    """A string literal of ClickHouse's SQL."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\0", "\\0")
    return f"'{escaped}'"


def _tab_escaped(text: str) -> str:
    escapes = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"), ("\0", "\\0"))
    for raw, escaped in escapes:
        text = text.replace(raw, escaped)
    return text


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
