"""What happened: the facts of the ledger, and the one way to write and read them.

The facts are written down one file a family (`clicks`, `conversions`, `decisions`,
`attributions`, `instructions`, `journal`, `dead_letters`); `schemas` has them as JSON
Schema, for other languages. `codec` turns them into the
JSON that stands in Kafka and back, upcasting old versions. `topics` says where
each lives; `log` writes and reads; `first_wins` is the rule every reader applies.
"""
