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
from aggregates.commands.erasure import ErasureCommands
from aggregates.commands.invoices import InvoiceCommands
from aggregates.commands.links import LinkCommands
from aggregates.commands.payouts import PayoutCommands
from aggregates.commands.programs import ProgramCommands
from aggregates.commands.proof import ProofCommands
from aggregates.commands.rates import RateCommands
from aggregates.commands.registrations import RegistrationCommands
from aggregates.commands.reviews import ReviewCommands
from aggregates.vault import Vault
from events.settings import Broker


class Decisions(
    ProgramCommands,
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
    ProofCommands,
    ErasureCommands,
):
    """The commands, and the rules between aggregates. Thread-safe.

    Commands raise the types of `aggregates.errors`, and the library's OperationalError when
    the broker does not answer. `by` is who decided.
    """

    name = "Decisions"


def open_decisions(broker: Broker, topic: str = "", vault: Vault | None = None) -> Decisions:
    """The commands of the ledger on `broker`; read whole before this returns.

    With its `vault` personal data is sealed in what is decided, and revealed in what is read;
    without, it stays plain and what was sealed stays sealed.

    Raises the library's OperationalError when the broker or the topic is not there.
    """
    env = {"PERSISTENCE_MODULE": "aggregates.store", "PLEDGER_BROKER": broker.dsn}
    return Decisions(env | ({"DECISIONS_TOPIC": topic} if topic else {}), vault)
