"""The log holds facts: each event of an aggregate has a stable name and its fact's fields."""

from __future__ import annotations

from dataclasses import fields

import msgspec
import pytest
from eventsourcing.domain import CanMutateAggregate
from eventsourcing.persistence import Mapper, StoredEvent

from aggregates.decision import PlainJSON
from aggregates.payout import Payout
from aggregates.program import Program
from events.decisions import FACTS, Decision
from events.terms import Rule, Terms
from tests.aggregates.everything import AGGREGATES, decided

LIBRARY = {"originator_id", "originator_version", "originator_topic", "timestamp"}

EVENTS: dict[str, type[CanMutateAggregate[str]]] = {
    event.TOPIC: event
    for aggregate in AGGREGATES
    for name, event in vars(aggregate).items()
    if isinstance(event, type) and issubclass(event, CanMutateAggregate) and name != "Event"
}


def test_every_event_has_the_name_of_a_fact_and_every_fact_an_event() -> None:
    assert set(EVENTS) == set(FACTS)


@pytest.mark.parametrize("name", sorted(FACTS))
def test_an_event_has_exactly_the_fields_of_its_fact(name: str) -> None:
    found = {field.name for field in fields(EVENTS[name])} - LIBRARY  # type: ignore[arg-type]
    assert found == set(FACTS[name].__struct_fields__)


def test_what_is_stored_reads_as_the_fact_it_is() -> None:
    mapper: Mapper[str] = Mapper(PlainJSON())
    told = {}
    for aggregate in decided():
        for event in aggregate.collect_events():
            stored = mapper.to_stored_event(event)
            decision = Decision(
                number=1,
                position="decisions/0/0",
                recorded_at=0,
                aggregate=str(stored.originator_id),
                version=stored.originator_version,
                name=stored.topic,
                state=stored.state,
            )
            fact = decision.fact()
            assert isinstance(fact, FACTS[stored.topic])
            state = msgspec.json.decode(stored.state)
            for field in fact.__struct_fields__:
                assert msgspec.to_builtins(getattr(event, field)) == state[field]
            assert mapper.to_domain_event(stored) == event, "it comes back as it was"
            told[stored.topic] = state
    assert set(told) == set(FACTS)
    assert told["coupon.created"] == {
        "timestamp": told["coupon.created"]["timestamp"],
        "originator_topic": "coupon",
        "program": "acme",
        "code": "SAVE10",
        "partner": "jane",
        "by": "ann",
    }


def test_what_the_first_release_wrote_is_still_an_aggregate() -> None:
    """Its requests name no run, its terms have no field of engine 2, its programs no payer."""
    mapper: Mapper[str] = Mapper(PlainJSON())

    def stored(name: str, aggregate: str, version: int, state: dict[str, object]) -> StoredEvent:
        state = state | {"by": "ann", "timestamp": "2026-01-01T00:00:00+00:00"}
        return StoredEvent(aggregate, version, name, msgspec.json.encode(state))

    asked: dict[str, object] = {
        "payout": "po-1",
        "program": "acme",
        "partner": "jane",
        "unit": "EUR",
        "amount": 7,
    }
    asked["originator_topic"] = "payout"
    request = stored("payout.requested", "payout:po-1", 1, asked)
    found = mapper.to_domain_event(request).mutate(None)
    assert isinstance(found, Payout)
    assert (found.requested_amount, found.run, found.status) == (7, "", "requested")

    rule = {"name": "sale", "event": "sale", "type": "flat", "amount": 5, "currency": ""}
    terms = {"version": 1, "effective_from": 0, "rules": [rule], "engine": "1"}
    acme: dict[str, object] = {
        "program": "acme",
        "name": "Acme",
        "currency": "EUR",
        "originator_topic": "program",
    }
    found = mapper.to_domain_event(stored("program.created", "program:acme", 1, acme)).mutate(None)
    added: dict[str, object] = {"program": "acme", "terms": terms}
    found = mapper.to_domain_event(stored("program.terms_added", "program:acme", 2, added)).mutate(
        found
    )
    assert isinstance(found, Program)
    assert found.terms == [Terms(1, 0, (Rule("sale", "sale", "flat", 5),))]
