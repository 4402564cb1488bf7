"""How a decision is made when anybody may come first: look, decide, insert, or decide again.

A command reads the aggregate it needs, decides on it and inserts the event. When another
writer came first, the insert has read that one's event back with it, and the command
decides again. Nothing is locked, and nobody waits for anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.domain import BaseAggregate
from eventsourcing.persistence import IntegrityError, Mapper, Transcoder

from aggregates.decision import DecisionAggregate, DecisionSeries, PlainJSON
from aggregates.errors import Contended, DecisionError, NotFound
from aggregates.recorders import LogApplicationRecorder
from aggregates.sealed_events import PERSONAL, SealingMapper
from aggregates.vault import Vault
from events.sealing import SEALED

ATTEMPTS = 50
"""How often a command decides again because another writer came first."""

A = TypeVar("A", bound=DecisionAggregate)
S = TypeVar("S", bound=DecisionSeries)
Either = TypeVar("Either", bound=BaseAggregate[str])
R = TypeVar("R")


class DecidingApplication(Application[str]):
    """Makes, changes and looks up aggregates; the commands are its subclass's."""

    def __init__(self, env: Mapping[str, str] | None = None, vault: Vault | None = None) -> None:
        """`vault`: where the keys of personal data are; without one, such text stays plain."""
        self.vault = vault
        super().__init__(env)

    def construct_transcoder(self) -> Transcoder:
        return PlainJSON()

    def construct_mapper(self) -> Mapper[str]:
        if self.vault is None:
            return super().construct_mapper()
        return SealingMapper(self.construct_transcoder(), self.vault, self._check_vault)

    def _check_vault(self) -> None:
        """Raises WrongVault unless the vault has the key of what was sealed first: of a ledger
        whose names are sealed in two places, each would show half."""
        assert self.vault is not None
        assert isinstance(self.recorder, LogApplicationRecorder)
        for _, row in self.recorder.log.rows(1):
            found = SEALED.search(row.state.decode()) if row.name in PERSONAL else None
            if found is not None:
                self.vault.require(found[1])
                return

    def refresh(self) -> int:
        """Read what others decided, up to the log's end; the number of decisions."""
        assert isinstance(self.recorder, LogApplicationRecorder)
        return self.recorder.refresh()

    def _now(self, read: Callable[[], Either]) -> Either:
        """What `read` finds, with all that others decided until now."""
        self.refresh()
        return read()

    def _get(self, kind: type[A], name: str, remedy: str) -> A:
        """As far as the log was read; raises NotFound, with the remedy."""
        found = self._find(kind, name)
        if found is None:
            raise NotFound(f"there is no {name.replace(':', ' ', 1)}; {remedy}")
        return found

    def _find(self, kind: type[A], name: str) -> A | None:
        try:
            found: A = self.repository.get(name)
        except AggregateNotFoundError:
            return None
        assert isinstance(found, kind), f"{name} is a {type(found).__name__}"
        return found

    def _series(self, kind: type[S], name: str) -> S:
        """A series as far as the log was read, or empty."""

        def project(found: S | None, events: Iterable[Any]) -> S | None:
            found = kind.empty(name) if found is None else found
            for event in events:
                event.mutate(found)
            return found

        series: S = self.repository.get(name, projector_func=project)
        assert isinstance(series, kind), f"{name} is a {type(series).__name__}"
        return series

    def _create(
        self, kind: type[A], name: str, create: Callable[[], A], repeat: Callable[[A], None]
    ) -> None:
        """Create the aggregate `name`, or let what stands there judge the repetition."""

        def attempt() -> None:
            found = self._find(kind, name)
            if found is None:
                self.save(create())
            else:
                repeat(found)

        self._attempt(attempt)

    def _change(self, find: Callable[[], Either], change: Callable[[Either], R]) -> R:
        """Find an aggregate, change it and insert its new events, if it has any."""

        def attempt() -> R:
            found = find()
            result = change(found)
            if found.pending_events:
                self.save(found)
            return result

        return self._attempt(attempt)

    def _attempt(self, attempt: Callable[[], R]) -> R:
        """Decide until nobody came first. A refusal only counts if it was decided on all that
        stood in the log when the command began."""
        is_fresh = False
        for _ in range(ATTEMPTS):
            try:
                return attempt()
            except IntegrityError:
                continue  # the insert read the log back, and so the winner with it
            except DecisionError:
                if is_fresh:
                    raise
                self.refresh()
                is_fresh = True
        raise Contended(f"others came first {ATTEMPTS} times; nothing was decided, try again")
