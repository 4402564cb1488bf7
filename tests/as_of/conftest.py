"""Loads the profile of Hypothesis."""

import tests.hypothesis_profile  # noqa: F401
