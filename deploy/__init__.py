"""Starting and stopping the parts of a ledger: broker, warehouse, gateway, workers,
scheduler.

Nothing outside this package knows whether Kafka and ClickHouse are the embedded
ones or a cluster's. `kafka` runs a real broker on this machine, `topics` creates
and checks the ledger's topics, `supervisor` keeps all parts alive, `status` says
how they are. `setup` fetches what a fresh machine lacks.
"""


class DeployError(RuntimeError):
    """A part cannot be started or reached; the message says why and what to do."""
