"""Engine 2: what a conversion earns, from rules as data.

`plan` prepares terms once; `fitting` says which rules pay for which part of a deal;
`reckoning` what each gives and the partner's part of it, exactly; `caps`
what bounds it. `tiers` and `bonuses` follow the partner's tally. `draft` makes legs of
amounts, `earning` the entry of a conversion, `unwinding` what refunds and reviews do to it.
"""
