"""The answer to a what-if as people read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import typer

from audit.what_if.answer import Asked, WhatIf
from audit.what_if.compare import Move
from cli.display import Column, count, money, print_table, text
from cli.money import plain, shown
from cli.reading import iso

ACTUAL = money("as it was", "actual")
WHAT_IF = money("what if", "what_if")


def print_answer(answer: WhatIf) -> None:
    """Tables on stdout: totals, partners, rules, moves, conversions, and what else is other."""
    for asked in answer.asked:
        typer.echo(_asked(asked))
    if answer.clicks_counted or answer.clicks_refused:
        typer.echo(
            f"clicks that count now: {answer.clicks_counted:,}; "
            f"that count no longer: {answer.clicks_refused:,}"
        )
    if not answer.totals:
        typer.echo("nothing was earned, and nothing would have been")
    balance = [
        ACTUAL, WHAT_IF, DIFFERENCE, money("waiting", "waiting"),
        money("waiting what if", "what_if_waiting"), money("paid out", "paid_out"),
        money("overpaid", "overpaid"),
    ]  # fmt: skip
    program = text("program", "program")
    _print("in all", answer.totals, [program, *balance])
    _print("by partner", answer.partners, [program, text("partner", "partner"), *balance])
    _print(
        "by rule",
        answer.rules,
        [
            program, text("kind", "kind"), text("rule", "rule"), ACTUAL, WHAT_IF, DIFFERENCE,
            count("deals", "deals"), count("deals what if", "what_if_deals"),
            count("others", "moved"),
        ],
    )  # fmt: skip
    _print_moves(answer)
    counted = [program, text("what", "what"), text("why", "why"), count("as it was", "actual"),
               count("what if", "what_if")]  # fmt: skip
    _print("conversions", answer.conversions_by_outcome, counted)
    _print("held, not booked, cut by a cap", answer.effects, counted)
    _print(
        "payouts that the accounts would have answered otherwise",
        answer.payouts,
        [
            program, text("partner", "partner"), text("payout", "payout"),
            ACTUAL, WHAT_IF, money("overpaid", "overpaid"), text("why", "reason"),
        ],
    )  # fmt: skip
    _print(
        "reviews that would have had another effect",
        answer.reviews,
        [
            program, text("partner", "partner"), Column("of", _subject), text("step", "step"),
            text("as it was", "actual"), text("what if", "what_if"), text("decision", "position"),
        ],
    )  # fmt: skip


def _print(title: str, found: Sequence[msgspec.Struct], columns: list[Column]) -> None:
    if found:
        print_table([msgspec.to_builtins(one) for one in found], columns, title=title)


def _print_moves(answer: WhatIf) -> None:
    if not answer.moves:
        return
    rows = [
        msgspec.to_builtins(move) | {"difference": move.difference, "why": _why(move)}
        for move in answer.moves
    ]
    columns = [
        text("program", "program"), text("partner", "partner"), Column("deal or lead", _subject),
        ACTUAL, WHAT_IF, DIFFERENCE, text("why", "why"),
    ]  # fmt: skip
    title = f"what moves most ({len(rows):,} of {answer.moved:,} commissions that would be others)"
    print_table(rows, columns, title=title)


def _why(move: Move) -> str:
    if move.credited != move.credited_what_if:
        return f"{move.credited} → {move.credited_what_if}"
    parts = []
    for rule, (was, would) in move.rules.items():
        parts.append(f"{rule} {plain(was, move.unit)} → {plain(would, move.unit)}")
    return ", ".join(parts)


def _subject(row: Any) -> str:
    named = row["deal"] or f"lead {row['event_id']}"
    return f"{named} of {row['via']}" if row["via"] else str(named)


def _signed(row: Any) -> str:
    amount = int(row["difference"])
    return ("+" if amount > 0 else "") + shown(amount, str(row["unit"]))


DIFFERENCE = Column("difference", _signed, right=True)


def _asked(asked: Asked) -> str:
    whose = f"{asked.partner}'s own terms" if asked.partner else "the general terms"
    bounds = [
        f"from {iso(asked.begins)}" if asked.begins is not None else "",
        f"before {iso(asked.ends)}" if asked.ends is not None else "",
    ]
    when = " and ".join(bound for bound in bounds if bound) or "at any time"
    also = ", and of all partners' own" if asked.without_individual else ""
    return f"{asked.program}: in the place of {whose}{also}, for what happened {when}"
