"""What the ledger reaches on this machine, each figure a ratio to a peer or a limit.

`python -m benchmarks` runs all: `processors` against a bare consume loop and a peer's
stateful count, `sink` and `replay` against the bare loop, `gateway` against a bare producer.
`place` gives each a broker of its own and the loop they are held against.
"""
