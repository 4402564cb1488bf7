"""What may be decided: of programs and their terms, of partners and what they claim, of money.

One file an aggregate; `decision` has what they share, `checks` and `errors` what is refused
and how it is said. An aggregate knows its own rules; `commands` has, a file a domain, the
commands and the rules between aggregates; `application.Decisions` is all of them; `deciding`
says how a command decides when others decide at once.

`store` is the event store: one partition of Kafka, any number of writers, no lock
(`PERSISTENCE_MODULE=aggregates.store`). Below it, `shared_log` learns which insert came
first, and `accepted` holds the events that did.
"""
