"""What may be decided: programs, partners, links, coupons and payouts.

One file an aggregate. An aggregate knows its own rules; `application.Decisions` has the
commands and the rules between aggregates. `store` is the event store: one partition of
Kafka, any number of writers, no lock (`PERSISTENCE_MODULE=aggregates.store`).
"""
