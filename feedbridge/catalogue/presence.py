"""A daemon that is there, and when it looks at all next: told by a locked file beside the catalogue."""

import fcntl
import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from feedbridge.errors import RIGHTS, StateError
from feedbridge.standards.dates import rfc3339
from feedbridge.standards.text import show

_MODE = 0o600


class Presence:
    """Tells others that a daemon is there until it ends, however it does: the system lets go of the lock.

    Raises: StateError if the file cannot be made.
    """

    def __init__(self, file: Path) -> None:
        path = _beside(file)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, _MODE)
        except OSError as exc:
            raise StateError(f"cannot make {show(str(path))}: {exc.strerror}; {RIGHTS}") from exc
        with suppress(BlockingIOError):  # another daemon tells for both
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def tell(self, next_run: datetime | None) -> None:
        """Say when all is looked at next."""
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, rfc3339(next_run).encode() if next_run else b"", 0)


def next_run(file: Path) -> datetime | None:
    """Return when the daemon of a catalogue looks at all next, None where there is none."""
    try:
        with _beside(file).open("rb") as told:
            fcntl.flock(told, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        with suppress(OSError, ValueError):
            return datetime.fromisoformat(_beside(file).read_text(encoding="ascii"))
    except OSError:
        pass
    return None


def _beside(file: Path) -> Path:
    return file.with_name(f".{file.name}.daemon")  # hidden: it is never taken for an article
