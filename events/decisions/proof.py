"""Proof that stands outside the ledger: signing keys, and checkpoints of the journal."""

from __future__ import annotations

from msgspec import Struct


class SigningKeyAdded(Struct, frozen=True):
    """A key that signs checkpoints from now on."""

    key: str
    """Its id: what `pledger signing-keys list` shows."""
    public_key: str
    """The 32 bytes of an ed25519 public key (RFC 8032), base64."""
    previous: str = ""
    """The key that vouches for it; empty for a ledger's first."""
    signature: str = ""
    """Of the previous key, base64, over what `audit.signing` says."""
    by: str = ""


class SigningKeyRetired(Struct, frozen=True):
    """What the key signs from now on counts for nothing; what it signed before stays."""

    key: str
    reason: str = ""
    by: str = ""


class Tree(Struct, frozen=True):
    """A Merkle tree (RFC 6962, section 2.1) over the accepted records of a partition."""

    size: int
    """Number of leaves: accepted records, in order."""
    root: str
    """Its hash, base64."""


class CheckpointSigned(Struct, frozen=True):
    """The ledger as it stood, signed."""

    checkpoint: int
    """Of the ledger's checkpoints, from 1."""
    ledger: str
    """Id of the Kafka cluster."""
    trees: dict[str, Tree]
    """`topic/partition` → its tree."""
    previous: str
    """SHA-256, in hex, of the previous checkpoint's note; empty for the first."""
    key: str
    note: str
    """The signed text, whole: what a third party keeps."""
    by: str = ""
