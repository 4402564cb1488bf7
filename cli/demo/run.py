"""The demo's steps: from nothing to a proved payout, then everything derived is deleted."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.tree import Tree

from audit.bundle.export import export
from audit.bundle.verify import verify_file
from audit.log import KafkaLog
from audit.parallel import replay_ledger
from audit.payout import prove_payout
from cli.demo import story
from cli.demo.api import Gateway
from cli.demo.files import import_clicks, import_deals
from cli.demo.shown import balances, best_paid, show_views
from cli.ledger import decisions
from cli.money import shown
from cli.proof_words import proved
from cli.proofs import payout_tree, print_report
from cli.revealing import vault_of
from cli.signing import ledger_id, signer
from deploy.background import start_detached, stop_supervisor
from deploy.status import read_status
from events import settings
from events.click_token import load_keys
from events.settings import Settings

VISITS = 3_000
CUSTOMERS = 600
SHOWN_ENTRIES = 3
CAUGHT_UP_S = 120.0


class DemoFailed(RuntimeError):
    """A step of the demo did not come out as it must."""


@dataclass(frozen=True)
class OwnFiles:
    """The user's own files, where given."""

    clicks: Path | None = None
    deals: Path | None = None
    deal_map: Path | None = None
    own_site: str = ""


def run_demo(console: Console, files: OwnFiles, *, keep: bool) -> None:
    """Run the whole job in a temporary home; raises DemoFailed when anything differs."""
    began = time.monotonic()
    home = Path(tempfile.mkdtemp(prefix="pledger-demo-"))
    os.environ["PLEDGER_HOME"] = str(home)
    try:
        _run(console, home, files)
        console.print(f"\nverified  ({time.monotonic() - began:.0f} s)")
    finally:
        stop_supervisor(home)
        if keep:
            console.print(f"kept; go on with: PLEDGER_HOME={home} pledger up")
        else:
            shutil.rmtree(home, ignore_errors=True)


def _run(console: Console, home: Path, files: OwnFiles) -> None:
    console.rule("1. a broker, a warehouse, a gateway and a worker")
    found = _start(console, home)
    gateway = Gateway(found.gateway)

    console.rule("2. a program, its terms, partners and links")
    _set_up(gateway)
    console.print(f"program {story.PROGRAM}, {len(story.PARTNERS)} partners, terms version 1")

    console.rule("3. clicks through the gateway, conversions through the API")
    click_ids = gateway.visit(story.visits(VISITS))
    console.print(f"{VISITS:,} visits redirected, each one in the log before its redirect")
    conversions = list(story.conversions(click_ids[:CUSTOMERS]))
    answer = gateway.post_batch([*conversions, story.forged_deal()])
    console.print(f"{answer['accepted']:,} conversions accepted, one with a forged click id")
    again = gateway.post_batch(conversions[:50])
    console.print(f"{again['accepted']:,} of them sent again: without effect")

    payouts = [Payment("po-ana-1", "ana", story.PROGRAM, story.CURRENCY)]
    if files.clicks is not None:
        console.rule("your clicks")
        import_clicks(gateway, files.clicks, files.own_site)
    if files.deals is not None and files.deal_map is not None:
        console.rule("your deals")
        program = import_deals(gateway, files.deals, files.deal_map)
        _catch_up(console, found)
        partner, unit = best_paid(found, program)
        payouts.append(Payment("po-files-1", partner, program, unit))
    _catch_up(console, found)

    console.rule("4. payouts")
    for payment in payouts:
        _pay(console, gateway, payment)
    _catch_up(console, found)
    show_views(console, found)
    before = balances(found)

    console.rule("5. delete everything derived, and build it again from the log")
    stop_supervisor(home)
    for derived in (home / "warehouse", home / "state"):
        console.print(f"deleted {derived.name}/")
        shutil.rmtree(derived)
    found = _start(console, home)
    _catch_up(console, found)
    if balances(found) != before:
        raise DemoFailed("the balances differ after the rebuild")
    console.print(f"{len(before)} balances, all as before")

    console.rule("6. the proof")
    keys = load_keys(found.keys)
    report = replay_ledger(found.broker, keys)
    print_report(console, report)
    if not report.verified:
        raise DemoFailed("the replay found a difference")
    for payment in payouts:
        proof = prove_payout(KafkaLog(found.broker), payment.payout, keys)
        console.print(payout_tree(proof, shown_entries=SHOWN_ENTRIES))

    console.rule("7. the same proof, without the ledger")
    _prove_elsewhere(console, found, home / f"{payouts[0].payout}.zip", payouts[0].payout)


def _prove_elsewhere(console: Console, found: Settings, file: Path, payout: str) -> None:
    """Sign a checkpoint, write the partner's own bundle, and verify it by the file alone."""
    with decisions(found) as ledger:
        signed = signer(found).sign(ledger, by="demo")
    if signed is not None:
        console.print(f"checkpoint {signed.checkpoint} of {len(signed.trees)} trees signed")
    bundle, _ = export(
        KafkaLog(found.broker),
        ledger_id(found),
        payout,
        load_keys(found.keys),
        "partner",
        reveal=vault_of(found).reveal,
    )
    file.write_bytes(bundle)
    verdict = verify_file(file, None, None)
    tree = Tree(f"{file.name}, {len(bundle):,} bytes, shows nothing of other partners")
    for sentence in proved(verdict):
        tree.add(sentence)
    console.print(tree)


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


@dataclass(frozen=True)
class Payment:
    """A payout of all that is available to a partner."""

    payout: str
    partner: str
    program: str
    unit: str


def _pay(console: Console, gateway: Gateway, payment: Payment) -> None:
    gateway.post("/v1/payouts", asdict(payment))
    funded = gateway.payout_after(payment.payout, "requested")
    if funded["status"] != "funded":
        raise DemoFailed(f"payout {payment.payout} was not funded: {funded}")
    reference = {"reference": f"transfer of {payment.payout}"}
    gateway.post(f"/v1/payouts/{payment.payout}/send", reference)
    gateway.post(f"/v1/payouts/{payment.payout}/settle", reference)
    amount = shown(funded["amount"], payment.unit)
    console.print(f"{payment.payout} to {payment.partner}: {amount}, funded, sent, settled")


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
