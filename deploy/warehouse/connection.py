"""One request's connection to chDB.

A connection of chDB keeps what a failed query left behind and hands it to the
next one; it also keeps `SET` and `USE`. Opening one costs 0.1 ms, so every
request gets its own and none is used twice.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from chdb import _chdb

from deploy.warehouse.errors import UNKNOWN_SETTING, WarehouseError

SETTING_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
PARAMETER_NAME = re.compile(r"\w+")
OUR_SCOPE = re.compile(r"(: )?In scope SELECT formatQuerySingleLine\(.*\)(?=\. \()", re.S)


@dataclass(frozen=True)
class Rows:
    """An answer in one piece, and how much was read and written for it."""

    content: bytes
    read_rows: int = 0
    read_bytes: int = 0
    result_rows: int = 0
    written_rows: int = 0
    written_bytes: int = 0


class Connection:
    """One request's connection; every failure is raised as WarehouseError."""

    def __init__(self, path: str) -> None:
        native: Any = _chdb
        self._chdb = native.connect(path)
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

    def stream(self, text: str, fmt: str) -> Generator[bytes]:
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
        return Rows(b"", written_rows=result.rows_written(), written_bytes=result.bytes_written())

    def cancel(self) -> None:
        if self._open:
            self._open = False
            self._chdb.insert_cancel(self._handle)


def literal(value: str) -> str:
    """A string literal of ClickHouse's SQL."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\0", "\\0")
    return f"'{escaped}'"


def _tab_escaped(text: str) -> str:
    escapes = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"), ("\0", "\\0"))
    for raw, escaped in escapes:
        text = text.replace(raw, escaped)
    return text
