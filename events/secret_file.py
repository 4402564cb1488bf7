"""A file with a secret in it: made once, whole, and on disk before anybody uses it.

The content is written to a draft that only its owner may read, and linked to its name when it
is on disk. Of processes that start together one makes the file; the others find it made, and
read what it says.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

OWNER_ONLY = 0o600
DIRECTORY_OWNER_ONLY = 0o700


def make_once(path: Path, content: bytes) -> None:
    """Write `content` to `path` unless a file is there; the first one stands for good.

    The directory is made (mode 0700) where there is none. Raises OSError where neither can be.
    """
    directory = path.parent
    directory.mkdir(parents=True, exist_ok=True, mode=DIRECTORY_OWNER_ONLY)
    if path.exists():
        return
    draft = directory / f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # another process made it first: what that one wrote counts
    finally:
        draft.unlink()
    named = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(named)  # the name, too, must be there after a power cut
    finally:
        os.close(named)
