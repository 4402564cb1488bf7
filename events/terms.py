"""Terms: what a program pays for, as data. Immutable; a change is a new version.

Bitemporal: a version is *known* from its place in `decisions`, and *in force* from its
`effective_from`. `engine` names the calculation: a changed calculation is a new engine
and used by new terms only, so that history decides the same for ever.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

ENGINES = ("1",)
"""Calculations this code can run. A worker that meets another one stops and says so."""

ConversionKind = Literal["lead", "sale", "renewal"]


class Rule(Struct, frozen=True, gc=False, omit_defaults=True):
    """One thing that earns: `percentage` in basis points of the amount, `flat` in minor units."""

    name: str
    event: ConversionKind
    type: Literal["percentage", "flat"]
    amount: int
    currency: str = ""
    """Unit of a flat amount; empty: the program's currency."""


class Terms(Struct, frozen=True, gc=False, omit_defaults=True):
    """One version of what a program pays for."""

    version: int
    effective_from: int
    """Milliseconds since 1970 UTC."""
    rules: tuple[Rule, ...]
    attribution: Literal["last_touch", "first_touch"] = "last_touch"
    window_days: int = 30
    """How long before a conversion a click may lie to be credited."""
    signup_window_days: int = 365
    """How long a signup keeps crediting its partner."""
    hold_days: int = 30
    """How long a commission stays pending, from the day of the conversion."""
    engine: str = "1"
