"""Same id and same content gets the first answer; same id and other content is an error.

A bounded memory of what this gateway took lately, so that a client's retry costs nothing
and a mistake is told at once. It is a courtesy: what it has forgotten is still applied only
once, because readers of the log ignore a fact whose id is taken.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Hashable

from gateway.problems import Problem

REMEMBERED = 100_000


class Repeats:
    """Id → digest of its content, and the future of what was answered (or is about to be)."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._taken: OrderedDict[Hashable, tuple[bytes, asyncio.Future[object]]] = OrderedDict()

    def first(self, identity: Hashable, digest: bytes) -> asyncio.Future[object] | None:
        """The future of the first answer to this id, None when the id is new.

        Raises Problem 409 when the id was taken with other content.
        """
        found = self._taken.get(identity)
        if found is None:
            return None
        if found[0] != digest:
            raise Problem(
                409, f"{identity!r} was received before with other content; use another id"
            )
        return found[1]

    def take(self, identity: Hashable, digest: bytes, answer: asyncio.Future[object]) -> None:
        """Remember; an answer that fails is forgotten, so that it can be tried again."""
        self._taken[identity] = (digest, answer)
        answer.add_done_callback(lambda done: self._forget_failed(identity, done))
        if len(self._taken) > self._remembered:
            self._taken.popitem(last=False)

    def _forget_failed(self, identity: Hashable, done: asyncio.Future[object]) -> None:
        if done.cancelled() or done.exception() is not None:
            found = self._taken.get(identity)
            if found is not None and found[1] is done:
                del self._taken[identity]
