"""One run at a time for an output directory."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from feedbridge.errors import LockedError
from feedbridge.publish.tree import FILE_MODE, Tree, grant

LOCK = ".feedbridge.lock"
TRIES, PAUSE_S = 3, 0.05  # `is_locked` holds the lock for a moment, too


@contextmanager
def locked(directory: Path, *, waits: bool = False) -> Iterator[None]:
    """Hold the lock of an output directory, which is made if it is missing.

    The system lets go of the lock when the run ends, however it does. The file stays: if
    one run removed it, two others could hold a lock of that name. Where a file system of several
    hosts has locks, it holds between them, too.

    Raises: LockedError if another run holds it, unless the caller waits for its end; OutputError if the
    directory or the lock cannot be had.
    """
    tree = Tree(directory)
    tree.make_root()
    with ExitStack() as held:
        with tree.reporting("lock", ""):
            descriptor = held.enter_context(tree.opened(LOCK, os.O_RDWR | os.O_CREAT))
            grant(descriptor, FILE_MODE)
            _lock(descriptor, tree, waits=waits)
        yield


def is_locked(directory: Path) -> bool:
    """Tell whether a run holds the lock of an output directory now."""
    try:
        with open(directory / LOCK, "rb") as file:  # noqa: PTH123  # only looked at
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _lock(descriptor: int, tree: Tree, *, waits: bool) -> None:
    if waits:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return
    for _ in range(TRIES - 1):
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(PAUSE_S)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        raise LockedError(
            f"another run is at work on {tree.name()}; wait for its end (--wait), then run again"
        ) from exc
