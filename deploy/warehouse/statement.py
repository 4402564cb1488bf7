"""The one statement in a query text, as ClickHouse's own parser reads it.

chDB runs every statement of a text and has no place to put an insert's rows but
the text itself. So the text is taken apart here, and only with the parser's
word: `formatQuerySingleLine` refuses several statements, and gives a canonical
text without comments, in which clauses and functions can be seen. That
canonical text is what is judged (see `guard`) and what is run: there is no
second reading that could differ.

The rows of an `INSERT … FORMAT X` or `INSERT … VALUES` follow its head in the
same bytes. Where the head ends is found by tokens; a wrong guess costs an error
message, not safety, for the head must still parse, and rows are never parsed as
a statement.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from deploy.warehouse.errors import SYNTAX_ERROR, WarehouseError

TOKEN = re.compile(
    rb"""(?P<skip>\s+|--[^\n]*|\#[ !][^\n]*|/\*.*?\*/)
    |(?P<quoted>'(?:\\.|''|[^'\\])*'|`(?:\\.|``|[^`\\])*`|"(?:\\.|""|[^"\\])*")
    |(?P<word>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<other>.)""",
    re.S | re.X,
)
FORMAT_NAME = re.compile(rb"\s*(\w+|`\w+`)")
# What may stand between `FORMAT X` and the first row: blanks, then one newline.
BEFORE_ROWS = re.compile(rb"[ \t\f]*\r?\n?")

STRINGS = re.compile(r"'(?:\\.|[^'\\])*'", re.S)
FORMAT_CLAUSE = re.compile(r" FORMAT (`?)(\w+)\1(?= SETTINGS |$)")

# Stands for a text that has to be sent to the parser; see `engine.Connection`.
Canonical = Callable[[str], str]


@dataclass(frozen=True)
class Statement:
    """A statement in canonical form.

    `text` is what is run. For an insert that brings rows it is the head without
    its FORMAT clause, and `format` is the format of the rows; for any other it
    is whole, and `format` what its FORMAT clause says, or None.
    """

    text: str
    masked: str
    format: str | None
    takes_rows: bool

    @property
    def keyword(self) -> str:
        """The first word: SELECT, WITH, INSERT, CREATE, …"""
        return self.masked.lstrip("(").split(" ", 1)[0].upper()

    @property
    def is_select(self) -> bool:
        return self.keyword in {"SELECT", "WITH"}


def mask(text: str) -> str:
    """Canonical text with its string literals emptied, so that words in it are code."""
    return STRINGS.sub("''", text)


def whole(canonical: Canonical, body: bytes) -> Statement:
    """The statement of a text that brings no rows. Raises WarehouseError."""
    text = canonical(decode(body))
    masked = mask(text)
    found = FORMAT_CLAUSE.search(masked)
    return Statement(text, masked, found[2] if found else None, takes_rows=False)


def insert_with_rows(
    canonical: Canonical, body: bytes, *, complete: bool
) -> tuple[Statement, bytes] | None:
    """Head and first rows of an insert; None when the text is no such insert.

    `complete` says whether `body` is all there is; otherwise more rows follow.
    """
    failure: WarehouseError | None = None
    for end, start in _heads(body, complete=complete):
        try:
            text = canonical(decode(body[:end]))
        except WarehouseError as error:
            failure = error
            continue
        masked = mask(text)
        found = FORMAT_CLAUSE.search(masked)
        if not masked.startswith("INSERT ") or found is None:
            continue
        # The clause is last in the canonical head of an insert.
        head = text[: len(text) - (len(masked) - found.start())]
        return Statement(head, mask(head), found[2], takes_rows=True), body[start:]
    if failure is not None and failure.code != SYNTAX_ERROR:
        raise failure
    return None


def _heads(body: bytes, *, complete: bool) -> Iterator[tuple[int, int]]:
    """Places where an insert's head may end, and where its rows would begin."""
    depth = 0
    first = True
    for token in TOKEN.finditer(body):
        kind = token.lastgroup
        if kind in {"skip", "quoted"}:
            continue
        value = token[0].upper()
        if first and value != b"INSERT":
            return
        first = False
        if kind == "other":
            depth += {b"(": 1, b")": -1}.get(value, 0)
        elif depth or value not in {b"FORMAT", b"VALUES", b"SELECT", b"WITH"}:
            continue
        elif value in {b"SELECT", b"WITH"}:
            return
        elif value == b"VALUES":
            yield token.end(), token.end()
        else:
            name = FORMAT_NAME.match(body, token.end())
            if name is not None and (complete or name.end() < len(body)):
                gap = BEFORE_ROWS.match(body, name.end())
                yield name.end(), gap.end() if gap else name.end()


def decode(body: bytes) -> str:
    r"""Text of a query; bytes that are no UTF-8 become \xHH, which literals understand."""
    return body.decode("utf-8", "backslashreplace")
