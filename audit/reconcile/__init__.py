"""Reconciliation: the ledger held against what others say of the same things.

    warehouse   every row against the record it was made from, and the sums against the journal's
    bank        what a bank says it paid and got back, against payouts
    deals       what a shop or payment provider sold and refunded, against conversions

Here the comparing alone, of what was read elsewhere: the same two lists give the same report.
"""
