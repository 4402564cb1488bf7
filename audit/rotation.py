"""Which key signs, the first one, and the next: the private key first, then the decision.

A key is on disk before the ledger hears of it. Dying between the two leaves a file that the
ledger does not know; the next attempt takes that one up, and until then the old key signs.
"""

from __future__ import annotations

from aggregates.application import Decisions
from aggregates.errors import Conflict
from audit.key_files import KeyFiles
from audit.signed import Signed
from audit.signing import PrivateKey, in_base64, vouching_text


class CannotSign(RuntimeError):
    """No checkpoint can be signed here now; says why, and what to do."""


def first_key(decisions: Decisions, keys: KeyFiles, ledger: str, by: str = "") -> None:
    """Give a ledger without any key its first one. Another process may come first: then that
    one's key is the ledger's."""
    try:
        if not decisions.signing_keys().keys:
            _add(decisions, keys.unused(()), None, ledger, by)
    except Conflict:
        return


def rotate_key(decisions: Decisions, keys: KeyFiles, ledger: str, by: str = "") -> PrivateKey:
    """Let a new key sign from now on, vouched for by the one that signed until now.

    Where none signs (the last one was retired), nobody vouches for the new one. Raises
    CannotSign where the present key is not here, Conflict where another rotation came first.
    """
    found = decisions.signing_keys()
    voucher = _held(found.current, keys) if found.current else None
    made = keys.unused({added.key for added in found.keys})
    _add(decisions, made, voucher, ledger, by)
    return made


def signing_key(signed: Signed, keys: KeyFiles) -> PrivateKey:
    """The private key of the ledger's present one; raises CannotSign."""
    current = signed.current
    if current is None:
        raise CannotSign(
            "no key signs checkpoints: the last one was retired; `pledger signing-keys rotate` "
            "makes a new one"
        )
    return _held(current.fact.key, keys)


def _held(key: str, keys: KeyFiles) -> PrivateKey:
    found = keys.held().get(key)
    if found is None:
        raise CannotSign(
            f"signing key {key} signs this ledger's checkpoints, and is not in {keys.directory} or "
            "PLEDGER_SIGNING_KEYS; sign where it is, or, if it is lost, retire it by `pledger "
            f"signing-keys retire {key} --reason lost`"
        )
    return found


def _add(
    decisions: Decisions, made: PrivateKey, voucher: PrivateKey | None, ledger: str, by: str
) -> None:
    public = made.public
    text = vouching_text(ledger, public)
    decisions.add_signing_key(
        public.id,
        in_base64(public.value),
        previous=voucher.public.id if voucher else "",
        signature=in_base64(voucher.sign(text)) if voucher else "",
        by=by,
    )
