"""One request answered: the statement found, judged and run.

Plain sequential code that runs in a thread of its own; where to read the body
and where to write the answer are handed in. The order is always the same:

1. read as much of the body as it takes to see the statement;
2. open a connection; set the request's database, settings and parameters;
3. let ClickHouse's parser find the one statement, and the guard judge it;
4. set `readonly`, last, as nothing can be set after it;
5. run it: an insert takes the rest of the body as it comes, a SELECT gives its
   blocks as they are made.
"""

from __future__ import annotations

import logging
from contextlib import closing
from dataclasses import replace

from deploy.warehouse import formats
from deploy.warehouse.answer import Answer, Outlet
from deploy.warehouse.body import Body, ClientGone, Inlet
from deploy.warehouse.connection import Connection, Rows
from deploy.warehouse.engine import VALUES_ARE_LITERALS, Engine
from deploy.warehouse.errors import SYNTAX_ERROR, UNKNOWN_FORMAT, WarehouseError
from deploy.warehouse.form import is_form, read_form
from deploy.warehouse.greeting import greeting
from deploy.warehouse.guard import READING, Guard
from deploy.warehouse.request import Request
from deploy.warehouse.statement import Statement, insert_with_rows, whole

LOG = logging.getLogger(__name__)

# The beginning in which an insert's head is looked for first.
FIRST_LOOK_BYTES = 64 << 10
# Rows handed to the engine at once.
INSERT_BYTES = 1 << 20
# Rows of VALUES that are looked at for expressions; more are read as literals.
MAX_JUDGED_BYTES = 256 << 10
# Names that mean a Python object to chDB, not bytes.
OBJECT_FORMATS = frozenset({"dataframe", "arrowtable", "datastore", "debug"})


class Exchange:
    """One request and its answer."""

    def __init__(self, engine: Engine, guard: Guard, request: Request, mark: str) -> None:
        """`mark` is what `Engine.cancel` finds this request by."""
        self._engine = engine
        self._guard = guard
        self._request = request
        self._mark = mark

    def run(self, inlet: Inlet, outlet: Outlet) -> None:
        """Answers; an error of the request is an answer too. Raises ClientGone."""
        answer = Answer(outlet, self._request, self._engine.version, self._engine.timezone)
        try:
            self._work(Body(inlet, self._request), answer)
        except WarehouseError as error:
            answer.failure(error)
        except ClientGone:
            raise
        except Exception as error:
            # A fault of this program: the client is told, the log gets the trace.
            LOG.exception("request %s", self._request.query_id)
            answer.failure(WarehouseError.of_engine(error))

    def _work(self, body: Body, answer: Answer) -> None:
        # 1.
        text = self._beginning(body)
        # 2.
        with self._engine.connection(self._mark) as connection:
            self._prepare(connection)
            # 3.
            found = insert_with_rows(connection.canonical, text, complete=body.complete)
            if found is None and not body.complete:
                text += body.whole()
                found = insert_with_rows(connection.canonical, text, complete=True)
            statement, rows = found or (_only(connection, text), b"")
            self._guard.check(statement, reading_only=self._request.reads_only)
            # 4.
            self._lock(connection)
            # 5.
            if statement.takes_rows:
                self._insert(connection, statement, rows, body, answer)
            else:
                self._query(connection, statement, answer)

    def _beginning(self, body: Body) -> bytes:
        if is_form(self._request.content_type):
            fields = read_form(self._request.content_type, body.whole())
            self._request = replace(
                self._request,
                query=self._request.query or fields.query,
                parameters={**self._request.parameters, **fields.parameters},
                settings={**self._request.settings, **fields.settings},
            )
        # A newline separates what the URL says from what the body adds.
        in_url = self._request.query + b"\n" if self._request.query else b""
        return in_url + body.upto(FIRST_LOOK_BYTES)

    def _prepare(self, connection: Connection) -> None:
        if self._request.database:
            connection.use(self._request.database)
        settings = {k: v for k, v in self._request.settings.items() if k != "readonly"}
        for name in settings:
            self._guard.check_setting(name)
        connection.set(settings)
        connection.bind(self._request.parameters)

    def _lock(self, connection: Connection) -> None:
        readonly = self._request.settings.get("readonly", "")
        if readonly in {"1", "2"}:
            connection.set({"readonly": readonly})
        elif self._request.reads_only:
            # As ClickHouse for GET: a SETTINGS clause may be used, but not to write.
            connection.set({"readonly": "2"})

    def _insert(
        self,
        connection: Connection,
        statement: Statement,
        rows: bytes,
        body: Body,
        answer: Answer,
    ) -> None:
        fmt = statement.format or formats.DEFAULT_FORMAT
        if fmt.lower() == "values":
            rows += body.upto(MAX_JUDGED_BYTES)
            if body.complete and self._may_be_computed(connection, rows):
                connection.set(dict.fromkeys(VALUES_ARE_LITERALS, "1"))
        with connection.insert(statement.text, fmt) as insert:
            while rows or not body.complete:
                if rows:
                    insert.append(rows)
                rows = body.upto(INSERT_BYTES)
            written = insert.finish()
        answer.rows(None, written)

    def _may_be_computed(self, connection: Connection, rows: bytes) -> bool:
        """Whether VALUES may hold expressions: all rows parse, as a SELECT, and pass the guard.

        Otherwise they are read as literals only. Raises WarehouseError for a refused function.
        """
        try:
            judged = whole(connection.canonical, b"SELECT " + rows)
        except WarehouseError:
            return False
        self._guard.check(judged, reading_only=True)
        return True

    def _query(self, connection: Connection, statement: Statement, answer: Answer) -> None:
        fmt = statement.format or self._request.default_format or formats.DEFAULT_FORMAT
        if fmt.lower() in OBJECT_FORMATS:
            raise WarehouseError.refused(UNKNOWN_FORMAT, f"Unknown format {fmt}.")
        hello = greeting(statement, fmt, self._request.client_revision, self._engine)
        if hello is not None:
            answer.rows(fmt, Rows(hello))
        elif self._can_stream(statement, fmt):
            with closing(connection.stream(statement.text, fmt)) as blocks:
                answer.blocks(fmt, blocks)
        else:
            rows = connection.run(statement.text, fmt)
            answer.rows(fmt if rows.content or statement.keyword in READING else None, rows)

    def _can_stream(self, statement: Statement, fmt: str) -> bool:
        # Totals and extremes come once, after all blocks: such an answer is made in one piece.
        return (
            statement.is_select
            and formats.is_blockwise(fmt)
            and " WITH TOTALS" not in statement.masked
            and "extremes" not in statement.masked
            and "extremes" not in self._request.settings
        )


def _only(connection: Connection, text: bytes) -> Statement:
    if not text.strip():
        raise WarehouseError.refused(SYNTAX_ERROR, "Empty query: send SQL in the URL or body.")
    return whole(connection.canonical, text)
