"""One request answered: the query found, judged, run, and its rows sent.

Everything here is plain sequential code that runs in a thread of its own; the
server hands in where to read the body (`Inlet`) and where to write the answer
(`Outlet`). The order is always the same:

1. read as much of the body as it takes to see the statement;
2. open a connection: settings, database and parameters, `readonly` last;
3. let ClickHouse's parser find the one statement, and the guard judge it;
4. run it: an insert takes the rest of the body as it comes, a SELECT gives its
   blocks as they are made;
5. answer. A small answer is held until it is whole, so that an error gets its
   status; a large one begins at once, and an error in it ends it with the
   `__exception__` block that clients look for.
"""

from __future__ import annotations

import json
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Protocol

from deploy.warehouse import formats
from deploy.warehouse.compression import decoder, encoder
from deploy.warehouse.engine import Connection, Engine, Rows
from deploy.warehouse.errors import (
    INCORRECT_DATA,
    QUERY_IS_TOO_LARGE,
    SYNTAX_ERROR,
    UNKNOWN_FORMAT,
    WarehouseError,
)
from deploy.warehouse.form import is_form, read_form
from deploy.warehouse.greeting import greeting
from deploy.warehouse.guard import Guard
from deploy.warehouse.request import Request
from deploy.warehouse.statement import Statement, insert_with_rows, whole

# A statement without its rows; the engine's own max_query_size bounds what is parsed.
MAX_STATEMENT_BYTES = 16 << 20
# The beginning in which an insert's head is looked for first.
FIRST_LOOK_BYTES = 64 << 10
# Rows handed to the engine at once.
INSERT_BYTES = 1 << 20
# An answer up to this size is held until it is whole; with wait_end_of_query=1, a larger one.
HELD_BYTES = 1 << 20
WAITED_BYTES = 64 << 20
# A large answer made in one piece is sent in pieces of this size.
PIECE_BYTES = 1 << 20
# Below this, compressing an HTTP answer costs more than it saves.
MIN_COMPRESSED_BYTES = 1024

# Names that mean a Python object to chDB, not bytes.
OBJECT_FORMATS = frozenset({"dataframe", "arrowtable", "datastore", "debug"})

Headers = list[tuple[str, str]]


class ClientGone(Exception):
    """The client closed its connection; nobody waits for the answer."""


class Inlet(Protocol):
    def read(self) -> bytes:
        """The next bytes of the request's body as sent; empty at its end. Raises ClientGone."""


class Outlet(Protocol):
    def send(self, status: int, headers: Headers, content: bytes) -> None:
        """A whole answer."""

    def begin(self, status: int, headers: Headers) -> None:
        """The start of an answer whose content follows by `write`."""

    def write(self, content: bytes) -> None:
        """Raises ClientGone."""


class Body:
    """The request's body, decompressed as it comes, and checked to be whole."""

    def __init__(self, inlet: Inlet, request: Request) -> None:
        self._inlet = inlet
        self._decoder = decoder(request.content_encoding, blocks=request.sends_blocks)
        self._declared = request.content_length
        self._received = 0
        self.complete = False

    def upto(self, size: int) -> bytes:
        """At least `size` bytes, or all that is left (then `complete`)."""
        pieces = []
        length = 0
        while length < size and not self.complete:
            sent = self._inlet.read()
            if not sent:
                self._end()
                break
            self._received += len(sent)
            piece = self._decoder.decode(sent)
            pieces.append(piece)
            length += len(piece)
        return b"".join(pieces)

    def _end(self) -> None:
        self.complete = True
        if self._declared is not None and self._received != self._declared:
            raise WarehouseError.refused(
                INCORRECT_DATA,
                f"The body ended after {self._received} of {self._declared} bytes.",
            )
        self._decoder.finish()


class Exchange:
    """One request and its answer."""

    def __init__(self, engine: Engine, guard: Guard, request: Request) -> None:
        self._engine = engine
        self._guard = guard
        self._request = request
        self._tag = secrets.token_hex(8)
        self._began = time.perf_counter_ns()

    def run(self, inlet: Inlet, outlet: Outlet) -> None:
        """Answers; an error of the request is part of the answer. Raises ClientGone."""
        try:
            self._answer(Body(inlet, self._request), outlet)
        except WarehouseError as error:
            outlet.send(error.status, self._failure_headers(error), self._failure_text(error))

    def _answer(self, body: Body, outlet: Outlet) -> None:
        if is_form(self._request.content_type):
            fields = read_form(self._request.content_type, self._bounded(body, b""))
            self._request = replace(
                self._request,
                query=self._request.query or fields.query,
                parameters={**self._request.parameters, **fields.parameters},
                settings={**self._request.settings, **fields.settings},
            )
        # A newline separates what the URL says from what the body adds.
        begun = self._request.query + b"\n" if self._request.query else b""
        text = begun + body.upto(FIRST_LOOK_BYTES)
        with self._engine.connection(self._request.query_id) as connection:
            self._prepare(connection)
            found = insert_with_rows(connection.canonical, text, complete=body.complete)
            if found is None and not body.complete:
                text = self._bounded(body, text)
                found = insert_with_rows(connection.canonical, text, complete=True)
            statement = found[0] if found else self._whole(connection, text)
            self._guard.check(statement, reading_only=self._request.reads_only)
            self._lock(connection)
            if found:
                self._insert(connection, statement, found[1], body, outlet)
            else:
                self._query(connection, statement, outlet)

    def _whole(self, connection: Connection, text: bytes) -> Statement:
        if not text.strip():
            raise WarehouseError.refused(SYNTAX_ERROR, "Empty query: send SQL in the URL or body.")
        return whole(connection.canonical, text)

    def _bounded(self, body: Body, text: bytes) -> bytes:
        text += body.upto(MAX_STATEMENT_BYTES)
        if not body.complete:
            raise WarehouseError.refused(
                QUERY_IS_TOO_LARGE,
                f"A statement may have {MAX_STATEMENT_BYTES} bytes. Rows belong behind "
                "INSERT INTO … FORMAT …, where they may be of any length.",
            )
        return text

    def _prepare(self, connection: Connection) -> None:
        if self._request.database:
            connection.use(self._request.database)
        settings = {k: v for k, v in self._request.settings.items() if k != "readonly"}
        for name in settings:
            self._guard.check_setting(name)
        connection.set(settings)
        connection.bind(self._request.parameters)

    def _lock(self, connection: Connection) -> None:
        """`readonly` comes last: it cannot be undone, and forbids most of what is set before."""
        readonly = self._request.settings.get("readonly", "")
        if readonly in {"1", "2"}:
            connection.set({"readonly": readonly})
        elif self._request.reads_only:
            # As ClickHouse for GET: SETTINGS clauses may be used, but not to write.
            connection.set({"readonly": "2"})

    def _insert(
        self,
        connection: Connection,
        statement: Statement,
        rows: bytes,
        body: Body,
        outlet: Outlet,
    ) -> None:
        fmt = statement.format or formats.DEFAULT_FORMAT
        with connection.insert(statement.text, fmt) as insert:
            while rows or not body.complete:
                if rows:
                    insert.append(rows)
                rows = body.upto(INSERT_BYTES)
            written = insert.finish()
        outlet.send(200, self._headers(fmt, written), b"")

    def _query(self, connection: Connection, statement: Statement, outlet: Outlet) -> None:
        fmt = statement.format or self._request.default_format or formats.DEFAULT_FORMAT
        if fmt.lower() in OBJECT_FORMATS:
            raise WarehouseError.refused(UNKNOWN_FORMAT, f"Unknown format {fmt}.")
        hello = greeting(statement, fmt, self._request.client_revision, self._engine)
        if hello is not None:
            self._send(outlet, self._headers(fmt, Rows(hello, 1, 0, 1, 0, 0)), hello)
        elif self._can_stream(statement, fmt):
            with closing(connection.stream(statement.text, fmt)) as blocks:
                self._send_blocks(outlet, fmt, blocks)
        else:
            rows = connection.run(statement.text, fmt)
            self._send(outlet, self._headers(fmt, rows), rows.content)

    def _can_stream(self, statement: Statement, fmt: str) -> bool:
        # Totals and extremes come once, after all blocks: such an answer is made in one piece.
        return (
            statement.is_select
            and formats.is_blockwise(fmt)
            and " WITH TOTALS" not in statement.masked
            and "extremes" not in statement.masked
            and "extremes" not in self._request.settings
        )

    def _send_blocks(self, outlet: Outlet, fmt: str, blocks: Iterator[bytes]) -> None:
        held: list[bytes] = []
        size = 0
        limit = WAITED_BYTES if self._request.waits else HELD_BYTES
        for block in blocks:
            held.append(block)
            size += len(block)
            if size > limit:
                self._stream(outlet, fmt, b"".join(held), blocks)
                return
        self._send(outlet, self._headers(fmt, Rows(b"", 0, 0, 0, 0, 0)), b"".join(held))

    def _send(self, outlet: Outlet, headers: Headers, content: bytes) -> None:
        request = self._request
        encoding = request.answer_encoding if len(content) >= MIN_COMPRESSED_BYTES else ""
        if not (encoding or request.wants_blocks):
            outlet.send(200, headers, content)
            return
        packed = encoder(encoding, blocks=request.wants_blocks)
        content = packed.encode(content) + packed.finish()
        outlet.send(200, headers + _encoded(encoding, request.wants_blocks), content)

    def _stream(self, outlet: Outlet, fmt: str, first: bytes, blocks: Iterator[bytes]) -> None:
        request = self._request
        packed = encoder(request.answer_encoding, blocks=request.wants_blocks)
        headers = self._headers(fmt, Rows(b"", 0, 0, 0, 0, 0))
        headers.append(("x-clickhouse-exception-tag", self._tag))
        outlet.begin(200, headers + _encoded(request.answer_encoding, request.wants_blocks))
        outlet.write(packed.encode(first))
        try:
            for block in blocks:
                outlet.write(packed.encode(block))
        except WarehouseError as error:
            outlet.write(packed.encode(self._broken_off(error)))
        outlet.write(packed.finish())

    def _broken_off(self, error: WarehouseError) -> bytes:
        """The block that ends a broken stream, as ClickHouse has written it since 25.11."""
        text = self._failure_text(error)
        return b"\r\n__exception__\r\n%s\r\n%s%d %s\r\n__exception__\r\n" % (
            self._tag.encode(),
            text,
            len(text),
            self._tag.encode(),
        )

    def _headers(self, fmt: str, rows: Rows) -> Headers:
        summary = {
            "read_rows": rows.written_rows or rows.read_rows,
            "read_bytes": rows.written_bytes or rows.read_bytes,
            "written_rows": rows.written_rows,
            "written_bytes": rows.written_bytes,
            "total_rows_to_read": 0,
            "result_rows": rows.written_rows or rows.result_rows,
            "result_bytes": len(rows.content),
            "elapsed_ns": time.perf_counter_ns() - self._began,
        }
        return [
            ("content-type", formats.media_type(fmt)),
            ("x-clickhouse-format", fmt),
            ("x-clickhouse-summary", json.dumps({k: str(v) for k, v in summary.items()})),
            *self._identity(),
        ]

    def _identity(self) -> Headers:
        timezone = self._request.settings.get("session_timezone") or self._engine.timezone
        return [
            ("x-clickhouse-query-id", self._request.query_id),
            ("x-clickhouse-server-display-name", socket.gethostname()),
            ("x-clickhouse-timezone", timezone),
        ]

    def _failure_headers(self, error: WarehouseError) -> Headers:
        return [
            ("content-type", "text/plain; charset=UTF-8"),
            ("x-clickhouse-exception-code", str(error.code)),
            *self._identity(),
        ]

    def _failure_text(self, error: WarehouseError) -> bytes:
        version = "" if "(version " in error.text else f" (version {self._engine.version})"
        return f"{error.text}{version}\n".encode("utf-8", "backslashreplace")


def _encoded(encoding: str, blocks: bool) -> Headers:
    return [("content-encoding", encoding)] if encoding and not blocks else []
