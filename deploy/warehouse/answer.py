"""An answer on its way out: headers, compression, and what happens when it breaks.

A small answer is held until it is whole, so that an error gets its HTTP status;
a larger one begins at once. An error after that can only be told at the end of
the content: the `__exception__` block, under a tag that the headers announced,
as ClickHouse has written it since 25.11.
"""

from __future__ import annotations

import json
import secrets
import socket
import time
from collections.abc import Iterable
from typing import Protocol

from deploy.warehouse import formats
from deploy.warehouse.compression import encoder
from deploy.warehouse.connection import Rows
from deploy.warehouse.errors import WarehouseError
from deploy.warehouse.request import Request

# An answer up to this size is held until it is whole; with wait_end_of_query=1, a larger one.
HELD_BYTES = 1 << 20
WAITED_BYTES = 64 << 20
# Below this, compressing an HTTP answer costs more than it saves.
MIN_COMPRESSED_BYTES = 1024

Headers = list[tuple[str, str]]


class Outlet(Protocol):
    def send(self, status: int, headers: Headers, content: bytes) -> None:
        """A whole answer."""

    def begin(self, status: int, headers: Headers) -> None:
        """The start of an answer whose content follows by `write`."""

    def write(self, content: bytes) -> None:
        """Waits for the client to take it. Raises ClientGone."""

    def end(self) -> None:
        """The content is whole. Without this, the client sees the connection break."""


class Answer:
    """What one request is told, exactly once."""

    def __init__(self, outlet: Outlet, request: Request, version: str, timezone: str) -> None:
        self._outlet = outlet
        self._request = request
        self._version = version
        self._timezone = request.settings.get("session_timezone") or timezone
        self._began = time.perf_counter_ns()

    def rows(self, fmt: str | None, rows: Rows) -> None:
        """An answer that is there in one piece; no format when there can be no rows."""
        encoding = self._request.answer_encoding
        if len(rows.content) < MIN_COMPRESSED_BYTES:
            encoding = ""
        packed = encoder(encoding, blocks=self._request.wants_blocks)
        content = packed.encode(rows.content) + packed.finish()
        self._outlet.send(200, self._headers(fmt, rows, encoding), content)

    def blocks(self, fmt: str, blocks: Iterable[bytes]) -> None:
        """An answer that comes block by block; an error of `blocks` is raised until it begins."""
        limit = WAITED_BYTES if self._request.waits else HELD_BYTES
        held: list[bytes] = []
        size = 0
        remaining = iter(blocks)
        for block in remaining:
            held.append(block)
            size += len(block)
            if size > limit:
                self._stream(fmt, b"".join(held), remaining)
                return
        self.rows(fmt, Rows(b"".join(held)))

    def failure(self, error: WarehouseError) -> None:
        headers = [
            ("content-type", "text/plain; charset=UTF-8"),
            ("x-clickhouse-exception-code", str(error.code)),
            *self._identity(),
        ]
        self._outlet.send(error.status, headers, self._text(error))

    def _stream(self, fmt: str, first: bytes, blocks: Iterable[bytes]) -> None:
        encoding = self._request.answer_encoding
        packed = encoder(encoding, blocks=self._request.wants_blocks)
        tag = secrets.token_hex(8)
        headers = self._headers(fmt, Rows(b""), encoding)
        self._outlet.begin(200, [*headers, ("x-clickhouse-exception-tag", tag)])
        self._outlet.write(packed.encode(first))
        try:
            for block in blocks:
                self._outlet.write(packed.encode(block))
        except WarehouseError as error:
            text = self._text(error)
            mark = tag.encode()
            start = b"\r\n__exception__\r\n%s\r\n" % mark
            end = b"%d %s\r\n__exception__\r\n" % (len(text), mark)
            self._outlet.write(packed.encode(start + text + end))
        self._outlet.write(packed.finish())
        self._outlet.end()

    def _headers(self, fmt: str | None, rows: Rows, encoding: str) -> Headers:
        # The values are strings; `written_rows` is what the Java driver reports as updated.
        summary = {
            "read_rows": rows.written_rows or rows.read_rows,
            "read_bytes": rows.written_bytes or rows.read_bytes,
            "written_rows": rows.written_rows,
            "written_bytes": rows.written_bytes,
            "total_rows_to_read": 0,
            "result_rows": rows.written_rows or rows.result_rows,
            "result_bytes": rows.written_bytes or len(rows.content),
            "elapsed_ns": time.perf_counter_ns() - self._began,
        }
        headers = [
            ("content-type", formats.media_type(fmt or formats.DEFAULT_FORMAT)),
            ("x-clickhouse-summary", json.dumps({k: str(v) for k, v in summary.items()})),
            *self._identity(),
        ]
        if fmt is not None:
            headers.append(("x-clickhouse-format", fmt))
        if encoding and not self._request.wants_blocks:
            headers.append(("content-encoding", encoding))
        return headers

    def _identity(self) -> Headers:
        return [
            ("x-clickhouse-query-id", self._request.query_id),
            ("x-clickhouse-server-display-name", socket.gethostname()),
            ("x-clickhouse-timezone", self._timezone),
        ]

    def _text(self, error: WarehouseError) -> bytes:
        version = "" if "(version " in error.text else f" (version {self._version})"
        return f"{error.text}{version}\n".encode("utf-8", "backslashreplace")
