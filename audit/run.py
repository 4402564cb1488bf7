"""A payout run, proved as one: each payout on its list, and nothing that is not on it.

The accounts of all its partners are booked again together, so that a hundred partners do not
read the log a hundred times; each payout is then proved by its partner's account.
"""

from __future__ import annotations

from collections import Counter

import msgspec
from msgspec import Struct

from audit.accounts import ProvedAccounts, by_aggregate, prove_accounts
from audit.decided import Decided
from audit.difference import AuditFailed, Difference, foreign
from audit.log import DEFAULT_PATIENCE_S, Log
from audit.payout import payout_proof, request_of, waiting
from audit.payout_proof import PayoutProof
from audit.read import Progress
from events import topics
from events.click_token import ClickKeys
from events.codec import UnreadableRecord, decode_record
from events.decisions import (
    Decision,
    PayoutApproved,
    PayoutProposed,
    PayoutRequested,
    PayoutRunStarted,
    RunPayout,
)

NEVER_PAID = ("refused", "failed", "returned")
"""What a payout ends as when the partner does not have the money."""


class UnknownRun(LookupError):
    """No such run in `decisions`."""


class Unbooked(Struct, frozen=True):
    """A payout of the run that the journal was not asked for."""

    payout: str
    partner: str
    status: str
    """proposed, canceled, or missing: not asked for yet."""


class RunProof(Struct):
    """A run that was proved, and how much of the log that took."""

    run: str
    program: str
    unit: str
    started: str
    """Position of the decision that made its list."""
    by: str
    payouts: list[PayoutProof]
    unbooked: list[Unbooked]
    statuses: dict[str, int]
    """Status → number of payouts."""
    totals: dict[str, int]
    """Status → minor units that were set aside for its payouts."""
    amount: int
    """Minor units that its partners have or are on their way to them."""
    entries: int
    conversions: int
    clicks: int
    decisions: int
    records: int


def prove_run(
    log: Log,
    run: str,
    keys: ClickKeys | None,
    *,
    patience: float = DEFAULT_PATIENCE_S,
    progress: Progress = lambda records: None,
) -> RunProof:
    """Prove every payout of a run; raises AuditFailed with the first difference, or UnknownRun.

    `keys`, `patience`, `progress`: as of `audit.payout.prove_payout`.
    """
    proved = prove_accounts(
        log,
        lambda decided: frozenset(one.partner for one in _started(decided, run)[1].payouts),
        keys,
        patience=patience,
        progress=progress,
    )
    started, fact = _started(proved.decided, run)
    listed = {one.payout: one for one in fact.payouts}
    for difference in _strangers(proved.decided, run, listed):
        raise AuditFailed(difference)
    records = proved.records + _cited_by_others(log, run, listed, progress)
    payouts, unbooked = _prove_each(proved, fact)
    statuses = Counter([one.status for one in payouts] + [one.status for one in unbooked])
    totals: Counter[str] = Counter()
    for one in payouts:
        totals[one.status] += one.amount
    return RunProof(
        run=run,
        program=fact.program,
        unit=fact.unit,
        started=started.position,
        by=fact.by,
        payouts=payouts,
        unbooked=unbooked,
        statuses=dict(statuses),
        totals=dict(totals),
        amount=sum(total for status, total in totals.items() if status not in NEVER_PAID),
        entries=proved.entries(),
        conversions=proved.conversions,
        clicks=proved.clicks,
        decisions=len(proved.decided.decisions),
        records=records,
    )


def _started(decided: Decided, run: str) -> tuple[Decision, PayoutRunStarted]:
    for decision in decided.of_aggregate(f"run:{run}"):
        fact = decision.fact() if decision.name == "run.started" else None
        if isinstance(fact, PayoutRunStarted):
            return decision, fact
    raise UnknownRun(f"run {run!r} is not in the log; `pledger runs list` shows those that are")


def _prove_each(
    proved: ProvedAccounts, fact: PayoutRunStarted
) -> tuple[list[PayoutProof], list[Unbooked]]:
    payouts: list[PayoutProof] = []
    unbooked: list[Unbooked] = []
    of = by_aggregate(proved.decided, frozenset(f"payout:{one.payout}" for one in fact.payouts))
    for one in fact.payouts:
        decisions = of[f"payout:{one.payout}"]
        request = request_of(decisions)
        if request is None:
            unbooked.append(Unbooked(one.payout, one.partner, "missing"))
            continue
        said = (request.run, request.partner, request.program, request.unit)
        if said != (fact.run, one.partner, fact.program, fact.unit):
            raise AuditFailed(
                Difference(
                    "payout",
                    decisions[0].position,
                    f"run {fact.run} lists payout {one.payout} of {one.partner} in "
                    f"{fact.program}, {fact.unit}; it was asked for as {', '.join(said)}",
                )
            )
        if status := waiting(decisions):
            unbooked.append(Unbooked(one.payout, one.partner, status))
        else:
            payouts.append(payout_proof(proved, one.payout, decisions))
    return payouts, unbooked


def _strangers(decided: Decided, run: str, listed: dict[str, RunPayout]) -> list[Difference]:
    """Decisions that say they are of the run, of payouts that are not on its list."""
    found: list[Difference] = []
    for decision in decided.decisions:
        if decision.name not in ("payout.requested", "payout.proposed", "payout.approved"):
            continue
        try:
            fact = decision.fact()
        except msgspec.DecodeError:
            continue
        assert isinstance(fact, PayoutRequested | PayoutProposed | PayoutApproved)
        of_list = fact.payout in listed and listed[fact.payout].partner == fact.partner
        if fact.run == run and not of_list:
            detail = f"says payout {fact.payout} of {fact.partner} is of run {run}, which lacks it"
            found.append(Difference("foreign", decision.position, detail))
    return found


def _cited_by_others(log: Log, run: str, listed: dict[str, RunPayout], progress: Progress) -> int:
    """Look through the whole journal for entries that say they are of the run and are not;
    the number of records read. Raises AuditFailed."""
    read = 0
    for partition in range(log.partitions(topics.JOURNAL)):
        for record in log.read(topics.JOURNAL, partition):
            read += 1
            if b'"run"' not in (record.value or b""):
                continue
            try:
                entry = decode_record(record)
            except UnreadableRecord:
                continue
            one = listed.get(entry.payout)
            if entry.run == run and (one is None or one.partner != entry.partner):
                detail = f"says payout {entry.payout} of {entry.partner} is of run {run}"
                raise AuditFailed(foreign(record, f"{detail}, which lacks it"))
    progress(read)
    return read
