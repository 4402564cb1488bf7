"""Attribution and posting over any source of records: the same work for whichever store is read.

No output is compared with anything; `audit.refold_journal` is this and the comparison.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from audit.decided import Decided
from events.codec import decode, encode
from events.conversions import conversion_key
from events.topics import CONVERSIONS
from projections import account, attribution


class Fact(NamedTuple):
    """A conversion or an instruction as a store gives it."""

    topic: str
    partition: int
    n: int
    """Its place among those of its topic and partition, from 0."""
    at: int
    """Milliseconds, never falling within a partition."""
    value: bytes


class Folded(NamedTuple):
    """What came of it, so that two reads can be seen to have folded the same."""

    facts: int
    credits: int
    """Attributions that credit somebody."""
    legs: dict[str, int]
    """Account → sum, minor units."""


def fold(facts: Iterable[Fact], decided: Decided) -> Folded:
    """Decide every conversion and book every instruction, in the order given."""
    directory = decided.directory
    customers: dict[str, attribution.Customer] = {}
    accounts: dict[str, account.Account] = {}
    items: dict[tuple[str, str], account.Item] = {}
    owner = ""
    seen = credits = 0
    legs: Counter[str] = Counter()

    def lookup(key: str) -> account.Item | None:
        return items.get((owner, key))

    for topic, partition, n, at, value in facts:
        seen += 1
        said = decode(topic, value)
        source = f"{topic}/{partition}/{n}"
        if topic == CONVERSIONS:
            key = conversion_key(said.program, said.customer)
            held = customers.get(key)
            made = attribution.decide(
                held, said, n=n, source=source, recorded_at=at, directory=directory
            )
            encode(made)
            customers[key] = attribution.evolve(held, made)
            credits += bool(made.credits)
            continue
        owner = said.partner
        own = accounts.get(owner)
        entry = account.decide(own, lookup, said, n=n, source=source, at=at, directory=directory)
        accounts[owner], changed = account.evolve(own, lookup, entry, encode(entry))
        items.update({(owner, key): item for key, item in changed.items()})
        for leg in entry.legs:
            legs[leg.account] += leg.amount
    return Folded(seen, credits, dict(legs))
