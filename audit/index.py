"""An index of positions: where the records of a key stand, so that an audit need not scan.

A RocksDB below the ledger's home. It holds no record, only offsets by Kafka key, and the
customers that name a partner, a link or a coupon. Nothing rests on it: every record is fetched
from the log by its position and proved, and the directory may be deleted at any time.

    o <topic> <partition> <key> <first offset>   offsets, packed, in blocks as they were read
    n <name> <customer>                          the customer has a record that names `name`
    e <topic> <partition>                        the offset up to which the partition was read
    l                                            the cluster that it indexes
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from rocksdict import AccessType, Options, Rdict, WriteBatch

from events.topics import ATTRIBUTIONS, CONVERSIONS, INSTRUCTIONS, JOURNAL

INDEXED = (JOURNAL, INSTRUCTIONS, ATTRIBUTIONS, CONVERSIONS)
"""From the end of the flow to its beginning."""
DIRECTORY = "audit-index"
"""Below the ledger's home."""
VERSION = "1"
WRITE_BUFFER_BYTES = 16 << 20
"""Small: what is not in a table yet is read again by whoever opens the index."""

Ends = dict[str, dict[int, int]]
"""Topic → partition → the next offset to be read."""


class IndexUnusable(RuntimeError):
    """The index is of another log, or cannot be opened; says why and what to do."""


class PositionIndex:
    """The index in `directory`; raises IndexUnusable unless it is one of the cluster `log`.

    One process writes (`writable`), any number read what was written when they opened it.
    """

    def __init__(self, directory: Path, log: str, *, writable: bool = False) -> None:
        access = AccessType.read_write() if writable else AccessType.read_only(False)
        if writable:
            directory.mkdir(parents=True, exist_ok=True)
        try:
            self._db = Rdict(str(directory), _options(writable), access_type=access)
        except Exception as problem:  # rocksdict raises its errors as bare Exceptions
            raise IndexUnusable(f"{directory} cannot be opened: {problem}") from problem
        self.directory = directory
        said = f"{VERSION} {log}".encode()
        found = self._db.get(b"l")
        if found is None and writable:
            self._db[b"l"] = said
        elif found != said:
            self._db.close()
            raise IndexUnusable(
                f"{directory} indexes another log ({(found or b'none').decode()}; this is {log}); "
                "delete it, and build it again with `pledger audit index`"
            )

    def ends(self) -> Ends:
        """How far each partition was read."""
        found: Ends = {topic: {} for topic in INDEXED}
        for key, value in self._under(b"e"):
            topic, partition = INDEXED[key[1]], int.from_bytes(key[2:4])
            found[topic][partition] = int.from_bytes(value)
        return found

    def offsets(self, topic: str, partition: int, key: str) -> list[int]:
        """Where the records of a key stand, rising, as far as the index was built."""
        found: list[int] = []
        for _, value in self._under(_of_key(topic, partition, key.encode())):
            found.extend(_unpacked(value))
        return sorted(set(found))

    def customers(self, name: bytes) -> Iterator[str]:
        """Customers with a record that names a partner, link or coupon (in upper case)."""
        prefix = b"n" + _sized(name)
        for key, _ in self._under(prefix):
            yield key[len(prefix) :].decode(errors="replace")

    def add(
        self,
        topic: str,
        partition: int,
        offsets: Mapping[bytes, list[int]],
        names: Iterable[tuple[bytes, bytes]],
        end: int,
    ) -> None:
        """Take in what was read of a partition up to offset `end`, all or nothing: its offsets
        by key, and pairs of a name and the customer whose record names it."""
        batch = WriteBatch(raw_mode=True)
        for key, held in offsets.items():
            place = _of_key(topic, partition, key) + held[0].to_bytes(8)
            batch.put(place, _packed(held))
        for name, customer in names:
            batch.put(b"n" + _sized(name) + customer, b"")
        batch.put(_end_of(topic, partition), end.to_bytes(8))
        self._db.write(batch)

    def flush(self) -> None:
        """Write all out, so that a reader opens it at once."""
        self._db.flush()

    def close(self) -> None:
        """Let go of the directory."""
        self._db.close()

    def _under(self, prefix: bytes) -> list[tuple[bytes, bytes]]:
        """What stands under the keys that begin so; raises IndexUnusable."""
        found = []
        try:
            for key, value in self._db.items(from_key=prefix):
                assert isinstance(key, bytes)  # in raw mode all are
                if not key.startswith(prefix):
                    break
                found.append((key, value))
        except Exception as problem:  # damaged, or a writer has cleared away what was open here
            raise IndexUnusable(f"{self.directory} cannot be read: {problem}") from problem
        return found


def index_directory(home: Path) -> Path:
    """Where a ledger's index stands."""
    return home / DIRECTORY


def _of_key(topic: str, partition: int, key: bytes) -> bytes:
    return b"o" + _place(topic, partition) + _sized(key)


def _end_of(topic: str, partition: int) -> bytes:
    return b"e" + _place(topic, partition)


def _place(topic: str, partition: int) -> bytes:
    return bytes([INDEXED.index(topic)]) + partition.to_bytes(2)


def _sized(key: bytes) -> bytes:
    """A key with its length before it, so that none is the beginning of another."""
    return len(key).to_bytes(4) + key


def _packed(offsets: list[int]) -> bytes:
    packed = array("Q", offsets)
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tobytes()


def _unpacked(value: bytes) -> list[int]:
    packed = array("Q")
    packed.frombytes(value[: len(value) // 8 * 8])
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tolist()


def _options(writable: bool) -> Options:
    options = Options(raw_mode=True)
    options.create_if_missing(writable)
    options.set_write_buffer_size(WRITE_BUFFER_BYTES)
    options.set_max_background_jobs(2)
    options.set_keep_log_file_num(2)
    options.set_max_open_files(256)
    return options
