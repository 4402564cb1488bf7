"""The log holds facts: each event of an aggregate has a stable name and its fact's fields."""

from __future__ import annotations

from dataclasses import fields

import msgspec
import pytest
from eventsourcing.domain import CanMutateAggregate
from eventsourcing.persistence import Mapper

from aggregates.coupon import Coupon
from aggregates.decision import DecisionAggregate, PlainJSON
from aggregates.link import Link
from aggregates.partner import Partner
from aggregates.payout import Payout
from aggregates.program import Program
from events.decisions import FACTS, Decision
from events.terms import Rule

AGGREGATES = (Program, Partner, Link, Coupon, Payout)
LIBRARY = {"originator_id", "originator_version", "originator_topic", "timestamp"}

EVENTS: dict[str, type[CanMutateAggregate[str]]] = {
    event.TOPIC: event
    for aggregate in AGGREGATES
    for name, event in vars(aggregate).items()
    if isinstance(event, type) and issubclass(event, CanMutateAggregate) and name != "Event"
}


def decided() -> list[DecisionAggregate]:
    """Aggregates which between them have decided everything there is to decide."""
    acme = Program.create("acme", "Acme", "EUR", by="ann")
    acme.add_terms([Rule("sale", "sale", "percentage", 1_000)], effective_from=100, by="ann")
    acme.pause("ann")
    acme.resume("ann")
    jane = Partner.register("jane", "Jane", by="ann")
    jane.apply("acme", "jane")
    jane.approve("acme", "ann")
    jane.suspend("acme", "fraud", "ann")
    link = Link.create("l1", "acme", "jane", "https://a.example/", by="ann")
    link.disable("ann")
    coupon = Coupon.create("acme", "save10", "jane", by="ann")
    coupon.retire("ann")
    paid, failed, refused = (
        Payout.request(f"po-{n}", "jane", "acme", "EUR", 500, by="jane") for n in range(3)
    )
    paid.fund(500, "journal/0/1")
    paid.send("wire", "ann")
    paid.settle("wire", "ann")
    failed.fund(500, "journal/0/2")
    failed.fail("closed", "ann")
    refused.refuse("insufficient", "journal/0/3")
    return [acme, jane, link, coupon, paid, failed, refused]


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
