"""Bundles on the command line: a payout's proof written to a file, and read from one.

    pledger audit payout ID --export FILE      on the ledger
    pledger verify FILE                        anywhere: no Kafka, no ClickHouse, no network

What `verify_bundle` loads must work where none of these can be loaded.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import typer
from rich.console import Console
from rich.tree import Tree

from audit.bundle.archive import BadBundle
from audit.bundle.verify import Verdict, verify_file
from audit.difference import AuditFailed
from audit.notes import BadNote, Note, parse_note
from audit.payout import UnknownPayout
from audit.signing import BadKey, PublicKey, parse_vkey
from cli.proof_words import SHOWN_POSITIONS, not_proved, proved, resting, withheld
from cli.proofs import payout_way, print_difference

if TYPE_CHECKING:
    from events.settings import Settings

STDIN = "-"
REPORTS = (".html", ".pdf")
SHOWN_ENTRIES = 20


def verify_bundle(
    file: Path, *, against: str, key: str, as_json: bool, report: Path | None = None
) -> None:
    """Verify the bundle `file` and print what it proves; exits with 1 for a difference, with 2
    where it cannot be verified.

    `against`: file of a kept checkpoint, or - for stdin; `key`: a public key; empty: none.
    """
    try:
        _check_report(report)
        known, kept = _known(key), _kept(against)
        console = Console(stderr=True)
        with console.status(f"verifying {file.name}"):
            verdict = verify_file(file, known, kept)
    except (BadBundle, BadKey, BadNote) as problem:
        raise _not_done(str(problem)) from problem
    except OSError as problem:
        raise _not_done(f"{problem.filename or file}: {problem.strerror}") from problem
    except AuditFailed as failed:
        raise _differs(failed, as_json) from failed
    _print(verdict, as_json)
    if report is not None:
        _write_report(report, verdict)


def export_bundle(
    settings: Settings,
    payout: str,
    file: Path | None,
    *,
    for_partner: bool,
    report: Path | None,
    patience: float,
    as_json: bool,
) -> None:
    """Prove `payout`, write its bundle to `file` and its report to `report` (None: neither), and
    print what it proves. Nothing is written of a payout that cannot be proved."""
    from audit.bundle.export import export
    from audit.log import KafkaLog
    from cli.audit_parts import click_keys, proving
    from cli.revealing import vault_of
    from cli.signing import ledger_id

    try:
        _check_report(report)
        ledger = ledger_id(settings)
        with proving("reading the log", as_json, UnknownPayout) as progress:
            bundle, verdict = export(
                KafkaLog(settings.broker),
                ledger,
                payout,
                click_keys(settings),
                "partner" if for_partner else "auditor",
                reveal=vault_of(settings).reveal,
                patience=patience,
                progress=progress,
            )
        if file is not None:
            _write(file, bundle)
    except BadBundle as problem:
        raise _not_done(str(problem)) from problem
    except OSError as problem:
        raise _not_done(f"{problem.filename}: {problem.strerror}") from problem
    _print(verdict, as_json)
    if file is not None and not as_json:
        typer.echo(f"written: {file}, {len(bundle):,} bytes")
    if report is not None:
        _write_report(report, verdict)


def _print(verdict: Verdict, as_json: bool) -> None:
    if as_json:
        _print_json({"verified": True, "bundle": _facts(verdict)})
        return
    console = Console()
    tree = payout_way(verdict.proof, SHOWN_ENTRIES, "--json or --report shows all")
    console.print(tree)
    whose = "for auditors" if verdict.scope == "auditor" else "the partner's own"
    said = Tree(f"bundle {verdict.bundle}, {whose}, of ledger {verdict.ledger}")
    for sentence in proved(verdict):
        said.add(sentence)
    console.print(said)
    open_ = Tree("not shown by it")
    for sentence in not_proved(verdict):
        open_.add(sentence)
    if left_out := withheld(verdict):
        open_.add(f"withheld: {left_out}")
    for group in resting(verdict.rests):
        named = group.positions[:SHOWN_POSITIONS]
        more = len(group.positions) - len(named)
        branch = open_.add(group.what)
        branch.add(", ".join(named) + (f" … and {more:,} more (--json lists all)" if more else ""))
    console.print(open_)
    rests = len(verdict.rests)
    typer.echo("verified" + (f"; {rests:,} steps rest on withheld records" if rests else ""))


def _facts(verdict: Verdict) -> object:
    facts = msgspec.to_builtins(verdict)
    facts["name"] = facts.pop("bundle")
    facts["proved"], facts["not_proved"] = proved(verdict), not_proved(verdict)
    return facts


def _print_json(facts: object) -> None:
    """As it stands in the bundle: what is sealed stays so, here as elsewhere."""
    typer.echo(json.dumps(facts, indent=1, ensure_ascii=False))


def _known(key: str) -> PublicKey | None:
    return parse_vkey(key) if key else None


def _kept(against: str) -> Note | None:
    if not against:
        return None
    try:
        text = sys.stdin.read() if against == STDIN else Path(against).read_text()
    except UnicodeDecodeError as problem:
        raise BadNote(f"{against}: not text") from problem
    return parse_note(text)


def _check_report(report: Path | None) -> None:
    """Before the work: what it will be written as."""
    if report is not None and report.suffix.lower() not in REPORTS:
        raise BadBundle(f"{report}: a report is written as {' or '.join(REPORTS)}")


def _write_report(report: Path, verdict: Verdict) -> None:
    from cli.documents.proof_html import proof_html
    from cli.documents.proof_pdf import proof_pdf

    is_pdf = report.suffix.lower() == ".pdf"
    try:
        _write(report, proof_pdf(verdict) if is_pdf else proof_html(verdict).encode())
    except OSError as problem:
        raise _not_done(f"{report}: {problem.strerror}") from problem
    typer.echo(f"report: {report}", err=True)


def _write(path: Path, content: bytes) -> None:
    """All of it or nothing: a half-written proof must not lie about."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _differs(failed: AuditFailed, as_json: bool) -> typer.Exit:
    if as_json:
        difference = msgspec.to_builtins(failed.difference)
        _print_json({"verified": False, "difference": difference})
    else:
        print_difference(failed.difference)
    return typer.Exit(1)


def _not_done(why: str) -> typer.Exit:
    typer.echo(f"error: {why}", err=True)
    return typer.Exit(2)
