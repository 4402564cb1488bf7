"""The Go client's first question, answered in the dialect it expects.

Over HTTP it asks for name, version, revision and timezone in Native and reads
the answer as a server of its own revision would write it: with block info, and
a serialization byte after each type. chDB writes Native as revision 0. So this
one block is written here, and says revision 0; the client then reads all later
blocks as chDB writes them.
"""

from __future__ import annotations

import socket
import struct

from deploy.warehouse.engine import Engine
from deploy.warehouse.statement import Statement

QUESTION = "SELECT displayName(), version(), revision(), timezone()"
# From this revision on a column says whether its serialization is a custom one.
CUSTOM_SERIALIZATION_REVISION = 54454
# Field 1: is_overflows = 0; field 2: bucket_num = -1; end.
BLOCK_INFO = b"\x01\x00\x02\xff\xff\xff\xff\x00"


def greeting(statement: Statement, fmt: str, revision: int, engine: Engine) -> bytes | None:
    """The Native block for this question of a client of this revision; None for any other."""
    if not revision or fmt.lower() != "native" or not statement.text.startswith(QUESTION):
        return None
    columns = (
        ("displayName()", "String", _string(socket.gethostname())),
        ("version()", "String", _string(engine.version)),
        ("revision()", "UInt32", struct.pack("<I", 0)),
        ("timezone()", "String", _string(engine.timezone)),
    )
    plain = b"\x00" if revision >= CUSTOM_SERIALIZATION_REVISION else b""
    block = [BLOCK_INFO, bytes([len(columns)]), b"\x01"]
    for name, kind, value in columns:
        block += [_string(name), _string(kind), plain, value]
    return b"".join(block)


def _string(value: str) -> bytes:
    raw = value.encode()
    if len(raw) > 127:
        raw = raw[:127]  # one byte of length is enough for names and versions
    return bytes([len(raw)]) + raw
