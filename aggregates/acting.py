"""Who is deciding, and from where: written into the record beside what was decided.

    with acting(Origin(via="cli", by="ann", source="ann@ledger-1")):
        decisions.approve_payout("po-1", by="ann")

`by` of a decision is what a command was told. The origin is what the process knows of its
caller: a name on the command line is a claim, the holder of an API key is not. It is for
people and audits: no fold reads it, so it changes no amount.
"""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import ParamSpec, TypeVar

from events.decisions import Origin

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")

_acting: ContextVar[Origin | None] = ContextVar("acting", default=None)


@contextmanager
def acting(origin: Origin) -> Iterator[None]:
    """What this thread (or task) decides within is `origin`'s."""
    token = _acting.set(origin)
    try:
        yield
    finally:
        _acting.reset(token)


def origin() -> Origin | None:
    """Who acts in this thread or task; None where nobody said."""
    return _acting.get()


def carried(call: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
    """`call`, to be made on another thread: there too it is decided by who acts here and now.
    A thread of a pool starts without."""
    found = _acting.get()

    def acted(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
        if found is None:
            return call(*args, **kwargs)
        with acting(found):
            return call(*args, **kwargs)

    return acted


def host() -> str:
    """The name of this machine, as workers and schedulers give it for their source."""
    return socket.gethostname()


def user_at_host() -> str:
    """`user@host`: who runs this process. A container's user may have no name: then its number,
    as the system gives it."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return f"{user}@{host()}"
