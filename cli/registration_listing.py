"""`pledger registrations list` and `show`: how registered leads and deals stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.asked import registration_of
from cli.display import AsJson, Column, print_json, show, text
from cli.ledger import directory
from cli.money import shown
from cli.reading import BadOption, iso
from cli.revealing import revealed
from cli.system import Home, settings_of

if TYPE_CHECKING:
    from projections.views import RegistrationView

STATUSES = ("submitted", "approved", "rejected", "won", "lost")


def add_commands(app: typer.Typer) -> None:
    """Add `list` and `show`."""
    app.command("list")(list_registrations)
    app.command("show")(show_registration)


def list_registrations(
    program: Annotated[str, typer.Option(help="Only those of one program.")] = "",
    partner: Annotated[str, typer.Option(help="Only those of one partner.")] = "",
    status: Annotated[str, typer.Option(help=f"Only these: {', '.join(STATUSES)}.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List registrations.

    Example:

        pledger registrations list --program acme --status submitted
    """
    if status and status not in STATUSES:
        raise BadOption(f"--status {status!r}: expected one of {', '.join(STATUSES)}")
    with directory(settings_of(home)) as follower:
        rows = [
            plain(view)
            for view in follower.directory.registrations()
            if (not program or view.program == program)
            and (not partner or view.partner == partner)
            and (not status or view.status == status)
        ]
    columns = [
        text("registration", "registration"),
        text("kind", "kind"),
        text("partner", "partner"),
        Column("customer", _customer),
        text("title", "title"),
        Column("amount", _worth, right=True),
        text("status", "status"),
        Column("note", lambda row: str(row["deal"] or row["reason"])),
    ]
    show(rows, columns, as_json=as_json, empty="no registrations")


def show_registration(
    registration: Annotated[str, typer.Argument(help="The registration's id.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show one registration.

    Example:

        pledger registrations show r-17
    """
    with directory(settings_of(home)) as follower:
        found = plain(registration_of(follower.directory, registration))
    if as_json:
        print_json(found)
        return
    typer.echo(f"registration {registration}: {found['kind']}, {found['status']}")
    for name, value in (
        ("program", found["program"]),
        ("partner", found["partner"]),
        ("customer", _customer(found)),
        ("title", revealed(found["title"])),
        ("amount", _worth(found)),
        ("deal", found["deal"]),
        ("reason", found["reason"]),
        ("submitted", found["submitted"]),
        ("approved", found["approved"]),
    ):
        if value:
            typer.echo(f"  {name:<10} {value}")


def _customer(row: Any) -> str:
    return revealed(str(row["original"] or row["customer"]))


def _worth(row: Any) -> str:
    return shown(row["amount"], row["currency"]) if row["amount"] else ""


def plain(view: RegistrationView) -> dict[str, Any]:
    """A registration with its times as ISO 8601."""
    import msgspec

    found: dict[str, Any] = msgspec.to_builtins(view)
    found["submitted"] = iso(found.pop("submitted_at"))
    found["approved"] = iso(found.pop("approved_at"))
    return found
