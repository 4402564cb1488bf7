"""The demo on a user's own files: a web server's log, an order list with its map.

Each gets a program of its own with plain terms, and the partners the files name.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

from cli import importing
from cli.demo.api import Gateway
from cli.imports.access_log import read_visits
from cli.imports.deal_map import DealMap, Value, read_map
from cli.imports.report import Report

SITE = "site"
SHOP = "shop"
TERMS = {
    "rules": [{"name": "sale 5%", "event": "sale", "type": "percentage", "amount": 500}],
    "effective_from": "1990-01-01T00:00:00Z",
    "hold_days": 30,
}


def import_clicks(gateway: Gateway, log: Path, own_site: str) -> None:
    """Every line becomes a click; each referring site is a partner."""
    own_site = own_site or most_referring(log)
    _program(gateway, SITE, "EUR")
    print(f"$ pledger import clicks {log.name} --program {SITE} --partner-by referer \\")
    print(f"      --own-site {own_site} --create-partners")
    importing.clicks(
        log,
        program=SITE,
        partner_by="referer",
        own_site=[own_site, f"www.{own_site}"],
        create_partners=True,
    )


def import_deals(gateway: Gateway, orders: Path, map_file: Path) -> str:
    """Every order becomes a deal or a refund, by the map; returns the program."""
    shape = read_map(map_file)
    program = shape.program or SHOP
    _program(gateway, program, currency_of(shape))
    print(f"$ pledger import deals {orders.name} --map {map_file.name} --program {program} \\")
    print("      --create-partners")
    importing.deals(orders, map_file, program=program, create_partners=True)
    return program


def most_referring(log: Path) -> str:
    """The host that most visits come from: a site's own pages refer more than any other's."""
    hosts = Counter(
        (urlsplit(visit.referer).hostname or "").removeprefix("www.")
        for visit in read_visits(log, Report(str(log), SITE))
        if visit.referer.startswith("http")
    )
    return hosts.most_common(1)[0][0] if hosts else "localhost"


def currency_of(shape: DealMap) -> str:
    """The map's currency where it is one for all, else EUR."""
    source = shape.deal.currency
    return source.value if isinstance(source, Value) and source.value else "EUR"


def _program(gateway: Gateway, program: str, currency: str) -> None:
    gateway.post("/v1/programs", {"program": program, "name": program, "currency": currency})
    gateway.post(f"/v1/programs/{program}/terms", TERMS)
