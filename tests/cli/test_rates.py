"""Rates of exchange: imported as the ECB publishes them, set by hand, and looked up."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from events.settings import Settings
from tests.cli.conftest import CommandFailed, ask, run
from tests.imports.test_ecb import DAILY_XML, HISTORY_CSV

pytestmark = pytest.mark.broker


def test_import_set_list_show(here: Settings, tmp_path: Path) -> None:
    daily, history = tmp_path / "eurofxref-daily.xml", tmp_path / "eurofxref-hist.csv"
    daily.write_text(DAILY_XML)
    history.write_text(HISTORY_CSV)
    assert "no rates" in run("rates", "list")
    assert run("rates", "import", str(daily)) == "1 of 1 days set: 2026-11-20\n"
    assert run("rates", "import", str(daily)) == "0 of 1 days set; 1 were there already\n"
    said = run("rates", "import", str(history), "--from", "2000-01-01")
    assert said == "0 of 2 days set; 1 were there already; 1 outside the days asked for\n"
    said = run("rates", "import", str(history))
    assert said == "1 of 2 days set: 1999-01-04; 1 were there already\n"

    rate = ask("rates", "show", "eur", "usd", "--date", "2026-11-22")  # a Sunday: Friday's
    assert (rate["rate"], rate["date"], rate["source"]) == ("1.0832", "2026-11-20", "ecb")
    crossed = ask("rates", "show", "GBP", "USD", "--date", "2026-11-20")
    assert crossed["rate"] == "10832/8341"

    # Other rates for a day that is there are left alone, unless they are to correct it.
    daily.write_text(DAILY_XML.replace("1.0832", "1.0900"))
    assert "1 are there with other rates and stay (2026-11-20)" in run(
        "rates", "import", str(daily)
    )
    assert ask("rates", "show", "EUR", "USD", "--date", "2026-11-20")["rate"] == "1.0832"
    run("rates", "import", str(daily), "--correct", "--by", "ann")
    assert ask("rates", "show", "EUR", "USD", "--date", "2026-11-20")["rate"] == "1.0900"

    said = run("rates", "set", "2026-11-23", "usd=1.0850", "gbp=0.8350", "--source", "treasury")
    assert said == "rates of treasury for 2026-11-23 set: 1 EUR = 1.0850 USD, 0.8350 GBP\n"
    rows = ask("rates", "list", "--from", "2026-11-01", "--to", "2026-11-30")
    assert [(row["date"], row["source"]) for row in rows] == [
        ("2026-11-20", "ecb"),
        ("2026-11-23", "treasury"),
    ]
    assert "1.0850 USD" in run("rates", "list", "--source", "treasury")


def test_a_day_of_two_minds_changes_nothing(here: Settings, tmp_path: Path) -> None:
    path = tmp_path / "eurofxref-hist.csv"
    days = ("2026-11-19,1.08", "2026-11-20,1.0832", "2026-11-20,1.09")
    path.write_text("\n".join(["Date,USD", *days]) + "\n")
    with pytest.raises(CommandFailed, match="2026-11-20 stands in it twice"):
        run("rates", "import", str(path))
    assert "no rates" in run("rates", "list")


def test_a_history_of_years(here: Settings, tmp_path: Path) -> None:
    first = date(2020, 1, 1)
    days = [(first + timedelta(days=number)).isoformat() for number in range(1_500)]
    lines = [f"{day},1.1,160.5,0.85,N/A," for day in reversed(days)]
    path = tmp_path / "eurofxref-hist.csv"
    path.write_text("\n".join(["Date,USD,JPY,GBP,CYP,", *lines]) + "\n")
    report = ask("rates", "import", str(path))
    assert report["written"] == days
    again = json.loads(run("rates", "import", str(path), "--json"))
    assert (again["written"], again["already"]) == ([], 1_500)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("show", "EUR", "USD", "--date", "2026-11-20"), "no rate EUR/USD for 2026-11-20"),
        (("set", "2026-11-20", "USD", "--source", "x"), "expected CURRENCY=RATE"),
        (("set", "20.11.2026", "USD=1", "--source", "x"), "expected a day as 2026-11-20"),
        (("set", "2026-11-20", "USD=-1", "--source", "x"), "a decimal above 0"),
        (("set", "2026-11-20", "XXY=1", "--source", "x"), "ISO 4217"),
        (("import", "pyproject.toml"), "expected a file that ends in .xml, .csv or .zip"),
    ],
)
def test_refusals(here: Settings, arguments: tuple[str, ...], why: str) -> None:
    with pytest.raises(CommandFailed, match=why) as caught:
        run("rates", *arguments)
    assert caught.value.code == 1
    assert len(caught.value.said.strip().splitlines()) == 1
