"""Mismatches and sums as people read them, as JSON and as CSV."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import typer

from audit.reconcile.amounts import Mismatch, UnitSums
from cli.display import Column, print_table, text
from cli.documents.sheet import Cell, number
from cli.money import shown

CSV = ("kind", "subject", "unit", "ledger", "other", "difference", "position", "where", "note")


def mismatch_rows(mismatches: Sequence[Mismatch]) -> list[dict[str, Any]]:
    """As JSON has them: amounts in minor units."""
    return [
        {
            "kind": one.kind,
            "subject": one.subject,
            "unit": one.unit,
            "ledger": one.ours_amount,
            "other": one.theirs_amount,
            "difference": one.difference,
            "position": one.ours,
            "where": one.theirs,
            "note": one.note,
        }
        for one in mismatches
    ]


def sums_rows(sums: Sequence[UnitSums]) -> list[dict[str, Any]]:
    """As JSON has them: minor units."""
    return [
        {
            "unit": one.unit,
            "ledger": one.ours,
            "other": one.theirs,
            "difference": one.difference,
            "explained": one.explained,
            "unexplained": one.unexplained,
        }
        for one in sums
    ]


def csv_rows(mismatches: Sequence[Mismatch]) -> list[list[Cell]]:
    """As CSV has them: amounts as numbers of whole units."""
    return [
        [
            one.kind,
            one.subject,
            one.unit,
            number(one.ours_amount, one.unit),
            number(one.theirs_amount, one.unit),
            number(one.difference, one.unit),
            one.ours,
            one.theirs,
            one.note,
        ]
        for one in mismatches
    ]


def print_mismatches(
    mismatches: Sequence[Mismatch], words: Mapping[str, str], subject: str, show: int
) -> None:
    """Kind by kind, `show` of each (0: all). `words`: kind → what it means."""
    counts = Counter(one.kind for one in mismatches)
    for kind, meaning in words.items():
        if not counts[kind]:
            continue
        found = [one for one in mismatches if one.kind == kind]
        typer.echo(f"{meaning}: {counts[kind]:,}")
        rows = mismatch_rows(found[: show or None])
        print_table(rows, _columns(subject))
        if show and counts[kind] > show:
            typer.echo(f"… and {counts[kind] - show:,} more; --show 0 shows all")


def _columns(subject: str) -> list[Column]:
    return [
        text(subject, "subject"),
        _amount("ledger", "ledger", "position"),
        _amount("there", "other", "where"),
        _amount("difference", "difference", "unit"),
        text("in the ledger", "position"),
        text("there", "where"),
        text("note", "note"),
    ]


def _amount(title: str, key: str, place: str) -> Column:
    """An amount, or nothing on a side that has no place for it."""
    return Column(title, lambda row: shown(row[key], row["unit"]) if row[place] else "", right=True)


def counted(number: int, one: str) -> str:
    """`1 deal`, `2 deals`."""
    return f"{number:,} {one}{'' if number == 1 else 's'}"


def print_sums(sums: Sequence[UnitSums], words: Mapping[str, str], other: str) -> None:
    """Each unit's sums, and by what their difference comes about."""
    for one in sums:
        typer.echo(
            f"{one.unit}: the ledger {shown(one.ours, one.unit)}, {other} "
            f"{shown(one.theirs, one.unit)}, difference {shown(one.difference, one.unit)}"
        )
        for kind, amount in sorted(one.explained.items()):
            typer.echo(f"     {shown(amount, one.unit):>16}  {words.get(kind, kind)}")
        if one.unexplained:
            typer.echo(f"     {shown(one.unexplained, one.unit):>16}  unexplained")
