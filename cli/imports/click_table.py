"""Clicks as other systems export them: CSV with a header, or JSONL, one object a line.

Columns are named like the fields of a click: `occurred_at` (ISO 8601, or milliseconds since
1970 UTC) is needed; `link`, `referer`, `user_agent`, `ip`, `method`, `status`, `target`
(path and query), `external_id`, `country`, `sub1`…`sub5`, `source_id`, `creative_id`,
`coupon_code`, `gclid`, `fbclid`, `ttclid` are taken where present. `--column "link=Link ID"`
says which column of the file holds a field. Other columns are ignored.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from cli.imports.files import open_lines
from cli.imports.report import Report
from cli.imports.visits import Visit
from gateway.tracking import TRACKED, clean

FIELDS = (
    "occurred_at",
    "link",
    "referer",
    "user_agent",
    "ip",
    "method",
    "status",
    "target",
)
EXTRA = (*sorted(TRACKED), "external_id", "country")

Column = Mapping[str, str]
"""Field of a click → the file's own name for it."""


class ColumnError(ValueError):
    """A column that is named in a wrong way, or missing in the file."""


def columns(pairs: list[str]) -> dict[str, str]:
    """`field=Column of the file` pairs as a mapping; raises ColumnError."""
    found = {}
    for pair in pairs:
        field, equals, name = pair.partition("=")
        if not equals or field not in (*FIELDS, *EXTRA):
            raise ColumnError(
                f"--column {pair!r}: expected FIELD=COLUMN with FIELD one of "
                + ", ".join((*FIELDS, *EXTRA))
            )
        found[field] = name
    return found


def read_csv(path: Path, column: Column, report: Report) -> Iterator[Visit]:
    """The visits of a CSV file with a header line, delimited by comma, semicolon or tab."""
    with (
        open_lines(path) as lines,
        io.TextIOWrapper(lines, encoding="utf-8-sig", newline="", errors="replace") as file,
    ):
        head = file.readline()
        delimiter = max(",;\t", key=head.count)
        file.seek(0)
        reader = csv.DictReader(file, delimiter=delimiter)
        wanted = column.get("occurred_at", "occurred_at")
        if wanted not in (reader.fieldnames or ()):
            have = ", ".join(reader.fieldnames or ()) or "none: the file is empty"
            if not have.replace("\ufffd", "\n").isprintable():
                have = "no line of text in utf-8"
            raise ColumnError(
                f"{path}: no column {wanted!r}, which says when a click happened; found "
                f"{have}; name it by --column occurred_at=COLUMN"
            )
        ended = 1
        for row in reader:
            started, ended = ended + 1, reader.line_num
            report.lines += 1
            raw = _joined([value or "" for key, value in row.items() if isinstance(key, str)])
            visit = _visit(started, raw, row.get, column, report)
            if visit is not None:
                yield visit


def read_jsonl(path: Path, column: Column, report: Report) -> Iterator[Visit]:
    """The visits of a file with one JSON object a line."""
    with open_lines(path) as file:
        for number, line in enumerate(file, 1):
            raw = line.strip()
            if not raw:
                continue
            report.lines += 1
            try:
                row = json.loads(raw)
            except ValueError as problem:
                report.reject(number, "line", f"not JSON: {problem}")
                continue
            if not isinstance(row, dict):
                report.reject(number, "line", "expected a JSON object")
                continue
            visit = _visit(number, raw, row.get, column, report)
            if visit is not None:
                yield visit


def moment(text: str) -> int:
    """Milliseconds since 1970 UTC of ISO 8601 text (UTC where no zone is given) or of
    digits, which are milliseconds already. Raises ValueError."""
    text = text.strip()
    if text.isdigit():
        return int(text)
    at = datetime.fromisoformat(text)
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return round((at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)


def _joined(values: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(values)
    return text.getvalue().encode()


def _visit(
    line: int, raw: bytes, get: Callable[[str], object], column: Column, report: Report
) -> Visit | None:
    def value(field: str) -> str | None:
        found = get(column.get(field, field))
        return None if found is None else str(found)

    try:
        occurred_at = moment(value("occurred_at") or "")
    except ValueError:
        report.reject(
            line,
            "occurred_at",
            f"{value('occurred_at')!r}: expected ISO 8601, for example 2025-03-01T09:30:00Z, "
            "or milliseconds since 1970",
        )
        return None
    status = value("status") or "0"
    if not status.isdigit():
        report.reject(line, "status", f"{status!r}: expected an HTTP status, for example 200")
        return None
    return Visit(
        line=line,
        raw=raw,
        occurred_at=occurred_at,
        address=value("ip") or "",
        method=(value("method") or "GET").upper(),
        target=value("target") or "",
        status=int(status),
        referer=value("referer") or "",
        user_agent=value("user_agent"),
        link=value("link") or "",
        extra={field: clean(text) for field in EXTRA if (text := value(field))},
    )
