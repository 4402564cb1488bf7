"""The options of `pledger replay` that ask what would have been paid.

They stand in one place, and `replay` hands them over as they are: see `cli.what_if`.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

import typer

TOP = 10
"""Commissions that move most, of each unit."""

Files = Annotated[
    list[str] | None,
    typer.Option(
        "--what-if",
        help="Terms (TOML or JSON) in the place of the program's; PROGRAM=FILE for several.",
        metavar="FILE",
    ),
]
Begins = Annotated[
    str, typer.Option("--from", help="What-if: only what happened from then on; ISO 8601.")
]
Ends = Annotated[str, typer.Option("--to", help="What-if: only what happened before; ISO 8601.")]
WithoutIndividual = Annotated[
    bool,
    typer.Option("--without-individual", help="What-if: also for partners with own terms."),
]
CountClicks = Annotated[
    str,
    typer.Option(
        "--count-clicks",
        help="What-if: clicks count that were invalid for these reasons only: bot,prefetch.",
        metavar="REASONS",
    ),
]
RefuseClicks = Annotated[
    list[str] | None,
    typer.Option(
        "--refuse-clicks",
        help="What-if: clicks do not count a field of which has this value: country=XX.",
        metavar="FIELD=VALUE",
    ),
]
Top = Annotated[
    int, typer.Option("--top", help="What-if: commissions that move most, of each unit.", min=0)
]
ToWarehouse = Annotated[
    str,
    typer.Option(
        "--to-warehouse",
        help="What-if: write the answer into the warehouse's table what_if under this name.",
        metavar="NAME",
    ),
]


class WhatIfOptions(NamedTuple):
    """What was asked beside `--program`, as people typed it."""

    files: tuple[str, ...] = ()
    begins: str = ""
    ends: str = ""
    without_individual: bool = False
    count_clicks: str = ""
    refuse_clicks: tuple[str, ...] = ()
    top: int = TOP
    to_warehouse: str = ""

    @property
    def asked(self) -> bool:
        """Whether a what-if is asked at all."""
        return bool(self.files or self.count_clicks or self.refuse_clicks)

    def stray(self) -> str:
        """The first option that means nothing without a what-if; empty: none was given."""
        if self.asked:
            return ""
        given = {
            "--from": self.begins,
            "--to": self.ends,
            "--without-individual": self.without_individual,
            "--to-warehouse": self.to_warehouse,
        }
        return next((name for name, value in given.items() if value), "")
