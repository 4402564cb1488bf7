"""Lines of a web server's access log in the combined format, as Apache and nginx write it.

    %h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"

Escapes such as `\\"` and `\\x00` inside quotes are undone. A line that was cut in its last
field, as log pipelines do with long user agents, still tells of a visit. A request line
that is not HTTP (a port scan, TLS bytes) still was a visit of some method; a line of
another shape is rejected with what was expected.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from apachelogs import COMBINED, InvalidEntryError, LogEntry, LogParser

from cli.imports.files import open_lines
from cli.imports.report import Report
from cli.imports.visits import Visit

EXPECTED = '%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"'


def read_visits(path: Path, report: Report) -> Iterator[Visit]:
    """The visits of a log in its order; unusable lines go to `report`."""
    parser = LogParser(COMBINED, encoding="utf-8", errors="backslashreplace")
    with open_lines(path) as file:
        for number, line in enumerate(file, 1):
            raw = line.rstrip(b"\r\n")
            if not raw.strip():
                continue
            report.lines += 1
            visit = _visit(parser, number, raw, report)
            if visit is not None:
                yield visit


def _visit(parser: LogParser, number: int, raw: bytes, report: Report) -> Visit | None:
    try:
        entry = _entry(parser, raw)
    except InvalidEntryError:
        report.reject(number, "line", f"not in combined format; expected {EXPECTED}")
        return None
    except ValueError as problem:
        report.reject(number, "line", f"cannot be read: {problem}")
        return None
    if entry.request_time is None:
        report.reject(number, "time", "no time; expected [day/month/year:hour:minute:second zone]")
        return None
    method, target = _request(entry.request_line)
    return Visit(
        line=number,
        raw=raw,
        occurred_at=int(entry.request_time.timestamp()) * 1000,
        address=entry.remote_host or "",
        method=method,
        target=target,
        status=entry.final_status or 0,
        referer=entry.headers_in["Referer"] or "",
        user_agent=entry.headers_in["User-Agent"] or "",
    )


def _entry(parser: LogParser, raw: bytes) -> LogEntry:
    # latin-1 maps bytes one to one, which is what apachelogs expects before unescaping.
    text = raw.decode("latin-1")
    try:
        return parser.parse(text)
    except InvalidEntryError:
        return parser.parse(text + '"')  # cut within the user agent


def _request(line: str | None) -> tuple[str, str]:
    """Method and target of a request line; `-` for what is none."""
    parts = (line or "").split(" ")
    if len(parts) < 2 or not parts[0].isalpha() or not parts[0].isupper():
        return "-", ""
    return parts[0], parts[1]
