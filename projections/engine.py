"""Engines: the calculation is part of the terms.

Terms name the engine that computes them. A changed calculation is a new engine, used by
new terms only; the old ones stay callable, so that history decides the same for ever. A
worker that meets terms in force whose engine it does not know must stop: to guess would
write money into the log for good.
"""

from __future__ import annotations

from events.terms import ENGINES
from projections.directory import TermsInForce


class UnknownEngine(RuntimeError):
    """Terms in force name a calculation this code does not have."""

    def __init__(self, engine: str, position: str) -> None:
        super().__init__(
            f"{position}: terms name engine {engine!r}; this version knows "
            f"{', '.join(ENGINES)}. Upgrade this worker before it goes on"
        )
        self.engine = engine
        self.position = position


def require_engine(in_force: TermsInForce) -> None:
    """Raises UnknownEngine unless this code can compute these terms."""
    if in_force.terms.engine not in ENGINES:
        raise UnknownEngine(in_force.terms.engine, in_force.position)
