"""Tests of the pure folds: statements in words, properties, and bytes that must not change."""
