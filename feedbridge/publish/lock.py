"""One run at a time for an output directory."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from feedbridge.errors import LockedError
from feedbridge.publish.tree import FILE_MODE, Tree, grant

LOCK = ".feedbridge.lock"


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Hold the lock of an output directory, which is made if it is missing.

    The system lets go of the lock when the run ends, however it does. The file stays: if
    one run removed it, two others could hold a lock of that name.

    Raises: LockedError if another run holds it; OutputError if the directory or the lock cannot be had.
    """
    tree = Tree(directory)
    tree.make_root()
    with ExitStack() as held:
        with tree.reporting("lock", ""):
            descriptor = held.enter_context(tree.opened(LOCK, os.O_RDWR | os.O_CREAT))
            grant(descriptor, FILE_MODE)
            _lock(descriptor, tree)
        yield


def _lock(descriptor: int, tree: Tree) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        raise LockedError(
            f"another run is at work on {tree.name()}; wait for its end, then run again"
        ) from exc
