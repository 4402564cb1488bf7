"""Which vault a process uses: the ledger's own, one elsewhere, or none."""

from __future__ import annotations

import os
from pathlib import Path

from aggregates.master_key import master_key
from aggregates.no_vault import NoVault
from aggregates.vault import Vault
from events.settings import Settings

NONE = "none"
"""PLEDGER_VAULT of a process that is to have no vault."""


def open_vault(settings: Settings) -> Vault:
    """The ledger's vault, made where there is none.

    PLEDGER_VAULT      the directory it stands in; default: `vault` below the home; `none`: this
                       process has none
    PLEDGER_VAULT_KEY  the master key, 64 hexadecimal digits; default: the file
                       `vault-key.json` of the keys' directory, made where there is none
    """
    place = os.environ.get("PLEDGER_VAULT")
    if place == NONE:
        return NoVault()
    directory = Path(place).expanduser() if place else settings.home / "vault"
    return Vault(directory / "vault.sqlite", master_key(settings.keys))
