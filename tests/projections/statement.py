"""Tests of the rules as text: on this day this happened, and this was booked.

    0: program EUR
    0: terms sale=10% hold=30 window=30
    0: partner alice
    1: deal D-1 carol 100.00 click=alice@0  -> alice commission +10.00
    40: payout requested po-1 alice         -> alice payout_funded 10.00

A line: day (and hour, `3h12`), what happened, and after the arrow what came of it; several
results are parted by `;`, a line without an arrow gives none. Amounts are in the major
unit. `run` raises AssertionError at the first line whose result is another.
"""

from __future__ import annotations

from events import decisions as fact
from events.conversions import CitedClick
from events.journal import Entry
from events.terms import Rule
from tests.projections.world import DAY, START, World

HOUR = DAY // 24


def run(text: str) -> World:
    world = World()
    for number, line in enumerate(text.strip().splitlines(), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        said, _, expected = line.partition("->")
        given = "; ".join(_happen(world, said))
        wanted = " ".join(expected.split())
        assert given == wanted, (
            f"line {number}: {said.strip()}\n  gave   {given}\n  wanted {wanted}"
        )
    return world


def _happen(world: World, said: str) -> list[str]:
    day, _, rest = said.partition(":")
    words = rest.split()
    more = dict(word.split("=", 1) for word in words if "=" in word)
    verb, *names = [word for word in words if "=" not in word]
    world.now = _time(day)
    world.last = None
    entries = _VERBS[verb](world, names, more)
    return [_show(entry) for entry in entries or []] or _show_attribution(world)


def _conversion(more: dict[str, str]) -> dict[str, object]:
    fields: dict[str, object] = {}
    if "click" in more:
        fields["click"] = _click(more["click"])
    for word, field in (
        ("coupon", "coupon_code"),
        ("partner", "partner"),
        ("deal", "deal"),
        ("currency", "currency"),
        ("kind", "kind"),
        ("event", "event_id"),
    ):
        if word in more:
            fields[field] = more[word]
    if "occurred" in more:
        fields["occurred_at"] = _time(more["occurred"])
    if "known" in more:
        fields["known"] = int(more["known"])
    return fields


def _click(text: str) -> CitedClick:
    """`alice@3` is a click on alice's link on day 3; `alice@3!forged` has a bad token."""
    partner, _, rest = text.partition("@")
    day, _, problem = rest.partition("!")
    return CitedClick(f"{partner}-link.{day}", f"{partner}-link", _time(day), problem)


def _time(day: str) -> int:
    days, _, hours = day.strip().partition("h")
    return START + int(days) * DAY + int(hours or 0) * HOUR


def _cents(text: str) -> int:
    whole, _, part = text.partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0") or 0)


def _money(cents: int, sign: str = "") -> str:
    return f"{'-' if cents < 0 else sign}{abs(cents) // 100}.{abs(cents) % 100:02}"


def _terms(world: World, names: list[str], more: dict[str, str]) -> None:
    rules = []
    for event in ("lead", "sale", "renewal"):
        if event in more:
            earned, _, currency = more[event].partition(":")
            percent = earned.endswith("%")
            amount = _cents(earned.rstrip("%"))
            kind = "percentage" if percent else "flat"
            rules.append(Rule(event, event, kind, amount, currency))
    world.terms(
        *rules,
        begins=_time(more["from"]) if "from" in more else 0,
        hold_days=int(more.get("hold", 0)),
        window_days=int(more.get("window", 30)),
        signup_window_days=int(more.get("signup_window", 365)),
        attribution=more.get("attribution", "last_touch"),
        engine=more.get("engine", "1"),
    )


def _amount(names: list[str], place: int) -> int:
    return _cents(names[place]) if len(names) > place else 0


_VERBS = {
    "program": lambda w, names, more: w.program(currency=names[0]),
    "terms": _terms,
    "partner": lambda w, names, more: w.partner(names[0]),
    "suspend": lambda w, names, more: w.decide(fact.PartnerSuspended(names[0], "acme")),
    "approve": lambda w, names, more: w.decide(fact.PartnerApproved(names[0], "acme")),
    "pause": lambda w, names, more: w.decide(fact.ProgramPaused("acme")),
    "resume": lambda w, names, more: w.decide(fact.ProgramResumed("acme")),
    "coupon": lambda w, names, more: w.decide(fact.CouponCreated("acme", names[0], names[1])),
    "retire": lambda w, names, more: w.decide(fact.CouponRetired("acme", names[0])),
    "signup": lambda w, names, more: w.signup(names[0], **_conversion(more)),
    "deal": lambda w, names, more: w.deal(
        names[0], names[1], _amount(names, 2), **_conversion(more)
    ),
    "refund": lambda w, names, more: w.refund(names[0], _amount(names, 1), **_conversion(more)),
    "payout": lambda w, names, more: w.payout(names[0], names[1], names[2], _amount(names, 3)),
}


def _show(entry: Entry) -> str:
    moved = {leg.account: leg.amount for leg in entry.legs}
    words = [entry.partner, entry.kind]
    if entry.kind in ("commission", "clawback"):
        words.append(_money(moved.get("payable", 0), "+"))
    elif moved:
        words.append(_money(max(moved.values())))
    if entry.kind != "no_effect" and entry.unit != "EUR":
        words.append(entry.unit)
    if entry.reason:
        words.append(f"({entry.reason})")
    return " ".join(words)


def _show_attribution(world: World) -> list[str]:
    found = world.last
    if found is None:
        return []
    if found.outcome == "credited":
        return []
    unmatched = [_money(found.unmatched)] if found.unmatched else []
    return [" ".join([found.outcome, *unmatched, f"({found.reason})"])]


def balance(world: World, partner: str, day: str) -> str:
    """What a statement says at the start of a day: `payable 9.00 pending 0.00 …`."""
    from projections import account

    at = _time(day)
    state = world.accounts[partner]
    funds = state.funds["acme/EUR"]
    return (
        f"available {_money(account.available(state, 'acme', 'EUR', at))} "
        f"pending {_money(account.pending(state, 'acme', 'EUR', at))} "
        f"in_transit {_money(funds.in_transit)} paid {_money(funds.paid)}"
    )
