"""A daemon that is there, and what it is about: told by a locked file beside the catalogue."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import msgspec

from feedbridge.errors import RIGHTS, StateError
from feedbridge.model import DaemonState
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
        from feedbridge.standards.dates import rfc3339  # noqa: PLC0415  # as in moments

        told = msgspec.json.encode(
            {
                "next_run": rfc3339(daemon.next_run) if daemon.next_run else None,
                "running_since": rfc3339(daemon.running_since) if daemon.running_since else None,
            }
        )
        os.pwrite(self._descriptor, told, 0)
        os.ftruncate(self._descriptor, len(told))

    def close(self) -> None:
        """End with a word: nobody is to wonder where the daemon is."""
        with suppress(BlockingIOError):
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)

    def _opened(self) -> int:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            return os.open(self._path, flags, _MODE)
        except OSError as exc:
            raise StateError(f"cannot make {show(str(self._path))}: {exc.strerror}; {RIGHTS}") from exc


def present(file: Path) -> DaemonState | None:
    """Return what the daemon of a catalogue is about, or was when it was killed; None where there is none."""
    try:
        with _beside(file).open("rb") as told:
            is_gone = _is_free(told)
            state = msgspec.json.decode(told.read(), type=DaemonState)
    except (OSError, msgspec.MsgspecError):  # it may be telling something just now
        return None
    return msgspec.structs.replace(state, is_gone=is_gone)


def _is_free(file: BinaryIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _beside(file: Path) -> Path:
    return file.with_name(f".{file.name}.daemon")  # hidden: it is never taken for an article
