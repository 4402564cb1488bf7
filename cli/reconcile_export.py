"""An export as a reconciliation reads it: by the map of an import, without writing anything."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from audit.reconcile.deals import FAR, Export, ExportedDeal, ExportedRefund, Unusable
from cli.imports.deal_map import DealMap, MapError
from cli.imports.deals_csv import OrderReader, UnusableOrder
from cli.imports.map_fields import NotANumber, number
from cli.imports.order_rows import Order, read_orders
from cli.imports.report import Report
from cli.money import NotMinorUnits, minor_units
from events.conversions import CitedClick, Deal

DAY_MS = 86_400_000


def read_export(
    path: Path, shape: DealMap, program: str, refunded: str = ""
) -> tuple[Export, int, int]:
    """What the file says, and the days it covers: from its first, to before the one after its
    last, ms. `refunded`: a column of what was given back of each order. Raises MapError."""
    report = Report(str(path), program)
    reader = OrderReader(shape, program, lambda click_id: CitedClick(click_id))
    export = Export()
    moments: list[int] = []
    for order in read_orders(path, shape, report):
        where = f"{path.name}:{order.line}"
        try:
            moments.append(_take(export, where, reader, order))
            if refunded:
                _take_refunded(export, where, reader, order, refunded)
        except UnusableOrder as bad:
            export.unusable.append(Unusable(where, order.id, f"{bad.field}: {bad}"))
    export.unusable += [
        Unusable(f"{path.name}:{one.line}", "", f"{one.field}: {one.reason}")
        for one in report.rejected
    ]
    if not moments:
        return export, 0, FAR
    first, last = min(moments), max(moments)
    return export, first - first % DAY_MS, last - last % DAY_MS + DAY_MS


def _take(export: Export, where: str, reader: OrderReader, order: Order) -> int:
    """Add the deal or refund of an order; when it happened, ms. Raises UnusableOrder."""
    found = reader.conversion(order)
    if isinstance(found, Deal):
        export.deals.append(
            ExportedDeal(found.deal, found.currency, found.amount, where, len(order.rows))
        )
    else:
        export.refunds.append(
            ExportedRefund(found.deal, found.currency, found.amount, where, found.event_id)
        )
    return found.occurred_at


def _take_refunded(
    export: Export, where: str, reader: OrderReader, order: Order, column: str
) -> None:
    """Add what a column says was given back of an order, all lines together."""
    shape = reader.shape
    total = Decimal()
    for row in order.rows:
        if column not in row.names:
            raise MapError(f"--refunded {column!r}: the file has no such column")
        held = row.names[column]
        if held == "":
            continue
        try:
            total += held if isinstance(held, Decimal) else number(str(held), shape.file)
        except NotANumber as bad:
            raise UnusableOrder(column, str(bad)) from bad
    if not total:
        return
    currency = reader.currency(order)
    try:
        amount = int(total) if shape.deal.unit == "minor" else minor_units(total, currency)
    except NotMinorUnits as bad:
        raise UnusableOrder(column, str(bad)) from bad
    export.refunds.append(ExportedRefund(order.id, currency, abs(amount), where))
