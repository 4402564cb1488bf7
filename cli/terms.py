"""`pledger terms`: what a program pays for. A change is a new version; none is edited."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Literal

import typer

from cli.display import AsJson, By, Column, say, show, text
from cli.ledger import decisions, directory
from cli.money import shown
from cli.reading import BadOption, amount, basis_points, iso, moment
from cli.system import Home, settings_of
from cli.terms_file import TermsFile, read_terms
from events.terms import ConversionKind, Rule

app = typer.Typer(no_args_is_help=True, help="Terms: what a program pays for, in versions.")

EPOCH = "1970-01-01T00:00:00Z"
"""Where time begins: terms in force from here were always in force."""

Program = Annotated[str, typer.Argument(help="The program's id.")]
Reward = Annotated[str, typer.Option(help="A rate (10%) or an amount (5.00).", metavar="REWARD")]
Days = Annotated[int, typer.Option(min=0)]


@app.command()
def add(
    program: Program,
    file: Annotated[
        Path | None, typer.Option("--file", help="Terms as TOML or JSON, instead of options.")
    ] = None,
    sale: Reward = "",
    renewal: Reward = "",
    lead: Reward = "",
    effective_from: Annotated[
        str, typer.Option(help="ISO 8601; default: now. Earlier for a history to be imported.")
    ] = "",
    attribution: Annotated[str, typer.Option(help="last_touch or first_touch.")] = "last_touch",
    window_days: Days = 30,
    signup_window_days: Days = 365,
    hold_days: Days = 30,
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Add a version of a program's terms, by options or from a file.

    Examples:

        pledger terms add acme --sale 10% --lead 2.50 --hold-days 30

        pledger terms add acme --sale 8% --effective-from 2010-01-01

        pledger terms add acme --file terms.toml
    """
    settings = settings_of(home)
    now = time.time_ns() // 1_000_000
    if file is not None:
        if sale or renewal or lead:
            raise BadOption("--file with --sale, --renewal or --lead: give one or the other")
        wanted = read_terms(file)
    else:
        with directory(settings) as follower:
            found = follower.directory.program(program, follower.directory.count)
        currency = found.currency if found else "USD"
        rewards: dict[ConversionKind, str] = {"sale": sale, "renewal": renewal, "lead": lead}
        wanted = TermsFile(
            rules=rules_of(rewards, currency),
            attribution=touch(attribution),
            window_days=window_days,
            signup_window_days=signup_window_days,
            hold_days=hold_days,
        )
    since = moment("--effective-from", effective_from) if effective_from else wanted.since(now)
    with decisions(settings) as ledger:
        added = ledger.add_terms(
            program,
            wanted.rules,
            effective_from=since,
            attribution=wanted.attribution,
            window_days=wanted.window_days,
            signup_window_days=wanted.signup_window_days,
            hold_days=wanted.hold_days,
            engine=wanted.engine,
            by=by,
        )
    answer = {"program": program, "version": added.version, "effective_from": iso(since) or EPOCH}
    say(
        f"terms {added.version} of {program} added, in force from {iso(since) or EPOCH}",
        answer,
        as_json=as_json,
    )


@app.command("list")
def list_terms(program: Program, home: Home = None, as_json: AsJson = False) -> None:
    """List the versions of a program's terms."""
    with directory(settings_of(home)) as follower:
        versions = follower.directory.terms_versions(program)
        found = follower.directory.program(program, follower.directory.count)
    if found is None:
        raise BadOption(f"program {program!r} does not exist; see `pledger programs list`")
    currency = found.currency
    rows = [
        {
            "version": entry.terms.version,
            "effective_from": iso(entry.terms.effective_from) or EPOCH,
            "rules": entry.terms.rules,
            "attribution": entry.terms.attribution,
            "window_days": entry.terms.window_days,
            "signup_window_days": entry.terms.signup_window_days,
            "hold_days": entry.terms.hold_days,
            "engine": entry.terms.engine,
            "position": entry.position,
        }
        for entry in versions
    ]
    columns = [
        text("version", "version"),
        text("in force from", "effective_from"),
        Column("pays", lambda row: ", ".join(in_words(rule, currency) for rule in row["rules"])),
        text("attribution", "attribution"),
        text("window (days)", "window_days"),
        text("hold (days)", "hold_days"),
        text("decided at", "position"),
    ]
    show(rows, columns, as_json=as_json, empty=f"program {program} has no terms")


def rules_of(rewards: dict[ConversionKind, str], currency: str) -> tuple[Rule, ...]:
    """Rules from rewards as people write them; raises BadOption."""
    rules = []
    for event, reward in rewards.items():
        if reward.strip().endswith("%"):
            rate = basis_points(f"--{event}", reward)
            rules.append(Rule(name=event, event=event, type="percentage", amount=rate))
        elif reward:
            flat = amount(f"--{event}", reward, currency)
            rules.append(Rule(name=event, event=event, type="flat", amount=flat))
    if not rules:
        raise BadOption("terms that pay nothing: give --sale, --renewal, --lead, or --file")
    return tuple(rules)


def touch(text: str) -> Literal["last_touch", "first_touch"]:
    if text == "last_touch":
        return "last_touch"
    if text == "first_touch":
        return "first_touch"
    raise BadOption(f"--attribution {text!r}: expected last_touch or first_touch")


def in_words(rule: Rule, currency: str) -> str:
    """`10 % of a sale`, `5.00 GBP for a lead`."""
    if rule.type == "percentage":
        return f"{rule.amount / 100:g} % of a {rule.event}"
    return f"{shown(rule.amount, rule.currency or currency)} for a {rule.event}"
