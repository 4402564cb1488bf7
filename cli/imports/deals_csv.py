"""Orders to deals and refunds, by a map.

An order is a refund when the map's `refund.when` says so; its amount is what its lines
add up to, with the sign turned. Any other order is a deal, and a negative one an error:
a correction that nobody declared must not be booked as a sale.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal

import pycountry

from cli.imports.deal_map import DealMap
from cli.imports.expressions import Expression, ExpressionError
from cli.imports.map_fields import Field, NotANumber, moment
from cli.imports.order_rows import Order
from cli.money import NotMinorUnits, minor_units
from events.click_token import MAX_FUTURE_MS, BadToken, ClickKeys
from events.conversions import MAX_MINOR_UNITS, CitedClick, Deal, Item, Refund
from events.ids import BadId, foreign_id, slug

KINDS = {"sale", "renewal"}
Cite = Callable[[str], CitedClick]


class UnusableOrder(ValueError):
    """An order that makes no deal; says the field of the map and what was expected."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


def citing(keys: ClickKeys) -> Cite:
    """A function that reads click ids signed by `keys`; a bad one is cited with its problem."""

    def cite(click_id: str) -> CitedClick:
        try:
            token = keys.verify(click_id)
        except BadToken as bad:
            return CitedClick(click_id=click_id, problem=bad.problem)
        problem = "invalid_click" if token.invalid else ""
        return CitedClick(click_id, token.link, token.clicked_at, problem)

    return cite


class OrderReader:
    """Turns orders into conversions of one program, `known` left at 0."""

    def __init__(self, shape: DealMap, program: str, cite: Cite) -> None:
        self.shape = shape
        self.program = program
        self._cite = cite
        self._fields = {key: Field(key, value, shape.file) for key, value in shape.sources()}
        self._is_refund = Expression(shape.refund.when) if shape.refund else None

    def conversion(self, order: Order) -> Deal | Refund:
        """The deal or refund of an order; raises UnusableOrder."""
        currency = self.currency(order)
        total = sum(
            (self._number(order, row.names, "deal.amount") for row in order.rows), Decimal()
        )
        if self._says_refund(order, total):
            return self._refund(order, currency, total)
        if total < 0:
            raise UnusableOrder(
                "deal.amount",
                f"{total} {currency}: a deal is zero or more; if it is a refund, let the map's "
                "refund.when say so",
            )
        return self._deal(order, currency, total)

    def currency(self, order: Order) -> str:
        """What an order is in, ISO 4217; raises UnusableOrder."""
        currency = self._shared(order, "deal.currency").upper()
        if pycountry.currencies.get(alpha_3=currency) is None:
            raise UnusableOrder("deal.currency", f"{currency!r}: expected ISO 4217, such as GBP")
        return currency

    def lacks_customer(self, order: Order) -> bool:
        """Whether no line of the order names a customer, so that the fallback stands for it."""
        customer = self._fields["deal.customer"]
        return not any(customer.given(row.names) for row in order.rows)

    def _deal(self, order: Order, currency: str, total: Decimal) -> Deal:
        kind = self._shared(order, "deal.kind")
        if kind not in KINDS:
            raise UnusableOrder("deal.kind", f"{kind!r}: expected sale or renewal")
        click_id = self._shared(order, "deal.click")
        partner = self._shared(order, "deal.partner")
        return Deal(
            program=self.program,
            customer=self._id(order, "deal.customer"),
            event_id=self._event_id(order),
            deal=order.id,
            amount=self._minor(total, currency, "deal.amount"),
            currency=currency,
            occurred_at=self._occurred_at(order),
            known=0,
            kind="renewal" if kind == "renewal" else "sale",
            quantity=self._quantity(order) if "deal.quantity" in self._fields else 1,
            tax=self._sum(order, currency, "deal.tax"),
            shipping=self._sum(order, currency, "deal.shipping"),
            items=self._items(order, currency),
            click=self._cite(click_id) if click_id else None,
            coupon_code=self._shared(order, "deal.coupon").upper(),
            partner=self._slug("deal.partner", partner) if partner else "",
            country=self._country(order),
            identity=self._shared(order, "deal.identity"),
        )

    def _refund(self, order: Order, currency: str, total: Decimal) -> Refund:
        if total >= 0:
            raise UnusableOrder(
                "refund.when", f"{total} {currency}: the lines of a refund add up to less than zero"
            )
        return Refund(
            program=self.program,
            customer=self._id(order, "deal.customer"),
            event_id=self._event_id(order),
            amount=self._minor(-total, currency, "deal.amount"),
            currency=currency,
            occurred_at=self._occurred_at(order),
            known=0,
            deal=self._shared(order, "refund.deal"),
            reason=self._shared(order, "refund.reason"),
        )

    def _country(self, order: Order) -> str:
        country = self._shared(order, "deal.country").upper()
        if country and pycountry.countries.get(alpha_2=country) is None:
            raise UnusableOrder(
                "deal.country", f"{country!r}: expected ISO 3166-1 alpha-2, such as DE or GB"
            )
        return country

    def _says_refund(self, order: Order, total: Decimal) -> bool:
        if self._is_refund is None:
            return False
        try:
            return bool(self._is_refund.value({**order.rows[0].names, "amount": total}))
        except ExpressionError as bad:
            raise UnusableOrder("refund.when", str(bad)) from bad

    def _shared(self, order: Order, key: str) -> str:
        if key not in self._fields:
            return "sale" if key == "deal.kind" else ""
        try:
            return self._fields[key].shared([row.names for row in order.rows])
        except ExpressionError as bad:
            raise UnusableOrder(key, str(bad)) from bad

    def _number(self, order: Order, names: dict[str, object], key: str) -> Decimal:
        try:
            return self._fields[key].number(names)
        except (ExpressionError, NotANumber) as bad:
            raise UnusableOrder(key, str(bad)) from bad

    def _sum(self, order: Order, currency: str, key: str) -> int:
        if key not in self._fields:
            return 0
        total = sum((self._number(order, row.names, key) for row in order.rows), Decimal())
        return self._minor(total, currency, key)

    def _quantity(self, order: Order) -> int:
        total = sum(
            (self._number(order, row.names, "deal.quantity") for row in order.rows), Decimal()
        )
        if total != int(total):
            raise UnusableOrder("deal.quantity", f"{total}: expected a whole number")
        return int(total)

    def _items(self, order: Order, currency: str) -> tuple[Item, ...]:
        if "deal.product" not in self._fields:
            return ()
        category = self._fields.get("deal.category")
        items = []
        for row in order.rows:
            single = Order(order.id, [row])
            items.append(
                Item(
                    product=self._fields["deal.product"].text(row.names),
                    quantity=self._quantity(single) if "deal.quantity" in self._fields else 1,
                    amount=self._sum(single, currency, "deal.amount"),
                    category=category.text(row.names) if category else "",
                )
            )
        return tuple(items)

    def _minor(self, amount: Decimal, currency: str, key: str) -> int:
        minor = self._exact(amount, currency, key)
        if minor > MAX_MINOR_UNITS:
            raise UnusableOrder(
                key, f"{amount} {currency}: expected at most {MAX_MINOR_UNITS} minor units"
            )
        return minor

    def _exact(self, amount: Decimal, currency: str, key: str) -> int:
        if self.shape.deal.unit == "minor":
            if amount != int(amount):
                raise UnusableOrder(key, f"{amount}: expected whole minor units (deal.unit)")
            return int(amount)
        try:
            return minor_units(amount, currency, self.shape.deal.rounding)
        except NotMinorUnits as bad:
            raise UnusableOrder(key, str(bad)) from bad

    def _occurred_at(self, order: Order) -> int:
        text = self._fields["deal.occurred_at"].text(order.rows[0].names)
        try:
            at = moment(text, self.shape.file)
        except ValueError as bad:
            raise UnusableOrder(
                "deal.occurred_at", f"{text!r}: expected a date like {self.shape.file.date_format}"
            ) from bad
        if at > time.time_ns() // 1_000_000 + MAX_FUTURE_MS:
            raise UnusableOrder("deal.occurred_at", f"{text!r} lies in the future")
        return at

    def _event_id(self, order: Order) -> str:
        try:
            foreign_id("deal.id", order.id)
            return foreign_id("event_id", f"{self.shape.name}:{order.id}")
        except BadId as bad:
            raise UnusableOrder("deal.id", str(bad)) from bad

    def _id(self, order: Order, key: str) -> str:
        found = self._shared(order, key)
        if not found:
            raise UnusableOrder(key, "empty; give the map an `otherwise` for such rows")
        try:
            return foreign_id(key, found)
        except BadId as bad:
            raise UnusableOrder(key, str(bad)) from bad

    def _slug(self, key: str, text: str) -> str:
        try:
            return slug(key, text)
        except BadId as bad:
            raise UnusableOrder(key, f"{bad}; slug(…) makes a name of any text") from bad
