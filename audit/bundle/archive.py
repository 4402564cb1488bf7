"""The zip file of a bundle: written with the same bytes for the same members, read with care.

Every entry bears the same time, attributes and method, and the members stand in the order of
`format`; so a bundle of the same records has the same bytes wherever the same zlib packs it.

What is read may have been made by anybody. Members are taken by name out of those a bundle
can have, never unpacked to a path; each is read no further than its limit.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from audit.bundle.format import MANIFEST, NOTE, REQUIRED

FIRST_DAY = (1980, 1, 1, 0, 0, 0)
"""The earliest time zip knows; every member bears it."""
READABLE = 0o644 << 16
UNIX = 3
LEVEL = 9
MAX_MEMBER = 1 << 30
"""Bytes of a member, unpacked: some two million records."""
MAX_MANIFEST = 1 << 20
MAX_BUNDLE = 3 << 30
"""Bytes of all members, unpacked."""
MAX_RATIO = 1_000
"""Times that a member may grow when it is unpacked: deflate's own limit is 1,032, which only
one byte repeated for ever reaches."""
LARGE = 1 << 24
"""Bytes from which the ratio is looked at."""
ENCRYPTED = 0x1

DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError),
    *(NotImplementedError, RuntimeError, OverflowError),
)
"""What Python's reader raises on bytes that are no zip file, or not one that it knows."""

MEMBERS: tuple[str, ...] = (MANIFEST, *REQUIRED, NOTE)
"""In the order in which they stand in the file."""


class BadBundle(ValueError):
    """A file that cannot be read as a bundle; says what is wrong with it, in words."""


def packed(members: Mapping[str, bytes]) -> bytes:
    """The zip file of some of `MEMBERS`."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as archive:
        for name in MEMBERS:
            if name not in members:
                continue
            entry = zipfile.ZipInfo(name, FIRST_DAY)
            entry.external_attr = READABLE
            entry.create_system = UNIX
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, members[name], compresslevel=LEVEL)
    return out.getvalue()


def unpacked(path: Path) -> dict[str, bytes]:
    """The members of the file at `path`, by name. Raises BadBundle, and OSError."""
    with path.open("rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                entries = _entries(path, archive)
                return {name: _read(path, archive, entry) for name, entry in entries.items()}
        except BadBundle:
            raise
        except DAMAGED as problem:
            raise BadBundle(f"{path}: no bundle, or a damaged one: {problem}") from problem


def digest(member: bytes) -> str:
    """SHA-256 of a member, in hex."""
    return sha256(member).hexdigest()


def _entries(path: Path, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The archive's entries by name; raises BadBundle for any that a bundle cannot have."""
    entries: dict[str, zipfile.ZipInfo] = {}
    for entry in archive.infolist():
        name = entry.filename
        if name not in MEMBERS:
            raise BadBundle(f"{path}: holds {name!r}, which is no member of a bundle")
        if name in entries:
            raise BadBundle(f"{path}: holds {name} twice")
        if entry.flag_bits & ENCRYPTED:
            raise BadBundle(f"{path}: {name} is encrypted; a bundle is not")
        _check_size(path, entry)
        entries[name] = entry
    for name in (MANIFEST, *REQUIRED):
        if name not in entries:
            raise BadBundle(f"{path}: {name} is missing; every bundle has it")
    total = sum(entry.file_size for entry in entries.values())
    if total > MAX_BUNDLE:
        raise BadBundle(f"{path}: unpacks to {total:,} bytes; a bundle has up to {MAX_BUNDLE:,}")
    return entries


def _check_size(path: Path, entry: zipfile.ZipInfo) -> None:
    limit = MAX_MANIFEST if entry.filename == MANIFEST else MAX_MEMBER
    if entry.file_size > limit:
        raise BadBundle(
            f"{path}: {entry.filename} unpacks to {entry.file_size:,} bytes; at most {limit:,}"
        )
    if entry.file_size > LARGE and entry.file_size > entry.compress_size * MAX_RATIO:
        raise BadBundle(
            f"{path}: {entry.filename} unpacks {entry.compress_size:,} bytes to "
            f"{entry.file_size:,}: no member of a bundle does"
        )


def _read(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """The member; never more than the size that was checked."""
    with archive.open(entry) as member:
        found = member.read(entry.file_size + 1)
    if len(found) != entry.file_size:
        raise BadBundle(
            f"{path}: {entry.filename} has another size than the archive's directory says"
        )
    return found
