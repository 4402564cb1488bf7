"""What a withheld entry did to the partner's own account: amounts, and nothing of anybody else.

An entry that names others (an override on a sub-partner's deal) is left out of a partner's own
bundle. Its legs and balances are the partner's own money, and later entries rest on them, so
they are stated. The hash chain shows that an entry stood there; that it moved just this is
what the ledger says.
"""

from __future__ import annotations

from hashlib import sha256

from msgspec import Struct

from events.journal import Balance, Entry, EntryKind, Leg
from projections.account import Account, Item, Lookup
from projections.balance import after, after_each, funds_of
from projections.rewards.tallying import counters_of
from projections.tally import Tally, gained, tally_key


class Effect(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The money of an entry, minor units, without rules, deals and people."""

    n: int
    source: str
    """Position of its instruction."""
    at: int
    kind: EntryKind
    program: str
    unit: str = ""
    legs: tuple[Leg, ...] = ()
    balance: Balance | None = None
    balances: dict[str, Balance] = {}
    counters: dict[str, int] = {}
    available_at: int = 0
    engine: str = ""
    items: tuple[str, ...] = ()
    """What else of the account it changed (`projections.booked`): what is kept there is not
    known from then on."""

    def entry(self, partner: str) -> Entry:
        """An entry that says no more than this."""
        return Entry(
            n=self.n,
            source=self.source,
            partner=partner,
            at=self.at,
            kind=self.kind,
            program=self.program,
            unit=self.unit,
            legs=self.legs,
            balance=self.balance,
            available_at=self.available_at,
            engine=self.engine,
            counters=self.counters,
            balances=self.balances,
        )


def effect_of(entry: Entry, items: tuple[str, ...] = ()) -> Effect:
    """The effect of an entry; `items`: keys it changed besides the tally."""
    return Effect(
        n=entry.n,
        source=entry.source,
        at=entry.at,
        kind=entry.kind,
        program=entry.program,
        unit=entry.unit,
        legs=tuple(
            Leg(leg.account, leg.amount, leg.unit, available_at=leg.available_at)
            for leg in entry.legs
        ),
        balance=entry.balance,
        balances=entry.balances,
        counters=entry.counters,
        available_at=entry.available_at,
        engine=entry.engine,
        items=items,
    )


def moved(
    account: Account | None, lookup: Lookup, effect: Effect, partner: str, head: str
) -> tuple[Account, dict[str, Item]]:
    """The account and its tally after a withheld entry whose bytes hash to `head` (hex)."""
    entry = effect.entry(partner)
    funds = {} if account is None else account.funds
    if entry.legs and entry.engine:
        funds = after_each(account, entry)
    elif entry.legs:
        key = f"{entry.program}/{entry.unit}"
        funds = {**funds, key: after(funds_of(account, entry.program, entry.unit), entry)}
    changed: dict[str, Item] = {}
    if entry.counters:
        held = counters_of(lookup, entry.program)
        changed[tally_key(entry.program)] = Tally(gained(held, entry.counters))
    return Account(head, funds), changed


def head_of(value: bytes) -> str:
    """SHA-256 of an entry's bytes, in hex: what the next one names as `previous`."""
    return sha256(value).hexdigest()
