"""Compression of bodies: HTTP's encodings, and ClickHouse's own blocks.

HTTP (`Content-Encoding`, `Accept-Encoding`): gzip, deflate, lz4 frames, zstd.

ClickHouse (`decompress=1` for what the client sends, `compress=1` for what it
wants back): a sequence of blocks

    16 bytes  CityHash128 (ClickHouse's version, 1.0.2) of all that follows
     1 byte   method: 0x82 LZ4, 0x90 ZSTD, 0x02 none
     4 bytes  size of this block with these 9 bytes of header, little-endian
     4 bytes  size of the content once decompressed
     …        content

which is also how MergeTree stores its columns on disk.
"""

from __future__ import annotations

import struct
import zlib
from typing import Protocol

import lz4.block
import lz4.frame
import zstandard
from clickhouse_cityhash.cityhash import CityHash128

from deploy.warehouse.errors import (
    CANNOT_DECOMPRESS,
    CHECKSUM_DOESNT_MATCH,
    UNKNOWN_COMPRESSION_METHOD,
    WarehouseError,
)

# The order in which an accepted encoding is chosen: cheapest to produce first.
PREFERENCE = ("lz4", "zstd", "gzip", "deflate")

CHECKSUM_BYTES = 16
HEADER = struct.Struct("<BII")
METHOD_NONE, METHOD_LZ4, METHOD_ZSTD = 0x02, 0x82, 0x90
BLOCK_BYTES = 1 << 20
# ClickHouse's own bound on one block (DBMS_MAX_COMPRESSED_SIZE).
MAX_BLOCK_BYTES = 0x40000000
UINT64 = (1 << 64) - 1


class Decoder(Protocol):
    def decode(self, piece: bytes) -> bytes:
        """As much of the content as the bytes so far allow."""

    def finish(self) -> None:
        """Raises WarehouseError when the content ends within a frame or block."""


class Encoder(Protocol):
    def encode(self, piece: bytes) -> bytes: ...

    def finish(self) -> bytes: ...


class Identity:
    def decode(self, piece: bytes) -> bytes:
        return piece

    def encode(self, piece: bytes) -> bytes:
        return piece

    def finish(self) -> bytes:
        return b""


def _truncated(encoding: str) -> WarehouseError:
    return WarehouseError.refused(
        CANNOT_DECOMPRESS, f"The {encoding} body ends in the middle: send it whole."
    )


class FrameDecoder:
    """gzip, deflate, lz4 and zstd; several frames in a row are one content."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._frame = self._next_frame()
        self._open = False

    def _next_frame(self) -> zlib._Decompress:
        match self._encoding:
            case "gzip" | "x-gzip":
                return zlib.decompressobj(wbits=31)
            case "deflate":
                return zlib.decompressobj()
            case "lz4":
                return lz4.frame.LZ4FrameDecompressor()
            case "zstd":
                return zstandard.ZstdDecompressor().decompressobj()
        raise WarehouseError.refused(
            UNKNOWN_COMPRESSION_METHOD,
            f"Content-Encoding {self._encoding!r} is not understood: "
            f"use one of {', '.join(PREFERENCE)}, or none.",
        )

    def decode(self, piece: bytes) -> bytes:
        out = []
        try:
            while piece:
                out.append(self._frame.decompress(piece))
                self._open = not self._frame.eof
                if self._open:
                    break
                piece = self._frame.unused_data or b""
                self._frame = self._next_frame()
        except (zlib.error, RuntimeError, zstandard.ZstdError) as error:
            raise WarehouseError.refused(
                CANNOT_DECOMPRESS, f"The body is not {self._encoding}: {error}."
            ) from error
        return b"".join(out)

    def finish(self) -> None:
        if self._open:
            raise _truncated(self._encoding)


class BlockDecoder:
    """ClickHouse's checksummed blocks."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def decode(self, piece: bytes) -> bytes:
        self._pending += piece
        out = []
        while len(self._pending) >= CHECKSUM_BYTES + HEADER.size:
            method, size, raw_size = HEADER.unpack_from(self._pending, CHECKSUM_BYTES)
            if not HEADER.size <= size <= MAX_BLOCK_BYTES or raw_size > MAX_BLOCK_BYTES:
                raise WarehouseError.refused(
                    CANNOT_DECOMPRESS,
                    f"decompress=1: a block claims {size} bytes compressed and {raw_size} raw.",
                )
            end = CHECKSUM_BYTES + size
            if len(self._pending) < end:
                break
            block = bytes(self._pending[:end])
            del self._pending[:end]
            out.append(_read_block(block, method, raw_size))
        return b"".join(out)

    def finish(self) -> None:
        if self._pending:
            raise _truncated("decompress=1")


def _read_block(block: bytes, method: int, raw_size: int) -> bytes:
    if block[:CHECKSUM_BYTES] != checksum(block[CHECKSUM_BYTES:]):
        raise WarehouseError.refused(
            CHECKSUM_DOESNT_MATCH, "decompress=1: a block's CityHash128 does not match its bytes."
        )
    content = block[CHECKSUM_BYTES + HEADER.size :]
    try:
        match method:
            case 0x82:
                return lz4.block.decompress(content, uncompressed_size=raw_size)
            case 0x90:
                return zstandard.ZstdDecompressor().decompress(content, max_output_size=raw_size)
            case 0x02:
                return content
    except (lz4.block.LZ4BlockError, zstandard.ZstdError) as error:
        raise WarehouseError.refused(CANNOT_DECOMPRESS, f"decompress=1: {error}.") from error
    raise WarehouseError.refused(
        UNKNOWN_COMPRESSION_METHOD, f"decompress=1: block method 0x{method:02x} is not supported."
    )


def checksum(content: bytes) -> bytes:
    """CityHash128 as ClickHouse writes it: low half, then high half."""
    number = CityHash128(content)
    return struct.pack("<QQ", number & UINT64, number >> 64)


class BlockEncoder:
    """Writes ClickHouse's LZ4 blocks of at most BLOCK_BYTES raw bytes."""

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


class Lz4Encoder:
    def __init__(self) -> None:
        self._frame = lz4.frame.LZ4FrameCompressor()
        self._begun = False

    def encode(self, piece: bytes) -> bytes:
        start = b"" if self._begun else self._frame.begin()
        self._begun = True
        return bytes(start + self._frame.compress(piece))

    def finish(self) -> bytes:
        return self.encode(b"") + bytes(self._frame.flush())


class ObjectEncoder:
    """Encoders with zlib's interface."""

    def __init__(self, encoding: str) -> None:
        match encoding:
            case "gzip":
                self._object = zlib.compressobj(1, wbits=31)
            case "deflate":
                self._object = zlib.compressobj(1)
            case _:
                self._object = zstandard.ZstdCompressor(level=1).compressobj()

    def encode(self, piece: bytes) -> bytes:
        return self._object.compress(piece)

    def finish(self) -> bytes:
        return self._object.flush()


def decoder(encoding: str, *, blocks: bool) -> Decoder:
    """For a request body: `Content-Encoding`, or `decompress=1` (blocks)."""
    if blocks:
        return BlockDecoder()
    return Identity() if encoding in {"", "identity"} else FrameDecoder(encoding)


def encoder(encoding: str, *, blocks: bool) -> Encoder:
    """For an answer: the encoding chosen by `choose`, or `compress=1` (blocks)."""
    if blocks:
        return BlockEncoder()
    if not encoding:
        return Identity()
    return Lz4Encoder() if encoding == "lz4" else ObjectEncoder(encoding)


def choose(accepted: str) -> str:
    """The encoding to answer in, of those an Accept-Encoding header allows; or none."""
    names = set()
    for part in accepted.lower().split(","):
        name, _, quality = part.partition(";")
        if quality.replace(" ", "") not in {"q=0", "q=0.0"}:
            names.add(name.strip())
    return next((name for name in PREFERENCE if name in names), "")
