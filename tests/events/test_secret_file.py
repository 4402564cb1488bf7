"""A secret's file: made once, for its owner alone, whole whoever else makes it."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

from events.secret_file import make_once


def test_the_first_content_stands(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "one.json"
    make_once(path, b"first")
    make_once(path, b"second")
    assert path.read_bytes() == b"first"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_of_many_makers_one_counts_and_nothing_is_left(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    starting = threading.Barrier(8)

    def make(number: int) -> None:
        starting.wait()
        make_once(path, b"%d" % number * 1000)

    makers = [threading.Thread(target=make, args=(number,)) for number in range(8)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    content = path.read_bytes()
    assert len(content) == 1000
    assert len(set(content)) == 1
    assert list(tmp_path.iterdir()) == [path]
