"""The processors: a Faust application whose agents fold batches of the log.

`source` reads batches, `checkpoint` takes one from poll to commit in numbered steps,
`state` keeps what a partition's fold has learned. `attribution`, `relay`, `posting` and
`payouts` say what each processor decides; `worker` runs them all in one process.
"""
