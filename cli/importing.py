"""`pledger import`: clicks and deals from files other systems wrote. See docs/imports.md."""

from __future__ import annotations

import gzip
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.display import AsJson, print_json
from cli.ledger import decisions, directory
from cli.reading import BadOption
from cli.system import Home, settings_of

if TYPE_CHECKING:
    from cli.imports.ownership import OwnerOf
    from cli.imports.parties import Parties
    from cli.imports.report import Report
    from cli.imports.visits import Visit
    from streams.decisions import DirectoryFollower

app = typer.Typer(no_args_is_help=True, help="Import clicks and deals from files.")

File = Annotated[Path, typer.Argument(help="The file.", exists=True, dir_okay=False)]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would happen; write nothing.")]
Create = Annotated[
    bool, typer.Option("--create-partners", help="Make partners (and links) that are missing.")
]

CSV_SUFFIXES = {".csv", ".tsv"}
JSONL_SUFFIXES = {".jsonl", ".ndjson"}


@app.command()
def clicks(
    file: File,
    program: Annotated[str, typer.Option(help="The program whose links were followed.")],
    shape: Annotated[
        str,
        typer.Option("--format", help="access-log, csv or jsonl; default: by the file's name."),
    ] = "",
    link: Annotated[str, typer.Option(help="All lines are clicks on this link.")] = "",
    link_path: Annotated[
        str, typer.Option(help="The link's name follows this in the path, as /c/.")
    ] = "",
    partner_by: Annotated[
        str, typer.Option(help="`referer`: each referring site is a partner with a link.")
    ] = "",
    own_site: Annotated[
        list[str] | None,
        typer.Option("--own-site", help="Host of the site itself; may be given several times."),
    ] = None,
    direct: Annotated[str, typer.Option(help="Partner of visits without a Referer.")] = "direct",
    internal: Annotated[
        str, typer.Option(help="Partner of visits from the site's own pages.")
    ] = "own-site",
    destination: Annotated[
        str, typer.Option(help="URL of new links; default: https:// and the first --own-site.")
    ] = "",
    column: Annotated[
        list[str] | None,
        typer.Option("--column", help="FIELD=COLUMN, for csv and jsonl; several times."),
    ] = None,
    create_partners: Create = False,
    dry_run: DryRun = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Import clicks from a web server's log (combined format), CSV or JSONL.

    Every line becomes a click, valid or with the reasons why it doesn't count. Running it
    again changes nothing.

    Examples:

        pledger import clicks access.log --program site --partner-by referer \\
            --own-site example.com --create-partners

        pledger import clicks redirects.log --program acme --link-path /c/

        pledger import clicks clicks.csv --program acme --column "link=Link ID"
    """
    from cli.imports.clicks import import_clicks
    from cli.imports.parties import Parties
    from cli.imports.report import Report

    settings = settings_of(home)
    report = Report(str(file), program, dry_run)
    visits = _visits(file, shape, column or [], report)
    with directory(settings) as follower, decisions(settings) as ledger:
        require_program(follower, program)
        parties = Parties(follower.directory, ledger, program, report, create=create_partners)
        owner_of = _owners(
            parties,
            program=program,
            link=link,
            link_path=link_path,
            partner_by=partner_by,
            own_sites=own_site or [],
            direct=direct,
            internal=internal,
            destination=destination,
        )
        now = time.time_ns() // 1_000_000
        try:
            import_clicks(settings, file, visits, parties, owner_of, report, now=now)
        except KeyboardInterrupt:
            typer.echo("interrupted; import it again: what is missing is written", err=True)
            raise
        except (gzip.BadGzipFile, zlib.error, EOFError) as broken:
            raise BadOption(f"{file}: not a whole gzip file: {broken}") from broken
    tell(report, as_json)


@app.command()
def deals(
    file: File,
    map_file: Annotated[
        Path,
        typer.Option(
            "--map", help="TOML file that says what the columns mean.", exists=True, dir_okay=False
        ),
    ],
    program: Annotated[str, typer.Option(help="The program; default: the map's.")] = "",
    create_partners: Create = False,
    dry_run: DryRun = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Import deals and refunds from a CSV order list, by a map.

    Running it again writes what is missing: nothing, after a run that ended well. An order
    that is in the ledger with other content is listed as a conflict and not written.

    Examples:

        pledger import deals orders.csv --map orders.toml --program shop --dry-run

        pledger import deals orders.csv --map orders.toml --program shop --create-partners
    """
    from cli.imports.deal_map import MapError, read_map
    from cli.imports.deals import import_deals

    settings = settings_of(home)
    shape = read_map(map_file)
    program = program or shape.program
    if not program:
        raise MapError(f'{map_file}: no program; add program = "…" or give --program')
    with directory(settings) as follower, decisions(settings) as ledger:
        require_program(follower, program)
        report = import_deals(
            settings,
            follower,
            ledger,
            file,
            shape,
            program,
            create_partners=create_partners,
            dry_run=dry_run,
        )
    tell(report, as_json)


def require_program(follower: DirectoryFollower, program: str) -> None:
    """Raises BadOption unless the program exists."""
    if follower.directory.program(program, follower.directory.count) is None:
        raise BadOption(
            f"program {program!r} does not exist; create it: pledger programs add {program}"
        )


def _visits(file: Path, shape: str, pairs: list[str], report: Report) -> Iterator[Visit]:
    from cli.imports.access_log import read_visits
    from cli.imports.click_table import columns, read_csv, read_jsonl

    column = columns(pairs)
    wanted = shape or _format_of(file)
    readers: dict[str, Callable[[], Iterator[Visit]]] = {
        "access-log": lambda: read_visits(file, report),
        "csv": lambda: read_csv(file, column, report),
        "jsonl": lambda: read_jsonl(file, column, report),
    }
    if wanted not in readers:
        raise BadOption(f"--format {wanted!r}: expected {', '.join(readers)}")
    return readers[wanted]()


def _format_of(file: Path) -> str:
    from cli.imports.files import kind

    suffix = kind(file)
    return (
        "csv" if suffix in CSV_SUFFIXES else "jsonl" if suffix in JSONL_SUFFIXES else "access-log"
    )


def _owners(
    parties: Parties,
    *,
    program: str,
    link: str,
    link_path: str,
    partner_by: str,
    own_sites: list[str],
    direct: str,
    internal: str,
    destination: str,
) -> OwnerOf:
    from cli.imports import ownership

    if sum(map(bool, (link, link_path, partner_by))) > 1:
        raise BadOption("give one of --link, --link-path and --partner-by")
    if link:
        return ownership.by_one_link(parties, link)
    if link_path:
        return ownership.by_path(parties, link_path)
    if not partner_by:
        return ownership.by_column(parties)
    if partner_by != "referer":
        raise BadOption(f"--partner-by {partner_by!r}: expected referer")
    destination = destination or (f"https://{own_sites[0]}/" if own_sites else "")
    if not destination:
        raise BadOption("--partner-by referer makes links: give --own-site HOST or --destination")
    rule = ownership.Referring(program, own_sites, direct, internal, destination)
    return ownership.by_referer(parties, rule)


def tell(report: Report, as_json: bool) -> None:
    """Print what an import did."""
    if as_json:
        print_json(report.as_json())
        return
    from cli.imports.summary import print_summary

    print_summary(report)
