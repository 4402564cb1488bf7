"""What happened: the facts of the ledger, and the one way to write and read them.

`schemas` are grouped one file a family (clicks, conversions, decisions,
attributions, instructions, journal, dead letters). `codec` turns them into the
JSON that stands in Kafka and back, upcasting old versions. `topics` says where
each lives; `log` writes and reads; `first_wins` is the rule every reader applies.
"""
