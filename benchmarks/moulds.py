"""Records of partners whom nobody asks about: one mould a topic, poured over and over.

They have the shape, key and size of the real ones, are numbered, and entries are chained; what
they cite is not there. `benchmarks.big_ledger` fills the space between one real account's
records with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from benchmarks.place import PROGRAM, START_MS
from events import topics
from events.attributions import Attribution, Credit
from events.clicks import Click
from events.codec import encode
from events.conversions import Deal
from events.instructions import CommissionDue
from events.journal import Balance, Entry, Leg


def _entries(partition: int, others: list[str]) -> Iterator[tuple[bytes, bytes]]:
    """Entries of others, each chained to the partner's one before."""
    heads = dict.fromkeys(others, "")
    owed = dict.fromkeys(others, 0)
    n = 0
    legs = (Leg("commissions", -1000), Leg("payable", 1000))
    mould = encode(
        Entry(
            888_888_888, f"instructions/{partition}/888888888", "PARTNER", START_MS, "commission",
            PROGRAM, "EUR", legs, Balance(777_777_777, 0, 0, 0), "", "sale 10%", 1,
            "decisions/0/1", 10_000, START_MS, "order-888888888", "event-888888888", "",
            f"conversions/{partition}/888888888", "", "PREVIOUS",
        )
    ).decode()  # fmt: skip
    shape = (
        mould.replace("888888888", "{n}").replace("777777777", "{owed}").replace("{", "{{")
        .replace("}", "}}").replace("{{n}}", "{n}").replace("{{owed}}", "{owed}")
        .replace("PARTNER", "{partner}").replace("PREVIOUS", "{previous}")
    )  # fmt: skip
    made = shape.format
    while True:
        for partner in others:
            owed[partner] += 1000
            value = made(n=n, owed=owed[partner], partner=partner, previous=heads[partner]).encode()
            heads[partner] = sha256(value).hexdigest()
            n += 1
            yield partner.encode(), value


def _instructions(partition: int, others: list[str]) -> Iterator[tuple[bytes, bytes]]:
    due = CommissionDue(
        888_888_888, f"attributions/{partition}/888888888", "PARTNER", PROGRAM, "sale",
        "event-888888888", f"conversions/{partition}/888888888", START_MS, 3, 10_000, "partner_id",
        "order-888888888", 10_000, "EUR",
    )  # fmt: skip
    return _poured(encode(due), others, "{partner}")


def _conversions(partition: int, others: list[str]) -> Iterator[tuple[bytes, bytes]]:
    deal = Deal(
        PROGRAM, "customer-888888888", "event-888888888", "order-888888888", 10_000, "EUR",
        START_MS, 3, partner="PARTNER",
    )  # fmt: skip
    return _poured(encode(deal), others, f"{PROGRAM}/customer-{{n}}")


def _attributions(partition: int, others: list[str]) -> Iterator[tuple[bytes, bytes]]:
    said = Attribution(
        888_888_888, f"conversions/{partition}/888888888", START_MS, "credited", "", PROGRAM,
        "customer-888888888", "event-888888888", "0011223344556677", "sale", "order-888888888",
        10_000, "EUR", START_MS, 3, None, (Credit("PARTNER", 10_000, "partner_id"),),
    )  # fmt: skip
    return _poured(encode(said), others, f"{PROGRAM}/customer-{{n}}")


def _clicks(partition: int, others: list[str]) -> Iterator[tuple[bytes, bytes]]:
    click = Click("token-888888888", "PARTNER-link", PROGRAM, "PARTNER", START_MS)
    return _poured(encode(click), others, "{partner}-link")


def _poured(mould: bytes, others: list[str], key: str) -> Iterator[tuple[bytes, bytes]]:
    """Records of one mould: a number and a partner apart."""
    shape = mould.decode().replace("888888888", "\0").replace("{", "{{").replace("}", "}}")
    made = shape.replace("\0", "{n}").replace("PARTNER", "{partner}").format
    named = key.format
    n = 0
    while True:
        for partner in others:
            yield (
                named(n=n // 3 * 3, partner=partner).encode(),
                made(n=n, partner=partner).encode(),
            )
            n += 1


MOULDS = {
    topics.JOURNAL: _entries,
    topics.INSTRUCTIONS: _instructions,
    topics.CONVERSIONS: _conversions,
    topics.ATTRIBUTIONS: _attributions,
    topics.CLICKS: _clicks,
}
"""Topic → makes the (key, value) of records without end, of the partners at home in a partition."""
