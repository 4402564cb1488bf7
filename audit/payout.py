"""From a payout back to the clicks and terms behind it, each step decided again.

    payout → journal entries → instructions → attributions → conversions → clicks
                                                          ↘ terms (decisions)

Read from the log alone. The partner's whole account is booked again, not only the payout:
whether the money was there depends on all that came before. So is every conversion of the
customers that earned the partner anything.
"""

from __future__ import annotations

from audit.clicks import CitedClicks, find_clicks
from audit.decided import Decided, read_decisions
from audit.difference import AuditFailed, Difference
from audit.earned import Earned
from audit.log import DEFAULT_PATIENCE_S, Log
from audit.outcomes import Answer, answer_of, false_tellings
from audit.partner_account import RoutedTo, book_again, nothing_elsewhere
from audit.payout_proof import PayoutProof, ProvedEntry
from audit.read import Progress
from events import topics
from events.click_token import ClickKeys
from events.decisions import PayoutRequested
from projections.routing import route_attribution, route_decision

__all__ = ["PayoutProof", "ProvedEntry", "UnknownPayout", "prove_payout"]


class UnknownPayout(LookupError):
    """No such payout in `decisions`."""


def prove_payout(
    log: Log,
    payout: str,
    keys: ClickKeys | None,
    *,
    patience: float = DEFAULT_PATIENCE_S,
    progress: Progress = lambda records: None,
) -> PayoutProof:
    """Prove a payout; raises AuditFailed with the first difference, or UnknownPayout.

    `keys`: those that sign clicks; None leaves the signatures of their tokens unchecked.
    `patience`: seconds to wait for what a running ledger has yet to relay and to book.
    `progress` is told how many records were read since it was told last.
    """
    read = _Count(progress)
    # Downstream first, so that what is read upstream gives all of it.
    instructions_end = log.ends(topics.INSTRUCTIONS)
    ends = log.ends(topics.CONVERSIONS)
    decided = read_decisions(log)
    read(decided.records)
    for difference in decided.differences:
        raise AuditFailed(difference)
    request = _request(decided, payout)
    partner = request.partner

    cited = CitedClicks(keys)
    routed = RoutedTo(partner)
    conversions = 0
    earned = Earned(log, decided, partner, read)
    for partition, end in sorted(ends.items()):
        for record, attribution in earned.attributions(partition, end):
            conversions += 1
            position = str(record.position)
            if attribution.touch is not None:
                cited.cite(attribution.touch, position)
            routed.add(route_attribution(attribution, position))
    for decision in decided.decisions:
        routed.add(route_decision(decision))

    account = list(book_again(log, decided, routed, instructions_end, patience, read))
    nothing_elsewhere(log, partner, read)
    clicks = {
        click_id: str(record.position) for click_id, record in find_clicks(log, cited.touches)
    }
    for proved in account:
        proved.click = clicks.get(proved.entry.click_id, "")

    steps = [proved for proved in account if proved.entry.payout == payout]
    answer = _answer(payout, steps)
    for difference in false_tellings(decided.of_aggregate(f"payout:{payout}"), {payout: answer}):
        raise AuditFailed(difference)
    funding = next(proved for proved in steps if proved.position == answer.position)
    before = [
        proved
        for proved in account
        if proved.entry.n < funding.entry.n
        and proved.entry.program == request.program
        and request.unit in proved.entry.units()
    ]
    _compare_balance(funding, before, request.unit)
    return PayoutProof(
        payout=payout,
        partner=partner,
        program=request.program,
        unit=request.unit,
        amount=answer.amount,
        status=_status(steps),
        steps=steps,
        funding=funding,
        before=before,
        entries=len(account),
        conversions=conversions,
        clicks=len(clicks),
        decisions=len(decided.decisions),
        records=read.records,
    )


class _Count:
    def __init__(self, progress: Progress) -> None:
        self.records = 0
        self._progress = progress

    def __call__(self, records: int) -> None:
        self.records += records
        self._progress(records)


def _request(decided: Decided, payout: str) -> PayoutRequested:
    for decision in decided.of_aggregate(f"payout:{payout}"):
        fact = decision.fact()
        if isinstance(fact, PayoutRequested):
            return fact
    raise UnknownPayout(
        f"payout {payout!r} is not in the log; `pledger payout list` shows those that are"
    )


def _answer(payout: str, steps: list[ProvedEntry]) -> Answer:
    """What the journal said to the request: the first entry that funds or refuses it."""
    for proved in steps:
        if answer := answer_of(proved.entry, proved.position):
            return answer
    raise AuditFailed(
        Difference("missing", f"payout:{payout}", "no journal entry for it: not booked yet")
    )


def _status(steps: list[ProvedEntry]) -> str:
    """Where the payout stands after its last step that had an effect."""
    kinds = [proved.entry.kind for proved in steps if proved.entry.kind != "no_effect"]
    return kinds[-1].removeprefix("payout_")


def _compare_balance(funding: ProvedEntry, before: list[ProvedEntry], unit: str) -> None:
    """The balance on the payout's entry, added up once more from the legs alone."""
    owed = sum(proved.entry.payable(unit) for proved in [*before, funding])
    held = funding.entry.balance
    if held is not None and held.payable != owed:
        raise AuditFailed(
            Difference(
                "unbalanced",
                funding.position,
                f"says {held.payable} is payable; the legs before it add up to {owed}",
            )
        )
