"""Hypothesis for the folds: the same examples in every run, no deadline on a busy machine."""

from hypothesis import settings

settings.register_profile("folds", deadline=None, derandomize=True, max_examples=150)
settings.load_profile("folds")
