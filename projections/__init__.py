"""Pure folds: what follows from the log, with no clock, network, randomness or float.

`directory` folds the decisions; `attribution` says who is credited for a conversion;
`routing` says which account books it; `account` books it. The last three steps of money
are deciders of two functions: `decide(state, input) → record` runs once, live;
`evolve(state, record) → state` runs for everyone ever after. The same code runs in the
workers, in replay, in an audit and in the tests. `warehouse` holds the numbered SQL files
of the tables and views.
"""
