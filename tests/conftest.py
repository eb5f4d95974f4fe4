"""What the tests of several modules share."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# The same examples in every run, however busy the machine: a change is judged by what it changes.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

GOLDEN = Path(__file__).parent / "golden"
SHARED = Path(__file__).parents[2] / "shared"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let golden files be written anew instead of compared."""
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, bytes], None]:
    """Compare bytes with the golden file of a name."""

    def compare(name: str, body: bytes) -> None:
        path = GOLDEN / name
        if request.config.getoption("update_golden"):
            path.write_bytes(body)
        # Cut between tags, so that a failure shows the element and not one long line.
        assert (
            body.replace(b"><", b">\n<").splitlines()
            == path.read_bytes().replace(b"><", b">\n<").splitlines()
        )
        assert body == path.read_bytes()

    return compare


@pytest.fixture
def unreadable(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], AbstractContextManager[None]]:
    """Let the files of some names not be read for a while, whoever asks: even root."""

    @contextmanager
    def refusing(pattern: str) -> Iterator[None]:
        whole = os.open

        def refuse(path: Any, *arguments: Any, **options: Any) -> int:
            if isinstance(path, bytes) and fnmatchcase(os.fsdecode(path), pattern):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            return whole(path, *arguments, **options)

        with monkeypatch.context() as patched:
            patched.setattr(os, "open", refuse)
            yield

    return refusing


@pytest.fixture
def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for the disk in this process: only a power cut would show the difference."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Give the folder of schemas and real articles beside the checkout; skip where there is none."""
    if not SHARED.is_dir():
        pytest.skip("no ../shared beside the checkout: its schemas and articles are not part of the project")
    return SHARED


@pytest.fixture
def feedbridge(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the program as a user does, in a folder of the test's own."""

    def run(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "FEEDBRIDGE_CONFIG": "", **options.pop("environment", {})}
        return subprocess.run(  # a failure is for the test to see
            [sys.executable, "-m", "feedbridge", *map(str, arguments)],
            **{"cwd": tmp_path, "env": environment, "timeout": 120, **options},
            capture_output=True,
            text=True,
            check=False,
        )

    return run
