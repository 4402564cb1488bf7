"""The ways to forge a bundle that are common to all: a field, a record, an order."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tests.audit.bundle.forging import Forged, Line

Forge = Callable[[Forged], object]


class Way(NamedTuple):
    name: str
    forge: Forge
    kind: str
    where: str
    """What the position or the detail of the difference names."""


def alter(topic: str, contains: str, **changes: object) -> Forge:
    return lambda forged: forged.edit(topic, contains, **changes)


def drop(topic: str, contains: str) -> Forge:
    return lambda forged: forged.remove(topic, contains)


def on_line(name: str, number: int, **changes: object) -> Forge:
    return lambda forged: forged.each(name, lambda lines: lines[number].update(changes))


def swap_lines(topic: str) -> Forge:
    def change(lines: list[Line]) -> None:
        lines[3], lines[4] = lines[4], lines[3]

    return lambda forged: forged.each(topic, change)


def swap_values(topic: str, first: int, second: int) -> Forge:
    def change(lines: list[Line]) -> None:
        one, other = lines[first], lines[second]
        one["value"], other["value"] = other["value"], one["value"]

    return lambda forged: forged.each(topic, change)


def repeat(topic: str) -> Forge:
    return lambda forged: forged.each(topic, lambda lines: lines.insert(2, lines[2]))
