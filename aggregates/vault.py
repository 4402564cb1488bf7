"""The vault: the keys of subjects, in a database of their own, apart from the log.

    partner:jane                   names, payment details
    registration:r-17              its title
    customer:acme/pseudonym:1:…    what the program marked of a customer's conversions
    program:acme                   the secret its pseudonyms are made with

The log is for ever; a key is not. What is personal stands sealed in the log
(`events.sealing`), and `forget` destroys the key: the text is gone from every copy of the
log at once. So the vault is the one part of a ledger that must not be kept for ever, and
whose loss is the loss of all that is sealed.

SQLite, because several processes of a machine seal at once and a key must be on the disk
before anything sealed under it may be written (WAL, synchronous=FULL). A key is destroyed
where it stands: its bytes are overwritten, and the write-ahead log is emptied, so that the
files hold it nowhere. Key bytes are never moved: rows are only appended and never deleted,
and no index carries them. They are wrapped (AES-KW, RFC 3394) under a master key in another
directory, so that a copy of the vault alone opens nothing.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from aggregates.master_key import MASTER_FILE, VaultError
from aggregates.vault_file import VaultFile
from events.sealing import (
    ALTERED,
    ERASED,
    ID_BYTES,
    KEY_BYTES,
    NOT_OPENED,
    SEALED,
    BadSeal,
    SubjectKey,
    pseudonym,
    revealed,
)

SECRET_S = 60.0
"""How long a program's secret is used before the vault is asked again, seconds."""
AT_ONCE = 500
"""Subjects asked for in one query."""
WRAPPED_BYTES = KEY_BYTES + 8
GONE = bytes(WRAPPED_BYTES)
"""What stands where a key was."""

PARTNERS = "partner:"
"""Subjects that may give new data after they were forgotten, under a new key: somebody
enters it. Of all others, whose data machines send, nothing is taken again."""


class SecretDestroyed(VaultError):
    """The program's pseudonyms can no longer be made: its secret was destroyed."""


class WrongVault(VaultError):
    """What is recorded was made with keys of another vault."""


class Destroyed(NamedTuple):
    """A key that is gone, or a subject that was forgotten before it had one."""

    subject: str
    id: str
    at: int
    """When it was destroyed, ms since 1970 UTC."""


class Vault:
    """The keys in one database file. Thread-safe; any number of processes."""

    def __init__(self, path: Path, master: bytes) -> None:
        """`master`: 32 bytes. Raises VaultError for a file that is no vault, or another's."""
        self.path = path
        self._master = master
        self._file = VaultFile(path)
        self._secrets: dict[str, tuple[float, SubjectKey]] = {}

    def close(self) -> None:
        """The end of its use."""
        self._file.close()

    # Sealing

    def seal(self, subject: str, text: str) -> str:
        """`text` as only the subject's key opens it; the key is on the disk when this returns.

        Empty text stays empty. Of a forgotten customer nothing is taken: `[erased]`.
        """
        if not text:
            return text
        key = self.keys((subject,))[subject]
        return ERASED if key is None else key.seal(text)

    def keys(self, subjects: Iterable[str]) -> dict[str, SubjectKey | None]:
        """The key of each subject, made where there was none, all of them in one commit; None
        for those that were forgotten and have none again."""
        wanted = list(dict.fromkeys(subjects))
        found = self._live(wanted)
        missing = [subject for subject in wanted if subject not in found]
        if not missing:
            return found
        with self._file.transaction():
            found |= self._live(missing)  # another process may have come first
            gone = {
                subject for subject in self._forgotten(missing) if not subject.startswith(PARTNERS)
            }
            for subject in missing:
                if subject not in found:
                    found[subject] = None if subject in gone else self._make(subject)
        return found

    def pseudonym(self, program: str, text: str) -> str:
        """What stands for a customer's id or identity; empty text stays empty. The same text
        of the same program always gives the same. Raises SecretDestroyed."""
        if not text:
            return text
        return pseudonym(self._secret(program).secret, text)

    def secret_of(self, program: str, recorded: str = "") -> str:
        """Id of the key that the program's pseudonyms are made with, made where there is none.

        `recorded`: what its marks say. Raises WrongVault where this vault has another one or
        none, so that no customer is recorded under two pseudonyms; and SecretDestroyed.
        """
        if recorded and not self._is_cached(program):
            subject = f"program:{program}"
            known = {one.id for one in self.destroyed(subject)}
            live = self._live([subject]).get(subject)
            if recorded not in known and (live is None or live.id != recorded):
                raise WrongVault(
                    f"the pseudonyms of program {program} are made with the key {recorded}, "
                    f"which {self.path} does not hold; use the vault that the program was "
                    "marked with, or bring it back from a backup"
                )
        return self._secret(program).id

    def _is_cached(self, program: str) -> bool:
        known = self._secrets.get(program)
        return known is not None and known[0] > time.monotonic()

    def _secret(self, program: str) -> SubjectKey:
        known = self._secrets.get(program)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        key = self.keys((f"program:{program}",))[f"program:{program}"]
        if key is None:
            self._secrets.pop(program, None)
            raise SecretDestroyed(
                f"the secret of program {program}'s pseudonyms was destroyed: its marked "
                "customers can no longer be told apart; use a program of another id"
            )
        self._secrets[program] = time.monotonic() + SECRET_S, key
        return key

    # Revealing

    def reveal(self, text: str) -> str:
        """`text` with what is sealed in it opened: `[erased]` where the key was destroyed,
        `[sealed]` where this vault never held it, `[altered]` where it is not what was sealed."""
        return revealed(text, self._reveal)

    def _reveal(self, text: str) -> str:
        found = SEALED.fullmatch(text)
        assert found is not None
        rows = self._file.query(
            "SELECT id, subject, live, wrapped FROM keys WHERE id = ?", (found[1],)
        )
        if not rows:
            return NOT_OPENED
        id, subject, live, wrapped = rows[0]
        if not live:
            return ERASED
        try:
            return self._unwrapped(id, subject, wrapped).open(text)
        except BadSeal:
            return ALTERED

    # Forgetting

    def forget(self, subject: str) -> int:
        """Destroy the subject's key; how many were ever destroyed, at least 1: also a subject
        without a key is noted as forgotten. Repeating it is safe, and finishes what a kill
        left undone. Raises VaultError while another process keeps old pages in use.
        """
        with self._file.transaction():
            now = time.time_ns() // 1_000_000
            ended = self._file.change(
                "UPDATE keys SET live = 0, wrapped = ?, changed_at = ? "
                "WHERE subject = ? AND live = 1",
                (GONE, now, subject),
            )
            if not ended and subject not in self._forgotten([subject]):
                self._append(subject, 0, GONE, now)
        self._secrets.pop(subject.removeprefix("program:"), None)
        self._file.empty_log(subject)
        return len(self.destroyed(subject))

    def is_forgotten(self, subject: str) -> bool:
        """Whether it was forgotten and has no key again."""
        return not self._live([subject]) and subject in self._forgotten([subject])

    def require(self, id: str) -> None:
        """Raises WrongVault unless this vault has or had the key `id`."""
        if not self._file.query("SELECT 1 FROM keys WHERE id = ?", (id,)):
            raise WrongVault(
                f"the ledger's personal data is sealed under keys such as {id}, which "
                f"{self.path} never held; use the ledger's own vault (PLEDGER_VAULT, and the "
                "home it belongs to), or run the command where it is"
            )

    def has_key(self, subject: str) -> bool:
        """Whether anything can be sealed under a key of the subject's now."""
        return bool(self._live([subject]))

    def made_at(self, subject: str) -> int:
        """When the subject's key was made, ms since 1970 UTC; 0 where it has none."""
        rows = self._file.query(
            "SELECT changed_at FROM keys WHERE subject = ? AND live = 1", (subject,)
        )
        return int(rows[0][0]) if rows else 0

    def destroyed(self, subject: str = "") -> list[Destroyed]:
        """The keys that were destroyed, of one subject or of all, oldest first."""
        rows = self._file.query(
            "SELECT subject, id, changed_at FROM keys WHERE live = 0 AND (? = '' OR subject = ?) "
            "ORDER BY changed_at, number",
            (subject, subject),
        )
        return [Destroyed(*row) for row in rows]

    # Rows

    def _live(self, subjects: list[str]) -> dict[str, SubjectKey | None]:
        found: dict[str, SubjectKey | None] = {}
        for start in range(0, len(subjects), AT_ONCE):
            some = subjects[start : start + AT_ONCE]
            marks = ",".join("?" * len(some))
            for id, subject, wrapped in self._file.query(
                f"SELECT id, subject, wrapped FROM keys WHERE live = 1 AND subject IN ({marks})",
                tuple(some),
            ):
                found[subject] = self._unwrapped(id, subject, wrapped)
        return found

    def _forgotten(self, subjects: list[str]) -> set[str]:
        found: set[str] = set()
        for start in range(0, len(subjects), AT_ONCE):
            some = subjects[start : start + AT_ONCE]
            marks = ",".join("?" * len(some))
            sql = f"SELECT DISTINCT subject FROM keys WHERE live = 0 AND subject IN ({marks})"
            found |= {subject for (subject,) in self._file.query(sql, tuple(some))}
        return found

    def _make(self, subject: str) -> SubjectKey:
        secret = secrets.token_bytes(KEY_BYTES)
        now = time.time_ns() // 1_000_000
        id = self._append(subject, 1, aes_key_wrap(self._master, secret), now)
        return SubjectKey(id, subject, secret)

    def _append(self, subject: str, live: int, wrapped: bytes, now: int) -> str:
        id = secrets.token_hex(ID_BYTES)
        self._file.change(
            "INSERT INTO keys (id, subject, live, wrapped, changed_at) VALUES (?, ?, ?, ?, ?)",
            (id, subject, live, wrapped, now),
        )
        return id

    def _unwrapped(self, id: str, subject: str, wrapped: bytes) -> SubjectKey:
        try:
            return SubjectKey(id, subject, aes_key_unwrap(self._master, wrapped))
        except InvalidUnwrap as problem:
            raise VaultError(
                f"the master key does not open {self.path}: it was made under another one; "
                f"bring back the {MASTER_FILE} that belongs to it"
            ) from problem
