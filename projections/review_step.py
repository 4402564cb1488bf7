"""What people decide of a commission: it is held, released, rejected, or adjusted.

    held       what is left of it waits, whatever its hold was, and counts for nothing meanwhile
    released   back to the end of its hold. It counts from now on: for tiers, bonuses and caps as
               they stand now
    rejected   all that is left is taken back, and counts no longer
    adjusted   it grows or shrinks by an amount; later refunds are in proportion of the new sum

A step that does not fit books nothing and says why. Commissions of engine 1 are reviewed the
same way.
"""

from __future__ import annotations

from msgspec import structs

from events.instructions import ReviewDue
from events.journal import HELD, Entry
from projections.balance import Account
from projections.booked import Item, Lookup, reward_of
from projections.booked_reward import BookedReward
from projections.directory import Directory
from projections.exchange import NoRate, pinned
from projections.money import plain
from projections.reward_fold import rejected
from projections.rewards.draft import Draft, Sums
from projections.rewards.holding import Waiting, hold
from projections.rewards.release import count_in
from projections.rewards.unwinding import draft_of, plan_of, unwind


def decide_review(
    account: Account | None,
    lookup: Lookup,
    item: Item | None,
    due: ReviewDue,
    n: int,
    source: str,
    at: int,
    directory: Directory,
) -> Entry:
    """The entry of a review; see `account.decide`. Raises DirectoryBehind."""
    reward = reward_of(item)
    bare = Entry(
        n=n,
        source=source,
        partner=due.partner,
        at=at,
        kind="no_effect",
        program=due.program,
        deal=due.deal,
        event_id=due.event_id,
        previous="" if account is None else account.head,
        engine="2",
        via=due.via,
        by=due.by,
    )
    if reward is None:
        return structs.replace(bare, reason=f"{due.step}: nothing_booked")
    draft = draft_of(account, reward, due.program, directory, at)
    if why := _why_nothing(reward, due, draft):
        return structs.replace(bare, reason=f"{due.step}: {why}")
    counters: dict[str, int] = {}
    notes: list[str] = []
    base = 0
    will_count: dict[str, int] = {}
    if due.step == "held":
        draft = draft_of(account, reward, due.program, directory, at, Waiting)
        plan = plan_of(directory, due.program, reward)
        counters, will_count = hold(draft, reward, lookup, plan)
    elif due.step == "released":
        plan = None if reward.counted else plan_of(directory, due.program, reward)
        counters, notes = count_in(draft, reward, lookup, plan)
    elif due.step == "rejected":
        plan = plan_of(directory, due.program, reward)
        counters = unwind(draft, reward, rejected(reward), lookup, plan)
        base = reward.amount - reward.refunded
    else:
        _adjust(draft, reward, due.amount)
    return structs.replace(
        bare,
        kind=due.step,
        unit=reward.unit,
        legs=tuple(draft.legs),
        balance=draft.balance(),
        reason="" if due.step == "held" else due.reason,
        hold=due.reason if due.step == "held" else "",
        rule=reward.rule,
        terms=reward.terms,
        terms_at=reward.terms_at,
        base=base,
        available_at=reward.available_at,
        conversion=reward.conversion,
        click_id=reward.click_id,
        occurred_at=reward.occurred_at,
        currency="" if reward.currency == reward.unit else reward.currency,
        share=reward.share,
        level=reward.level,
        counters=counters,
        balances=draft.balances(),
        rates=reward.rates,
        notes=tuple(notes),
        waiting=will_count,
    )


def _why_nothing(reward: BookedReward, due: ReviewDue, draft: Draft) -> str:
    if reward.status == "rejected":
        return "already_rejected"
    if reward.complete:
        return "already_refunded"
    if due.step == "held" and reward.status == "held":
        return "already_held"
    if due.step == "released" and reward.status != "held":
        return "not_held"
    if due.step != "adjusted":
        return ""
    if not due.amount:
        return "zero_amount"
    left = sum(
        [line.left for line in reward.lines if not line.unit and line.account == "commissions"]
    )
    if left + due.amount < 0:
        unit = reward.unit
        return f"{plain(left, unit)} {unit} is left of it"
    try:
        pinned(reward.rates, draft.currency, reward.unit, reward.occurred_at)
    except NoRate as problem:
        return str(problem)
    return ""


def _adjust(draft: Draft, reward: BookedReward, amount: int) -> None:
    """Add to the first line that pays money; to a new one of the first rule if none does."""
    line = next(
        (one for one in reward.lines if not one.unit and one.account == "commissions"), None
    )
    sums = Sums(amount, amount, 0)
    if draft.unit != draft.currency:
        cost = draft.money.to_base(amount)
        sums = Sums(cost, amount, cost)
    until = HELD if reward.status == "held" else reward.available_at
    draft.book(reward.rule if line is None else line.rule, sums, until)
