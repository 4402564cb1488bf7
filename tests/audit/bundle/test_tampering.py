"""Whatever is changed in a bundle is found and named, also where all hashes were made to fit."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import pytest

from audit.bundle.archive import BadBundle
from audit.bundle.format import MANIFEST, NOTE, PROOFS, RESTS, TERMS, Scope
from audit.bundle.verify import Verdict, verify_members
from audit.difference import AuditFailed, Difference
from audit.notes import parse_note
from audit.signing import PublicKey
from tests.audit.bundle.forging import Forged, Line, position, set_value, value_of
from tests.audit.bundle.reading import exported, members_in
from tests.audit.memory import MemoryLedger
from tests.audit.rewards_scene import rewarded
from tests.audit.scene import paid
from tests.audit.signing_scene import Signing, resigned, stranger

Forge = Callable[[Forged], object]


class Way(NamedTuple):
    name: str
    forge: Forge
    kind: str
    where: str
    """What the position or the detail of the difference names."""


@cache
def signed() -> Signing:
    """A paid ledger with two checkpoints; some entries are newer than both."""
    signing = Signing(paid(MemoryLedger()))
    signing.sign(1 / 2)
    signing.sign(9 / 10)
    return signing


@cache
def members(scope: Scope) -> dict[str, bytes]:
    if scope == "auditor":
        return members_in(exported(signed().ledger)[0])
    signing = Signing(rewarded(MemoryLedger()))
    signing.sign()
    return members_in(exported(signing.ledger, "partner")[0])


@cache
def unsigned() -> bytes:
    """The bundle of a ledger that has no checkpoint."""
    return exported(paid(MemoryLedger()))[0]


def difference(forged: dict[str, bytes], known: PublicKey | None = None) -> Difference:
    with pytest.raises(AuditFailed) as failed:
        verify_members(forged, known)
    return failed.value.difference


def verdict(scope: Scope = "auditor") -> Verdict:
    return verify_members(members(scope))


def alter(topic: str, contains: str, **changes: object) -> Forge:
    return lambda forged: forged.edit(topic, contains, **changes)


def drop(topic: str, contains: str) -> Forge:
    return lambda forged: forged.remove(topic, contains)


def on_line(name: str, number: int, **changes: object) -> Forge:
    return lambda forged: forged.each(name, lambda lines: lines[number].update(changes))


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


def swap_lines(topic: str) -> Forge:
    def change(lines: list[Line]) -> None:
        lines[3], lines[4] = lines[4], lines[3]

    return lambda forged: forged.each(topic, change)


def swap_values(topic: str, first: int, second: int) -> Forge:
    def change(lines: list[Line]) -> None:
        one, other = lines[first], lines[second]
        one["value"], other["value"] = other["value"], one["value"]

    return lambda forged: forged.each(topic, change)


def repeat(topic: str) -> Forge:
    return lambda forged: forged.each(topic, lambda lines: lines.insert(2, lines[2]))


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


@pytest.mark.parametrize("way", AUDITOR, ids=lambda way: way.name)
def test_a_change_with_hashes_that_fit_is_found_and_named(way: Way) -> None:
    forged = Forged(members("auditor"))
    way.forge(forged)
    found = difference(forged.corrected())
    assert (found.kind, way.where in f"{found.position} {found.detail}") == (way.kind, True), found


SIGNED = ("decision's time", "end cut off, with its evidence", "ledger named")
"""What only a checkpoint shows, besides changes to the checkpoint itself."""


@pytest.mark.parametrize("way", AUDITOR, ids=lambda way: way.name)
def test_most_is_found_without_a_checkpoint_too(way: Way) -> None:
    forged = Forged(members_in(unsigned()))
    if way.name in SIGNED or "checkpoint" in way.name or "inclusion" in way.name:
        return
    way.forge(forged)
    difference(forged.corrected())


@pytest.mark.parametrize("way", PARTNER, ids=lambda way: way.name)
def test_so_it_is_in_a_partners_own(way: Way) -> None:
    forged = Forged(members("partner"))
    way.forge(forged)
    found = difference(forged.corrected())
    assert (found.kind, way.where in f"{found.position} {found.detail}") == (way.kind, True), found


@pytest.mark.parametrize("way", AUDITOR, ids=lambda way: way.name)
def test_without_new_hashes_the_member_is_named(way: Way) -> None:
    forged = Forged(members("auditor"))
    way.forge(forged)
    if forged.members[MANIFEST] != members("auditor")[MANIFEST]:
        return  # the manifest itself was changed
    changed = {n for n, member in members("auditor").items() if forged.members.get(n) != member}
    if NOTE in changed - set(forged.members):
        with pytest.raises(BadBundle, match=f"{NOTE} is missing"):
            verify_members(forged.members)
    else:
        found = difference(forged.members)
        assert (found.kind, found.position in changed) == ("altered", True)


def test_honest_bundles_are_verified_and_say_what_the_checkpoint_covers() -> None:
    checked = verdict().checkpoint
    assert checked is not None and (checked.checkpoint, checked.key_known) == (2, False)
    assert 0 < checked.included.newer_entries < checked.included.entries
    assert checked.included.decisions > 0
    own = verdict("partner").checkpoint
    assert own is not None and own.included.newer_entries == 0


def test_a_ledger_made_up_as_a_whole_shows_only_by_the_key() -> None:
    forger = Signing(paid(MemoryLedger()))
    forger.sign()
    made_up = members_in(exported(forger.ledger)[0])
    assert verify_members(made_up).checkpoint is not None
    found = difference(made_up, signed().private().public)
    assert found.kind == "unknown_key"
    assert verify_members(members("auditor"), signed().private().public).checkpoint is not None


def test_an_old_bundle_is_older_than_the_checkpoint_that_was_kept() -> None:
    signing = Signing(paid(MemoryLedger()))
    first = parse_note(signing.sign(1 / 2))
    old = members_in(exported(signing.ledger)[0])
    newer = parse_note(signing.sign())
    with pytest.raises(AuditFailed, match="older than what you keep"):
        verify_members(old, None, newer)
    fresh = members_in(exported(signing.ledger)[0])
    for kept in (first, newer):
        checked = verify_members(fresh, None, kept).checkpoint
        assert checked is not None and checked.kept == kept.checkpoint
    other = Signing(paid(MemoryLedger()))
    other.ledger.decide("program:x", "program.created", {"program": "x"})  # type: ignore[arg-type]
    other.sign(1 / 2)
    with pytest.raises(AuditFailed) as failed:
        verify_members(members_in(exported(other.ledger)[0]), None, first)
    assert failed.value.difference.kind == "unknown_key"


def test_every_position_that_is_named_is_one_of_the_bundle() -> None:
    """No difference names a record that is not there to be looked at."""
    forged = Forged(members("auditor"))
    at = forged.edit("journal", "commission", base=1)
    assert difference(forged.corrected()).position == at
    lines = Forged(members("auditor")).lines("journal")
    assert at in {position(line) for line in lines}
