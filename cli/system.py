"""The commands that run a ledger: up, down, status, and each part alone."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.display import PIPE_WIDTH
from events.settings import (
    DEFAULT_BROKER_PORT,
    DEFAULT_GATEWAY_PORT,
    DEFAULT_WAREHOUSE_PORT,
    Settings,
    load,
)
from events.topics import EMBEDDED_PARTITIONS

if TYPE_CHECKING:
    from deploy.status import Status

Home = Annotated[
    Path | None,
    typer.Option("--home", help="The ledger's directory [default: $PLEDGER_HOME or ~/.pledger]"),
]
BrokerPort = Annotated[
    int, typer.Option("--port", min=0, max=65535, help="Port of the broker; 0: any free one")
]
WarehousePort = Annotated[
    int, typer.Option("--warehouse-port", min=0, max=65535, help="0: any free one")
]
GatewayPort = Annotated[
    int, typer.Option("--gateway-port", min=0, max=65535, help="0: any free one")
]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any free one")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON")]


def settings_of(home: Path | None) -> Settings:
    """The settings of `home`, which every process started from here then uses too."""
    if home is not None:
        os.environ["PLEDGER_HOME"] = str(home.expanduser().absolute())
    return load()


def add_system_commands(app: typer.Typer, panel: str) -> None:
    for command in (up, down, status, topics, broker, gateway, worker):
        app.command(rich_help_panel=panel)(command)


def up(
    home: Home = None,
    port: BrokerPort = DEFAULT_BROKER_PORT,
    warehouse_port: WarehousePort = DEFAULT_WAREHOUSE_PORT,
    gateway_port: GatewayPort = DEFAULT_GATEWAY_PORT,
    workers: Annotated[int, typer.Option(min=0, help="Stream workers")] = 1,
    partitions: Annotated[
        int, typer.Option(min=1, help="Partitions of new topics; frozen once created")
    ] = EMBEDDED_PARTITIONS,
    detach: Annotated[
        bool, typer.Option("--detach", help="Return once all is healthy; stop it by `down`")
    ] = False,
) -> None:
    """Start broker, warehouse, gateway, workers and scheduler, and keep them running.

    Examples:

        pledger up

        pledger up --detach --workers 2
    """
    settings = settings_of(home)
    if detach:
        from deploy.background import start_detached

        arguments = [f"--port={port}", f"--warehouse-port={warehouse_port}"]
        arguments += [f"--gateway-port={gateway_port}", f"--workers={workers}"]
        pid = start_detached(settings.home, [*arguments, f"--partitions={partitions}"])
        running = load()
        typer.echo(f"running as process {pid}; stop it with: pledger down --home {settings.home}")
        typer.echo(f"gateway    {running.gateway}")
        return
    from deploy.supervisor import Plan, Supervisor

    plan = Plan(port, warehouse_port, gateway_port, workers, partitions)
    Supervisor(settings, plan, say=typer.echo).run()


def down(home: Home = None) -> None:
    """Stop the ledger that runs in this home.

    Examples:

        pledger down

        pledger down --home ~/ledgers/test
    """
    from deploy.background import stop_supervisor

    settings = settings_of(home)
    pid = stop_supervisor(settings.home)
    if pid is None:
        typer.echo(f"nothing runs in {settings.home}")
    else:
        typer.echo(f"stopped (process {pid})")


def status(home: Home = None, as_json: AsJson = False) -> None:
    """Show each part's health, the topics' ends and who is how far behind.

    Exit code 0 when all parts are healthy, else 1.

    Examples:

        pledger status

        pledger status --json | jq .healthy
    """
    from deploy.status import read_status

    found = read_status(settings_of(home))
    if as_json:
        typer.echo(json.dumps(found.as_dict(), indent=1))
    else:
        print_status(found)
    raise typer.Exit(0 if found.healthy else 1)


def topics(
    home: Home = None,
    partitions: Annotated[
        int, typer.Option(min=1, help="Partitions of new topics; frozen once created")
    ] = EMBEDDED_PARTITIONS,
) -> None:
    """Create and check the ledger's topics on the Kafka cluster of PLEDGER_BROKER.

    Example:

        pledger topics --partitions 32
    """
    from deploy.topics import check_cluster, create_topics

    settings = settings_of(home)
    identity = check_cluster(settings.home, settings.broker)
    made = create_topics(
        settings.broker, partitions=partitions, embedded=not settings.broker_is_external
    )
    done = f"created {', '.join(made)}" if made else "all topics are there, safe to keep a ledger"
    typer.echo(f"cluster {identity}: {done}")


def print_status(found: Status) -> None:
    from rich.console import Console
    from rich.table import Table

    # Nobody widens a pipe's window; at a terminal its width counts, and cells wrap whole.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)
    runs = f"process {found.supervisor}" if found.supervisor else "not running"
    console.print(f"{found.home}: {runs}", soft_wrap=True)
    parts = Table("part", "health", "address", "process", "restarts")
    for column in parts.columns:
        column.overflow = "fold"
    for part in found.parts:
        state = "[green]healthy[/]" if part.healthy else f"[red]{part.problem}[/]"
        process = str(part.pid) if part.pid else ""
        parts.add_row(part.name, state, part.address, process, str(part.restarts))
    console.print(parts)
    if found.topics:
        topics = Table("topic", "partitions", "records")
        for name, topic in found.topics.items():
            topics.add_row(name, str(topic["partitions"]), f"{topic['records']:,}")
        console.print(topics)
        lags = Table("processor", "behind (records)")
        rows = {**found.processors}
        if found.warehouse_behind is not None:
            rows["warehouse tables"] = found.warehouse_behind
        for name, behind in rows.items():
            lags.add_row(name, ", ".join(f"{topic} {lag:,}" for topic, lag in behind.items()))
        console.print(lags)


def broker(home: Home = None, port: Port = DEFAULT_BROKER_PORT) -> None:
    """Run the broker alone, in HOME/broker, until Ctrl-C; creates the topics.

    Example:

        pledger broker --port 0
    """
    from deploy.alone import run_broker

    run_broker(settings_of(home), port, typer.echo)


def gateway(
    home: Home = None,
    port: Port = DEFAULT_GATEWAY_PORT,
    host: Annotated[str, typer.Option(help="Address to listen on")] = "127.0.0.1",
) -> None:
    """Run the HTTP gateway alone, until Ctrl-C.

    Example:

        pledger gateway --host 0.0.0.0 --port 8080
    """
    from deploy.parts import claimed_port, run_gateway

    run_gateway(settings_of(home), host, claimed_port(port, "gateway"))


def worker(home: Home = None) -> None:
    """Run one stream worker, until Ctrl-C.

    Example:

        pledger worker
    """
    from deploy.parts import run_worker

    run_worker(settings_of(home))
