"""Statements as known now, on random lives: they open and close with the model's balances."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from events.journal import Leg
from projections.effective import Dating, NoTime
from projections.statement import NotOneChain
from projections.statement_as_known import statement_as_known
from projections.statement_parts import Statement
from projections.unit_balance import pending_until
from tests.as_of.asking import told
from tests.as_of.lives import Late, engines, lived, lives, picked, posted
from tests.as_of.model import happenings, owed
from tests.as_of.test_fold import moments
from tests.projections.test_statements import booked, chain
from tests.projections.world import DAY, PARTITIONS, START

END = 2**60


def made(world: Late, partner: str, since: int, until: int) -> Statement | None:
    """As known at the end of the life; None: the partner has no entries."""
    for partition in range(PARTITIONS):
        own = [one for one in posted(world, partition) if one.entry.partner == partner]
        if not own:
            continue
        dating = Dating()
        for one in own:
            dating.see(one)
        wanted = {dating.instruction(one.entry) for one in own} - {""}
        dated = dating.dated(own, told(world, wanted))
        end = len(world.journal[partition])
        starts, ends = (
            next((n for n, one in enumerate(posted(world, partition)) if one.entry.at >= at), end)
            for at in (since, until)
        )
        return statement_as_known(
            dated, partner, "acme", starts=starts, ends=ends, known=end,
            opened_at=since, until=until, closed_at=until,
        )  # fmt: skip
    return None


@given(engines, lives, moments)
def test_it_opens_and_closes_with_what_is_known_now(
    engine: str, life: list[Any], asked: tuple[int, int]
) -> None:
    world = lived(engine, life)
    all_ = happenings(world.journal, world.conversions)
    since, until = sorted(picked(all_, number) for number in asked)
    for partner in ("alice", "bob", "dora"):
        statement = made(world, partner, since, until)
        if statement is None:
            continue
        before, after = owed(all_, since, END), owed(all_, until, END)
        for section in statement.sections:
            key = (partner, "acme", section.unit)
            for sums, model in ((section.opening, before), (section.closing, after)):
                for name in sums.__struct_fields__:
                    assert getattr(sums, name) == model.get(key, {}).get(name, 0), name
            moved = sum(line.amount for line in section.lines)
            assert section.opening.payable + moved == section.closing.payable
            when = [line.effective for line in section.lines]
            assert when == sorted(when)
            assert all(line.effective <= line.at for line in section.lines)
        units = {unit for who, _, unit in after if who == partner}
        assert units <= {section.unit for section in statement.sections}


def test_an_altered_account_has_none() -> None:
    legs = (Leg("commissions", -5), Leg("payable", 5))
    entries = chain(booked("adjustment", *legs), booked("adjustment", *legs, at=2000))
    entries[1] = entries[1]._replace(entry=entries[0].entry)
    dated = Dating().dated(entries, {})
    with pytest.raises(NotOneChain, match="journal/0/1: previous is"):
        statement_as_known(dated, "jane", "acme", starts=0, ends=9, known=9,
                           opened_at=0, until=END, closed_at=END)  # fmt: skip


def test_an_entry_whose_instruction_bears_no_time_is_named() -> None:
    legs = (Leg("commissions", -5), Leg("payable", 5))
    [entry] = chain(booked("commission", *legs, conversion="conversions/0/7"))
    with pytest.raises(NoTime, match=r"journal/0/0: when .*conversions/0/7 .* instructions/0/0"):
        Dating().dated([entry], {})


def test_what_a_partner_collected_is_a_debt_at_once() -> None:
    """Its commission is pending until the hold ends, whenever it was booked; the debt never."""
    hold_ends, late = START + 7 * DAY, START + 9 * DAY
    debt = booked(
        "commission",
        Leg("wholesale", 70, rule="margin"),
        Leg("payable", -70, rule="margin"),
        Leg("commissions", -5, rule="thanks"),
        Leg("payable", 5, rule="thanks"),
        engine="2",
        at=late,
        available_at=hold_ends,
    )
    _, owed_back, _, thanks = debt.legs
    assert pending_until(debt, owed_back) == 0
    assert pending_until(debt, thanks) == hold_ends
