"""Two real files, read whole: the figures that are known of them, to the penny."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from cli.imports.access_log import read_visits
from cli.imports.deal_map import read_map
from cli.imports.deals_csv import OrderReader, citing
from cli.imports.order_rows import read_orders
from cli.imports.report import Report
from cli.imports.visits import invalid_reasons
from events.click_token import ClickKeys
from events.conversions import Deal, Refund

ROOT = Path(__file__).parents[2]
SAMPLES = Path(os.environ.get("PLEDGER_SAMPLE_DATA") or ROOT.parent / "shared" / "data")
MAP = ROOT / "docs" / "examples" / "online_retail.toml"


def sample(name: str) -> Path:
    """The sample file, or skip the test."""
    path = SAMPLES / name
    if not path.exists():
        pytest.skip(f"{path} is not here; set PLEDGER_SAMPLE_DATA to the folder that has {name}")
    return path


def test_online_retail() -> None:
    path = sample("online_retail_10k.csv")
    report = Report(str(path), "shop")
    shape = read_map(MAP)
    reader = OrderReader(shape, "shop", citing(ClickKeys(1, {1: b"k"})))
    found = [reader.conversion(order) for order in read_orders(path, shape, report)]
    deals = [conversion for conversion in found if isinstance(conversion, Deal)]
    refunds = [conversion for conversion in found if isinstance(conversion, Refund)]
    assert (report.lines, report.rejected, len(found)) == (10_000, [], 512)
    assert (len(deals), len(refunds)) == (469, 43)
    assert sum(deal.amount == 0 for deal in deals) == 45
    assert sum(conversion.customer.startswith("guest-") for conversion in found) == 68
    assert sum(deal.amount for deal in deals) == 18_424_833
    assert sum(refund.amount for refund in refunds) == 358_058
    assert not any(refund.deal for refund in refunds)


def test_access_log() -> None:
    path = sample("apache_access_10k.log")
    report = Report(str(path), "site")
    reasons = [invalid_reasons(visit) for visit in read_visits(path, report)]
    counted = Counter(reason for found in reasons for reason in found)
    assert (len(reasons), report.rejected) == (10_000, [])
    assert (counted["head_request"], counted["method"]) == (42, 6)
    assert counted["not_found"] == 220
    assert counted["bot"] > 1_000  # grows with the maintained list of crawlers
