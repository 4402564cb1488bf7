"""A process without a vault: PLEDGER_VAULT=none.

Redirects need no keys, so gateways that only take clicks need no vault, and there may be any
number of them on any machines. What would have to be sealed is refused here, and belongs to
the process that has the vault; what is sealed is shown as `[sealed]`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

from aggregates.master_key import VaultError
from aggregates.vault import Destroyed, Vault
from events.sealing import NOT_OPENED, SubjectKey, revealed


class NoVault(Vault):
    """Stands where a vault would, and holds no key."""

    def __init__(self) -> None:
        self.path = Path("none")

    def close(self) -> None:
        """Nothing is open."""

    def keys(self, subjects: Iterable[str]) -> dict[str, SubjectKey | None]:
        """Raises VaultError, but for nobody's."""
        if list(subjects):
            _refuse()
        return {}

    def pseudonym(self, program: str, text: str) -> str:
        """Raises VaultError."""
        _refuse()

    def secret_of(self, program: str, recorded: str = "") -> str:
        """Raises VaultError."""
        _refuse()

    def reveal(self, text: str) -> str:
        """`text` with `[sealed]` for what is sealed in it."""
        return revealed(text, lambda _: NOT_OPENED)

    def forget(self, subject: str) -> int:
        """Raises VaultError."""
        _refuse()

    def require(self, id: str) -> None:
        """Raises VaultError."""
        _refuse()

    def made_at(self, subject: str) -> int:
        """Never."""
        return 0

    def has_key(self, subject: str) -> bool:
        """Never."""
        return False

    def is_forgotten(self, subject: str) -> bool:
        """Raises VaultError: it is not known here."""
        _refuse()

    def destroyed(self, subject: str = "") -> list[Destroyed]:
        """Raises VaultError: it is not known here."""
        _refuse()


def _refuse() -> NoReturn:
    raise VaultError(
        "this process has no vault (PLEDGER_VAULT=none) and takes no personal data; send it to "
        "the gateway, or run the command, that has the ledger's vault"
    )
