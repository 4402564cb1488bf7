"""The vault of the ledger that a command works with, and the door its sealed text leaves by.

Commands read what stands in the log. What of it is sealed is revealed where it is printed or
written to a file for people: `cli.display` does so for all tables and JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from events.settings import Settings, load

if TYPE_CHECKING:
    from aggregates.vault import Vault
    from events.decisions import PartnerPayeeSet

_SEALED = "sealed:1:"
_vaults: dict[tuple[str, str], Vault] = {}


def vault_of(settings: Settings) -> Vault:
    """The ledger's vault, opened once a process. Raises VaultError."""
    import os

    from aggregates.open_vault import open_vault

    key = str(settings.home), os.environ.get("PLEDGER_VAULT", "")
    if key not in _vaults:
        _vaults[key] = open_vault(settings)
    return _vaults[key]


def revealed(text: str) -> str:
    """`text` as people read it: what is sealed in it opened, or `[erased]`."""
    if _SEALED not in text:
        return text
    return vault_of(load()).reveal(text)


def revealed_all(value: Any) -> Any:
    """`value` with all texts in it revealed, at any depth."""
    if isinstance(value, str):
        return revealed(value)
    if isinstance(value, Mapping):
        return {name: revealed_all(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [revealed_all(part) for part in value]
    return value


def revealed_payee(payee: PartnerPayeeSet | None) -> PartnerPayeeSet | None:
    """Where a partner is paid, readable."""
    if payee is None:
        return None
    from msgspec import structs

    return structs.replace(
        payee,
        name=revealed(payee.name),
        iban=revealed(payee.iban),
        bic=revealed(payee.bic),
        email=revealed(payee.email),
    )


def recorded_customer(
    settings: Settings, fields: frozenset[str], secret: str, program: str, name: str
) -> str:
    """What stands in the log for a customer of a program that marks `fields`, whose pseudonyms
    are made with the key `secret`. Raises WrongVault."""
    if not fields or not name:
        return name
    from aggregates.personal_conversions import stands_for

    vault = vault_of(settings)
    vault.secret_of(program, secret)
    return stands_for(vault, fields, program, name)
