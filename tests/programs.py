"""Programs of others that tests use where they are installed."""

import os
import shutil

import pytest

SYSTEM = "/usr/sbin:/sbin"  # where servers are, which not everybody has on the PATH


def require(program: str) -> str:
    """Return where a program is; skip a test without it, or fail where the environment demands it."""
    if found := shutil.which(program) or shutil.which(program, path=SYSTEM):
        return found
    if program in os.environ.get("FEEDBRIDGE_TESTS_REQUIRE", "").split():
        pytest.fail(f"{program} is not installed, though FEEDBRIDGE_TESTS_REQUIRE names it")
    pytest.skip(f"{program} is not installed")
