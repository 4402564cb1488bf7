"""Imports into a real log: all of it goes in, once, however often and however it was cut off."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from events.codec import decode_record
from events.conversions import Deal, Refund
from events.log import partitions, read, watermarks
from events.settings import Settings
from events.topics import CLICKS, CONVERSIONS
from tests.cli.conftest import CommandFailed, ask, here, run
from tests.imports.test_sample_files import MAP, sample

__all__ = ["here"]

pytestmark = pytest.mark.broker

ORDERS_MAP = """
name = "orders"
program = "shop"
[file]
date_format = "iso"
[deal]
id = "Order"
occurred_at = "Date"
amount = "Total"
currency = "Currency"
customer = "Customer"
partner = "Partner"
[refund]
when = "amount < 0"
"""
ORDERS = """Order,Date,Total,Currency,Customer,Partner
A2,2025-03-02,20.00,GBP,ann,jane
A1,2025-03-01,10.00,GBP,ann,jane
R1,2025-03-03,-5.00,GBP,ann,
A3,2025-03-03,oops,GBP,bob,jane
"""


def records(settings: Settings, topic: str) -> list[object]:
    count = partitions(settings.broker, topic)
    return [
        decode_record(record)
        for partition in range(count)
        for record in read(settings.broker, topic, partition)
    ]


def files(tmp_path: Path, orders: str = ORDERS) -> tuple[str, str, str]:
    """Arguments of `import deals` without further options."""
    (tmp_path / "orders.toml").write_text(ORDERS_MAP)
    (tmp_path / "orders.csv").write_text(orders)
    return str(tmp_path / "orders.csv"), "--map", str(tmp_path / "orders.toml")


def test_deals_go_in_once_oldest_first_and_know_their_partners(
    here: Settings, tmp_path: Path
) -> None:
    run("programs", "add", "shop", "--currency", "GBP")
    arguments = files(tmp_path)
    dry = ask("import", "deals", *arguments, "--create-partners", "--dry-run")
    assert (dry["written"], dry["made"], records(here, CONVERSIONS)) == (3, {"partners": 1}, [])
    first = ask("import", "deals", *arguments, "--create-partners")
    assert (first["written"], first["already"]) == (3, 0)
    assert first["amounts"] == {"GBP": {"sales": 3000, "refunds": 500}}
    assert [(entry["line"], entry["field"]) for entry in first["rejected"]] == [(5, "deal.amount")]
    found = records(here, CONVERSIONS)
    assert [conversion.event_id for conversion in found] == ["orders:A1", "orders:A2", "orders:R1"]
    assert {conversion.known for conversion in found} == {
        4
    }  # program, registered, applied, approved

    again = ask("import", "deals", *arguments, "--create-partners")
    assert again["unchanged"]
    assert (again["written"], again["already"], again["made"]) == (0, 3, {})
    assert len(records(here, CONVERSIONS)) == 3
    assert "nothing changed: all 3 records were in the ledger already" in run(
        "import", "deals", *arguments
    )


def test_a_changed_order_is_a_conflict_and_a_new_one_goes_in(
    here: Settings, tmp_path: Path
) -> None:
    run("programs", "add", "shop", "--currency", "GBP")
    run("partners", "add", "jane", "--program", "shop")
    run("import", "deals", *files(tmp_path))
    changed = ORDERS.replace("20.00", "21.00") + "A4,2025-03-04,1.00,GBP,bob,jane\n"
    report = ask("import", "deals", *files(tmp_path, changed))
    assert (report["written"], report["already"], report["unchanged"]) == (1, 2, False)
    [conflict] = report["conflicts"]
    assert (conflict["line"], conflict["field"]) == (2, "event_id")
    assert "orders:A2 is in the log with other content, at conversions/" in conflict["reason"]
    assert len(records(here, CONVERSIONS)) == 4


def test_unknown_parties_are_listed_unless_they_may_be_made(here: Settings, tmp_path: Path) -> None:
    run("programs", "add", "shop", "--currency", "GBP")
    report = ask("import", "deals", *files(tmp_path))
    assert [entry["line"] for entry in report["rejected"]] == [5, 2, 3]
    assert "--create-partners" in report["rejected"][1]["reason"]
    assert [type(found) for found in records(here, CONVERSIONS)] == [Refund]
    with pytest.raises(CommandFailed, match="pledger programs add nobody"):
        run("import", "deals", *files(tmp_path), "--program", "nobody")


def log_lines(tmp_path: Path, count: int) -> Path:
    path = tmp_path / "access.log"
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    path.write_text(
        "".join(
            f"192.0.2.{number % 250} - - [17/May/2015:10:{number // 60 % 60:02}:{number % 60:02} "
            f'+0000] "GET /c/jane-blog?sub1={number // 2} HTTP/1.1" 302 0 "-" "{agent}"\n'
            for number in range(count)
        )
    )
    return path


def test_an_import_that_was_killed_is_finished_by_the_next(here: Settings, tmp_path: Path) -> None:
    run("programs", "add", "acme")
    run("partners", "add", "jane", "--program", "acme")
    run("links", "add", "jane-blog", "--program", "acme", "--partner", "jane",
        "--destination", "https://acme.test/")  # fmt: skip
    count = 20_000
    path = log_lines(tmp_path, count)
    arguments = ["import", "clicks", str(path), "--program", "acme", "--link-path", "/c/"]
    running = subprocess.Popen(
        [sys.executable, "-m", "cli.main", *arguments], stdout=subprocess.DEVNULL, env=os.environ
    )
    while written(here) == 0:
        assert running.poll() is None, "it ended before it could be killed"
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    running.wait()
    half = written(here)
    assert 0 < half < count
    report = ask(*arguments)
    assert (report["already"], report["written"]) == (half, count - half)
    clicks = records(here, CLICKS)
    assert len({click.click_id for click in clicks}) == len(clicks) == count
    assert ask(*arguments)["unchanged"]


def written(settings: Settings) -> int:
    return sum(high for _, high in watermarks(settings.broker, CLICKS).values())


def test_clicks_by_column_keep_why_they_do_not_count(here: Settings, tmp_path: Path) -> None:
    run("programs", "add", "acme")
    run("partners", "add", "jane", "--program", "acme")
    for link in ("open", "closed"):
        run("links", "add", link, "--program", "acme", "--partner", "jane",
            "--destination", "https://acme.test/")  # fmt: skip
    run("links", "disable", "closed")
    path = tmp_path / "clicks.csv"
    path.write_text(
        "link,occurred_at\nopen,2015-05-17\nclosed,2015-05-17\nghost,2015-05-17\nopen,2999-01-01\n"
    )
    report = ask("import", "clicks", str(path), "--program", "acme")
    assert report["counts"] == {"valid": 1, "invalid": 1}
    assert report["invalid"] == {"link_disabled": 1}
    assert [(entry["line"], entry["field"]) for entry in report["rejected"]] == [
        (4, "link"),
        (5, "occurred_at"),
    ]


def test_online_retail_twice(here: Settings) -> None:
    path = sample("online_retail_10k.csv")
    run("programs", "add", "shop", "--currency", "GBP")
    arguments = ["import", "deals", str(path), "--map", str(MAP), "--program", "shop"]
    first = ask(*arguments, "--create-partners")
    assert (first["written"], first["rejected"], first["made"]) == (512, [], {"partners": 15})
    assert first["amounts"] == {"GBP": {"sales": 18_424_833, "refunds": 358_058}}
    assert first["partners"]["united-kingdom"] == 437
    again = ask(*arguments, "--create-partners")
    assert again["unchanged"]
    assert again["already"] == 512
    found = Counter(type(conversion) for conversion in records(here, CONVERSIONS))
    assert found == {Deal: 469, Refund: 43}


def test_access_log_twice(here: Settings) -> None:
    path = sample("apache_access_10k.log")
    run("programs", "add", "site")
    arguments = ["import", "clicks", str(path), "--program", "site", "--partner-by", "referer"]
    arguments += ["--own-site", "semicomplete.com", "--create-partners"]
    first = ask(*arguments)
    assert (first["lines"], first["written"], first["rejected"]) == (10_000, 10_000, [])
    assert first["counts"]["valid"] + first["counts"]["invalid"] == 10_000
    assert sum(first["partners"].values()) == 10_000
    assert first["partners"]["google.com"] == 228
    again = ask(*arguments)
    assert again["unchanged"]
    assert again["already"] == 10_000
    clicks = records(here, CLICKS)
    assert len({click.click_id for click in clicks}) == len(clicks) == 10_000
