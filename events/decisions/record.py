"""A decision as it stands in the log, and as it is read.

One record holds the events that one transaction of an aggregate appended, all or none.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct


class StoredDecision(Struct, frozen=True, omit_defaults=True):
    """One event of an aggregate, as it stands in the log."""

    aggregate: str
    version: int
    name: str
    state: msgspec.Raw = msgspec.Raw(b"null")
    """The event's JSON state."""
    state_base64: str | None = None
    """Used instead of `state` for bytes that are not JSON."""


class Origin(Struct, frozen=True, omit_defaults=True):
    """Who caused a record, and from where, as the process saw it that wrote it."""

    via: Literal["cli", "api", "worker", "scheduler"]
    by: str = ""
    """The person, or the holder of the API key."""
    source: str = ""
    """Command line: `user@host`. API: the caller's address. Workers: the host."""
    key: str = ""
    """Id of the API key the caller showed."""


class DecisionRecord(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="decisions.v1"):
    """The events of one transaction: accepted all or none."""

    events: tuple[StoredDecision, ...]
    origin: Origin | None = None
