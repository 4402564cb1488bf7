"""One account, proved from its own records alone.

    journal entries ← instructions ← attributions ← conversions ← clicks
                                   ↖ decisions

What this proves, of every entry of the account from the first to the last:

- it is, byte for byte, what posting gives for its instruction, the account as the entries
  before it left it, and the decisions known then; so no amount, rate, balance, hold or
  citation in it is other than it follows, and the chain of hashes (`previous`) is whole;
- its instruction is, byte for byte, what its attribution or decision gives this partner, and
  every attribution and decision in the evidence that gives the partner one has it, once, and
  booked once;
- the attributions of all the customers the evidence shows are what attribution gives for
  their conversions, each customer's decided again from the first to the last, and each click
  that was counted is in the log and signed;
- numbers rise with offsets, no instruction is booked before an earlier one, and no entry has
  a time that its instruction, or one before it, does not have.

What only the full replay (`audit.replay`), or the proof that books the whole partition again
(`audit.accounts`), shows besides, because it is in the records of others:

- that nothing of the partner stands elsewhere: under another's key, in another partition;
- that the numbers `n` leave out nobody else's records, and which of several equal copies is
  the one that was accepted (it is seen that they are equal);
- that no earlier instruction of the partition has a later time than an entry's (a broker that
  stamps falling times gives such);
- that others did worse in the contests that the partner was awarded a prize of (its own
  measure, and the prize of its rank, are proved here).

And from an index or a bundle: that it shows all there is. Evidence that leaves out a record in
the middle breaks the chain or misses a citation; evidence that leaves out a customer with all
that came of it, or the newest entries with all they rest on, shows a shorter account, whose
entries are proved all the same.
"""

from __future__ import annotations

from audit.account_proof.booked import OwnEntries, book_account
from audit.account_proof.contests import prove_prizes
from audit.account_proof.customers import customers_of, prove_customer
from audit.account_proof.decided import decided_of
from audit.account_proof.evidence import Evidence
from audit.account_proof.proved import Booked, ProvedAccount, ProvedAttribution
from audit.account_proof.routed import OwnInstructions, contests_won, due_to
from audit.clicks import CitedClicks, check_click
from audit.decided import Decided
from audit.difference import AuditFailed, Difference
from events import topics
from events.attributions import Touch
from events.click_token import ClickKeys
from events.partitioning import partition_of

__all__ = ["Booked", "ProvedAccount", "ProvedAttribution", "prove_account"]


def prove_account(
    evidence: Evidence,
    partner: str,
    keys: ClickKeys | None,
    *,
    decided: Decided | None = None,
    whose_clicks: frozenset[str] | None = None,
) -> ProvedAccount:
    """Prove the account of `partner`; raises AuditFailed with the first difference.

    `keys`: those that sign clicks; None leaves the signatures of their tokens unchecked.
    `decided`: the decisions of this evidence, where they were read already. `whose_clicks`:
    the partners whose clicks are looked up; None: all that the customers brought along, also
    those by which the partner did not earn.
    """
    if decided is None:
        decided = decided_of(evidence)
    home = partition_of(partner, evidence.partitions(topics.JOURNAL))
    entries = OwnEntries(partner, home, evidence.journal(partner))
    own = OwnInstructions(partner, evidence.instructions(partner))

    instructions = [said for _, said in own.at.values()]
    customers = {
        key: prove_customer(evidence, key, decided)
        for key in customers_of(evidence, partner, decided, instructions)
    }
    cited = CitedClicks(keys)
    for attributions in customers.values():
        for proved in attributions:
            touch = proved.attribution.touch
            if touch is not None and (whose_clicks is None or touch.partner in whose_clicks):
                cited.cite(touch, proved.positions[0])

    due = due_to(partner, decided, customers.values(), own.sources())
    own.compare(due)
    booked = book_account(evidence, decided, own, entries)
    contests = contests_won(partner, due, decided)
    prove_prizes(partner, contests, decided, booked)
    clicks = _clicks(evidence, cited.touches)
    for one in booked:
        one.proved.click = clicks.get(one.proved.entry.click_id, "")
    return ProvedAccount(
        partner=partner,
        decided=decided,
        booked=booked,
        customers=customers,
        touches=cited.touches,
        clicks=clicks,
        contests=contests,
        unreadable=[*entries.unreadable, *own.unreadable],
    )


def _clicks(evidence: Evidence, touches: dict[Touch, str]) -> dict[str, str]:
    """Click id → position of its record, each found and held against what was taken of it."""
    clicks: dict[str, str] = {}
    for touch, cited_by in touches.items():
        record = evidence.click(touch, cited_by)
        if record is None:
            partition = partition_of(touch.link, evidence.partitions(topics.CLICKS))
            detail = f"cites click {touch.click_id!r}, which is not in the log (clicks/{partition})"
            raise AuditFailed(Difference("click", cited_by, detail))
        check_click(record, touch, cited_by)
        clicks[touch.click_id] = str(record.position)
    return clicks
