"""Whom the command under way names as deciding: the value of its `--by`.

The option notes it itself, so that everything a command decides carries it, also what is
decided by a library call that takes no name.
"""

from __future__ import annotations

from contextvars import ContextVar

_decider: ContextVar[str] = ContextVar("decider", default="")


def note_decider(name: str) -> str:
    """Callback of `--by`: notes the name and gives it back."""
    _decider.set(name)
    return name


def decider() -> str:
    """Whom `--by` named, or PLEDGER_BY; empty: nobody."""
    return _decider.get()
