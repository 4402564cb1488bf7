"""The master key: what wraps the keys of a vault, so that a copy of its file opens nothing.

It stands in the ledger's directory of keys, apart from the vault; or in the environment,
where a deployment keeps its secrets.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from events.sealing import KEY_BYTES
from events.secret_file import make_once

MASTER_FILE = "vault-key.json"


class VaultError(RuntimeError):
    """The vault cannot be used: says which file, and what to do."""


def master_key(directory: Path) -> bytes:
    """The key that wraps all others. Raises VaultError for what is none."""
    configured = os.environ.get("PLEDGER_VAULT_KEY")
    if configured:
        return _master("PLEDGER_VAULT_KEY", configured)
    path = directory / MASTER_FILE
    make_once(path, json.dumps({"key": secrets.token_hex(KEY_BYTES)}).encode())
    try:
        return _master(str(path), json.loads(path.read_text())["key"])
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise VaultError(f"{path} is no master key of a vault: {problem}") from problem


def _master(where: str, text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != KEY_BYTES:
        raise VaultError(f"{where}: expected {2 * KEY_BYTES} hexadecimal digits")
    return found
