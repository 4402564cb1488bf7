"""The customers of one account: each conversion decided again, in its customer's order."""

from __future__ import annotations

from collections.abc import Iterable

from audit.account_proof.copies import AttributionsOf
from audit.account_proof.evidence import Evidence
from audit.account_proof.proved import ProvedAttribution
from audit.decided import Decided
from audit.refold_attributions import refold_attributions
from events import topics
from events.instructions import Instruction
from events.partitioning import partition_of
from events.position import Position, Record


def customers_of(
    evidence: Evidence,
    partner: str,
    decided: Decided,
    instructions: Iterable[Instruction],
) -> list[str]:
    """Keys of the customers the partner has to do with: those the evidence names, and those
    whose attributions its instructions cite."""
    found = dict.fromkeys(evidence.customers(partner, decided))
    for source in dict.fromkeys(instruction.source for instruction in instructions):
        if not source.startswith(f"{topics.ATTRIBUTIONS}/"):
            continue
        cited = _cited(evidence, source)
        if cited is not None and cited.key is not None:
            found[cited.key.decode(errors="replace")] = None
    return list(found)


def prove_customer(evidence: Evidence, key: str, decided: Decided) -> list[ProvedAttribution]:
    """Every conversion of the customer attributed again; raises AuditFailed."""
    partitions = evidence.partitions(topics.CONVERSIONS)
    stream = f"{topics.CONVERSIONS}/{partition_of(key, partitions)}"
    held = {record.offset: record for record in evidence.conversions(key)}
    written = AttributionsOf(list(evidence.attributions(key)), stream)
    proved = []
    for _, said in refold_attributions(iter(held.values()), written, decided, partitions):
        copies = tuple(str(record.position) for record in written.copies[said.n])
        proved.append(ProvedAttribution(copies, said, held[said.n]))
    written.none_left()
    return proved


def _cited(evidence: Evidence, source: str) -> Record | None:
    try:
        position = Position.parse(source)
    except ValueError:
        return None
    return evidence.record(position)
