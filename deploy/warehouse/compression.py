"""Compression of bodies: HTTP's encodings, by `Content-Encoding` and `Accept-Encoding`.

gzip, deflate, lz4 (frames) and zstd, read and written piece by piece. With
`compress=1` and `decompress=1` a body is made of ClickHouse's own blocks instead
(see `blocks`).
"""

from __future__ import annotations

import zlib
from typing import Any, Protocol

import lz4.frame
import zstandard

from deploy.warehouse.blocks import BlockDecoder, BlockEncoder
from deploy.warehouse.errors import (
    CANNOT_DECOMPRESS,
    UNKNOWN_COMPRESSION_METHOD,
    WarehouseError,
)

# The order in which an accepted encoding is chosen: cheapest to produce first.
PREFERENCE = ("lz4", "zstd", "gzip", "deflate")


class Decoder(Protocol):
    def decode(self, piece: bytes) -> bytes:
        """As much of the content as the bytes so far allow."""

    def finish(self) -> None:
        """Raises WarehouseError when the body ended within a frame or block."""


class Encoder(Protocol):
    def encode(self, piece: bytes) -> bytes: ...

    def finish(self) -> bytes: ...


class PlainDecoder:
    def decode(self, piece: bytes) -> bytes:
        return piece

    def finish(self) -> None:
        return None


class FrameDecoder:
    """gzip, deflate, lz4 and zstd; several frames in a row are one content."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._frame = _frame_decoder(encoding)
        self._open = False

    def decode(self, piece: bytes) -> bytes:
        out = []
        try:
            while piece:
                out.append(self._frame.decompress(piece))
                self._open = not self._frame.eof
                if self._open:
                    break
                piece = self._frame.unused_data or b""
                self._frame = _frame_decoder(self._encoding)
        except (zlib.error, RuntimeError, zstandard.ZstdError) as error:
            raise WarehouseError.refused(
                CANNOT_DECOMPRESS, f"The body is not {self._encoding}: {error}."
            ) from error
        return b"".join(out)

    def finish(self) -> None:
        if self._open:
            raise WarehouseError.refused(
                CANNOT_DECOMPRESS, f"The {self._encoding} body ends in the middle: send it whole."
            )


def _frame_decoder(encoding: str) -> Any:
    """An object with zlib's `decompress`, `eof` and `unused_data`."""
    match encoding:
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
        f"Content-Encoding {encoding!r} is not understood: "
        f"use one of {', '.join(PREFERENCE)}, or none.",
    )


class PlainEncoder:
    def encode(self, piece: bytes) -> bytes:
        return piece

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


class FastEncoder:
    """gzip, deflate and zstd at their fastest level: the other end is on this machine."""

    def __init__(self, encoding: str) -> None:
        self._frame: Any
        match encoding:
            case "gzip":
                self._frame = zlib.compressobj(1, wbits=31)
            case "deflate":
                self._frame = zlib.compressobj(1)
            case _:
                self._frame = zstandard.ZstdCompressor(level=1).compressobj()

    def encode(self, piece: bytes) -> bytes:
        return bytes(self._frame.compress(piece))

    def finish(self) -> bytes:
        return bytes(self._frame.flush())


def decoder(encoding: str, *, blocks: bool) -> Decoder:
    """For a request's body: its Content-Encoding, or `decompress=1` (blocks)."""
    if blocks:
        return BlockDecoder()
    return PlainDecoder() if encoding in {"", "identity"} else FrameDecoder(encoding)


def encoder(encoding: str, *, blocks: bool) -> Encoder:
    """For an answer: the encoding chosen by `choose`, or `compress=1` (blocks)."""
    if blocks:
        return BlockEncoder()
    if not encoding:
        return PlainEncoder()
    return Lz4Encoder() if encoding == "lz4" else FastEncoder(encoding)


def choose(accepted: str) -> str:
    """The encoding to answer in, of those an Accept-Encoding header allows; or none."""
    names = set()
    for part in accepted.lower().split(","):
        name, _, quality = part.partition(";")
        if quality.replace(" ", "") not in {"q=0", "q=0.0"}:
            names.add(name.strip())
    return next((name for name in PREFERENCE if name in names), "")
