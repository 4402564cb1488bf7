"""What is the partner's own, and what tells of others: names, from the directory and the log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct

from audit.account_proof.proved import ProvedAccount
from audit.bundle.words import RUN, Names
from audit.log import Log
from audit.read import Progress, counted
from events import topics
from events.attributions import Attribution, Credit
from events.conversions import conversion_key
from events.decisions import Decision
from events.sealing import Reveal
from projections.directory import Directory


class Own(Struct):
    """What a partner's own bundle may name."""

    partner: str
    programs: set[str]
    customers: set[str]
    """Keys, `program/customer`, of those of whose conversions the partner has a share itself;
    not of those that only its sub-partners brought."""
    names: Names
    payouts: set[str]


def own_of(account: ProvedAccount, reveal: Reveal) -> Own:
    """What is the partner's, from its account and the decisions about it; `reveal`: see
    `others_of`."""
    partner, directory = account.partner, account.decided.directory
    names = Names([partner])
    own = Own(partner, set(), set(), names, set())
    for view in directory.partners():
        if view.partner == partner:
            _add_all(names, (view.name, reveal(view.name)))
            own.programs.update(view.programs)
    own.programs.update(one.proved.entry.program for one in account.booked)
    _add_all(names, own.programs)
    _add_all(names, (view.name for view in directory.programs() if view.program in own.programs))
    _add_all(names, (link.link for link in directory.links() if link.partner == partner))
    _add_all(names, (one.code for one in directory.coupons() if one.partner == partner))
    for registered in directory.registrations():
        if registered.partner == partner:
            own.customers.add(conversion_key(registered.program, registered.customer))
            _add_all(names, (registered.registration, registered.customer, registered.deal))
    for key, attributions in account.customers.items():
        said = [proved.attribution for proved in attributions]
        mine = [one for one in said if _has_share(one, partner)]
        if mine:
            own.customers.add(key)
            _add_all(names, (one.customer for one in mine))
            shared = {one.deal for one in mine}
            theirs = {one.deal for one in said if any(_credits(one))} - shared
            _add_all(names, {one.deal for one in said} - theirs)
    for decision in account.decided.decisions:
        if decision.aggregate.startswith("payout:") and _partner_of(decision) == partner:
            own.payouts.add(decision.aggregate.removeprefix("payout:"))
    _add_all(names, own.payouts)
    return own


def others_of(directory: Directory, own: Own, reveal: Reveal) -> Names:
    """Other partners' ids, names, links, coupons, registrations and registered customers.

    `reveal`: names that stand sealed in the log are looked for as people write them, too."""
    partner = own.partner
    names = Names()
    for view in directory.partners():
        if view.partner != partner:
            _add_all(names, (view.partner, view.name, reveal(view.name)))
    _add_all(names, (link.link for link in directory.links() if link.partner != partner))
    _add_all(names, (one.code for one in directory.coupons() if one.partner != partner))
    for registered in directory.registrations():
        if registered.partner != partner:
            _add_all(names, (registered.registration, registered.customer, registered.deal))
    return names


def add_customers_of_others(
    names: Names, log: Log, own: Own, runs: set[str], progress: Progress
) -> None:
    """Add the customers and deals in the log that are not the partner's own. Of millions only
    those made of `runs` are kept: others do not occur in the records at hand."""
    for partition in range(log.partitions(topics.ATTRIBUTIONS)):
        for record in counted(log.read(topics.ATTRIBUTIONS, partition), progress):
            try:
                said = _NAMING.decode(record.value or b"")
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue
            for name in (said.customer, said.deal):
                if name and name not in own.names and _made_of(name, runs):
                    names.add(name)


class _Naming(Struct):
    customer: str = ""
    deal: str = ""


_NAMING = msgspec.json.Decoder(_Naming)


def _made_of(name: str, runs: set[str]) -> bool:
    return all(run in runs for run in RUN.findall(name.casefold()))


def _has_share(said: Attribution, partner: str) -> bool:
    """Whether the partner itself has, or had, a share of what the attribution is about."""
    return any(credit.partner == partner and not credit.level for credit in _credits(said))


def _credits(said: Attribution) -> Iterator[Credit]:
    yield from said.credits
    yield from said.withdrawn
    for refunded in said.refunded:
        yield from refunded.credits


def _partner_of(decision: Decision) -> str:
    try:
        return str(getattr(decision.fact(), "partner", ""))
    except msgspec.DecodeError:
        return ""


def _add_all(names: Names, found: Iterable[str]) -> None:
    for name in found:
        if name:
            names.add(name)
