"""What should not stand in the log, and does: poison, forgeries, a second writer, a lost log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from events import topics
from events.codec import decode, encode
from events.conversions import Deal, conversion_key
from events.dead_letters import DeadLetter
from events.instructions import CommissionDue
from events.journal import Entry
from events.log import Writer, read
from events.partitioning import partition_of
from events.settings import Broker, Settings
from streams.attribution import AttributionProcessor
from streams.checkpoint import checkpoint
from streams.identity import WorkerIdentity
from streams.posting import PostingProcessor
from streams.processor import Processor
from streams.reader import Reader
from streams.relay import RelayProcessor
from streams.state import State, StateError
from tests.conftest import TEST_PARTITIONS, fresh_topics
from tests.streams.offline import verify
from tests.streams.scenes import NOON, PARTNERS, PROGRAM, append, conversions, found
from tests.waiting import wait_until

pytestmark = pytest.mark.broker

CHAIN = (AttributionProcessor, RelayProcessor, PostingProcessor)


class Run:
    """One processor, in this process, a step at a time."""

    def __init__(self, kind: type[Processor], settings: Settings) -> None:
        self.processor = kind(settings.broker, settings.state / "here")
        # The same member in every test, so that none waits for the session of the last one's.
        self.reader = Reader(self.processor, f"here-{kind.__name__}")

    def all(self) -> None:
        """Take rounds until everything that stands in the log is read."""
        wait_until(self._a_round_brings_it_to_the_end, f"{self.processor.name} reads all")

    def _a_round_brings_it_to_the_end(self) -> bool:
        batches = self.reader.take(0.05)
        if batches:
            checkpoint(self.reader, self.processor, batches)
        folds = self.processor.folds
        return bool(folds) and all(
            fold.next_input >= self.processor.ends(*place)[1] for place, fold in folds.items()
        )

    def close(self) -> None:
        self.reader.close()
        self.processor.shut()


@contextmanager
def running(settings: Settings, *kinds: type[Processor]) -> Iterator[list[Run]]:
    runs = [Run(kind, settings) for kind in kinds]
    try:
        yield runs
    finally:
        for run in runs:
            run.close()


def deal(number: int, known: int, customer: str = "c-1") -> Deal:
    return Deal(
        program=PROGRAM,
        customer=customer,
        event_id=f"odd-{number}",
        deal=f"odd-{number}",
        amount=10_000,
        currency="EUR",
        occurred_at=NOON,
        known=known,
        partner=PARTNERS[0],
    )


def letters(broker: Broker) -> dict[str, str]:
    """Position of each record that could not be read → processor and error."""
    found = {}
    for record in read(broker, topics.DEAD_LETTERS, 0):
        letter: DeadLetter = decode(topics.DEAD_LETTERS, record.value or b"")
        found[letter.source] = f"{letter.processor}: {letter.error}"
    return found


def test_poison_goes_to_the_dead_letters_and_the_partition_moves_on(ledger: Settings) -> None:
    known = found(ledger.broker)
    key = conversion_key(PROGRAM, "c-1")
    home = partition_of(key, TEST_PARTITIONS)
    writer = Writer(ledger.broker)
    odd: list[tuple[str, bytes, int]] = [
        (key, b"\xff\xfe not JSON", home),
        (key, b'{"type":"deal.v99"}', home),
        ("acme/somebody-else", encode(deal(1, known)), home),
        (key, encode(deal(2, known)), (home + 1) % TEST_PARTITIONS),
        (key, encode(deal(3, known + 1_000)), home),
    ]
    for name, value, partition in odd:
        writer.append(topics.CONVERSIONS, key=name, value=value, partition=partition)
    for topic in (topics.ATTRIBUTIONS, topics.INSTRUCTIONS, topics.JOURNAL):
        writer.append(topic, key="odd", value=b"{}", partition=home)
    writer.append(topics.DECISIONS, key="odd", value=b"[]")
    writer.append(topics.CONVERSIONS, key=key, value=encode(deal(4, known)))
    writer.flush()
    with running(ledger, *CHAIN) as runs:
        for run in runs:
            run.all()
    whole = verify(ledger.broker)
    assert whole.conversions == 6
    assert whole.kinds == {"commission": 1}
    said = letters(ledger.broker)
    assert len(said) == 8
    assert "JSON is malformed" in said[f"conversions/{home}/0"]
    assert "deal.v99" in said[f"conversions/{home}/1"]
    assert "expected 'acme/c-1'" in said[f"conversions/{home}/2"]
    other = (home + 1) % TEST_PARTITIONS
    assert f"partition {other}, expected {home}" in said[f"conversions/{other}/0"]
    ahead = f"known {known + 1_000} is ahead of the {known} decisions"
    assert said[f"conversions/{home}/3"] == f"attribution: {ahead}"
    assert said[f"attributions/{home}/0"].startswith("relay: ")
    assert said[f"instructions/{home}/0"].startswith("posting: ")
    assert any(source.startswith("decisions/0/") for source in said)


def test_a_forged_instruction_from_the_future_moves_no_money(ledger: Settings) -> None:
    known = found(ledger.broker)
    forged = CommissionDue(
        n=0,
        source="attributions/0/0",
        partner=PARTNERS[0],
        program=PROGRAM,
        kind="sale",
        event_id="e",
        conversion="conversions/0/0",
        occurred_at=NOON,
        known=known + 5,
        share=10_000,
        method="click",
        deal="d",
        amount=1_000,
        currency="EUR",
    )
    writer = Writer(ledger.broker)
    writer.append(topics.INSTRUCTIONS, key=forged.partner, value=encode(forged))
    writer.flush()
    with running(ledger, PostingProcessor) as [posting]:
        posting.all()
    [entry] = [e for p in range(TEST_PARTITIONS) for e in entries(ledger.broker, p)]
    assert entry.kind == "no_effect"
    assert entry.legs == ()
    assert entry.reason == f"known {known + 5} is ahead of the {known} decisions"


def test_a_second_writer_with_the_same_answers_changes_nothing(ledger: Settings) -> None:
    """As a worker does that was stopped, replaced and continued."""
    known = found(ledger.broker)
    append(ledger.broker, conversions(400, known))
    with running(ledger, *CHAIN) as runs:
        for run in runs:
            run.all()
        writer = Writer(ledger.broker)
        for topic in (topics.ATTRIBUTIONS, topics.INSTRUCTIONS, topics.JOURNAL):
            for number in range(TEST_PARTITIONS):
                for record in list(read(ledger.broker, topic, number))[-20:]:
                    assert record.key and record.value
                    writer.append(topic, key=record.key, value=record.value, partition=number)
        writer.flush()
        append(ledger.broker, conversions(400, known, first=400))
        for run in runs:
            run.all()
        restarted = {run.processor.name: run.processor.counts["restarted"] for run in runs}
    assert verify(ledger.broker).conversions == 800
    assert restarted["attribution"] == TEST_PARTITIONS
    assert restarted["relay"] == 0, "its outputs are numbered: nobody can win against it"


def entries(broker: Broker, partition: int) -> list[Entry]:
    values = (record.value or b"" for record in read(broker, topics.JOURNAL, partition))
    return [decode(topics.JOURNAL, value) for value in values]


def other_answer(home: int, first: Entry) -> Entry:
    """Entry 1 as another release would have it: it books nothing."""
    return msgspec.structs.replace(
        first,
        n=1,
        source=f"instructions/{home}/1",
        kind="no_effect",
        legs=(),
        balance=None,
        reason="another release",
        previous=sha256(encode(first)).hexdigest(),
    )


def accepted(broker: Broker, partition: int) -> list[Entry]:
    found: dict[int, Entry] = {}
    for entry in entries(broker, partition):
        found.setdefault(entry.n, entry)
    return [found[n] for n in range(len(found))]


def write_deals(broker: Broker, known: int, *numbers: int) -> None:
    writer = Writer(broker)
    key = conversion_key(PROGRAM, "c-1")
    for number in numbers:
        writer.append(topics.CONVERSIONS, key=key, value=encode(deal(number, known)))
    writer.flush()


def test_a_second_writer_with_another_answer_wins_if_it_was_first(ledger: Settings) -> None:
    """What stands in the log counts: the chain goes on from the other's record."""
    known = found(ledger.broker)
    home = partition_of(PARTNERS[0], TEST_PARTITIONS)
    with running(ledger, *CHAIN) as runs:
        write_deals(ledger.broker, known, 1)
        for run in runs:
            run.all()
        other = other_answer(home, entries(ledger.broker, home)[0])
        writer = Writer(ledger.broker)
        writer.append(topics.JOURNAL, key=PARTNERS[0], value=encode(other), partition=home)
        writer.flush()
        write_deals(ledger.broker, known, 2, 3)
        for run in runs:
            run.all()
        counts = runs[2].processor.counts
        assert (counts["restarted"], counts["overruled"]) == (1, 0)
    found_there = accepted(ledger.broker, home)
    assert [entry.reason for entry in found_there] == ["", "another release", ""]
    assert found_there[2].previous == sha256(encode(other)).hexdigest()
    assert found_there[2].balance is not None
    assert found_there[2].balance.payable == 2 * 1_250, "what the other refused is not paid"


def test_another_answer_in_the_middle_of_a_round_is_said_loudly(
    ledger: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """What we wrote behind it stands too; the fold follows the log, whatever it holds."""
    known = found(ledger.broker)
    home = partition_of(PARTNERS[0], TEST_PARTITIONS)
    with running(ledger, *CHAIN) as runs:
        write_deals(ledger.broker, known, 1)
        for run in runs:
            run.all()
        other = other_answer(home, entries(ledger.broker, home)[0])
        write_deals(ledger.broker, known, 2, 3)
        for run in runs[:2]:
            run.all()
        writer = runs[2].processor.writer
        append_all = writer.append_all

        def overtaken(topic: str, partition: int, records: list[tuple[str | bytes, bytes]]) -> None:
            writer.append_all = append_all  # type: ignore[method-assign]
            append_all(topic, partition, [(PARTNERS[0], encode(other)), *records])

        writer.append_all = overtaken  # type: ignore[method-assign, assignment]
        runs[2].all()
        assert runs[2].processor.counts["overruled"] == 1
        assert "somebody else's answer to instructions/" in caplog.text
        write_deals(ledger.broker, known, 4)
        for run in runs:
            run.all()
    found_there = accepted(ledger.broker, home)
    assert [entry.n for entry in found_there] == [0, 1, 2, 3]
    assert found_there[1] == other
    assert found_there[3].previous == sha256(encode(found_there[2])).hexdigest()
    assert found_there[3].balance is not None
    assert found_there[3].balance.payable == 3 * 1_250


def test_a_letter_stands_before_the_answer_to_its_record(ledger: Settings) -> None:
    """Who dies right after the answer does not decide it again, and writes no letter then."""
    known = found(ledger.broker)
    writer = Writer(ledger.broker)
    key = conversion_key(PROGRAM, "c-1")
    writer.append(topics.CONVERSIONS, key=key, value=b"poison")
    writer.append(topics.CONVERSIONS, key=key, value=encode(deal(1, known)))
    writer.flush()
    with running(ledger, AttributionProcessor) as [attribution]:
        own = attribution.processor.writer
        append_all = own.append_all

        def dying(topic: str, partition: int, records: list[tuple[str | bytes, bytes]]) -> None:
            append_all(topic, partition, records)
            own.flush()
            if topic == topics.ATTRIBUTIONS:
                raise RuntimeError("dies here")

        own.append_all = dying  # type: ignore[method-assign, assignment]
        with pytest.raises(RuntimeError, match="dies here"):
            attribution.all()
    with running(ledger, *CHAIN) as runs:
        for run in runs:
            run.all()
    assert verify(ledger.broker).conversions == 2
    assert list(letters(ledger.broker)) == [
        f"conversions/{partition_of(key, TEST_PARTITIONS)}/0",
    ]


def test_state_ahead_of_the_log_is_refused(ledger: Settings) -> None:
    """A truncated log, or another one under the same name: nothing is guessed."""
    known = found(ledger.broker)
    append(ledger.broker, conversions(50, known))
    with running(ledger, AttributionProcessor) as [attribution]:
        attribution.all()
    fresh_topics(ledger.broker)
    with (
        running(ledger, AttributionProcessor) as [attribution],
        pytest.raises(StateError, match=r"is the state of another log .* delete the directory"),
    ):
        attribution.all()
    # Were it the same topic, cut off:
    for directory in (ledger.state / "here" / "attribution").iterdir():
        same = Path(directory)
        with closing(_as_of_this_log(same, attribution)):
            pass
    with (
        running(ledger, AttributionProcessor) as [attribution],
        pytest.raises(StateError, match=r"up to offset \d+, but the log ends at 0"),
    ):
        attribution.all()


def _as_of_this_log(directory: Path, run: Run) -> State:
    """The state with its log's identity replaced by the present one."""
    fold_log = run.processor._identities[topics.CONVERSIONS, topics.ATTRIBUTIONS]
    state = State.__new__(State)
    try:
        state = State(directory, fold_log)
    except StateError:
        state = State(directory, _written(directory))
        state.progress.log = fold_log
        state.save(())
    return state


def _written(directory: Path) -> str:
    try:
        State(directory, "?")
    except StateError as problem:
        return str(problem).partition("another log (")[2].partition(", this is")[0]
    raise AssertionError("no state there")


def test_a_worker_id_is_free_again_when_its_process_is_gone(tmp_path: Path) -> None:
    one, two = WorkerIdentity(tmp_path), WorkerIdentity(tmp_path)
    assert (one.name, two.name) == ("worker-0", "worker-1")
    assert one.instance != two.instance
    instance = one.instance
    one.release()
    again = WorkerIdentity(tmp_path)
    assert (again.name, again.instance) == ("worker-0", instance)
    again.release()
    two.release()
