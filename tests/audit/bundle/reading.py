"""Bundles for the tests: exported from a ledger in memory, read, and made again."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from audit.bundle.export import export
from audit.bundle.format import Scope
from audit.bundle.verify import Verdict
from tests.audit.memory import MemoryLedger
from tests.audit.scene import KEYS
from tests.audit.signing_scene import LEDGER


def exported(
    ledger: MemoryLedger, scope: Scope = "auditor", payout: str = "po-1"
) -> tuple[bytes, Verdict]:
    """The bundle of a payout, and what it proves."""
    return export(ledger.log, LEDGER, payout, KEYS, scope, patience=0)


def members_in(bundle: bytes) -> dict[str, bytes]:
    """The members as they stand, by Python's own reader."""
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def strings_in(said: Any) -> Iterator[str]:
    """Every string of decoded JSON."""
    if isinstance(said, str):
        yield said
    elif isinstance(said, dict):
        for name, value in said.items():
            yield name
            yield from strings_in(value)
    elif isinstance(said, list):
        for value in said:
            yield from strings_in(value)
