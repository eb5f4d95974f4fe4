"""A daemon that is there, and what it is about: told by a locked file beside the catalogue."""

import fcntl
import os
from pathlib import Path

import msgspec

from feedbridge.errors import RIGHTS, StateError
from feedbridge.model import DaemonState
from feedbridge.standards.dates import rfc3339
from feedbridge.standards.text import show

_MODE = 0o600


class Presence:
    """Tells others that a daemon is there until it ends, however it does: the system lets go of the lock.

    Raises: StateError if the file cannot be made.
    """

    def __init__(self, file: Path) -> None:
        self._path = _beside(file)
        self._descriptor = self._opened()

    def tell(self, daemon: DaemonState) -> None:
        """Say what it is about, unless another daemon says so of itself. Raises: OSError, StateError."""
        if not os.fstat(self._descriptor).st_nlink:  # somebody took the file away
            left, self._descriptor = self._descriptor, self._opened()
            os.close(left)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        moments = msgspec.structs.asdict(daemon).items()
        told = msgspec.json.encode({name: rfc3339(moment) if moment else None for name, moment in moments})
        os.pwrite(self._descriptor, told, 0)
        os.ftruncate(self._descriptor, len(told))

    def _opened(self) -> int:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            return os.open(self._path, flags, _MODE)
        except OSError as exc:
            raise StateError(f"cannot make {show(str(self._path))}: {exc.strerror}; {RIGHTS}") from exc


def present(file: Path) -> DaemonState | None:
    """Return what the daemon of a catalogue is about, None where there is none."""
    try:
        with _beside(file).open("rb") as told:
            try:
                fcntl.flock(told, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return msgspec.json.decode(told.read(), type=DaemonState)
    except (OSError, msgspec.MsgspecError):  # it may be telling something just now
        pass
    return None


def _beside(file: Path) -> Path:
    return file.with_name(f".{file.name}.daemon")  # hidden: it is never taken for an article
