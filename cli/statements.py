"""`pledger statement`: a partner's account from an opening balance to a closing one.

Read from the journal itself, by the rule every reader applies; so it holds what is booked at
this moment, and needs no warehouse. A time is turned into a position (the first entry that is
not before it), and positions are what a statement covers: `--after` goes on exactly where the
last statement ended, whatever arrived late.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from cli.asked_as_of import THEN, AsOf, KnownBy, known_asked, known_words, moment_asked
from cli.display import AsJson, print_json
from cli.ledger import directory, require_broker
from cli.reading import BadOption, moment
from cli.revealing import revealed
from cli.system import Home, settings_of
from events.settings import Settings
from projections.moments import Moment

Partner = Annotated[str, typer.Argument(help="The partner's id.")]
CsvFile = Annotated[Path | None, typer.Option("--csv", help="Write a CSV file.")]
PdfFile = Annotated[Path | None, typer.Option("--pdf", help="Write a PDF file.")]

FAR = 2**62
"""A time after all others, ms."""


def statement(
    partner: Partner,
    program: Annotated[
        str, typer.Option(help="The program; needed where the partner has several.")
    ] = "",
    month: Annotated[str, typer.Option(help="A month of bookings, as 2025-03.")] = "",
    since: Annotated[str, typer.Option(help="ISO 8601; default: the beginning.")] = "",
    until: Annotated[str, typer.Option(help="ISO 8601, exclusive; default: now.")] = "",
    after: Annotated[
        str, typer.Option(help="Instead of --since: the entry the last statement ended with.")
    ] = "",
    as_of: AsOf = "",
    known: KnownBy = THEN,
    home: Home = None,
    as_json: AsJson = False,
    csv: CsvFile = None,
    pdf: PdfFile = None,
) -> None:
    """Show a partner's statement: opening balance, every entry, closing balance.

    Examples:

        pledger statement jane

        pledger statement jane --program acme --month 2025-03 --pdf jane-2025-03.pdf

        pledger statement jane --after journal/3/1842 --json

        pledger statement jane --month 2025-03 --known now

        pledger statement jane --as-of journal/3/1842@2025-04-01 --known journal/3/2107
    """
    from cli.documents.statement import statement_csv, statement_json
    from cli.documents.statement_pdf import statement_pdf
    from cli.statement_table import print_statement

    begin, end = period(month, since, until)
    if after and (month or since):
        raise BadOption("--after with --month or --since: give one or the other")
    if as_of and (month or until):
        raise BadOption("--as-of with --month or --until: give one or the other")
    if after and known != THEN:
        raise BadOption(
            "--after goes on where a statement of what was booked ended; with --known give --since"
        )
    asked = Asked(begin, end, after, as_of, known)
    made = read_statement(settings_of(home), partner, program, asked)
    for path, document in ((csv, statement_csv), (pdf, statement_pdf)):
        if path is not None:
            path.write_bytes(document(made))
            typer.echo(f"wrote {path}", err=True)
    if as_json:
        print_json(statement_json(made))
    elif csv is None and pdf is None:
        print_statement(made)
        if as_of or known != THEN:
            typer.echo(f"  again    --as-of {made.place} --known {made.known_place}")


class Asked(NamedTuple):
    """What a statement is to cover, as it was asked for."""

    since: int
    """Milliseconds."""
    until: int
    """Milliseconds, exclusive."""
    after: str = ""
    as_of: str = ""
    """Instead of `until`."""
    known: str = THEN

    @property
    def known_words(self) -> str:
        """Empty: as it was known then."""
        return "" if self.known == THEN else known_words(self.known)


def read_statement(settings: Settings, partner: str, program: str, asked: Asked) -> Any:
    """A `StatementOf` from the journal. Raises BadOption, NotAMoment for a place that is not in
    the account's partition, and NotOneChain for an account that was altered."""
    from cli.documents.statement import StatementOf
    from streams.statement_reading import Covered, read_account

    require_broker(settings)
    now = time.time_ns() // 1_000_000  # before the journal is read: what comes later is not in it
    until = moment_asked("--as-of", asked.as_of) if asked.as_of else Moment(asked.until)
    covered = Covered(asked.since, until, known_asked(asked.known), _after(asked.after))
    account = read_account(settings.broker, partner, covered)
    program = program or _only_program(partner, account.programs)
    end = account.closed_at
    made = account.statement(program, end if asked.as_of else min(end, now))
    with directory(settings) as follower:
        known = follower.directory
        of_program, of_partner = known.program(program, known.count), known.partner(partner)
    if of_program is None:
        raise BadOption(f"program {program!r} does not exist; see `pledger programs list`")
    return StatementOf(
        made,
        of_program.name,
        revealed(of_partner.name) if of_partner else "",
        account.partition,
        asked.since,
        end if asked.as_of else asked.until,
        asked.known_words,
    )


def period(month: str, since: str, until: str) -> tuple[int, int]:
    """First and last-exclusive moment of a statement, ms. Raises BadOption."""
    if month:
        if since or until:
            raise BadOption("--month with --since or --until: give one or the other")
        try:
            first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
        except ValueError:
            raise BadOption(f"--month {month!r}: expected year and month, as 2025-03") from None
        try:
            after = (first + timedelta(days=31)).replace(day=1)
        except OverflowError:
            return int(first.timestamp()) * 1000, FAR
        return int(first.timestamp()) * 1000, int(after.timestamp()) * 1000
    begin = moment("--since", since) if since else 0
    end = moment("--until", until) if until else FAR
    if end <= begin:
        raise BadOption(f"--until {until!r} is not after --since {since or '1970-01-01'!r}")
    return begin, end


def _only_program(partner: str, found: list[str]) -> str:
    if len(found) == 1:
        return found[0]
    if found:
        raise BadOption(f"{partner} has accounts in {', '.join(found)}: choose by --program")
    raise BadOption(f"nothing is booked for partner {partner}")


def _after(position: str) -> Moment | None:
    """The place after an entry; None where none is named. Raises BadOption."""
    if not position:
        return None
    places = moment_asked("--after", position).places
    if places is None:
        raise BadOption(f"--after {position!r} is not a position; expected one as journal/3/1842")
    return Moment(None, {partition: offset + 1 for partition, offset in places.items()})
