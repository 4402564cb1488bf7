"""The entry that answers a credited conversion: what was booked, or why nothing."""

from __future__ import annotations

from typing import NamedTuple

from events.instructions import CommissionDue
from events.journal import Entry, Rate
from projections.balance import Account
from projections.rewards.draft import Draft
from projections.terms_history import TermsInForce

NOTHING: dict[str, int] = {}


class Answer(NamedTuple):
    """What every entry of one instruction says, whatever it books."""

    account: Account | None
    due: CommissionDue
    n: int
    source: str
    at: int
    in_force: TermsInForce

    def commission(
        self,
        draft: Draft,
        rule: str,
        available_at: int,
        rates: tuple[Rate, ...],
        notes: list[str],
        *,
        counters: dict[str, int] = NOTHING,
        waiting: dict[str, int] = NOTHING,
        hold: str = "",
    ) -> Entry:
        """The entry of `draft`. `rule`: the first that pays; `available_at`: when the hold ends,
        ms; `hold`: why it waits for a person, and `waiting` what will count then."""
        due, account = self.due, self.account
        terms, position = self.in_force
        currency = due.currency
        return Entry(  # by place: this is the hot path
            self.n,
            self.source,
            due.partner,
            self.at,
            "commission",
            due.program,
            draft.unit,
            tuple(draft.legs),
            draft.balance(),
            "",
            rule,
            terms.version,
            position,
            due.amount,
            available_at,
            due.deal,
            due.event_id,
            "",
            due.conversion,
            due.click_id,
            "" if account is None else account.head,
            terms.engine,
            due.occurred_at,
            "" if currency == draft.unit else currency,
            due.share,
            due.via,
            due.level,
            due.customer,
            due.identity,
            counters,
            draft.balances(),
            rates,
            tuple(notes),
            hold,
            waiting=waiting,
        )

    def no_effect(self, why: str) -> Entry:
        """The entry that books nothing, and why."""
        due = self.due
        terms, position = self.in_force
        return Entry(
            n=self.n,
            source=self.source,
            partner=due.partner,
            at=self.at,
            kind="no_effect",
            program=due.program,
            reason=why,
            terms=terms.version,
            terms_at=position,
            base=due.amount,
            deal=due.deal,
            event_id=due.event_id,
            conversion=due.conversion,
            click_id=due.click_id,
            previous="" if self.account is None else self.account.head,
            engine="2",
            occurred_at=due.occurred_at,
            currency=due.currency,
            share=due.share,
            via=due.via,
            level=due.level,
            customer=due.customer,
            identity=due.identity,
        )
