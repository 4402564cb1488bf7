"""What a bundle proves, and what it does not, in sentences: the same on screen and on paper."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from audit.bundle.format import Rest
from audit.bundle.verify import Verdict
from cli.reading import iso

STEPS = {
    "entry": ("journal entry", "journal entries"),
    "instruction": ("instruction", "instructions"),
    "attribution": ("attribution", "attributions"),
    "click": ("click", "clicks"),
}
SHOWN_POSITIONS = 6


class Resting(Struct):
    """Steps that rest on withheld records for the same reason."""

    what: str
    """How many of what kind, and why: `3 attributions, each because its conversion is withheld`."""
    positions: list[str]


def counted(step: str, count: int) -> str:
    """`1 click`, `3 clicks`."""
    one, many = STEPS[step]
    return f"{count:,} {one if count == 1 else many}"


def proved(verdict: Verdict) -> list[str]:
    """What was shown, a sentence each."""
    again = verdict.again
    said = [
        f"Decided again, byte for byte: {counted('entry', again.get('entry', 0))} from their "
        f"instructions, {counted('instruction', again.get('instruction', 0))} from what they cite, "
        f"{counted('attribution', again.get('attribution', 0))} from their conversions; "
        f"{counted('click', again.get('click', 0))} found as they were counted.",
        f"The account is whole from its first entry to its newest: {len(verdict.account):,} "
        "entries, one for each instruction, in order. Each that is shown names the hash of the "
        "one before; every balance is what the legs leave.",
        f"The payout is what its decisions and its entries say: {verdict.proof.status}.",
    ]
    checkpoint = verdict.checkpoint
    if checkpoint is None:
        return said
    included = checkpoint.included
    said.append(
        f"Checkpoint {checkpoint.checkpoint} of {iso(checkpoint.recorded_at)}, signed by key "
        f"{checkpoint.key}, covers {_of(included.entries, included.newer_entries, 'entries')} and "
        f"{_of(included.conversions, included.newer_conversions, 'conversions')}: they stand in "
        f"its trees. Its {included.decisions:,} records of decisions are all in the bundle."
    )
    if checkpoint.key_known:
        said.append("The key is the one you gave, or one that it vouches for.")
    if checkpoint.kept:
        said.append(
            f"Checkpoint {checkpoint.kept}, which you keep, is one of this ledger's, and its "
            "decisions are those of the bundle."
        )
    return said


def not_proved(verdict: Verdict) -> list[str]:
    """What nobody can see from this bundle, a sentence each."""
    said = []
    if verdict.rests:
        said.append(
            f"{len(verdict.rests):,} steps rest on withheld records and were not decided again; "
            "they are taken as the ledger states them, also where a later balance includes them."
        )
    checkpoint = verdict.checkpoint
    if checkpoint is None:
        said.append(
            "The ledger had no checkpoint: nothing is signed. The bundle is consistent in itself; "
            "whether it is the ledger's own, and not made up as a whole, it cannot show."
        )
    else:
        included = checkpoint.included
        if included.newer_entries or included.newer_conversions:
            said.append(
                f"Newer than the checkpoint, and so not signed: {included.newer_entries:,} entries "
                f"and {included.newer_conversions:,} conversions."
            )
        if not checkpoint.key_known:
            said.append(
                f"That key {checkpoint.key} is the ledger's, only the bundle says; verify it with "
                "--key and the key you know, or --against a checkpoint you kept."
            )
    said.append(
        "The signatures of click tokens need the ledger's secret and were not checked. The "
        "partner's rank in a contest, and what other conversions earned or did not, rest on "
        "records of others. `pledger replay --verify` on the ledger shows these."
    )
    return said


def resting(rests: Sequence[Rest]) -> list[Resting]:
    """The steps that rest on withheld records, grouped by kind and reason."""
    found: dict[tuple[str, str], list[str]] = {}
    for rest in rests:
        why, _, source = rest.why.partition(": ")
        named = f"{rest.position} (from {source})" if source else rest.position
        found.setdefault((rest.step, why), []).append(named)
    return [
        Resting(
            f"{counted(step, len(positions))}, {'each ' * (len(positions) > 1)}because {why}",
            positions,
        )
        for (step, why), positions in found.items()
    ]


def withheld(verdict: Verdict) -> str:
    """How many records of each topic are left out; empty where none is."""
    left_out = [f"{count:,} {topic}" for topic, count in verdict.withheld.items() if count]
    return ", ".join(left_out)


def _of(covered: int, newer: int, what: str) -> str:
    return f"{covered:,} of {covered + newer:,} {what}"
