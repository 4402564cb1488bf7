"""What may be decided: programs, partners, links, coupons and payouts.

One file an aggregate; `decision` has what they share, `checks` and `errors` what is refused
and how it is said. An aggregate knows its own rules; `application.Decisions` has the
commands and the rules between aggregates, `deciding` how a command decides when others
decide at once.

`store` is the event store: one partition of Kafka, any number of writers, no lock
(`PERSISTENCE_MODULE=aggregates.store`). Below it, `shared_log` learns which insert came
first, and `accepted` holds the events that did.
"""
