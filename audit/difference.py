"""A difference between what the log says and what follows from it."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

from events.position import Record

DifferenceKind = Literal[
    "altered",  # the record is there with other content than its input gives
    "missing",  # an accepted input without its record
    "foreign",  # a record without an input
    "click",  # a cited click that is forged, not in the log, or another's
    "payout",  # the Payout aggregate says other than the journal
    "invoice",  # an invoice says other than the journal, or than the one before it
    "unbalanced",  # legs that do not sum to zero
    "checkpoint",  # a checkpoint that says other than its note, or does not follow the last one
    "truncated",  # fewer records than a checkpoint signed
    "rewritten",  # other records before a checkpoint than it signed
    "signature",  # of a checkpoint or a key, that is not its signer's
    "unknown_key",  # signed by a key that the ledger, or who verifies, does not know
    "retired_key",  # signed by a key after it was retired
    "unvouched_key",  # a key that no key before it vouches for
    "fork",  # two checkpoints of one number
    "wrong_ledger",  # a checkpoint of another ledger
]


class Difference(Struct, frozen=True):
    """One record that says other than what follows from the log, or is not there."""

    kind: DifferenceKind
    position: str
    """`topic/partition/offset` of the record that differs, or of the input that lacks one."""
    detail: str
    expected: str = ""
    found: str = ""


class AuditFailed(Exception):
    """Carries the first difference an audit met."""

    def __init__(self, difference: Difference) -> None:
        super().__init__(f"{difference.kind} {difference.position}: {difference.detail}")
        self.difference = difference


def altered(record: Record, expected: bytes, origin: str) -> Difference:
    """`record` says other than `expected`; `origin`: what it comes from, in words."""
    return Difference(
        "altered",
        str(record.position),
        f"{origin}; {field_changes(expected, record.value or b'')}",
        expected=text(expected),
        found=text(record.value),
    )


def foreign(record: Record, detail: str) -> Difference:
    """`record` is not made from anything in the log; `detail` says how that shows."""
    return Difference("foreign", str(record.position), detail, found=text(record.value))


def wrong_key(record: Record, expected: bytes, whose: str = "") -> Difference:
    """`record` stands under another Kafka key than what it says gives."""
    return Difference(
        "altered",
        str(record.position),
        f"its Kafka key is {text(record.key)!r}, expected {whose}{text(expected)!r}",
        expected=text(expected),
        found=text(record.key),
    )


def text(value: bytes | None) -> str:
    """Record bytes for a person: JSON as it stands, undecodable bytes escaped."""
    return "" if value is None else value.decode(errors="backslashreplace")


def field_changes(expected: bytes, found: bytes) -> str:
    """The fields in which two JSON records differ, for example `legs, balance`."""
    try:
        left, right = msgspec.json.decode(expected), msgspec.json.decode(found)
    except msgspec.DecodeError:
        return "the record is not JSON"
    if not isinstance(left, dict) or not isinstance(right, dict):
        return "the record is not a JSON object"
    names = [name for name in left if left[name] != right.get(name)]
    names += [name for name in right if name not in left]
    return "field " + ", ".join(names) if names else "same fields, other bytes"
