"""The import of an order list, from file to log, in numbered steps.

If it dies between any two of them, running it again finishes the work.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from aggregates.personal_conversions import sealed_conversion, subject_of
from cli.imports.deal_map import DealMap
from cli.imports.deals_csv import OrderReader, UnusableOrder, citing
from cli.imports.log_scan import Recorded, content, ends, recorded_conversions
from cli.imports.order_rows import read_orders
from cli.imports.parties import Parties, UnknownParty
from cli.imports.report import Rejected, Report
from cli.progress import bar
from events.click_token import load_keys
from events.codec import encode
from events.conversions import Deal, Refund, conversion_key
from events.log import Writer
from events.settings import Settings
from events.topics import CONVERSIONS

if TYPE_CHECKING:
    from aggregates.application import Decisions
    from projections.directory import Directory
    from streams.decisions import DirectoryFollower


@dataclass(frozen=True)
class Draft:
    """A conversion that is ready to be written but for `known`."""

    line: int
    conversion: Deal | Refund


def import_deals(
    settings: Settings,
    follower: DirectoryFollower,
    ledger: Decisions,
    path: Path,
    shape: DealMap,
    program: str,
    *,
    create_partners: bool,
    dry_run: bool,
) -> Report:
    """Bring the orders of a file into `conversions`; raises MapError and LogError."""
    report = Report(str(path), program, dry_run)
    # 1. Read the whole file: a deal may have lines anywhere in it.
    drafts = _drafts(settings, path, shape, program, report)
    # 2. Make the partners it names, before any record that counts on them.
    parties = Parties(follower.directory, ledger, program, report, create=create_partners)
    drafts = [draft for draft in drafts if _has_partner(draft, parties, report)]
    parties.make_missing()
    drafts = _sealed(drafts, follower.directory, ledger, report)
    # 3. Know the decisions up to now: each record is stamped with their number.
    known = follower.refresh()
    # 4. See what the log has already.
    until = ends(settings.broker, CONVERSIONS)
    with bar("reading the log", sum(until.values()), "records") as advance:
        recorded = recorded_conversions(settings.broker, program, f"{shape.name}:", until, advance)
    missing = [draft for draft in drafts if _is_missing(draft, recorded, report)]
    # 5. Write what is missing, oldest first: a customer's order of events decides who is paid.
    missing.sort(key=lambda draft: (draft.conversion.occurred_at, draft.line))
    if not dry_run:
        _write(settings, missing, known)
    report.written = len(missing)
    return report


def _drafts(
    settings: Settings, path: Path, shape: DealMap, program: str, report: Report
) -> list[Draft]:
    reader = OrderReader(shape, program, citing(load_keys(settings.keys)))
    drafts = []
    for order in read_orders(path, shape, report):
        try:
            drafts.append(Draft(order.line, reader.conversion(order)))
            report.counts["orders without a customer"] += reader.lacks_customer(order)
        except UnusableOrder as bad:
            report.reject(order.line, bad.field, f"{order.id}: {bad}")
    return drafts


def _sealed(
    drafts: list[Draft], directory: Directory, ledger: Decisions, report: Report
) -> list[Draft]:
    """The drafts as they are recorded: without what their program marks as personal."""
    fields = directory.personal_fields(report.program)
    if not fields:
        return drafts
    vault = ledger.vault
    assert vault is not None  # commands open the ledger's
    vault.secret_of(report.program, directory.pseudonyms_under(report.program))
    subjects = [
        subject_of(vault, fields, report.program, draft.conversion.customer) for draft in drafts
    ]
    # A dry run makes no keys: what it would seal is left out of the comparison with the log.
    keys = {} if report.dry_run else vault.keys(subjects)
    return [
        Draft(draft.line, sealed_conversion(draft.conversion, fields, vault, keys.get(subject)))
        for draft, subject in zip(drafts, subjects, strict=True)
    ]


def _has_partner(draft: Draft, parties: Parties, report: Report) -> bool:
    conversion = draft.conversion
    if isinstance(conversion, Deal) and conversion.partner:
        try:
            parties.partner(conversion.partner)
        except UnknownParty as unknown:
            report.reject(draft.line, "deal.partner", f"{conversion.deal}: {unknown}")
            return False
    _count(conversion, report)
    return True


def _count(conversion: Deal | Refund, report: Report) -> None:
    if isinstance(conversion, Refund):
        report.counts["refunds"] += 1
        report.counts["refunds that cite no deal"] += not conversion.deal
        report.add_amount(conversion.currency, "refunds", conversion.amount)
    else:
        report.counts["deals"] += 1
        report.counts["deals of amount zero"] += conversion.amount == 0
        report.add_amount(conversion.currency, "sales", conversion.amount)
        if conversion.partner:
            report.partners[conversion.partner] += 1


def _is_missing(draft: Draft, recorded: dict[str, Recorded], report: Report) -> bool:
    there = recorded.get(draft.conversion.event_id)
    if there is None:
        return True
    if there.content == content(draft.conversion):
        report.already += 1
    else:
        report.conflicts.append(
            Rejected(
                draft.line,
                "event_id",
                f"{draft.conversion.event_id} is in the log with other content, at "
                f"{there.position}; what was recorded first stands. Correct it by a refund, or "
                "by a deal with an id of its own",
            )
        )
    return False


def _write(settings: Settings, drafts: list[Draft], known: int) -> None:
    writer = Writer(settings.broker)
    with bar("writing", len(drafts), "records") as advance:
        for draft in drafts:
            conversion = replace(draft.conversion, known=known)
            key = conversion_key(conversion.program, conversion.customer)
            writer.append(CONVERSIONS, key=key, value=encode(conversion))
            writer.poll()
            advance(1)
        writer.flush()
