"""Tests of the facts: how they are written, read, placed, signed and kept readable."""
