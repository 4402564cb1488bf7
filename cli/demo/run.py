"""The demo's steps: from nothing to a proved payout, then everything derived is deleted."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path

from rich.console import Console

from audit.log import KafkaLog
from audit.parallel import replay_ledger
from audit.payout import prove_payout
from cli.audit import payout_tree, print_report
from cli.demo import story
from cli.demo.api import Gateway
from cli.demo.files import import_files
from cli.demo.shown import balances, show_views
from deploy.background import start_detached, stop_supervisor
from deploy.status import read_status
from events import settings
from events.click_token import load_keys
from events.settings import Settings

VISITS = 3_000
CAUGHT_UP_S = 120.0


class DemoFailed(RuntimeError):
    """A step of the demo did not come out as it must."""


def run_demo(
    console: Console, clicks: Path | None, deals: Path | None, deal_map: Path | None, keep: bool
) -> None:
    """Run the whole job in a temporary home; raises DemoFailed when anything differs."""
    began = time.monotonic()
    home = Path(tempfile.mkdtemp(prefix="pledger-demo-"))
    os.environ["PLEDGER_HOME"] = str(home)
    try:
        _run(console, home, clicks, deals, deal_map)
        console.print(f"\nverified  ({time.monotonic() - began:.0f} s)")
    finally:
        stop_supervisor(home)
        if keep:
            console.print(f"kept in {home}: PLEDGER_HOME={home} pledger up")
        else:
            shutil.rmtree(home, ignore_errors=True)


def _run(
    console: Console, home: Path, clicks: Path | None, deals: Path | None, deal_map: Path | None
) -> None:
    console.rule("1. a broker, a warehouse, a gateway and a worker")
    found = _start(console, home)
    gateway = Gateway(found.gateway)

    console.rule("2. a program, its terms, partners and links")
    _set_up(gateway)
    console.print(f"program {story.PROGRAM}, {len(story.PARTNERS)} partners, terms version 1")

    console.rule("3. clicks through the gateway, conversions through the API")
    click_ids = gateway.visit(story.visits(VISITS))
    console.print(f"{VISITS:,} visits redirected, each one in the log before its redirect")
    conversions = list(story.conversions(click_ids[:600]))
    answer = gateway.post_batch([*conversions, story.forged_deal()])
    console.print(f"{answer['accepted']:,} conversions accepted, one with a forged click id")
    again = gateway.post_batch(conversions[:50])
    console.print(f"{again['accepted']:,} of them sent again: without effect")
    if clicks or deals:
        console.rule("4. your files")
        import_files(console, clicks, deals, deal_map)
    _catch_up(console, found)

    console.rule("5. a payout")
    _pay(console, gateway, "po-ana-1", "ana", 0)
    _catch_up(console, found)
    show_views(console, found)
    before = balances(found)

    console.rule("6. delete everything derived, and build it again from the log")
    stop_supervisor(home)
    for derived in (home / "warehouse", home / "state"):
        console.print(f"deleted {derived.name}/")
        shutil.rmtree(derived)
    found = _start(console, home)
    _catch_up(console, found)
    if balances(found) != before:
        raise DemoFailed("the balances differ after the rebuild")
    console.print(f"{len(before)} balances, all as before")

    console.rule("7. the proof")
    keys = load_keys(found.keys)
    report = replay_ledger(found.broker, keys)
    print_report(console, report)
    if not report.verified:
        raise DemoFailed("the replay found a difference")
    proof = prove_payout(KafkaLog(found.broker), "po-ana-1", keys)
    console.print(payout_tree(proof, shown_entries=4))


def _start(console: Console, home: Path) -> Settings:
    with console.status("starting"):
        start_detached(home, ["--port=0", "--warehouse-port=0", "--gateway-port=0"])
    found = settings.load()
    console.print(f"broker {found.broker.servers}, gateway {found.gateway}")
    return found


def _set_up(gateway: Gateway) -> None:
    program = story.PROGRAM
    gateway.post(
        "/v1/programs",
        {"program": program, "name": "Northwind Tea", "currency": story.CURRENCY},
    )
    gateway.post(f"/v1/programs/{program}/terms", story.TERMS)
    for partner, name in story.PARTNERS.items():
        gateway.post("/v1/partners", {"partner": partner, "name": name})
        gateway.post(f"/v1/partners/{partner}/apply", {"program": program})
        gateway.post(f"/v1/partners/{partner}/approve", {"program": program})
        gateway.post(
            "/v1/links",
            {
                "link": story.link_of(partner),
                "program": program,
                "partner": partner,
                "destination": story.DESTINATION,
            },
        )
    code, partner = story.COUPON
    gateway.post("/v1/coupons", {"program": program, "code": code, "partner": partner})


def _pay(console: Console, gateway: Gateway, payout: str, partner: str, amount: int) -> None:
    request = {
        "payout": payout,
        "partner": partner,
        "program": story.PROGRAM,
        "unit": story.CURRENCY,
        "amount": amount,
    }
    gateway.post("/v1/payouts", request)
    funded = gateway.payout_after(payout, "requested")
    if funded["status"] != "funded":
        raise DemoFailed(f"payout {payout} was not funded: {funded}")
    gateway.post(f"/v1/payouts/{payout}/send", {"reference": "SEPA 2026-0001"})
    gateway.post(f"/v1/payouts/{payout}/settle", {"reference": "SEPA 2026-0001"})
    console.print(f"{payout}: requested → funded {funded['amount']} → sent → settled")


def _catch_up(console: Console, found: Settings) -> None:
    """Wait until every processor and the warehouse have read to the end of the log."""
    with console.status("processing") as status:
        deadline = time.monotonic() + CAUGHT_UP_S
        quiet = 0
        while quiet < 2:
            state = read_status(found)
            behind = sum(sum(topics.values()) for topics in state.processors.values())
            behind += sum((state.warehouse_behind or {"warehouse": 1}).values())
            quiet = quiet + 1 if behind == 0 else 0
            status.update(f"processing: {behind:,} records behind")
            if time.monotonic() > deadline:
                raise DemoFailed(f"still {behind:,} records behind after {CAUGHT_UP_S:g} s")
            time.sleep(0.1)
