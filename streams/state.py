"""What a partition's fold has learned, on disk: a cache of the log, never the truth.

One RocksDB a partition. Values and the positions they belong to are written in one
batch, after the outputs were acknowledged: the state is never ahead of the log. It may
be behind, or gone: then the fold reads on from `progress`, or from the beginning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from rocksdict import BlockBasedOptions, Cache, Options, Rdict, WriteBatch, WriteBufferManager

PROGRESS_KEY = b"!progress"
WRITE_BUFFER_BYTES = 16 << 20
ALL_WRITE_BUFFERS_BYTES = 128 << 20
BLOCK_CACHE_BYTES = 64 << 20
"""Shared by all partitions of the process, so that its size does not grow with their number."""
MEMTABLE_BLOOM = 0.1
"""Share of a write buffer that its filter takes."""
BLOOM_BITS = 10
"""Most lookups are for keys that are new: the filter answers them without a read."""


def encoded(value: Struct) -> bytes:
    """A state as it stands on disk: MessagePack; JSON, which bounds no number, where one is beyond
    64 bits (an order may state any amount of tax, and tiers weigh it by basis points)."""
    try:
        return msgspec.msgpack.encode(value)
    except OverflowError:
        return msgspec.json.encode(value)


def decoder(shape: Any) -> Callable[[bytes], Any]:
    """What reads `encoded` states of `shape`. States are arrays, and no array of MessagePack begins
    with a bracket."""
    packed = msgspec.msgpack.Decoder(shape).decode
    text = msgspec.json.Decoder(shape).decode

    def decode(value: bytes) -> Any:
        return text(value) if value[:1] == b"[" else packed(value)

    return decode


class StateError(RuntimeError):
    """State that does not belong to this log; says which directory and what to do."""


class Progress(Struct):
    """How far a fold has come. Offsets are those of the next record to be read."""

    log: str = ""
    """Identity of the cluster and topics whose state this is."""
    next_input: int = 0
    next_output: int = 0
    answered: int = 0
    """Deciders: the input after the one that the last output answers."""
    n: int = 0
    """Number of the next output."""
    at: int = 0
    """The time of the last output, ms."""
    accepted: dict[str, int] = {}
    """Last number accepted from each source partition (`events.first_wins.Dense`)."""
    numbering: dict[int, int] = {}
    """Relay only: target partition → number of its next instruction."""


class State:
    """The RocksDB in `directory`. Raises StateError when it belongs to another log."""

    def __init__(self, directory: Path, log: str) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self._db = Rdict(str(directory), _options())
        self.get = self._db.get
        found = self._db.get(PROGRESS_KEY)
        self.progress = (
            Progress(log=log) if found is None else msgspec.json.decode(found, type=Progress)
        )
        if self.progress.log != log:
            self.close()
            raise StateError(
                f"{directory} is the state of another log ({self.progress.log}, this is {log}): "
                "check PLEDGER_BROKER, or delete the directory to rebuild it from this log"
            )

    def save(self, values: Iterable[tuple[bytes, bytes]]) -> None:
        """Write `values` and `progress`, all or nothing."""
        batch = WriteBatch(raw_mode=True)
        put = batch.put
        for key, value in values:
            put(key, value)
        put(PROGRESS_KEY, msgspec.json.encode(self.progress))
        self._db.write(batch)

    def close(self) -> None:
        self._db.close()


_CACHE = Cache(BLOCK_CACHE_BYTES)
_BUFFERS = WriteBufferManager(ALL_WRITE_BUFFERS_BYTES, False)


def _options() -> Options:
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_write_buffer_size(WRITE_BUFFER_BYTES)
    options.set_write_buffer_manager(_BUFFERS)
    options.set_max_background_jobs(2)
    # Filters for what is not on disk yet as well: a tenth of posting's time.
    options.set_memtable_whole_key_filtering(True)
    options.set_memtable_prefix_bloom_ratio(MEMTABLE_BLOOM)
    options.set_keep_log_file_num(2)
    options.set_max_open_files(256)
    table = BlockBasedOptions()
    table.set_bloom_filter(BLOOM_BITS, False)
    table.set_block_cache(_CACHE)
    options.set_block_based_table_factory(table)
    return options
