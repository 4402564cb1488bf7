"""A contest's closing follows from the journal it cites and the terms it names."""

from __future__ import annotations

import msgspec

from audit.contests import prove_contests
from audit.decided import read_decisions
from audit.difference import Difference
from events import decisions as facts
from events.terms import Contest, Prize
from tests.audit.memory import NOON, MemoryLedger
from tests.audit.rewards_scene import GENERAL, closed_race, people, rewarded, sell
from tests.audit.rewards_scene import Decider as Decides
from tests.audit.scene import replayed


def closing_with(**changes: object) -> tuple[MemoryLedger, list[Difference]]:
    """A sold ledger whose contest is closed with what a forger changes of the closing."""
    ledger = MemoryLedger()
    decide = Decides(ledger)
    people(decide)
    sell(ledger)
    ledger.process()
    closed = msgspec.structs.replace(closed_race(ledger), **changes)
    decide("contest:acme/race", closed)
    ledger.relay()  # the prizes are booked as it says
    ledger.post()
    return ledger, replayed(ledger.log).differences


def test_an_honest_closing_is_verified() -> None:
    ledger, differences = closing_with()
    assert differences == []
    [closed] = [one for one in read_decisions(ledger.log).decisions if "closed" in one.name]
    winners = msgspec.json.decode(closed.state, type=facts.ContestClosed).winners
    assert [(one.rank, one.amount, one.unit) for one in winners] == [
        (1, 2_500, "EUR"),
        (2, 90, "acme:points"),
    ]


def test_closings_with_other_winners_are_named() -> None:
    ledger, _ = closing_with()
    winners = closed_race(ledger).winners
    first, second = winners
    swapped = (
        msgspec.structs.replace(first, partner=second.partner),
        msgspec.structs.replace(second, partner=first.partner),
    )
    richer = (msgspec.structs.replace(first, amount=99_999), second)
    third = facts.Winner(3, "kim", 1, 9_000, "EUR")
    for forged in (swapped, richer, (*winners, third), (second,), ()):
        _, [difference] = closing_with(winners=forged)
        assert difference.kind == "altered"
        assert difference.position.startswith("decisions/0/")
        assert "the winners of contest race of acme are not those" in difference.detail
        assert difference.expected != difference.found


def test_a_closing_of_a_contest_that_its_terms_do_not_have() -> None:
    for changes in ({"contest": "other"}, {"terms": 2}, {"terms": 9}, {"program": "nobody"}):
        _, [difference] = closing_with(**changes)
        assert difference.kind == "foreign"
        assert "of the terms does not have" in difference.detail


def test_later_terms_change_no_closing() -> None:
    """The same name with other prizes and times, decided after the contest was closed."""
    ledger = rewarded(MemoryLedger())
    later = Contest("race", NOON, NOON + 1, (Prize(1),))
    terms = msgspec.structs.replace(GENERAL, version=3, contests=(later,))
    ledger.decide("program:acme", "program.terms_added", facts.TermsAdded("acme", terms))
    assert replayed(ledger.log).differences == []


def test_only_the_contests_of_some_programs() -> None:
    ledger, _ = closing_with(winners=())
    decided = read_decisions(ledger.log)
    assert len(list(prove_contests(ledger.log, decided, lambda records: None, {"acme"}))) == 1
    assert not list(prove_contests(ledger.log, decided, lambda records: None, {"other"}))
