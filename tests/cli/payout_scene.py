"""A program whose partners have earned something, on a real log with real workers."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from aggregates.application import Decisions, open_decisions
from events import topics
from events.codec import encode
from events.conversions import Deal, conversion_key
from events.log import Writer, watermarks
from events.settings import Settings
from events.terms import Rule
from tests.streams.processes import started
from tests.waiting import wait_until

WORKER = ("streams.worker", "--only", "attribution,relay,posting,payouts")
IBANS = ("DE89370400440532013000", "NL91ABNA0417164300", "FR1420041010050500013M02606")
PAYER = ("Acme Ltd & Söhne", "DE75512108001245126199", "SOGEDEFF")


@contextmanager
def working(settings: Settings) -> Iterator[None]:
    """A worker runs."""
    with started(settings, *WORKER) as worker:
        yield
        assert worker.end() == 0, worker.said()[-3_000:]


@contextmanager
def deciding(settings: Settings) -> Iterator[Decisions]:
    application = open_decisions(settings.broker)
    try:
        yield application
    finally:
        application.close()


def found_program(ledger: Decisions, partners: Sequence[str], **terms: object) -> int:
    """Program acme pays a tenth of a sale at once to `partners`, who have bank details; the
    number of decisions."""
    ledger.create_program("acme", "Acme", "EUR")
    rules = [Rule("sale", "sale", "percentage", 1000)]
    ledger.add_terms("acme", rules, effective_from=0, hold_days=0, **terms)  # type: ignore[arg-type]
    name, iban, bic = PAYER
    ledger.set_payer("acme", name, iban, bic)
    for number, partner in enumerate(partners):
        ledger.register_partner(partner, partner)
        ledger.approve(partner, "acme")
        ledger.create_coupon("acme", f"by-{partner}", partner)
        ledger.set_payee(partner, "bank", f"=Ms {partner}", IBANS[number % len(IBANS)])
    return ledger.refresh()


def sell(settings: Settings, known: int, sales: dict[str, int]) -> None:
    """A deal of so many minor units by each partner's coupon, and wait until it is booked."""
    before = booked(settings)
    writer = Writer(settings.broker)
    now = time.time_ns() // 1_000_000
    for partner, amount in sales.items():
        customer = f"customer-of-{partner}-{before}"
        deal = Deal(
            "acme",
            customer,
            f"e-{customer}",
            f"d-{customer}",
            amount,
            "EUR",
            now,
            known,
            coupon_code=f"by-{partner}".upper(),
        )
        key = conversion_key("acme", customer)
        writer.append(topics.CONVERSIONS, key=key, value=encode(deal))
    writer.flush()
    wait_until(lambda: booked(settings) == before + len(sales), "the sales are booked")


def booked(settings: Settings) -> int:
    return sum(end for _, end in watermarks(settings.broker, topics.JOURNAL).values())


@pytest.fixture
def worker(here: Settings) -> Iterator[Settings]:
    """`here`, with a worker."""
    with working(here):
        yield here
