"""What was owed at a time, as known at a time: plain loops over what happened.

Knows nothing of the folds. It reads the journal's and the conversions' bytes as JSON, asks of
each entry what it is about and when that happened, and adds up legs.

    happenings   one dict an entry: where it stands, when it was recorded, when it was true
    owed         the balances at T of what was recorded before K and true before T
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

REVIEWED = ("held", "released", "rejected", "adjusted")
SHOWN = ("payable", "in_transit", "paid", "fees", "withholding")

Happening = dict[str, Any]
Owed = dict[tuple[str, str, str], dict[str, int]]
"""(partner, program, unit) → column → minor units."""


def happenings(
    journal: Mapping[int, list[bytes]], conversions: Mapping[int, list[bytes]]
) -> list[Happening]:
    """All entries, partition after partition. A list's index is the record's offset."""
    found = []
    for partition in sorted(journal):
        for offset, value in enumerate(journal[partition]):
            entry = json.loads(value)
            found.append(
                {
                    "partition": partition,
                    "offset": offset,
                    "entry": entry,
                    "recorded": entry["at"],
                    "true": true_at(entry, conversions),
                }
            )
    return found


def true_at(entry: dict[str, Any], conversions: Mapping[int, list[bytes]]) -> int:
    """When the conversion behind an entry happened, by the conversion's own record."""
    if entry["kind"] not in ("commission", "clawback", *REVIEWED):
        return int(entry["at"])
    _, partition, offset = entry["conversion"].rsplit("/", 2)
    record = json.loads(conversions[int(partition)][int(offset)])
    if record["type"] == "assignment.v1":  # what was refunded of the deal goes along with it
        record = record["deal"]
    return int(record["occurred_at"])


def known_by(all_: Iterable[Happening], known: int) -> list[Happening]:
    """What was recorded before `known`; of rejected commissions all is true when they were."""
    seen = [dict(one) for one in all_ if one["recorded"] < known]
    for number, one in enumerate(seen):
        if one["entry"]["kind"] != "rejected":
            continue
        for before in reversed(seen[:number]):
            if about(before) == about(one) and before["entry"]["kind"] in (
                "commission",
                "rejected",
            ):
                break
            if about(before) == about(one) and before["entry"]["kind"] == "clawback":
                before["true"] = one["true"]
    return seen


def about(one: Happening) -> tuple[str, ...]:
    """Which commission an entry is about."""
    entry = one["entry"]
    deal = entry.get("deal", "")
    lead = "" if deal else entry.get("event_id", "")
    return (entry["partner"], entry["program"], entry.get("via", ""), deal, lead)


def owed(all_: Iterable[Happening], as_of: int, known: int) -> Owed:
    """What was true before `as_of`, as known before `known`; divided at `as_of` (all ms)."""
    answer: Owed = {}
    for one in known_by(all_, known):
        if one["true"] >= as_of and one["recorded"] >= as_of:
            continue
        entry = one["entry"]
        for leg in entry.get("legs", ()):
            if leg["account"] not in SHOWN:
                continue
            unit = leg.get("unit") or entry["unit"]
            row = answer.setdefault(
                (entry["partner"], entry["program"], unit),
                dict.fromkeys((*SHOWN, "pending", "available"), 0),
            )
            row[leg["account"]] += leg["amount"]
            if leg["account"] == "payable":
                until = leg.get("available_at", 0)
                hold_ends = entry.get("available_at", 0)
                hold_was_over = hold_ends <= entry["at"] and not taken_by_partner(entry, leg)
                if not until and (hold_was_over or not entry.get("engine")):
                    until = hold_ends
                row["pending" if until > as_of else "available"] += leg["amount"]
    return answer


def taken_by_partner(entry: dict[str, Any], leg: dict[str, Any]) -> bool:
    """Owed by a partner that took the customer's money itself: due at once."""
    rules = {other.get("rule", "") for other in entry["legs"] if other["account"] == "wholesale"}
    return leg.get("rule", "") in rules


EARNING = ("commission", "clawback", "released", "rejected", "adjusted", "award")
"""Kinds of entries by which rules give and take."""


def earned(
    all_: Iterable[Happening], as_of: int, known: int
) -> dict[tuple[str, str, str, str], tuple[int, int]]:
    """(partner, program, unit, rule) → what it gave and took back, entry by entry; minor units."""
    found: dict[tuple[str, str, str, str], tuple[int, int]] = {}
    for one in known_by(all_, known):
        entry = one["entry"]
        if entry["kind"] not in EARNING or (one["true"] >= as_of and one["recorded"] >= as_of):
            continue
        legs = entry.get("legs", ())
        wholesale = {leg.get("rule", "") for leg in legs if leg["account"] == "wholesale"}
        moved: dict[tuple[str, str], int] = {}
        for leg in legs:
            if leg["account"] != "payable" or leg.get("rule", "") in wholesale:
                continue
            at = (leg.get("unit") or entry["unit"], leg.get("rule") or entry.get("rule", ""))
            moved[at] = moved.get(at, 0) + leg["amount"]
        for (unit, rule), amount in moved.items():
            key = (entry["partner"], entry["program"], unit, rule)
            up, down = found.get(key, (0, 0))
            found[key] = (up + max(amount, 0), down + min(amount, 0))
    return found


def happened(
    attributions: Mapping[int, list[bytes]],
    conversions: Mapping[int, list[bytes]],
    as_of: int,
    known: int,
) -> int:
    """How many conversion records happened before `as_of`, of those recorded before `known`."""
    count = 0
    for partition, values in conversions.items():
        for record, attribution in zip(values, attributions[partition], strict=True):
            recorded = json.loads(attribution)["recorded_at"]
            true = min(recorded, json.loads(record)["occurred_at"])
            count += recorded < known and true < as_of
    return count
