"""Commands on what proves the ledger to others: signing keys, and checkpoints."""

from __future__ import annotations

from aggregates.checkpoints import Checkpoints
from aggregates.commands.finding import Finding
from aggregates.signing_keys import AddedKey, SigningKeys
from events.decisions import CheckpointSigned


class ProofCommands(Finding):
    """Signing keys and checkpoints."""

    def add_signing_key(
        self, key: str, public_key: str, previous: str = "", signature: str = "", by: str = ""
    ) -> None:
        """Let `key` sign from now on, and retire the one before; see
        `events.decisions.SigningKeyAdded`.

        `previous` must be the key that signs now, empty where none does; raises Conflict.
        """
        wanted = AddedKey(key, public_key, previous, signature)
        self._change(self._signing_keys, lambda found: found.add(wanted, by))

    def retire_signing_key(self, key: str, reason: str, by: str = "") -> None:
        """What `key` signs from now on counts for nothing; raises NotFound."""
        self._change(self._signing_keys, lambda found: found.retire(key, reason, by))

    def signing_keys(self) -> SigningKeys:
        """As they stand now, perhaps none."""
        return self._now(self._signing_keys)

    def sign_checkpoint(self, wanted: CheckpointSigned) -> None:
        """Add a signed checkpoint; see `events.decisions.CheckpointSigned`.

        Raises AlreadyExists where another one of that number came first, and Conflict where
        it does not follow the newest.
        """
        self._change(self._checkpoints, lambda found: found.sign(wanted))

    def checkpoints(self) -> Checkpoints:
        """As they stand now, perhaps none."""
        return self._now(self._checkpoints)

    def _signing_keys(self) -> SigningKeys:
        return self._series(SigningKeys, SigningKeys.create_id())

    def _checkpoints(self) -> Checkpoints:
        return self._series(Checkpoints, Checkpoints.create_id())
