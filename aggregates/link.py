"""A link: the address a partner promotes, and the one URL it leads to."""

from __future__ import annotations

from eventsourcing.domain import event

from aggregates.checks import slug_of, url_of
from aggregates.decision import DecisionAggregate
from aggregates.errors import AlreadyExists


class Link(DecisionAggregate):
    """A partner's tracking link in a program, with its one destination."""

    TOPIC = "link"

    @staticmethod
    def create_id(link: str) -> str:
        return f"link:{link}"

    @event("Created", topic="link.created")
    def __init__(self, link: str, program: str, partner: str, destination: str, by: str) -> None:
        self.link = link
        self.program = program
        self.partner = partner
        self.destination = destination
        self.active = True

    @classmethod
    def create(cls, link: str, program: str, partner: str, destination: str, by: str = "") -> Link:
        return cls(
            link=slug_of("link", link),
            program=program,
            partner=partner,
            destination=url_of("destination", destination),
            by=by,
        )

    def repeat_creation(self, program: str, partner: str, destination: str) -> None:
        """Nothing, if the link is the same; AlreadyExists if it is another."""
        if (self.program, self.partner, self.destination) != (program, partner, destination):
            raise AlreadyExists(
                f"link {self.link} exists: partner {self.partner} in {self.program}, "
                f"to {self.destination}; choose another id"
            )

    def disable(self, by: str = "") -> None:
        """Its clicks no longer count. There is no way back: make another link."""
        if self.active:
            self._disable(self.link, by)

    @event("Disabled", topic="link.disabled")
    def _disable(self, link: str, by: str) -> None:
        self.active = False
