"""ClickHouse's own compressed blocks: `compress=1` and `decompress=1`.

A body is a sequence of blocks:

    16 bytes  CityHash128 (ClickHouse's version, 1.0.2) of all that follows
     1 byte   method: 0x82 LZ4, 0x90 ZSTD, 0x02 none
     4 bytes  size of this block with these 9 bytes of header, little-endian
     4 bytes  size of the content once decompressed
     …        content

MergeTree stores its columns on disk in the same form. The Java driver speaks it
unless told otherwise.
"""

from __future__ import annotations

import struct

import lz4.block
import zstandard
from clickhouse_cityhash.cityhash import CityHash128

from deploy.warehouse.errors import (
    CANNOT_DECOMPRESS,
    CHECKSUM_DOESNT_MATCH,
    UNKNOWN_COMPRESSION_METHOD,
    WarehouseError,
)

CHECKSUM_BYTES = 16
HEADER = struct.Struct("<BII")
METHOD_NONE, METHOD_LZ4, METHOD_ZSTD = 0x02, 0x82, 0x90
BLOCK_BYTES = 1 << 20
# ClickHouse's own bound on one block (DBMS_MAX_COMPRESSED_SIZE).
MAX_BLOCK_BYTES = 0x40000000
UINT64 = (1 << 64) - 1


class BlockDecoder:
    """Content of the blocks fed to it so far."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def decode(self, piece: bytes) -> bytes:
        """Raises WarehouseError for a block that is damaged or of an unknown method."""
        self._pending += piece
        out = []
        while len(self._pending) >= CHECKSUM_BYTES + HEADER.size:
            method, size, raw_size = HEADER.unpack_from(self._pending, CHECKSUM_BYTES)
            if not HEADER.size <= size <= MAX_BLOCK_BYTES or raw_size > MAX_BLOCK_BYTES:
                raise _damaged(f"a block claims {size} bytes compressed and {raw_size} raw")
            end = CHECKSUM_BYTES + size
            if len(self._pending) < end:
                break
            block = bytes(self._pending[:end])
            del self._pending[:end]
            out.append(_read_block(block, method, raw_size))
        return b"".join(out)

    def finish(self) -> None:
        if self._pending:
            raise _damaged("the body ends within a block")


class BlockEncoder:
    """Writes LZ4 blocks of at most BLOCK_BYTES raw bytes."""

    def encode(self, piece: bytes) -> bytes:
        out = []
        for start in range(0, len(piece), BLOCK_BYTES):
            raw = piece[start : start + BLOCK_BYTES]
            content = lz4.block.compress(raw, store_size=False)
            block = HEADER.pack(METHOD_LZ4, HEADER.size + len(content), len(raw)) + content
            out.append(checksum(block) + block)
        return b"".join(out)

    def finish(self) -> bytes:
        return b""


def checksum(content: bytes) -> bytes:
    """CityHash128 as ClickHouse writes it: this library's high half first, then its low half."""
    number = CityHash128(content)
    return struct.pack("<QQ", number >> 64, number & UINT64)


def _read_block(block: bytes, method: int, raw_size: int) -> bytes:
    if block[:CHECKSUM_BYTES] != checksum(block[CHECKSUM_BYTES:]):
        raise WarehouseError.refused(
            CHECKSUM_DOESNT_MATCH, "decompress=1: a block's CityHash128 does not match its bytes."
        )
    content = block[CHECKSUM_BYTES + HEADER.size :]
    try:
        if method == METHOD_LZ4:
            return bytes(lz4.block.decompress(content, uncompressed_size=raw_size))
        if method == METHOD_ZSTD:
            return zstandard.ZstdDecompressor().decompress(content, max_output_size=raw_size)
        if method == METHOD_NONE:
            return content
    except (lz4.block.LZ4BlockError, zstandard.ZstdError) as error:
        raise _damaged(str(error)) from error
    raise WarehouseError.refused(
        UNKNOWN_COMPRESSION_METHOD, f"decompress=1: block method 0x{method:02x} is not supported."
    )


def _damaged(what: str) -> WarehouseError:
    return WarehouseError.refused(CANNOT_DECOMPRESS, f"decompress=1: {what}.")
