"""What of a decision is personal: sealed when it is stored, revealed when it is read back.

Aggregates know nothing of it. They check and compare the plain text, so a command repeated
with the same content is recognised, and limits of length are those of the text itself. In
the log, and so in every fold, the sealed text stands.

Where the key was destroyed an aggregate reads `[erased]`: whatever is said anew differs from
it, and is recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import Mapper, StoredEvent, Transcoder

from aggregates.vault import Vault
from events.sealing import SEALED_PREFIX

State = dict[str, Any]


class Personal(NamedTuple):
    """A field that is sealed, and whose it is."""

    field: str
    subject: Callable[[State], str]


def partner_subject(state: State) -> str:
    """The partner's own."""
    return f"partner:{state['partner']}"


def registration_subject(state: State) -> str:
    """The registration's: its updates name no customer."""
    return f"registration:{state['registration']}"


def customer_subject(state: State) -> str:
    """The customer's, by what stands for it in the log."""
    return f"customer:{state['program']}/{state['customer']}"


PERSONAL: dict[str, tuple[Personal, ...]] = {
    "partner.registered": (Personal("name", partner_subject),),
    "partner.payee_set": tuple(
        Personal(field, partner_subject) for field in ("name", "iban", "bic", "email")
    ),
    "agreement.accepted": (Personal("person", partner_subject),),
    "registration.submitted": (
        Personal("title", registration_subject),
        Personal("original", customer_subject),
    ),
    "registration.updated": (Personal("title", registration_subject),),
}
"""Name of a decision → its fields that are personal. Ids are not: they are chosen, they stand
in addresses and file names, and everything is found by them."""


class SealingMapper(Mapper[str]):
    """Between the aggregates' events and those of the log."""

    def __init__(self, transcoder: Transcoder, vault: Vault, check: Callable[[], None]) -> None:
        """`check` raises WrongVault where `vault` is not the ledger's; asked once, before
        anything is sealed."""
        super().__init__(transcoder)
        self._vault = vault
        self._check: Callable[[], None] | None = check

    def to_stored_event(self, domain_event: DomainEventProtocol[str]) -> StoredEvent:
        """As the log holds it. Raises VaultError when a key cannot be kept."""
        stored = super().to_stored_event(domain_event)
        personal = PERSONAL.get(stored.topic)
        if personal is None:
            return stored
        state: State = msgspec.json.decode(stored.state)
        for field, subject in personal:
            text = state[field]
            if text and text != state.get("partner"):  # a name that is the id says no more
                if self._check is not None:
                    self._check()
                    self._check = None
                state[field] = self._vault.seal(subject(state), text)
        return StoredEvent(
            stored.originator_id,
            stored.originator_version,
            stored.topic,
            msgspec.json.encode(state),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[str]:
        """As an aggregate reads it: with `[erased]` where the key is gone."""
        personal = PERSONAL.get(stored_event.topic)
        if personal is None or SEALED_PREFIX.encode() not in stored_event.state:
            return super().to_domain_event(stored_event)
        state: State = msgspec.json.decode(stored_event.state)
        for field, _ in personal:
            if field in state:
                state[field] = self._vault.reveal(state[field])
        return super().to_domain_event(
            StoredEvent(
                stored_event.originator_id,
                stored_event.originator_version,
                stored_event.topic,
                msgspec.json.encode(state),
            )
        )
