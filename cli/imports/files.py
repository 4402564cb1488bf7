"""Files as they lie about: plain, or gzipped as log rotation leaves them."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import IO, cast


def open_lines(path: Path) -> IO[bytes]:
    """The bytes of a file, unpacked if its name ends in `.gz`."""
    return cast(IO[bytes], gzip.open(path)) if is_packed(path) else path.open("rb")


def is_packed(path: Path) -> bool:
    return path.suffix.lower() == ".gz"


def kind(path: Path) -> str:
    """The suffix that tells a file's format, in lower case: `.csv` for clicks.csv.gz."""
    return (path.with_suffix("") if is_packed(path) else path).suffix.lower()


def size(path: Path) -> int | None:
    """Bytes to be read; None where only reading tells."""
    return None if is_packed(path) else path.stat().st_size
