"""Records to JSON and back; old versions are raised to the current one."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import codec, topics
from events.codec import FAMILIES, UnreadableRecord, decode, decode_record, encode
from events.conversions import Deal
from events.position import Record
from tests.events.shapes import of


def record(topic: str, value: bytes | None) -> Record:
    return Record(topic, 3, 1842, 0, b"key", value)


@given(st.data())
@pytest.mark.parametrize("topic", FAMILIES)
def test_what_is_written_is_read_again(topic: str, data: st.DataObject) -> None:
    shape = data.draw(st.sampled_from(FAMILIES[topic]))
    written = data.draw(of(shape))
    value = encode(written)
    found = decode(topic, value)
    assert type(found) is shape
    assert encode(found) == value
    if topic != topics.DECISIONS:  # raw states compare by identity
        assert found == written


def test_every_type_is_named_and_versioned_once() -> None:
    tags = [shape.__struct_config__.tag for shapes in FAMILIES.values() for shape in shapes]
    assert len(set(tags)) == len(tags)
    assert all(str(tag).rpartition(".v")[2].isdigit() for tag in tags)


def test_a_person_can_read_a_record() -> None:
    deal = Deal("acme", "carol", "E-1", "D-1", 9_995, "EUR", 1, 5)
    assert encode(deal) == (
        b'{"type":"deal.v1","program":"acme","customer":"carol","event_id":"E-1","deal":"D-1",'
        b'"amount":9995,"currency":"EUR","occurred_at":1,"known":5}'
    )


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (None, "the record is empty"),
        (b"{oops", "malformed"),
        (b"\xff\xfe", "malformed"),
        (b'{"type":"deal.v1"}', "missing required field `program`"),
        (b'{"type":"click.v1"}', "Invalid value 'click.v1'"),
        (b'{"type":"deal.v99"}', "Invalid value 'deal.v99'"),
        (b"[1]", "Expected `object`, got `array`"),
        (
            b'{"type":"signup.v1","program":"acme","customer":"carol","event_id":"E-1",'
            b'"occurred_at":"yesterday","known":5}',
            "Expected `int`, got `str` - at `$.occurred_at`",
        ),
        (b'{"type":[]}', "Expected `str`"),
    ],
)
def test_an_unreadable_record_says_which_and_why(value: bytes | None, why: str) -> None:
    with pytest.raises(UnreadableRecord) as caught:
        decode_record(record(topics.CONVERSIONS, value))
    assert str(caught.value).startswith("conversions/3/1842: ")
    assert why in str(caught.value)


def test_an_old_version_is_raised_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Made-up ancestors of deal.v1: v-1 had an amount in major units, v0 had no currency."""

    def cents(old: dict[str, Any]) -> dict[str, Any]:
        return {**old, "type": "deal.v0", "amount": old["amount"] * 100}

    def currency(old: dict[str, Any]) -> dict[str, Any]:
        return {**old, "type": "deal.v1", "currency": "EUR"}

    monkeypatch.setitem(codec.UPCASTS, "deal.v-1", cents)
    monkeypatch.setitem(codec.UPCASTS, "deal.v0", currency)
    old = {
        "type": "deal.v-1", "program": "acme", "customer": "carol", "event_id": "E-1",
        "deal": "D-1", "amount": 7, "occurred_at": 1, "known": 5,
    }  # fmt: skip
    raised = decode_record(record(topics.CONVERSIONS, msgspec.json.encode(old)))
    assert raised == Deal("acme", "carol", "E-1", "D-1", 700, "EUR", 1, 5)

    broken = msgspec.json.encode({**old, "deal": 5})
    with pytest.raises(UnreadableRecord, match=r"conversions/3/1842: Expected `str`.*\$\.deal"):
        decode_record(record(topics.CONVERSIONS, broken))
