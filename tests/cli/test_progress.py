"""Progress of long work: a line now and then for logs, nothing in a pipe."""

from __future__ import annotations

import pytest

from cli import progress
from cli.progress import Advance, Shown, bar, each, showing


def test_a_line_says_done_total_rate_and_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: now)
    work = Advance(lambda to: None)
    work.expect(4_000)
    work(1_000)
    now = 110.0
    said = work.line("filling", "records")
    assert said == "filling: 1,000 of 4,000 records, 100 a second, 0:00:30 left"
    work(5_000)  # more came in meanwhile
    assert work.line("filling", "records").startswith("filling: 6,000 of 6,000 records")


def test_a_pipe_is_quiet_unless_lines_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "LINE_EVERY_S", 0.0)
    for shown, lines in ((Shown.AUTO, 0), (Shown.NONE, 0), (Shown.PLAIN, 2)):
        with showing("deciding again", "records", shown) as advance:
            advance.expect(10)
            advance(10)
        said = capsys.readouterr().err.splitlines()
        assert len(said) == lines
    assert said[-1].startswith("deciding again: 10 of 10 records")


def test_single_steps_are_counted_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    monkeypatch.setattr(Advance, "__call__", lambda self, more: told.append(more))
    with bar("writing", 3, "records") as move:
        for _ in range(3):
            move(1)
    assert sum(told) == 3
    told.clear()
    assert list(each("settling", "abc", 3, "payouts")) == ["a", "b", "c"]
    assert sum(told) == 3
