"""Forgeries of an auditor's bundle, each with what verification must call it."""

from __future__ import annotations

from audit.bundle.format import MANIFEST, NOTE, PROOFS, RESTS, TERMS
from tests.audit.bundle.forging import Forged, Line, set_value, value_of
from tests.audit.bundle.ways import Way, alter, drop, on_line, repeat, swap_lines, swap_values
from tests.audit.signing_scene import resigned, stranger


def pay_more(forged: Forged) -> None:
    """Every amount of an entry, its balance, and all that comes after it."""

    def change(lines: list[Line]) -> None:
        grown = 0
        for line in lines:
            entry = value_of(line)
            if entry["kind"] == "commission" and not grown:
                grown = 500
                for leg in entry["legs"]:
                    leg["amount"] += grown if leg["amount"] > 0 else -grown
            if entry.get("balance"):
                entry["balance"]["payable"] += grown
            set_value(line, entry)

    forged.each("journal", change)


def cut_the_end(forged: Forged) -> None:
    """The payout's last step, with its instruction and its decision."""
    for topic, contains in (
        ("journal", "payout_settled"),
        ("instructions", '"settled"'),
        ("decisions", "payout.settled"),
    ):
        forged.remove(topic, contains)


def invent_decision(forged: Forged) -> None:
    """The money came back, says somebody, after all that was decided."""

    def change(lines: list[Line]) -> None:
        settled = next(line for line in lines if "payout.settled" in line["value"])
        invented = dict(settled, offset=lines[-1]["offset"] + 1)
        value = value_of(settled)
        value["events"][0] |= {"version": 9, "name": "payout.failed"}
        set_value(invented, value)
        lines.append(invented)

    forged.each("decisions", change)


def other_note(forged: Forged) -> None:
    """Another checkpoint beside the decisions, signed by nobody's key."""
    note = forged.members[NOTE].decode()
    forged.members[NOTE] = resigned(note, stranger(), previous="0" * 64).encode()


def other_note_everywhere(forged: Forged) -> None:
    """The newest checkpoint signed anew with a stranger's key, in the decisions too."""
    note = forged.members[NOTE].decode()
    made = resigned(note, stranger())

    def change(lines: list[Line]) -> None:
        line = next(line for line in lines if '"checkpoint":2' in line["value"])
        value = value_of(line)
        value["events"][0]["state"]["note"] = made
        set_value(line, value)

    forged.each("decisions", change)
    forged.members[NOTE] = made.encode()


AUDITOR = [
    Way("amount of a leg", alter("journal", "commission", legs=[]), "altered", "journal/"),
    Way("amounts and balances, consistently", pay_more, "altered", "journal/"),
    Way("base of an entry", alter("journal", "commission", base=1), "altered", "base"),
    Way("time of an entry", alter("journal", "commission", at=1), "altered", "field at"),
    Way("rule of an entry", alter("journal", "commission", rule="?"), "altered", "rule"),
    Way("hash of the one before", alter("journal", "clawback", previous="00"), "altered", "prev"),
    Way("entry removed", drop("journal", "commission"), "missing", "instructions/"),
    Way("newest entry removed", drop("journal", "settled"), "missing", "instructions/"),
    Way("entry repeated", repeat("journal"), "altered", "repeated"),
    Way("entries swapped", swap_lines("journal"), "altered", "swapped"),
    Way("contents of entries swapped", swap_values("journal", 1, 2), "missing", "moved"),
    Way("key of an entry", on_line("journal", 3, key="omar"), "missing", "instructions/"),
    Way("instruction's amount", alter("instructions", "commission", amount=1), "altered", "amount"),
    Way("instruction removed", drop("instructions", "refund_due"), "missing", "attributions/"),
    Way("instruction's time", on_line("instructions", 3, recorded_at=5), "altered", "field at"),
    Way("who is credited", alter("attributions", '"credited"', credits=[]), "altered", "credits"),
    Way("attribution removed", drop("attributions", "refunded"), "missing", "conversions/"),
    Way("conversion's amount", alter("conversions", "deal.v1", amount=9), "altered", "attrib"),
    Way("conversion removed", drop("conversions", "refund"), "foreign", "attributions/"),
    Way("conversion's time", on_line("conversions", 2, recorded_at=5), "altered", "recorded_at"),
    Way("click removed", drop("clicks", "jane-link"), "click", "not in the log"),
    Way("click of another", alter("clicks", "jane-link", partner="omar"), "click", "omar"),
    Way("click that does not count", alter("clicks", "jane", invalid=["bot"]), "click", "bot"),
    Way(
        "rate of the terms",
        lambda forged: forged.replace("decisions", 'tage","amount":1000', 'tage","amount":2000'),
        "altered",
        "decisions/0",
    ),
    Way("decision removed", drop("decisions", "terms_added"), "altered", "decisions/0"),
    Way("decision invented", invent_decision, "missing", "decisions/0/"),
    Way("decision's key", on_line("decisions", 1, key="program:x"), "altered", "decisions/0/1"),
    Way("decision's time", on_line("decisions", 3, recorded_at=7), "altered", "decisions/0"),
    Way("end cut off, with its evidence", cut_the_end, "altered", "decision records"),
    Way(
        "terms set apart",
        lambda forged: forged.members.update({TERMS: b"[]\n"}),
        "altered",
        TERMS,
    ),
    Way(
        "an inclusion proof removed",
        lambda forged: forged.each(PROOFS, lambda lines: lines.pop(0)),
        "missing",
        "inclusion proof",
    ),
    Way("an inclusion proof altered", on_line(PROOFS, 0, path=[]), "altered", "leaf 0"),
    Way("another checkpoint", other_note, "checkpoint", NOTE),
    Way("a checkpoint of another key", other_note_everywhere, "signature", "signature"),
    Way(
        "the checkpoint removed",
        lambda forged: forged.members.pop(NOTE),
        "checkpoint",
        "not the note",
    ),
    Way("partner named", lambda forged: forged.manifest(partner="omar"), "altered", MANIFEST),
    Way("ledger named", lambda forged: forged.manifest(ledger="x"), "wrong_ledger", "x"),
    Way(
        "a step declared not to follow",
        lambda forged: forged.put(
            RESTS, [{"step": "entry", "position": "journal/0/0", "why": "?"}]
        ),
        "altered",
        "withholds nothing",
    ),
]
