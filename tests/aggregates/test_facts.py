"""The log holds facts: each event of an aggregate has a stable name and its fact's fields."""

from __future__ import annotations

from dataclasses import fields

import msgspec
import pytest
from eventsourcing.domain import CanMutateAggregate
from eventsourcing.persistence import Mapper

from aggregates.decision import PlainJSON
from events.decisions import FACTS, Decision
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
