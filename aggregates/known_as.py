"""Which customers are a partner itself, where programs mark customers as personal.

The fold compares what stands in conversions with what stands in `partner.identified`. Of a
marked program both are pseudonyms, so the list holds, beside each id sealed under the
partner's key, the id's pseudonym in every marked program of the partner; and the pseudonym of
the partner's own id, which in other programs is compared as it is. The plain id stands there
only for a program that does not mark it, and whose conversions show it anyway.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from aggregates.vault import Vault
from events.sealing import ERASED, is_pseudonym, is_sealed


def identities_kept(
    vault: Vault, partner: str, plain: Iterable[str], marked: Collection[str], *, elsewhere: bool
) -> list[str]:
    """What is recorded of the `plain` ids. `marked`: programs of the partner that mark
    customers; `elsewhere`: it also is in one that does not."""
    ids = sorted(set(plain))
    if not marked:
        return ids
    kept = {vault.pseudonym(program, text) for program in marked for text in (*ids, partner)}
    kept |= {vault.seal(f"partner:{partner}", text) for text in ids}
    if elsewhere:
        kept |= set(ids)
    return sorted(kept)


def identities_given(vault: Vault, kept: Iterable[str]) -> list[str] | None:
    """The plain ids that `kept` was made of; None where they were erased."""
    found = list(kept)
    sealed = [vault.reveal(text) for text in found if is_sealed(text)]
    if ERASED in sealed:
        return None
    return sorted(
        {*sealed, *(text for text in found if not is_sealed(text) and not is_pseudonym(text))}
    )
