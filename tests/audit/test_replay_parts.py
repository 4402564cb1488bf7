"""Replays of one partner or program, and replays that go on where they were interrupted."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from audit.kept_parts import KeptParts, Rests, keeping, open_parts
from audit.prove_attributions import ProvedAttributions
from audit.prove_journal import ProvedJournal
from audit.relayed import Due
from audit.replay import ReplayReport, Rounds, replay
from audit.scope import WHOLE, Scope
from events import decisions as facts
from events import topics
from events.conversions import Deal
from events.partitioning import partition_of
from tests.audit.memory import NOON, PARTITIONS, MemoryLedger, MemoryLog
from tests.audit.scene import TERMS, edit, found, paid, replayed, rounds_of
from tests.audit.tampering import WAYS, Way

RESTS = Rests("log", "code", "keys", {})
SCOPES = [WHOLE, Scope(partner="jane"), Scope(program="acme")]


class Interrupted(Exception):
    """Stands for Ctrl-C, or the process's end, at a place between two partitions."""


@pytest.fixture
def ledger() -> MemoryLedger:
    return paid(MemoryLedger())


def with_other_program(ledger: MemoryLedger) -> MemoryLedger:
    """Omar sells for a second program too."""
    ledger.decide("program:zeta", "program.created", facts.ProgramCreated("zeta", "Zeta", "EUR"))
    ledger.decide("program:zeta", "program.terms_added", facts.TermsAdded("zeta", TERMS))
    ledger.decide("partner:omar", "partner.applied", facts.PartnerApplied("omar", "zeta"))
    ledger.decide("partner:omar", "partner.approved", facts.PartnerApproved("omar", "zeta"))
    for number in range(10):
        deal = Deal(
            "zeta", f"z{number}", f"ze{number}", f"zd{number}", 700, "EUR", NOON, ledger.known,
            partner="omar",
        )  # fmt: skip
        ledger.convert(deal)
    ledger.process()
    return ledger


def timeless(report: ReplayReport) -> ReplayReport:
    return msgspec.structs.replace(report, seconds=0, records_per_second=0)


# -- scopes --------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", SCOPES, ids=["whole", "partner", "program"])
def test_an_honest_ledger_is_verified_in_part_as_in_whole(
    ledger: MemoryLedger, scope: Scope
) -> None:
    report = replayed(with_other_program(ledger).log, scope)
    assert report.differences == []
    assert report.verified
    assert {unit: sum(a.values()) for unit, a in report.trial_balance.items()} == {"EUR": 0}


def test_parts_add_up_to_the_whole(ledger: MemoryLedger) -> None:
    log = with_other_program(ledger).log
    whole = replayed(log)
    for parts in (
        [replayed(log, Scope(program=name)) for name in ("acme", "zeta")],
        [replayed(log, Scope(partner=name)) for name in ("jane", "omar")],
    ):
        assert sum(part.entries for part in parts) == whole.entries
        assert sum(part.instructions for part in parts) == whole.instructions
        for account, amount in whole.trial_balance["EUR"].items():
            got = sum(part.trial_balance.get("EUR", {}).get(account, 0) for part in parts)
            assert got == amount, account
    by_program = [replayed(log, Scope(program=name)).conversions for name in ("acme", "zeta")]
    assert sum(by_program) == whole.conversions


WITHOUT_EFFECT = ("an attribution of nothing", "an attribution of a stream that is not there")
"""What no conversion gives and nobody books is of no partner and no program: only a replay of
all looks for it."""


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
@pytest.mark.parametrize("scope", SCOPES[1:], ids=["partner", "program"])
def test_every_way_of_tampering_is_caught_in_part(
    ledger: MemoryLedger, way: Way, scope: Scope
) -> None:
    """All of them touch program acme; those that touch jane are said to."""
    way.apply(ledger)
    report = replayed(ledger.log, scope)
    if way.name not in WITHOUT_EFFECT and (scope.program or way.concerns_payout):
        assert not report.verified
        assert way.kind in {difference.kind for difference in report.differences}


def test_another_program_is_not_judged(ledger: MemoryLedger) -> None:
    with_other_program(ledger)
    position = found(ledger.log, topics.ATTRIBUTIONS, '"program":"zeta"')
    edit(ledger.log, position, amount=999_999)
    assert replayed(ledger.log, Scope(program="acme")).verified
    assert replayed(ledger.log, Scope(partner="jane")).verified
    for scope in (WHOLE, Scope(program="zeta"), Scope(partner="omar")):
        [difference] = replayed(ledger.log, scope).differences
        assert difference.position == str(position)


def test_what_anothers_payout_was_told_is_not_judged(ledger: MemoryLedger) -> None:
    """A telling names the payout alone: it belongs to whom the payout was asked for."""
    asked = facts.PayoutRequested("po-3", "acme", "omar", "EUR", 500)
    ledger.decide("payout:po-3", "payout.requested", asked)
    ledger.process()
    entry = found(ledger.log, topics.JOURNAL, '"payout":"po-3"')
    told = facts.PayoutFunded("po-3", 500, str(entry))
    ledger.decide("payout:po-3", "payout.funded", told)
    assert replayed(ledger.log).verified
    assert replayed(ledger.log, Scope(partner="jane")).differences == []
    edit(ledger.log, entry, reason="?")
    assert replayed(ledger.log, Scope(partner="jane")).verified
    assert not replayed(ledger.log, Scope(partner="omar")).verified


def test_only_the_partners_own_journal_is_read() -> None:
    homes = Scope(partner="jane").journals(PARTITIONS)
    assert homes == [partition_of("jane", PARTITIONS)]
    assert Scope(program="acme").journals(PARTITIONS) == list(range(PARTITIONS))


# -- going on ------------------------------------------------------------------------------


def interrupted_after(rounds: Rounds, parts: int) -> Rounds:
    """The rounds, until so many partitions were proved."""
    left = parts

    def counted() -> None:
        nonlocal left
        if left == 0:
            raise Interrupted
        left -= 1

    def attributions(ends: dict[int, int]) -> Iterator[ProvedAttributions]:
        for proof in rounds.attributions(ends):
            counted()
            yield proof

    def journal(due: Due, partitions: list[int]) -> Iterator[ProvedJournal]:
        for proof in rounds.journal(due, partitions):
            counted()
            yield proof

    return Rounds(attributions, journal)


def kept_in(
    home: Path, log: MemoryLog, rests: Rests = RESTS, scope: Scope = WHOLE, fresh: bool = False
) -> KeptParts:
    return open_parts(home, log, rests, scope, fresh=fresh, now=0)


def go_on(home: Path, log: MemoryLog, parts: int = -1, scope: Scope = WHOLE) -> ReplayReport:
    """A replay with what is kept, interrupted after so many parts; -1: never."""
    kept = kept_in(home, log, scope=scope)
    rounds = keeping(interrupted_after(rounds_of(log, scope), parts), kept)
    report = replay(log, rounds, kept.plan)
    kept.drop()
    return report


@pytest.mark.parametrize("scope", SCOPES, ids=["whole", "partner", "program"])
def test_one_that_was_interrupted_anywhere_reports_what_one_run_does(
    ledger: MemoryLedger, tmp_path: Path, scope: Scope
) -> None:
    expected = timeless(replayed(ledger.log, scope))
    chance = random.Random(7)
    for parts in range(2 * PARTITIONS):
        home = tmp_path / str(parts)
        try:
            report = go_on(home, ledger.log, parts, scope)
        except Interrupted:
            with suppress(Interrupted):  # once more, sooner or later
                go_on(home, ledger.log, chance.randrange(2), scope)
            report = go_on(home, ledger.log, scope=scope)
        assert timeless(report) == expected
        assert list(home.glob("replay/*")) == []


def test_finished_parts_are_not_read_again(ledger: MemoryLedger, tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        go_on(tmp_path, ledger.log, PARTITIONS + 2)
    kept = kept_in(tmp_path, ledger.log)
    assert (kept.resumed, kept.count()) == (True, PARTITIONS + 2)
    assert len(kept.partitions("journal")) == 2


def test_the_log_may_have_grown_since(ledger: MemoryLedger, tmp_path: Path) -> None:
    """It reads to where the log ended when it began; the next one reads the rest."""
    before = timeless(replayed(ledger.log))
    with pytest.raises(Interrupted):
        go_on(tmp_path, ledger.log, PARTITIONS)
    ledger.decide("partner:late", "partner.registered", facts.PartnerRegistered("late", "Late"))
    for number in range(5):
        deal = Deal("acme", f"l{number}", f"le{number}", f"ld{number}", 700, "EUR", NOON, 3)
        ledger.convert(deal)
    assert timeless(go_on(tmp_path, ledger.log)) == before
    [missing, *_] = replayed(ledger.log).differences  # nobody has processed the five yet
    assert missing.kind == "missing"


@pytest.mark.parametrize(
    "changed",
    [
        Rests("another log", "code", "keys", {}),
        Rests("log", "other code", "keys", {}),
        Rests("log", "code", "other keys", {}),
        Rests("log", "code", "keys", {"journal": 9}),
    ],
    ids=["log", "code", "keys", "partitions"],
)
def test_nothing_is_kept_under_other_circumstances(
    ledger: MemoryLedger, tmp_path: Path, changed: Rests
) -> None:
    with pytest.raises(Interrupted):
        go_on(tmp_path, ledger.log, 3)
    kept = kept_in(tmp_path, ledger.log, changed)
    assert (kept.resumed, kept.count()) == (False, 0)


@pytest.mark.parametrize("topic", [topics.DECISIONS, topics.CONVERSIONS, topics.INSTRUCTIONS])
def test_nothing_is_kept_of_a_log_that_changed(
    ledger: MemoryLedger, tmp_path: Path, topic: str
) -> None:
    with pytest.raises(Interrupted):
        go_on(tmp_path, ledger.log, 3)
    newest = next(
        held[-1] for (name, _), held in ledger.log.records.items() if name == topic and held
    )
    ledger.log.replace(newest.position, recorded_at=newest.recorded_at + 1)
    assert not kept_in(tmp_path, ledger.log).resumed


def test_a_log_that_was_cut_off_is_another(ledger: MemoryLedger, tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        go_on(tmp_path, ledger.log, 3)
    max(
        (held for (name, _), held in ledger.log.records.items() if name == topics.CONVERSIONS),
        key=len,
    ).pop()
    assert not kept_in(tmp_path, ledger.log).resumed


def test_fresh_keeps_nothing(ledger: MemoryLedger, tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        go_on(tmp_path, ledger.log, 3)
    assert not kept_in(tmp_path, ledger.log, fresh=True).resumed


def test_torn_and_altered_files_are_read_again(ledger: MemoryLedger, tmp_path: Path) -> None:
    expected = timeless(replayed(ledger.log))
    with pytest.raises(Interrupted):
        go_on(tmp_path, ledger.log, PARTITIONS + 2)
    torn, altered, *_ = sorted(tmp_path.glob("replay/*/attributions-*"))
    torn.write_bytes(torn.read_bytes()[:-1])
    content = bytearray(altered.read_bytes())
    content[-1] ^= 1
    altered.write_bytes(content)
    assert timeless(go_on(tmp_path, ledger.log)) == expected


def test_a_difference_is_looked_at_again(ledger: MemoryLedger, tmp_path: Path) -> None:
    """What was missing because no worker ran may be there now."""
    position = found(ledger.log, topics.CONVERSIONS, '"deal"')
    attributions = ledger.log.records[topics.ATTRIBUTIONS, position.partition]
    held = list(attributions)
    attributions.clear()
    kept = kept_in(tmp_path, ledger.log)
    assert not replay(ledger.log, keeping(rounds_of(ledger.log), kept), kept.plan).verified
    attributions.extend(held)
    assert go_on(tmp_path, ledger.log).verified
