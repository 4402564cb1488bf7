"""The trail of people: each decision as who decided what, when, from where, under which key.

A pure function of a decision as the log has it. What the record says of its origin and what the
decision says of itself are kept apart: `person` is who decided, `is_proved` whether a key says so
(or somebody's word, at a command line or beside the one token). A record that says nothing of its
origin, as those of earlier releases, shows as such.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from events.decisions import Decision
from projections.money import plain
from projections.trail_words import UNKNOWN, WORDS

ABOUT = (
    *("program", "partner", "parent", "customer", "link", "code", "registration", "deal"),
    *("event_id", "adjustment", "receipt", "contest", "payout", "run", "invoice", "key"),
    *("person", "subject"),
)
"""Fields of a decision that name what it is about."""

CARRIED = ("program", "partner")
"""Of those, what an aggregate's first decision says for its later ones."""

ALL = "all that is available"


class TrailLine(Struct, frozen=True):
    """One decision, as a person asks for it."""

    number: int
    """Of the accepted decision."""
    at: int
    """The broker's time, ms since 1970 UTC."""
    person: str
    """Who decided; empty where nobody was named."""
    is_proved: bool
    """Whether an API key shows it was that person."""
    what: str
    via: str
    """cli, api, worker or scheduler; empty: the record does not say."""
    source: str
    key: str
    name: str
    aggregate: str
    about: tuple[str, ...]
    """The aggregate, its id, and whom and what the decision names."""
    position: str


class Trail:
    """Makes the lines of all decisions, shown one after another from the first on."""

    def __init__(self) -> None:
        self._of: dict[str, dict[str, str]] = {}
        """Aggregate → the program and partner that its first decision named."""

    def line(self, decision: Decision) -> TrailLine:
        """The line of the next decision. What its aggregate belongs to is carried on: a payout
        that is funded names no partner, and is about the one who asked for it."""
        state = state_of(decision.state)
        named = {name: state[name] for name in CARRIED if isinstance(state.get(name), str)}
        carried = self._of.setdefault(decision.aggregate, named)
        return trail_line(decision, {**carried, **state})


def trail_line(decision: Decision, state: Mapping[str, Any] | None = None) -> TrailLine:
    """The line of an accepted decision; `state` instead of its own."""
    state = state_of(decision.state) if state is None else state
    origin = decision.origin
    named = str(state.get("by") or "")
    holder = "" if origin is None else origin.by
    proved = origin is not None and bool(origin.key)
    return TrailLine(
        number=decision.number,
        at=decision.recorded_at,
        person=holder if proved else named or holder,
        is_proved=proved,
        what=in_words(decision.name, decision.aggregate, state),
        via="" if origin is None else origin.via,
        source="" if origin is None else origin.source,
        key="" if origin is None else origin.key,
        name=decision.name,
        aggregate=decision.aggregate,
        about=about(decision.aggregate, state),
        position=decision.position,
    )


def state_of(raw: bytes) -> Mapping[str, Any]:
    """A decision's state as JSON says it; empty for one that is not an object of JSON."""
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def about(aggregate: str, state: Mapping[str, Any]) -> tuple[str, ...]:
    """What a decision concerns, each once: its aggregate, that one's id, and whom it names."""
    named = (state.get(field) for field in ABOUT)
    found = (aggregate, aggregate.partition(":")[2], *named)
    return tuple(dict.fromkeys(text for text in found if isinstance(text, str) and text))


def in_words(name: str, aggregate: str, state: Mapping[str, Any]) -> str:
    """What was decided, as a sentence whose subject is the person."""
    words = WORDS.get(name, UNKNOWN)
    return words.format_map(_Fields(_told(state) | {"name": name, "aggregate": aggregate}))


class _Fields(dict[str, Any]):
    """Fields of a sentence; what a decision does not have shows as `?`."""

    def __missing__(self, field: str) -> str:
        return "?"


def _told(state: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a state, and what sentences say of several together."""
    fields = {field: _plain(value) for field, value in state.items()}
    reason = fields.get("reason")
    fields["because"] = f": {reason}" if reason else ""
    fields["subject"] = state.get("subject") or state.get("deal") or state.get("event_id") or "?"
    if not state.get("parent", "?"):
        fields["parent"] = "nobody"
    amount = state.get("amount")
    unit = state.get("unit") or state.get("currency") or ""
    if type(amount) is int:
        fields["money"] = f"{plain(amount, str(unit))} {unit}" if amount else ALL
    terms = state.get("terms")
    if isinstance(terms, dict):
        fields["version"] = terms.get("version", "?")
        fields["own"] = f" for {terms['partner']} alone" if terms.get("partner") else ""
    return fields


def _plain(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, list) else value
