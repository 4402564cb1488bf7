"""The sums of an entry that is taken as it says: legs give nothing away, balances follow."""

from __future__ import annotations

from audit.bundle.format import Line
from audit.difference import AuditFailed, Difference, text
from audit.refold_journal import not_balanced
from events.codec import encode
from events.journal import Entry
from projections.account import Account
from projections.balance import funds_of
from projections.balance import shown as shown_balance


def check_balance(held: Account | None, line: Line, entry: Entry) -> None:
    """What an entry says is owed after it must be what its legs leave; raises AuditFailed.

    `held`: the account after it.
    """
    if totals := not_balanced(entry):
        detail = f"its legs sum to {totals}"
        raise AuditFailed(Difference("unbalanced", line.position, detail))
    said = {**entry.balances}
    if entry.balance is not None:
        said[entry.unit] = entry.balance
    for unit, balance in said.items():
        left = shown_balance(funds_of(held, entry.program, unit), entry.at)
        if left != balance:
            detail = f"its balance in {unit} is not what the legs up to it leave"
            raise AuditFailed(
                Difference(
                    "unbalanced",
                    line.position,
                    detail,
                    text(encode(left)),
                    text(encode(balance)),
                )
            )
