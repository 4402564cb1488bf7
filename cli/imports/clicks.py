"""The import of clicks, from file to log, some thousand lines at a time.

A file may be larger than memory: what is held is a digest for each click of the program
that the log has, and one for each different line of the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from cli.imports.files import size
from cli.imports.log_scan import click_digest, ends, recorded_clicks
from cli.imports.ownership import OwnerOf
from cli.imports.parties import Parties, UnknownParty
from cli.imports.report import Report
from cli.imports.visits import ClickMaker, Visit
from cli.progress import bar
from events.click_token import MAX_FUTURE_MS, load_keys
from events.clicks import Click
from events.codec import encode
from events.log import Writer
from events.settings import Settings
from events.topics import CLICKS
from gateway.visitors import load_address_hash

EARLIEST_MS = 0
BATCH = 5_000
"""Lines between two makings of missing partners and links."""
LATEST_TOKEN_MS = 2**48 - 1
"""What fits a click token's six bytes."""


def import_clicks(
    settings: Settings,
    path: Path,
    visits: Iterable[Visit],
    parties: Parties,
    owner_of: OwnerOf,
    report: Report,
    *,
    now: int,
) -> Report:
    """Bring visits into `clicks`; `now` in ms. Raises LogError."""
    until = ends(settings.broker, CLICKS)
    with bar("reading the log", sum(until.values()), "records") as advance:
        recorded = recorded_clicks(settings.broker, report.program, until, advance)
    maker = ClickMaker(load_keys(settings.keys), load_address_hash(settings.keys))
    writer = Writer(settings.broker)
    with bar("importing", size(path), "bytes") as advance:
        for batch in _batches(visits):
            made = [_click(visit, owner_of, maker, report, now) for visit in batch]
            parties.make_missing()
            for click in made:
                if click is not None:
                    _take(click, recorded, writer, report)
            advance(sum(len(visit.raw) + 1 for visit in batch))
        writer.flush()
    return report


def _batches(visits: Iterable[Visit]) -> Iterator[list[Visit]]:
    source = iter(visits)
    while batch := list(islice(source, BATCH)):
        yield batch


def _take(click: Click, recorded: set[bytes], writer: Writer, report: Report) -> None:
    """Count a click, and write it unless the log has it or nothing is to be written."""
    _count(click, report)
    if click_digest(click.click_id) in recorded:
        report.already += 1
        return
    report.written += 1
    if not report.dry_run:
        writer.append(CLICKS, key=click.link, value=encode(click))
        writer.poll()


def _click(
    visit: Visit, owner_of: OwnerOf, maker: ClickMaker, report: Report, now: int
) -> Click | None:
    if not 0 <= visit.occurred_at <= min(now + MAX_FUTURE_MS, LATEST_TOKEN_MS):
        report.reject(visit.line, "occurred_at", "before 1970 or in the future")
        return None
    try:
        return maker.click(visit, owner_of(visit))
    except UnknownParty as unknown:
        report.reject(visit.line, unknown.field, str(unknown))
        return None


def _count(click: Click, report: Report) -> None:
    report.counts["invalid" if click.invalid else "valid"] += 1
    report.invalid.update(click.invalid)
    report.partners[click.partner] += 1
