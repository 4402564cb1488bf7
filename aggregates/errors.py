"""Why a decision was refused. Each says what was asked, what stands, and what to do."""

from __future__ import annotations


class DecisionError(Exception):
    """A decision that was refused; nothing was written."""


class Invalid(DecisionError, ValueError):
    """A value that cannot be used: `field`, and what is expected of it."""

    def __init__(self, field: str, value: object, expected: str) -> None:
        super().__init__(f"{field}={value!r}: expected {expected}")
        self.field = field
        self.value = value
        self.expected = expected


class NotFound(DecisionError, LookupError):
    """Something the decision needs was never created."""


class AlreadyExists(DecisionError):
    """The name is taken by something with other content."""


class Conflict(DecisionError):
    """What stands does not allow the decision (a settled payout cannot fail, for example)."""


class Contended(DecisionError):
    """Other writers kept changing the same thing; nothing was written, try again."""
