"""The proof: decide every step again from the log, and compare byte for byte.

Nothing here trusts state, a processor or the warehouse: `replay` walks the whole ledger,
`payout` walks back from one payout to the clicks and terms behind it. Both end with
"verified" or with the first record that differs.
"""
