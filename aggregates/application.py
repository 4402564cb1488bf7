"""`Decisions`: the commands by which people, and the payouts processor, decide.

    decisions = open_decisions(settings.broker)
    decisions.create_program("acme", "Acme Ltd", "EUR", by="ann")

The commands stand in `aggregates.commands`, one file a domain. Any number of processes decide
at once (`deciding` says how). A command may be repeated: with the same content it returns
quietly, with other content it raises.
"""

from __future__ import annotations

from aggregates.commands.accounts import AccountCommands
from aggregates.commands.agreements import AgreementCommands
from aggregates.commands.api_keys import ApiKeyCommands
from aggregates.commands.contests import ContestCommands
from aggregates.commands.invoices import InvoiceCommands
from aggregates.commands.links import LinkCommands
from aggregates.commands.partners import PartnerCommands
from aggregates.commands.payouts import PayoutCommands
from aggregates.commands.programs import ProgramCommands
from aggregates.commands.rates import RateCommands
from aggregates.commands.registrations import RegistrationCommands
from aggregates.commands.reviews import ReviewCommands
from events.settings import Broker


class Decisions(
    ProgramCommands,
    PartnerCommands,
    AgreementCommands,
    LinkCommands,
    RegistrationCommands,
    ReviewCommands,
    AccountCommands,
    ContestCommands,
    RateCommands,
    PayoutCommands,
    InvoiceCommands,
    ApiKeyCommands,
):
    """The commands, and the rules between aggregates. Thread-safe.

    Commands raise the types of `aggregates.errors`, and the library's OperationalError when
    the broker does not answer. `by` is who decided.
    """

    name = "Decisions"


def open_decisions(broker: Broker, topic: str = "") -> Decisions:
    """The commands of the ledger on `broker`; read whole before this returns.

    Raises the library's OperationalError when the broker or the topic is not there.
    """
    env = {"PERSISTENCE_MODULE": "aggregates.store", "PLEDGER_BROKER": broker.dsn}
    return Decisions(env | ({"DECISIONS_TOPIC": topic} if topic else {}))
