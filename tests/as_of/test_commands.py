"""`pledger balance`, `statement` and `corrections` as of a moment, on a real journal."""

from __future__ import annotations

import csv
import io
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from events import topics
from events.log import Writer
from events.settings import Settings
from projections.moments import Moment
from streams import finality
from streams.finality import is_final
from tests.as_of.lives import posted
from tests.as_of.model import Happening, happenings, known_by, owed
from tests.as_of.written import told, write
from tests.cli.conftest import CommandFailed, ask, here, run
from tests.projections.world import DAY, START
from tests.rewards.lives import Living

pytestmark = pytest.mark.broker

MOMENTS = (START + DAY, START + 8 * DAY, START + 13 * DAY, START + 20 * DAY)
END = 2**60
COLUMNS = ("payable", "pending", "available", "in_transit", "paid")

__all__ = ["here"]


def iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat()


@pytest.fixture(params=["1", "2"])
def world(request: pytest.FixtureRequest, here: Settings) -> Living:
    """Terms of either engine."""
    world = told(request.param)
    write(world, here.broker)
    return world


def test_a_ledger_is_asked_as_of_moments(world: Living, tmp_path: Path) -> None:
    """One told life, many questions."""
    all_ = happenings(world.journal, world.conversions)
    differed = 0
    for as_of in MOMENTS:
        then = balances(all_, as_of, "then", as_of)
        now = balances(all_, as_of, "now", END)
        differed += then["balances"] != now["balances"]
    assert differed >= 3
    balances(all_, MOMENTS[1], iso(MOMENTS[2]), MOMENTS[2])
    by_place(all_)
    corrections(all_, tmp_path)
    statements(all_)


def balances(all_: list[Happening], as_of: int, known: str, until: int) -> Any:
    """Of alice; the model agrees, and so does the same question by the places it names."""
    answer = ask("balance", "alice", "--as-of", iso(as_of), "--known", known)
    found = {row["unit"]: {name: row[name] for name in COLUMNS} for row in answer["balances"]}
    expected = {
        unit: {name: row[name] for name in COLUMNS}
        for (partner, _, unit), row in owed(all_, as_of, until).items()
        if partner == "alice"
    }
    assert found == expected
    if known != "then" and as_of in MOMENTS[:2]:
        again = ask("balance", "alice", "--as-of", answer["as_of"], "--known", answer["known"])
        assert {**again, "known_by": known} == {**answer, "final": True}
    return answer


def by_place(all_: list[Happening]) -> None:
    """A place without a time stands for the millisecond after the entry before it."""
    answer = ask("balance", "alice", "--as-of", iso(MOMENTS[1]))
    place = answer["as_of"].partition("@")[0]
    bare = ask("balance", "alice", "--as-of", place)
    assert bare["as_of"].startswith(place + "@")
    mine = [one for one in all_ if one["entry"]["partner"] == "alice"]
    newest = max(one["recorded"] for one in mine if one["recorded"] < MOMENTS[1])
    assert bare["moment"] <= iso(MOMENTS[1])
    assert [row["payable"] for row in bare["balances"]] == [
        row["payable"] for row in answer["balances"]
    ]
    assert bare["moment"] >= iso(newest)[:19]


def corrections(all_: list[Happening], tmp_path: Path) -> None:
    """The rows bridge both figures, of one partner and of the program; CSV and table agree."""
    whys: Counter[str] = Counter()
    for as_of in MOMENTS[1:]:
        report = ask("corrections", "alice", "--as-of", iso(as_of))
        for account in report["accounts"]:
            key = ("alice", "acme", account["unit"])
            then = owed(all_, as_of, as_of).get(key, {})
            now = owed(all_, as_of, END)[key]
            for name in COLUMNS:
                learned = sum(row["change"][name] for row in account["corrections"])
                assert account["then"][name] == then.get(name, 0)
                assert account["then"][name] + learned == account["now"][name] == now[name]
            whys.update(row["why"] for row in account["corrections"])
            assert all(row["late_by_ms"] > 0 for row in account["corrections"])
    assert set(whys) >= {"late_arrival", "refund", "review", "adjustment", "reassigned"}
    every = ask("corrections", "--program", "acme", "--as-of", iso(MOMENTS[1]))
    assert {account["partner"] for account in every["accounts"]} == {"alice", "bob"}
    again = ask("corrections", "--program", "acme", "--as-of", every["as_of"])
    assert again["accounts"] == every["accounts"]
    sheet = tmp_path / "corrections.csv"
    run("corrections", "--program", "acme", "--as-of", iso(MOMENTS[1]), "--csv", str(sheet))
    rows = list(csv.DictReader(io.StringIO(sheet.read_text("utf-8-sig"))))
    for account in every["accounts"]:
        whose = [row for row in rows if (row["partner"], row["unit"])
                 == (account["partner"], account["unit"])]  # fmt: skip
        assert [row["row"] for row in (whose[0], whose[-1])] == ["known then", "known now"]
        assert len(whose) == 2 + len(account["corrections"])
    text = run("corrections", "alice", "--as-of", iso(MOMENTS[1]))
    assert "known then" in text
    assert "again: --as-of journal/" in text


def statements(all_: list[Happening]) -> None:
    """A statement as known now closes with the balance known now, and opens with the one before;
    its lines are in the order in which they were true."""
    first, second = MOMENTS[1], MOMENTS[2]
    period = ("--since", iso(first), "--until", iso(second))
    made = ask("statement", "alice", *period, "--known", "now")
    for section in made["sections"]:
        key = ("alice", "acme", section["unit"])
        for side, at in (("opening", first), ("closing", second)):
            expected = owed(all_, at, END).get(key, {})
            for name in COLUMNS:
                assert section[side][name]["minor_units"] == expected.get(name, 0), (side, name)
        when = [line["effective"] for line in section["entries"]]
        assert when == sorted(when)
    seen = {one["offset"]: one for one in known_by(all_, END)
            if one["entry"]["partner"] == "alice" and first <= min(one["true"], one["recorded"])
            and min(one["true"], one["recorded"]) < second}  # fmt: skip
    assert made["entries"] == len(seen)
    again = ask("statement", "alice", "--since", iso(first), "--as-of", made["as_of"],
                "--known", made["known"])  # fmt: skip
    assert again["sections"] == made["sections"]
    then = ask("statement", "alice", *period)
    assert then["known_then"]
    assert then["sections"] == ask("statement", "alice", "--since", iso(first), "--as-of",
                                   iso(second), "--known", "then")["sections"]  # fmt: skip
    assert "happened" in run("statement", "alice", *period, "--known", "now")


def test_an_answer_is_final_once_its_time_has_passed_for_the_journal(
    here: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No entry at it or later is needed, only that none can come before it."""
    world = told("2")
    write(world, here.broker)
    long_after = ask("balance", "alice", "--as-of", "2026-06-01")
    assert long_after["final"]
    assert not ask("balance", "alice", "--as-of", "2200-01-01")["final"]
    assert not ask("statement", "alice", "--as-of", "2200-01-01")["final"]
    home = int(long_after["known"].split("/")[1])
    newest = posted(world, home)[-1]
    soon = Moment(time.time_ns() // 1_000_000 + 5_000)
    assert not is_final(here.broker, home, soon, newest)
    monkeypatch.setattr(finality, "MARGIN_MS", -60_000)  # as if it were later
    assert is_final(here.broker, home, soon, newest)
    writer = Writer(here.broker)
    due = world.instructions[home][-1]
    writer.append(topics.INSTRUCTIONS, key="alice", value=due, partition=home)
    writer.flush()
    assert not is_final(here.broker, home, soon, newest), "an instruction has no entry yet"


REFUSED = [
    (("balance", "alice", "--as-of", "soon"), "--as-of 'soon': expected ISO 8601"),
    (("balance", "alice", "--known", "now"), "--known 'now' without --as-of"),
    (("balance", "alice", "--as-of", "journal/99/1"), "name a place in each"),
    (("balance", "alice", "--as-of", "journal/1/999999"), "is not written yet: the log ends at"),
    (("balance", "alice", "--as-of", "clicks/1/2"), "expected ISO 8601"),
    (("corrections", "--as-of", "2026-01-01"), "give a partner, or --program"),
    (("corrections", "alice"), "--as-of is missing"),
    (("corrections", "alice", "--as-of", "2026-01-01", "--known", "then"), "no difference"),
    (("corrections", "alice", "--as-of", "2026-01-09", "--known", "2026-01-08"), "lies before"),
    (("statement", "alice", "--month", "2026-01", "--as-of", "2026-01-05"), "one or the other"),
    (("statement", "alice", "--after", "journal/2/1", "--known", "now"), "give --since"),
]


def test_what_cannot_be_asked_is_said_in_a_line(here: Settings) -> None:
    write(told("2"), here.broker)
    for arguments, said in REFUSED:
        with pytest.raises(CommandFailed) as caught:
            run(*arguments)
        assert said in caught.value.said
        assert len(caught.value.said.strip().splitlines()) == 1
