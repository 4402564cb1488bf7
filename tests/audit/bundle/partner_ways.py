"""Forgeries of a partner's own bundle, each with what verification must call it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from audit.bundle.format import MANIFEST, RESTS
from tests.audit.bundle.forging import Forged, Line
from tests.audit.bundle.ways import Forge, Way, drop


def first_withheld(lines: list[Line]) -> Line:
    return next(line for line in lines if "effect" in line and line["effect"].get("legs"))


def effect(change: Callable[[Line], object]) -> Forge:
    """Change the first withheld entry that moved money."""
    return lambda forged: forged.each("journal", lambda lines: change(first_withheld(lines)))


def give(amount: int, *, balance: bool) -> Forge:
    def change(line: Line) -> None:
        for leg in line["effect"]["legs"]:
            if not leg.get("unit"):
                leg["amount"] += amount if leg["account"] == "payable" else -amount
        if balance:
            line["effect"]["balance"]["payable"] += amount

    return effect(change)


def excuse(forged: Forged) -> None:
    """Alter an entry and declare that it rests on something withheld."""
    at = forged.edit("journal", '"commission"', base=1)
    forged.each(
        RESTS, lambda lines: lines.append({"step": "entry", "position": at, "why": "withheld"})
    )


def other_hash(forged: Forged) -> None:
    """Of a withheld entry before one that is shown, and so names it."""

    def change(lines: list[Line]) -> None:
        pairs = pairwise(lines)
        next(one for one, other in pairs if "effect" in one and "value" in other)["sha256"] = (
            "0" * 64
        )

    forged.each("journal", change)


def more_decisions(lines: list[Line]) -> None:
    next(line for line in lines if "numbers" in line)["numbers"] = 7


PARTNER = [
    Way("amount of a withheld entry", give(900, balance=False), "unbalanced", "journal/"),
    Way("and its balance", give(900, balance=True), "unbalanced", "journal/"),
    Way("hash of a withheld entry", other_hash, "altered", "previous"),
    Way("leaf of a withheld entry", effect(lambda line: line.update(leaf="0" * 64)), "altered",
        "is not leaf"),
    Way("its instruction", effect(lambda line: line["effect"].update(source="instructions/0/0")),
        "foreign", "instructions/0/0"),
    Way("its effect left out", effect(lambda line: line.pop("effect")), "altered", "effect"),
    Way("an altered entry that is excused", excuse, "altered", "is not leaf"),
    Way("entry removed", drop("journal", "clawback"), "missing", "instructions/"),
    Way("instruction removed", drop("instructions", "payout_due"), "missing", "decisions/0"),
    Way("attribution removed", drop("attributions", "attribution.v1"), "missing", "conversions/"),
    Way("conversion removed", drop("conversions", "deal.v1"), "foreign", "attributions/"),
    Way("number of withheld decisions", lambda forged: forged.each("decisions", more_decisions),
        "altered", "instructions/"),
    Way("a withheld decision's leaf",
        lambda forged: forged.each("decisions", lambda lines: next(
            line for line in lines if "numbers" in line).update(leaf="0" * 64)),
        "altered", "decisions/0"),
    Way("called an auditor's", lambda forged: forged.manifest(scope="auditor"), "altered",
        MANIFEST),
    Way("rests left out", lambda forged: forged.put(RESTS, []), "missing", "conversions/"),
]  # fmt: skip
