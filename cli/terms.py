"""`pledger terms`: what a program pays for. A change is a new version; none is edited."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.display import AsJson, By, Column, print_json, say, show, text
from cli.ledger import decisions, directory
from cli.reading import BadOption, amount, basis_points, iso, moment
from cli.system import Home, settings_of
from cli.terms_file import read_terms
from cli.terms_toml import toml
from cli.terms_words import left_out, rule_in_words, sentences
from events.terms import Terms

if TYPE_CHECKING:
    from aggregates.terms_form import ReadTerms

app = typer.Typer(no_args_is_help=True, help="Terms: what a program pays for, in versions.")

EPOCH = "1970-01-01T00:00:00Z"
"""Where time begins: terms in force from here were always in force."""

Program = Annotated[str, typer.Argument(help="The program's id.")]
Partner = Annotated[str, typer.Option(help="Terms of this partner's own.")]
Reward = Annotated[str, typer.Option(help="A rate (10%) or an amount (5.00).", metavar="REWARD")]
TermsPath = Annotated[Path, typer.Argument(help="Terms as TOML or JSON.", metavar="FILE")]


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
    attribution: Annotated[
        str, typer.Option(help="last_touch, first_touch, linear or position_based.")
    ] = "last_touch",
    window_days: Annotated[
        int, typer.Option(help="How long a click credits what is bought after it.", min=0)
    ] = 30,
    signup_window_days: Annotated[
        int, typer.Option(help="How long a signup credits what its customer buys.", min=0)
    ] = 365,
    hold_days: Annotated[
        int, typer.Option(help="How long a commission is pending before it can be paid.", min=0)
    ] = 30,
    partner: Partner = "",
    engine: Annotated[
        str, typer.Option(help="The calculation, 1 or 2; default: 2 where the terms need it.")
    ] = "",
    by: By = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Add a version of a program's terms, by options or from a file.

    Examples:

        pledger terms add acme --sale 10% --lead 2.50 --hold-days 30

        pledger terms add acme --sale 8% --effective-from 2010-01-01

        pledger terms add acme --file terms.toml

        pledger terms add acme --sale 15% --partner jane
    """
    settings = settings_of(home)
    now = time.time_ns() // 1_000_000
    if file is not None and (sale or renewal or lead):
        raise BadOption("--file with --sale, --renewal or --lead: give one or the other")
    since = moment("--effective-from", effective_from) if effective_from else None
    with decisions(settings) as ledger:
        found = ledger.program(program)
        newest, versions = found.newest_terms(), len(found.terms)
        if file is not None:
            wanted = read_terms(
                file, found.currency, newest, options={"partner": partner, "engine": engine}
            )
        else:
            form: dict[str, Any] = {
                "rules": rules_of({"sale": sale, "renewal": renewal, "lead": lead}, found.currency),
                "attribution": attribution,
                "window_days": window_days,
                "signup_window_days": signup_window_days,
                "hold_days": hold_days,
                "partner": partner,
            }
            wanted = read_options(form, engine, found.currency, newest)
        if since is None:
            since = wanted.terms.effective_from if wanted.dated else now
        added = ledger.add_terms(program, effective_from=since, by=by, **wanted.fields())
    begins = iso(added.effective_from) or EPOCH
    answer = {
        "program": program,
        "version": added.version,
        "effective_from": begins,
        "engine": added.engine,
        "partner": added.partner,
        "added": added.version > versions,
    }
    own = f" for {added.partner}" if added.partner else ""
    why = f"; engine 2, by {wanted.engine_by}" if wanted.engine_by else ""
    did = "added" if added.version > versions else "stand already, nothing added"
    sentence = f"terms {added.version} of {program}{own} {did}, in force from {begins}{why}"
    say(sentence, answer, as_json=as_json)
    warning = left_out(added, newest) if added.partner else ""
    if warning:
        typer.echo(f"warning: {warning}", err=True)


@app.command()
def check(
    file: TermsPath,
    currency: Annotated[str, typer.Option(help="The program's, ISO 4217.")] = "",
    as_json: AsJson = False,
) -> None:
    """Read terms and say them in words, without adding them. Needs no ledger.

    Example:

        pledger terms check terms.toml --currency EUR
    """
    if currency:
        from aggregates.checks import currency_of

        currency = currency_of("--currency", currency.upper())
    read = read_terms(file, currency)
    if as_json:
        from aggregates.terms_form import write_form

        print_json(write_form(read.terms, currency))
        return
    for line in sentences(read.terms, currency):
        typer.echo(line)
    why = f", by {read.engine_by}" if read.engine_by else ""
    typer.echo(f"{file} can be added; engine {read.terms.engine}{why}", err=True)


@app.command("list")
def list_terms(program: Program, home: Home = None, as_json: AsJson = False) -> None:
    """List the versions of a program's terms.

    Example:

        pledger terms list acme
    """
    currency, versions = versions_of(program, home)
    rows = [
        {
            "version": entry.terms.version,
            "effective_from": iso(entry.terms.effective_from) or EPOCH,
            "partner": entry.terms.partner,
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
        *([text("partner", "partner")] if any(row["partner"] for row in rows) else []),
        Column("pays", lambda row: ", ".join(rule_in_words(r, currency) for r in row["rules"])),
        text("attribution", "attribution"),
        text("window (days)", "window_days"),
        text("hold (days)", "hold_days"),
        text("decided at", "position"),
    ]
    show(rows, columns, as_json=as_json, empty=f"program {program} has no terms")


@app.command("show")
def show_terms(
    program: Program,
    version: Annotated[int, typer.Argument(help="Default: the newest.", metavar="VERSION")] = 0,
    partner: Partner = "",
    as_toml: Annotated[
        bool, typer.Option("--toml", help="Print a file to be added again.")
    ] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show a version of a program's terms in words, or as a file that can be added again.

    Examples:

        pledger terms show acme

        pledger terms show acme 3 --toml > terms.toml
    """
    from aggregates.terms_form import write_form

    currency, versions = versions_of(program, home)
    shown = [
        entry
        for entry in versions
        if (entry.terms.version == version if version else entry.terms.partner == partner)
    ]
    if not shown:
        wanted = f"terms {version}" if version else f"terms of {partner}'s own" * bool(partner)
        raise BadOption(
            f"program {program!r} has no {wanted or 'terms'}; see `pledger terms list {program}`"
        )
    terms, position = shown[-1]
    if as_json:
        print_json(write_form(terms, currency))
    elif as_toml:
        typer.echo(toml(write_form(terms, currency)), nl=False)
    else:
        own = f" for {terms.partner}" if terms.partner else ""
        since = iso(terms.effective_from) or EPOCH
        typer.echo(
            f"terms {terms.version} of {program}{own}, in force from {since}, "
            f"engine {terms.engine}, decided at {position}"
        )
        for line in sentences(terms, currency):
            typer.echo(f"  {line}")


@app.command()
def schema() -> None:
    """Print the JSON Schema of a terms file, for editors.

    Example:

        pledger terms schema > terms.schema.json
    """
    from aggregates.terms_schema import FILE

    typer.echo(FILE.read_text(encoding="utf-8"), nl=False)


def versions_of(program: str, home: Path | None) -> tuple[str, Sequence[Any]]:
    """The program's currency, and every version of its terms with its position."""
    with directory(settings_of(home)) as follower:
        versions = follower.directory.terms_versions(program)
        found = follower.directory.program(program, follower.directory.count)
    if found is None:
        raise BadOption(f"program {program!r} does not exist; see `pledger programs list`")
    return found.currency, versions


def read_options(
    form: dict[str, Any], engine: str, currency: str, newest: Terms | None
) -> ReadTerms:
    """Terms of options, in the form that a file has."""
    from aggregates.terms_form import read_form

    return read_form(form | ({"engine": engine} if engine else {}), currency, newest)


def rules_of(rewards: Mapping[str, str], currency: str) -> list[dict[str, Any]]:
    """Rules from rewards as people write them; raises BadOption."""
    rules = []
    for event, reward in rewards.items():
        if reward.strip().endswith("%"):
            rate = basis_points(f"--{event}", reward)
            rules.append({"name": event, "event": event, "type": "percentage", "amount": rate})
        elif reward:
            flat = amount(f"--{event}", reward, currency)
            rules.append({"name": event, "event": event, "type": "flat", "amount": flat})
    if not rules:
        raise BadOption("terms that pay nothing: give --sale, --renewal, --lead, or --file")
    return rules
