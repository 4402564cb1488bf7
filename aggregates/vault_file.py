"""The file of a vault: an SQLite database in which a key, once destroyed, stands nowhere.

Rows are appended and changed in place, never deleted, and no index carries key bytes: so no
page keeps a stale copy of one. The write-ahead log does, until it is cut to nothing.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aggregates.master_key import VaultError

BUSY_S = 30.0
"""How long another process may hold the database, seconds."""

TABLES = """
CREATE TABLE IF NOT EXISTS keys (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    subject TEXT NOT NULL,
    live INTEGER NOT NULL,
    wrapped BLOB NOT NULL,
    changed_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS by_id ON keys (id);
CREATE INDEX IF NOT EXISTS by_subject ON keys (subject, live);
CREATE UNIQUE INDEX IF NOT EXISTS one_live ON keys (subject) WHERE live = 1;
"""


class VaultFile:
    """One connection to the database, for all threads of a process."""

    def __init__(self, path: Path) -> None:
        """Made where there is none, mode 0600. Raises VaultError."""
        self.path = path
        self._lock = threading.RLock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._database = sqlite3.connect(
                path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
            )
            self._database.execute("PRAGMA secure_delete = ON")
            self._database.execute("PRAGMA synchronous = FULL")
            self._database.execute("PRAGMA journal_mode = WAL")
            if not self._database.execute("PRAGMA table_info(keys)").fetchall():
                self._database.executescript(TABLES)
        except (OSError, sqlite3.Error) as problem:
            raise VaultError(f"the vault {path} cannot be opened: {problem}") from problem

    def close(self) -> None:
        """The end of its use."""
        with self._lock:
            self._database.close()

    def change(self, sql: str, values: tuple[object, ...]) -> int:
        """How many rows a statement changed; within a `transaction`."""
        return self._database.execute(sql, values).rowcount

    def query(self, sql: str, values: tuple[object, ...]) -> list[Any]:
        """The rows of a query. Raises VaultError."""
        with self._lock:
            try:
                return self._database.execute(sql, values).fetchall()
            except sqlite3.Error as problem:
                raise VaultError(f"the vault {self.path} cannot be read: {problem}") from problem

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, on the disk when it ends; one process at a time."""
        with self._lock:
            try:
                self._database.execute("BEGIN IMMEDIATE")
                try:
                    yield
                    self._database.execute("COMMIT")
                except BaseException:
                    if self._database.in_transaction:
                        self._database.execute("ROLLBACK")
                    raise
            except sqlite3.Error as problem:
                raise VaultError(f"the vault {self.path} cannot be written: {problem}") from problem

    def empty_log(self, subject: str) -> None:
        """Bring all pages into the database file and cut the write-ahead log to nothing."""
        deadline = time.monotonic() + BUSY_S
        while True:
            with self._lock:
                self._database.execute("PRAGMA busy_timeout = 0")  # the waiting is done here
                try:
                    busy = self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
                except sqlite3.OperationalError:  # another process checkpoints right now
                    busy = 1
                self._database.execute(f"PRAGMA busy_timeout = {BUSY_S * 1000:.0f}")
            if not busy:
                return
            if time.monotonic() > deadline:
                raise VaultError(
                    f"the key of {subject} is destroyed, but {self.path}-wal still holds old "
                    "pages, because another process reads the vault; repeat the command"
                )
            time.sleep(0.01)
