"""A proof that stands alone: one file with all that a payout rests on.

`export` collects it from the log and proves it before it writes; `verify` needs nothing but
the file: no Kafka, no ClickHouse, no network. A partner's own bundle withholds whatever names
others; what then rests on a withheld record is said, step by step.
"""
