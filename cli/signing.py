"""What the commands and the scheduler sign with: this home's keys, on this home's cluster."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from events.settings import Settings, SettingsError

if TYPE_CHECKING:
    from audit.checkpointing import Checkpointing
    from audit.key_files import KeyFiles

EVERY_MINUTES = 15
VARIABLE = "PLEDGER_CHECKPOINT_MINUTES"


def ledger_id(settings: Settings) -> str:
    """The cluster this ledger stands in; raises DeployError for another ledger's."""
    from deploy.topics import check_cluster

    return check_cluster(settings.home, settings.broker)


def key_files(settings: Settings) -> KeyFiles:
    """The private signing keys that this process has."""
    from audit.key_files import KeyFiles

    return KeyFiles(settings.keys, ledger_id(settings))


def signer(
    settings: Settings, progress: Callable[[int], None] = lambda records: None
) -> Checkpointing:
    """What signs checkpoints, with what it read last time in HOME/cache."""
    from audit.checkpointing import Checkpointing
    from audit.log import KafkaLog

    return Checkpointing(
        KafkaLog(settings.broker),
        ledger_id(settings),
        key_files(settings),
        settings.home / "cache",
        progress,
    )


def checkpoint_minutes() -> float:
    """How often the scheduler signs: PLEDGER_CHECKPOINT_MINUTES, 0 for never."""
    text = os.environ.get(VARIABLE, "") or str(EVERY_MINUTES)
    try:
        minutes = float(text)
    except ValueError:
        minutes = -1.0
    if not 0 <= minutes <= 1_000_000:
        raise SettingsError(f"{VARIABLE}={text!r}: expected minutes, or 0 for no checkpoints")
    return minutes
