"""A partner's own bundle: the records of its account, without those that name others.

Of several copies of a record the one that counts is taken. A customer whom the partner itself
brought is shown with all of its records; one that a sub-partner brought is not the partner's,
and of it there are only the positions that the partner's entries cite.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import structs

from audit.account_proof.proved import ProvedAccount, ProvedAttribution
from audit.bundle.about import is_shown, not_written
from audit.bundle.archive import BadBundle
from audit.bundle.effect import Effect, effect_of
from audit.bundle.format import Line, Shown, encode, in_order, shown, withheld
from audit.bundle.gather import Gathered
from audit.bundle.own import Own, add_customers_of_others, others_of, own_of
from audit.bundle.words import Telling, runs_of
from audit.log import Log
from audit.read import Progress
from events import topics
from events.attributions import Attribution
from events.codec import decode_record
from events.decisions import Decision
from events.position import Position, Record
from events.sealing import Reveal
from projections import account as posting
from projections.tally import tally_key


def lines_for_partner(
    gathered: Gathered, log: Log, reveal: Reveal, progress: Progress
) -> dict[str, list[Line]]:
    """Topic → the records of the partner's own bundle. Raises BadBundle where even the amounts
    of an entry cannot be told without naming others."""
    account = gathered.account
    own = own_of(account, reveal)
    candidates = _Candidates(gathered, own)
    runs = {run for record in candidates.records() for run in runs_of(record)}
    others = others_of(account.decided.directory, own, reveal)
    add_customers_of_others(others, log, own, runs, progress)
    telling = Telling(own.names, others)
    effects = _effects(account, telling)
    lines: dict[str, list[Line]] = {
        topics.DECISIONS: [
            shown(record)
            if all(is_shown(one, own) for one in batch)
            and not telling.names_others(record, but_in=not_written(batch))
            else withheld(record, numbers=len(batch))
            for record, batch in candidates.decisions
        ],
        topics.JOURNAL: [
            withheld(record, effect=effects[record.position])
            if telling.names_others(record)
            else shown(record)
            for record in candidates.journal
        ],
    }
    idle: set[Position] = set()
    """Clicks that no attribution counts which is shown: they would prove nothing."""
    for topic, records in (
        (topics.INSTRUCTIONS, candidates.instructions),
        (topics.ATTRIBUTIONS, candidates.attributions),
        (topics.CONVERSIONS, candidates.conversions),
        (topics.CLICKS, candidates.clicks),  # after the attributions, which say which count
    ):
        found: list[Line] = [
            withheld(record)
            if record.position in candidates.not_own | idle or telling.names_others(record)
            else shown(record)
            for record in records
        ]
        lines[topic] = sorted(found, key=in_order)
        if topic == topics.ATTRIBUTIONS:
            idle = _idle(candidates.clicks, lines[topic])
    return lines


class _Candidates:
    """The records that a partner's bundle is about, shown or not."""

    def __init__(self, gathered: Gathered, own: Own) -> None:
        account, evidence = gathered.account, gathered.evidence
        self.not_own: set[Position] = set()
        """Those that are never shown: attributions of customers of sub-partners."""
        batches: dict[str, list[Decision]] = {}
        for decision in account.decided.decisions:
            batches.setdefault(decision.position, []).append(decision)
        self.decisions = [
            (record, batches[str(record.position)])
            for record in evidence.of(topics.DECISIONS)
            if str(record.position) in batches
        ]
        self.journal = [one.record for one in account.booked]
        self.instructions = [one.instruction_record for one in account.booked]
        cited = {one.instruction.source for one in account.booked}
        self.attributions: list[Record] = []
        self.conversions: list[Record] = []
        clicks: set[str] = set()
        for key, proved in account.customers.items():
            for one in proved:
                at = _counts(one, cited)
                if key in own.customers:
                    self.conversions.append(one.conversion)
                    if one.attribution.touch is not None:
                        clicks.add(one.attribution.touch.click_id)
                elif str(at) in cited:
                    self.not_own.add(at)
                else:
                    continue
                self.attributions.append(evidence.records[at])
        self.clicks = [
            evidence.records[Position.parse(position)]
            for click_id, position in account.clicks.items()
            if click_id in clicks
        ]

    def records(self) -> Iterator[Record]:
        """All of them."""
        yield from (record for record, _ in self.decisions)
        for records in (
            self.journal,
            self.instructions,
            self.attributions,
            self.conversions,
            self.clicks,
        ):
            yield from records


def _idle(clicks: list[Record], attributions: list[Line]) -> set[Position]:
    counted = set()
    for line in attributions:
        if isinstance(line, Shown):
            said: Attribution = decode_record(line.record)
            if said.touch is not None:
                counted.add(said.touch.click_id)
    return {record.position for record in clicks if decode_record(record).click_id not in counted}


def _counts(proved: ProvedAttribution, cited: set[str]) -> Position:
    """Where the copy of an attribution stands that counts."""
    at = next((one for one in proved.positions if one in cited), proved.positions[0])
    return Position.parse(at)


def _effects(account: ProvedAccount, telling: Telling) -> dict[Position, Effect]:
    """What each entry did to the account, in words that name nobody else."""
    effects: dict[Position, Effect] = {}
    held: posting.Account | None = None
    items: dict[str, posting.Item] = {}
    for one in account.booked:
        entry = one.proved.entry
        held, changed = posting.evolve(held, items.get, entry, one.record.value or b"")
        items.update(changed)
        if not telling.names_others(one.record):
            continue
        tally = tally_key(entry.program)
        keys = tuple(key for key in changed if key != tally and not telling.in_text(key))
        effect = effect_of(entry, keys)
        if telling.in_json(encode(effect.counters)):
            effect = structs.replace(effect, counters={}, items=(*keys, tally))
        if telling.in_json(encode(structs.replace(effect, items=()))):
            raise BadBundle(
                f"{one.record.position}: its unit or program bears the name of another partner: "
                "a bundle of the partner's own cannot tell of it"
            )
        effects[one.record.position] = effect
    return effects
