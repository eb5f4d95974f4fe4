"""Programs of others that tests use where they are installed."""

import os
import shutil

import pytest


def require(program: str) -> None:
    """Skip a test whose program is not installed; fail where the environment says that it must be."""
    if shutil.which(program):
        return
    if program in os.environ.get("FEEDBRIDGE_TESTS_REQUIRE", "").split():
        pytest.fail(f"{program} is not installed, though FEEDBRIDGE_TESTS_REQUIRE names it")
    pytest.skip(f"{program} is not installed")
