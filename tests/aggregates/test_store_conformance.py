"""The library's own cases for recorders and factories, unchanged, against a real broker.

Not run, because they do not hold on a log by design: the cases for tracking and process
recorders. A tracking record is a consumer's position kept in the same transaction as its
events; the ledger's processors have no transaction and find their position in their own
output. The store refuses them (`NotSupportedError`), which is tested instead.
"""

from __future__ import annotations

from collections.abc import Callable
from unittest import TestCase
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    NotSupportedError,
    ProcessRecorder,
    Tracking,
    TrackingRecorder,
)
from eventsourcing.tests import application, persistence
from eventsourcing.utils import Environment

from aggregates.recorders import LogAggregateRecorder, LogApplicationRecorder
from aggregates.store import DecisionsFactory
from tests.aggregates.conftest import new_snapshots_topic

pytestmark = [pytest.mark.broker, pytest.mark.usefixtures("logs_of_class")]


class OnALog(TestCase):
    """A factory on an empty log for each test."""

    new_log: Callable[[], dict[str, str]]

    def open(self) -> DecisionsFactory:
        factory = InfrastructureFactory.construct(Environment(env=self.new_log()))
        assert isinstance(factory, DecisionsFactory)
        self.addCleanup(factory.close)
        return factory


class TestAggregateRecorder(OnALog, persistence.AggregateRecorderTestCase):
    def create_recorder(self) -> AggregateRecorder:
        return self.open().aggregate_recorder()


class TestAggregateRecorderWithTextIds(TestAggregateRecorder):
    def new_originator_id(self) -> UUID | str:
        return f"program:{uuid4()}"


class TestApplicationRecorder(
    OnALog, persistence.ApplicationRecorderTestCase[LogApplicationRecorder]
):
    def create_recorder(self) -> LogApplicationRecorder:
        return self.open().application_recorder()

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()

    def test_tracking_is_refused(self) -> None:
        recorder = self.create_recorder()
        with self.assertRaisesRegex(NotSupportedError, "tracking"):
            recorder.insert_events([], tracking=Tracking("upstream", 1))


class TestApplicationRecorderWithTextIds(TestApplicationRecorder):
    def new_originator_id(self) -> UUID | str:
        return f"program:{uuid4()}"


class TestFactory(OnALog, persistence.InfrastructureFactoryTestCase[DecisionsFactory]):
    def setUp(self) -> None:
        self.env = Environment(env=self.new_log())
        super().setUp()

    def expected_factory_class(self) -> type[DecisionsFactory]:
        return DecisionsFactory

    def expected_aggregate_recorder_class(self) -> type[AggregateRecorder]:
        return LogAggregateRecorder

    def expected_application_recorder_class(self) -> type[ApplicationRecorder]:
        return LogApplicationRecorder

    def expected_tracking_recorder_class(self) -> type[TrackingRecorder]:
        raise NotImplementedError

    def tracking_recorder_subclass(self) -> type[TrackingRecorder]:
        raise NotImplementedError

    def expected_process_recorder_class(self) -> type[ProcessRecorder]:
        raise NotImplementedError

    def test_create_tracking_recorder(self) -> None:
        """Replaces the library's case: see the module's docstring."""
        with self.assertRaisesRegex(NotSupportedError, "tracking"):
            self.factory.tracking_recorder()

    def test_create_process_recorder(self) -> None:
        """Replaces the library's case: see the module's docstring."""
        with self.assertRaisesRegex(NotSupportedError, "tracking"):
            self.factory.process_recorder()


class TestForeignApplication(OnALog, application.ExampleApplicationTestCase):
    """An application that knows nothing of the ledger, with UUIDs and snapshots."""

    expected_factory_topic = "aggregates.store:DecisionsFactory"

    @pytest.fixture(autouse=True)
    def environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        env = self.new_log()
        new_snapshots_topic(env)
        for name, text in env.items():
            monkeypatch.setenv(name, text)
