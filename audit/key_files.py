"""Where the private signing keys stand: files of the home, or the environment.

    HOME/keys/signing-0a1b2c3d.pem        PKCS #8, mode 0600, one key a file
    PLEDGER_SIGNING_KEYS=base64,base64    32 bytes each: instead of files, where a secret store
                                          hands them out

Which of them signs, the ledger says (`audit.signed`): its newest key that is not retired. A
key that the ledger does not know yet is one whose rotation was cut short between the file and
the decision: the next rotation takes it up. So nothing is ever signed by a key that is lost.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from audit.signing import PrivateKey, from_base64, key_name
from events.secret_file import make_once

VARIABLE = "PLEDGER_SIGNING_KEYS"
SEED_BYTES = 32


class KeyFileError(ValueError):
    """A private key that cannot be read; says where, and what was expected."""


class KeyFiles:
    """The private keys that this process has, of the ledger with this cluster id."""

    def __init__(
        self, directory: Path, ledger: str, environ: Mapping[str, str] | None = None
    ) -> None:
        self.directory = directory
        self._name = key_name(ledger)
        self._configured = (os.environ if environ is None else environ).get(VARIABLE, "")

    def held(self) -> dict[str, PrivateKey]:
        """Id → key; those of the environment where it names any. Raises KeyFileError."""
        found = self._from_environment() if self._configured else self._from_files()
        keys = [PrivateKey(self._name, key) for key in found]
        return {key.public.id: key for key in keys}

    def unused(self, known: Collection[str]) -> PrivateKey:
        """A key that the ledger does not know yet: one that is there, or else a new file's.

        Raises KeyFileError where the environment names the keys, and no new one.
        """
        for key_id, key in self.held().items():
            if key_id not in known:
                return key
        if self._configured:
            raise KeyFileError(
                f"{VARIABLE} has no key that the ledger does not know; add a new one to it: "
                f"{SEED_BYTES} random bytes in base64"
            )
        return self._make()

    def _make(self) -> PrivateKey:
        """A new key, on disk before anybody hears of it."""
        made = PrivateKey(self._name, Ed25519PrivateKey.generate())
        make_once(self.directory / f"signing-{made.public.id}.pem", _pem(made.key))
        return made

    def _from_files(self) -> list[Ed25519PrivateKey]:
        return [_load(path) for path in sorted(self.directory.glob("signing-*.pem"))]

    def _from_environment(self) -> list[Ed25519PrivateKey]:
        found = []
        for number, text in enumerate(self._configured.split(","), 1):
            seed = from_base64(text.strip())
            if seed is None or len(seed) != SEED_BYTES:
                raise KeyFileError(f"{VARIABLE}, key {number}: expected {SEED_BYTES} bytes, base64")
            found.append(Ed25519PrivateKey.from_private_bytes(seed))
        return found


def _pem(key: Ed25519PrivateKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _load(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as problem:
        raise KeyFileError(f"{path}: expected an ed25519 key in PEM: {problem}") from problem
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{path}: a key of another kind than ed25519")
    return key
