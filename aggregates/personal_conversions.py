"""What a program marked as personal in a conversion: out of sight before it is recorded.

    customer, identity   → a pseudonym in its place; the text itself sealed in the metadata,
                           under the same name
    metadata.<name>      → sealed where it stands

So folds compare what they compared before, and refunds and renewals find their deals also
after the customer was forgotten. Everything that follows from a conversion (attributions,
instructions, journal, states, tables) holds pseudonyms only.

The same conversion always gives the same record: sent again it is a repeat, not a conflict.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeVar

from msgspec import structs

from aggregates.personal_fields import COMPARED, METADATA
from aggregates.vault import Vault
from events.conversions import Deal, Refund, Signup
from events.sealing import ERASED, SubjectKey, is_pseudonym

Recorded = Signup | Deal | Refund
"""What programs send."""
Sent = TypeVar("Sent", bound=Recorded)


class ReservedName(ValueError):
    """The metadata has a name that the sealed customer or identity is kept under."""

    def __init__(self, field: str) -> None:
        super().__init__(
            f"{field}: the program marks its customers as personal, and keeps what was sent "
            "under this name; send it under another one"
        )
        self.field = field


def stands_for(vault: Vault, fields: Collection[str], program: str, customer: str) -> str:
    """What is recorded for a customer of a program that marks `fields`."""
    return vault.pseudonym(program, customer) if COMPARED[0] in fields else customer


def subject_of(vault: Vault, fields: Collection[str], program: str, customer: str) -> str:
    """Under whose key the conversions of a customer are sealed."""
    return f"customer:{program}/{stands_for(vault, fields, program, customer)}"


def sealed_conversion(
    conversion: Sent, fields: Collection[str], vault: Vault, key: SubjectKey | None
) -> Sent:
    """The conversion as it is recorded. `fields`: what its program marks; `key`: of its
    `subject_of`, None where that was forgotten: then nothing is kept but pseudonyms.

    Raises ReservedName, and SecretDestroyed.
    """
    metadata = {
        name: _sealed(value, key) if METADATA + name in fields else value
        for name, value in conversion.metadata.items()
    }
    changes: dict[str, str] = {}
    for name in COMPARED:
        text = getattr(conversion, name, "")
        if name not in fields or not text:
            continue
        if name in conversion.metadata:
            raise ReservedName(f"metadata.{name}")
        changes[name] = vault.pseudonym(conversion.program, text)
        if not is_pseudonym(text):
            metadata[name] = _sealed(text, key)
    return structs.replace(conversion, metadata=metadata, **changes)


def _sealed(text: str, key: SubjectKey | None) -> str:
    if not text:
        return text
    return ERASED if key is None else key.seal(text)
