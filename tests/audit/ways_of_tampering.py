"""Every way to tamper that the tests know, in one table: what is done, which tool finds it, what it
calls it, and where it says so.

    python -m tests.audit.ways_of_tampering > docs/ways-of-tampering.md

The lines are the tests' own parameters (a test holds the page to them), and each is tried: on a
log in memory, which the audit reads as it reads Kafka's; and on the real thing for what is not
of the log: RocksDB, ClickHouse, and, for a handful, Kafka.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tests.audit import (
    checkpoint_tampering,
    rewards_tampering,
    signed_tampering,
    state_tampering,
    tampering,
)
from tests.audit.bundle import test_tampering as bundles
from tests.audit.tampering import Way
from tests.audit.test_indexed_payout import LEFT_OUT
from tests.warehouse import row_tampering

TREES = "the first stretch of a tree that is not as it was signed"


class Line(NamedTuple):
    done: str
    kind: str
    where: str


class Group(NamedTuple):
    title: str
    tool: str
    lines: list[Line]


def groups() -> Iterator[Group]:
    """All of them, in the order of the page."""
    replay = "`pledger replay --verify`, and `pledger audit payout` where a payout rests on it"
    yield Group("The log of a ledger of engine 1", replay, [_of_log(w) for w in tampering.WAYS])
    yield Group("What engine 2 rests on", replay, [_of_log(way) for way in rewards_tampering.WAYS])
    yield Group(
        "A log with checkpoints, also one told anew as a whole",
        "`pledger replay --verify`; `pledger verify --against CHECKPOINT`",
        [_of_signed(way) for way in signed_tampering.WAYS],
    )
    yield Group(
        "The checkpoints and keys themselves",
        "`pledger replay --verify`",
        [Line(way.name, ", ".join(way.kinds), way.words) for way in checkpoint_tampering.WAYS],
    )
    for scope, ways in (("an auditor's", bundles.AUDITOR), ("a partner's own", bundles.PARTNER)):
        yield Group(
            f"A bundle, {scope}, with all its hashes made to fit",
            "`pledger verify FILE`",
            [Line(way.name, way.kind, f"names `{way.where}`") for way in ways],
        )
    yield Group(
        "The index of positions",
        "`pledger audit payout`, which then reads the whole log, says why, and accuses nobody",
        [Line(f"{lie} left out or wrong", "a note", "beside the verdict") for lie in LEFT_OUT],
    )
    yield Group(
        "State on disk: RocksDB of the processors",
        "`pledger audit state`; what came of it, `pledger replay --verify`",
        [
            Line(f"{way.name} ({way.processor})", way.kind, "the directory and the key")
            for way in state_tampering.WAYS
        ],
    )
    yield Group(
        "Rows of the warehouse",
        "`pledger reconcile warehouse`",
        [
            Line(
                f"{way.name} (`{way.table}`)",
                way.kind,
                "the row's position" + (f", column `{way.column}`" if way.column else ""),
            )
            for way in row_tampering.WAYS
        ],
    )


def _of_log(way: Way) -> Line:
    kinds = dict.fromkeys((way.kind, *(kind for kind, _ in way.also)))
    places = dict.fromkeys((way.where.words, *(place.words for _, place in way.also)))
    honest = {"relay": ", relayed and booked on", "post": ", booked on"}.get(way.honest_after, "")
    return Line(way.name + honest, ", ".join(kinds), "; ".join(places))


def _of_signed(way: signed_tampering.SignedWay) -> Line:
    kinds = dict.fromkeys(kind for kind, _ in way.also)
    places = dict.fromkeys(place.words for _, place in way.also)
    trees = (TREES,) if way.kinds else ()
    return Line(way.name, ", ".join((*way.kinds, *kinds)), "; ".join((*trees, *places)))


def page() -> str:
    """The page of the documentation."""
    found = list(groups())
    count = sum(len(group.lines) for group in found)
    parts = [
        "# Ways to tamper, and what finds each",
        "",
        f"{count} ways in which somebody with write access to the disks may change a ledger, each",
        "tried by the tests: it must be found, called what the table says, where the table says,",
        "and nothing else may be named (a bundle's verification and a payout's audit end at the",
        "first difference). This page is made from the tests' own tables:",
        "`python -m tests.audit.ways_of_tampering > docs/ways-of-tampering.md`.",
        "",
        "Without a checkpoint, a log says which record does not follow from the one before it in",
        "the chain from fact to journal; which of the two was changed, only a checkpoint tells.",
        "",
        "Not named, because nothing rests on it: the broker's time of attributions and entries",
        "(an entry says its own), the fields of a click that earn nothing (its address, its",
        "browser), and records that come second for a place, which no reader accepts; those that",
        "say other than the first are listed as contradictions.",
    ]
    for group in found:
        parts += ["", f"## {group.title}", "", f"Found by {group.tool}.", ""]
        parts += ["| what is done | it says | where |", "| --- | --- | --- |"]
        parts += [f"| {line.done} | {line.kind} | {line.where} |" for line in group.lines]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    print(page(), end="")
