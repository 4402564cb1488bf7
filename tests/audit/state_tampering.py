"""Ways to change what a worker keeps in RocksDB, each to a key of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
from rocksdict import Options, Rdict

from audit.state.on_disk import PROGRESS_KEY, StateDirectory


class StateWay(NamedTuple):
    name: str
    processor: str
    key: bytes
    """The key meant, or what it begins with."""
    change: Callable[[Any], Any]
    """What stands there, decoded → what shall: None for nothing, bytes as they are."""
    kind: str
    says: str
    """What the detail names."""


def _account(funds: list[Any]) -> list[Any]:
    """Ten times as much payable."""
    head, by_unit = funds
    return [head, {unit: [10 * held[0], *held[1:]] for unit, held in by_unit.items()}]


def _progress(**changes: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda said: said | changes


WAYS = (
    StateWay("a balance", "posting", b"a/jane", _account, "altered", "field funds"),
    StateWay("a hash", "posting", b"a/omar", lambda held: ["0" * 64, held[1]], "altered", "head"),
    StateWay("an item removed", "posting", b"i/jane/", lambda held: None, "missing", "not on disk"),
    StateWay("an item garbled", "posting", b"i/omar/", lambda held: b"\xc1", "altered", "read"),
    StateWay("an account added", "posting", b"a/eve", lambda _: ["", {}], "foreign", "nothing"),
    StateWay(
        "a customer's deals forgotten",
        "attribution",
        b"acme/customer-2",
        lambda held: [held[0], {}, *held[2:]],
        "altered",
        "field deals",
    ),
    StateWay(
        "a customer moved", "attribution", b"acme/customer-x", lambda _: [{}, {}], "foreign", "log"
    ),
    StateWay("a number", "relay", PROGRESS_KEY, _progress(numbering={"0": 99}), "altered", "numb"),
)


def tamper(directory: StateDirectory, way: StateWay, key: bytes) -> None:
    """Write over what stands under `key`, as anybody who may write the files can."""
    db = Rdict(str(directory.path), Options(raw_mode=True))
    try:
        found = db.get(key)
        packed = key != PROGRESS_KEY
        reading = msgspec.msgpack.decode if packed else msgspec.json.decode
        writing = msgspec.msgpack.encode if packed else msgspec.json.encode
        value = way.change(None if found is None else reading(bytes(found)))
        if value is None:
            del db[key]
        else:
            db[key] = value if isinstance(value, bytes) else writing(value)
    finally:
        db.close()


def place_of(
    directories: list[StateDirectory], way: StateWay, home: int
) -> tuple[StateDirectory, bytes]:
    """The first directory that holds the key, and the key; one that nobody has goes to `home`."""
    mine = [one for one in directories if one.processor == way.processor]
    for directory in mine:
        db = Rdict(str(directory.path), Options(raw_mode=True))
        try:
            for key in db.keys():  # noqa: SIM118 - it is no dict
                assert isinstance(key, bytes)
                if key == way.key or (way.key.endswith(b"/") and key.startswith(way.key)):
                    return directory, key
        finally:
            db.close()
    return next(one for one in mine if one.partition == home), way.key
