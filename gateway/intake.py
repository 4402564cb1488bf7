"""Taking conversions in: check, stamp, append, and answer when the broker has them.

Sending again is always safe. What was sent before with the same content gets the same
answer; with other content it is refused as a conflict.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from events.click_token import ClickKeys
from events.codec import encode
from events.conversions import Assignment, Conversion, Refund, conversion_key
from events.topics import CONVERSIONS
from gateway.conversion_input import ConversionInput, to_conversion
from gateway.delivery import AckedLog, NotAcknowledged
from gateway.known import Known
from gateway.personal import PersonalData
from gateway.problems import FieldProblem, Problem, from_decode_error
from gateway.repeats import Repeats
from projections.directory import Directory

CHUNK = 2_000
"""Lines of a batch that are read before their acknowledgements are waited for."""
YIELD_EVERY = 100
"""Lines after which other requests get their turn."""
MAX_RECORD = 900_000
"""Bytes of one conversion: what brokers take by default (1 MB), less what goes around it."""
REJECTED_SHOWN = 1_000
"""Rejected lines and warnings that are listed; all are counted."""


class Warned(Struct, omit_defaults=True):
    """Something that was recorded and does not do what the sender may expect."""

    field: str
    detail: str
    line: int = 0


class Accepted(Struct):
    """One conversion that stands in the log."""

    event_id: str
    warnings: list[Warned] = []


class Rejected(Struct):
    line: int
    field: str
    detail: str


class BatchAnswer(Struct):
    """`line` counts from 1; `rejected` and `warnings` are cut at 1,000 entries."""

    accepted: int
    rejected_count: int
    rejected: list[Rejected]
    warnings: list[Warned]


def warnings_of(conversion: Conversion, directory: Directory) -> list[Warned]:
    """What of a conversion earns nobody anything, as the decisions known to it say."""
    if isinstance(conversion, Refund | Assignment):
        return []
    found = []
    program, known = conversion.program, conversion.known
    click, partner, code = conversion.click, conversion.partner, conversion.coupon_code
    if click is not None and click.problem:
        found.append(Warned("click_id", f"{click.problem}: recorded, but this click earns nothing"))
    if partner and not directory.partner_active(program, partner, known):
        why = f"partner {partner!r} is not approved by {program}: recorded, but earns nothing"
        found.append(Warned("partner", why))
    elif partner and not directory.may_earn(program, partner, known):
        why = f"partner {partner!r} has accepted no agreement of {program}: recorded, but under "
        found.append(Warned("partner", why + "terms of engine 2 earns nothing"))
    if code and directory.coupon(program, code, known) is None:
        why = f"{program} has no active coupon {code!r}: recorded, but this coupon earns nothing"
        found.append(Warned("coupon_code", why))
    return found


Parsed = Iterable[ConversionInput | FieldProblem]

_read: msgspec.json.Decoder[Any] = msgspec.json.Decoder(ConversionInput)
_read_array = msgspec.json.Decoder(list[msgspec.Raw])


def read_one(body: bytes | msgspec.Raw) -> ConversionInput:
    """One JSON object; raises FieldProblem."""
    try:
        given: ConversionInput = _read.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise from_decode_error(problem) from problem
    return given


def read_array(body: bytes) -> Iterator[tuple[int, msgspec.Raw | bytes]]:
    """The objects of a JSON array, numbered from 1; raises FieldProblem."""
    try:
        objects = _read_array.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise from_decode_error(problem) from problem
    yield from enumerate(objects, 1)


def read_lines(body: bytes) -> Iterator[tuple[int, msgspec.Raw | bytes]]:
    """The lines of an NDJSON body with their numbers; empty lines are skipped."""
    for number, line in enumerate(body.split(b"\n"), 1):
        if line.strip():
            yield number, line


class Intake:
    """Conversions into the log."""

    def __init__(
        self, known: Known, log: AckedLog, keys: ClickKeys, personal: PersonalData
    ) -> None:
        self.personal = personal
        self._known = known
        self._log = log
        self._keys = keys
        self._repeats = Repeats()

    def append(self, given: ConversionInput) -> tuple[list[Warned], asyncio.Future[Any]]:
        """Append one conversion; the future is done when it is durable.

        Raises FieldProblem when it cannot be recorded, Problem 409 when its event_id was
        taken with other content.
        """
        conversion = to_conversion(
            given, directory=self._known.directory, known=self._known.count, keys=self._keys
        )
        if self.personal.is_marked(given.program):
            conversion = self.personal.sealed(conversion)
        key = conversion_key(conversion.program, conversion.customer)
        warnings = warnings_of(conversion, self._known.directory)
        identity = (key, conversion.event_id)
        digest = hashlib.blake2b(encode(given), digest_size=16).digest()
        try:
            acknowledged: Any = self._repeats.first(identity, digest)
        except Problem as problem:
            raise Problem(
                409,
                f"event_id={conversion.event_id!r} of {key} was received before with other "
                "content; a correction needs an event_id of its own",
                field="event_id",
            ) from problem
        if acknowledged is None:
            value = encode(conversion)
            if len(value) > MAX_RECORD:
                raise FieldProblem(
                    "", f"{len(value)} bytes; a conversion may have {MAX_RECORD}: send fewer items"
                )
            acknowledged = self._log.append(CONVERSIONS, key, value)
            self._repeats.take(identity, digest, acknowledged)
        return warnings, acknowledged

    async def take(self, given: ConversionInput) -> Accepted:
        """One conversion, durable when this returns; raises Problem."""
        if self.personal.is_marked(given.program):
            await self.personal.prepare((given,))
        warnings, acknowledged = self.append(given)
        try:
            await asyncio.shield(acknowledged)
        except NotAcknowledged as problem:
            raise Problem(503, f"the conversion is not recorded: {problem}") from problem
        return Accepted(given.event_id, warnings)

    async def take_batch(self, lines: Iterable[tuple[int, msgspec.Raw | bytes]]) -> BatchAnswer:
        """Many conversions; what cannot be used is listed and the rest goes in.

        Raises Problem 503 when some were not acknowledged: the whole batch can be sent again.
        """
        answer = BatchAnswer(0, 0, [], [])
        waiting: list[asyncio.Future[Any]] = []
        personal: list[tuple[int, ConversionInput]] = []
        """Read, and not appended: keys come for many at once."""
        for count, (number, line) in enumerate(lines, 1):
            try:
                given = read_one(line)
            except Problem as problem:
                _reject(answer, number, problem)
            else:
                if self.personal.is_marked(given.program):
                    personal.append((number, given))
                else:
                    self._append(number, given, answer, waiting)
            if count % YIELD_EVERY == 0:
                await asyncio.sleep(0)
            if len(personal) >= CHUNK:
                await self._append_personal(personal, answer, waiting)
            if len(waiting) >= CHUNK:
                answer.accepted += await _acknowledged(waiting, answer.accepted)
                waiting = []
        await self._append_personal(personal, answer, waiting)
        answer.accepted += await _acknowledged(waiting, answer.accepted)
        return answer

    async def _append_personal(
        self,
        personal: list[tuple[int, ConversionInput]],
        answer: BatchAnswer,
        waiting: list[asyncio.Future[Any]],
    ) -> None:
        if personal:
            await self.personal.prepare(given for _, given in personal)
        for count, (number, given) in enumerate(personal, 1):
            self._append(number, given, answer, waiting)
            if count % YIELD_EVERY == 0:
                await asyncio.sleep(0)
        personal.clear()

    def _append(
        self,
        number: int,
        given: ConversionInput,
        answer: BatchAnswer,
        waiting: list[asyncio.Future[Any]],
    ) -> None:
        """One line of a batch; what cannot be used is listed."""
        try:
            warnings, acknowledged = self.append(given)
        except Problem as problem:
            _reject(answer, number, problem)
            return
        waiting.append(acknowledged)
        for warned in warnings[: REJECTED_SHOWN - len(answer.warnings)]:
            warned.line = number
            answer.warnings.append(warned)


def _reject(answer: BatchAnswer, number: int, problem: Problem) -> None:
    answer.rejected_count += 1
    if len(answer.rejected) < REJECTED_SHOWN:
        field = str(problem.extra.get("field", ""))
        answer.rejected.append(Rejected(number, field, problem.detail))


async def _acknowledged(waiting: list[asyncio.Future[Any]], before: int) -> int:
    results = await asyncio.gather(*map(asyncio.shield, waiting), return_exceptions=True)
    failed = [result for result in results if isinstance(result, BaseException)]
    if failed:
        done = before + len(results) - len(failed)
        raise Problem(
            503,
            f"{done} conversions are recorded, {len(failed)} are not ({failed[0]}); "
            "send the batch again: what is recorded will not count twice",
        )
    return len(results)
