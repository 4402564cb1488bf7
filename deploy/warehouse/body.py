"""A request's body: decompressed as it comes, and known to be whole at its end."""

from __future__ import annotations

from typing import Protocol

from deploy.warehouse.compression import decoder
from deploy.warehouse.errors import QUERY_IS_TOO_LARGE, WarehouseError
from deploy.warehouse.request import Request

# A statement without its rows; the engine's own max_query_size bounds what is parsed.
MAX_STATEMENT_BYTES = 16 << 20


class ClientGone(Exception):
    """The client closed its connection; nobody waits for the answer."""


class Inlet(Protocol):
    def read(self) -> bytes:
        """The next bytes as sent; empty at the end. Raises ClientGone when it breaks off."""


class Body:
    """What the client sends, as far as it was read."""

    def __init__(self, inlet: Inlet, request: Request) -> None:
        self._inlet = inlet
        self._decoder = decoder(request.content_encoding, blocks=request.sends_blocks)
        self.complete = False

    def upto(self, size: int) -> bytes:
        """At least `size` more bytes, or all that is left (then `complete`)."""
        pieces = []
        length = 0
        while length < size and not self.complete:
            sent = self._inlet.read()
            if not sent:
                self._decoder.finish()
                self.complete = True
                break
            piece = self._decoder.decode(sent)
            pieces.append(piece)
            length += len(piece)
        return b"".join(pieces)

    def whole(self) -> bytes:
        """All that is left, of a body that brings no rows. Raises WarehouseError 210."""
        text = self.upto(MAX_STATEMENT_BYTES)
        if not self.complete:
            raise WarehouseError.refused(
                QUERY_IS_TOO_LARGE,
                f"A statement may have {MAX_STATEMENT_BYTES} bytes. Rows belong behind "
                "INSERT INTO … FORMAT …, where they may be of any length.",
            )
        return text
