"""Which files change, as the system tells it: a hint that saves waiting, never the truth.

Events get lost: where a queue overflows, on file systems of other hosts, when a directory is exchanged for
another one. The timed look at everything finds what they did not tell.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import watchfiles
from watchfiles import Change

from feedbridge.standards.text import show

log = logging.getLogger(__name__)

STEP_MS = 20  # events that follow each other sooner are told together …
LONGEST_MS = 200  # … but none waits longer
STOP_MS = 500  # how soon it ends; to ask at each step would cost a fifth of what waiting costs
LOOK_S = 5.0  # how often the watched directories are compared with what was watched
RETRY_S = 30.0  # after the system refused to watch
ODD_NAME, ODD_S = (
    "Unable to decode path",
    1.0,
)  # how watchfiles ends at a name that is no text; until another watch

Changes = Mapping[Path, bool]  # of files: whether one is being written to


class Watcher:
    """A thread that tells of changes below some directories, from `start` to `stop`.

    `tell` gets the files that changed, `tell_all` is called where nobody knows what has.
    """

    def __init__(
        self,
        directories: Sequence[Path],
        *,
        passes_over: Iterable[Path],
        tell: Callable[[Changes], None],
        tell_all: Callable[[], None],
    ) -> None:
        self._directories = tuple(directories)
        self._passes_over = tuple(passes_over)
        self._tell = tell
        self._tell_all = tell_all
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="feedbridge-watch", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """End, within half a second."""
        self._stopping.set()
        self._thread.join()

    def _work(self) -> None:
        """Watch; where a directory is exchanged, or the system refuses, begin anew."""
        while not self._stopping.is_set():
            try:
                self._watch()
            except (OSError, RuntimeError) as exc:  # there is none, or too many watches: inotify(7)
                self._rest(exc)

    def _rest(self, exc: Exception) -> None:
        if ODD_NAME in str(exc):  # another watch sees what is there
            self._stopping.wait(ODD_S)
            return
        where = ", ".join(show(str(one)) for one in self._directories)
        detail = f"changes are found by the schedule only: {exc}"
        log.warning("watch.failed", extra={"input": where, "detail": detail})
        self._stopping.wait(RETRY_S)

    def _watch(self) -> None:
        watched = self._identities()
        self._tell_all()  # what happened before nobody has told
        looked_s = time.monotonic()
        for events in watchfiles.watch(
            *self._directories,
            watch_filter=None,
            step=STEP_MS,
            debounce=LONGEST_MS,
            rust_timeout=STOP_MS,
            yield_on_timeout=True,
            raise_interrupt=False,
            ignore_permission_denied=True,
        ):
            if self._stopping.is_set():
                return
            self._pass_on(events)
            if time.monotonic() - looked_s >= LOOK_S:  # also where something happens all the time
                looked_s = time.monotonic()
                if self._identities() != watched:
                    return

    def _pass_on(self, events: Iterable[tuple[Change, str]]) -> None:
        changes: dict[Path, bool] = {}
        for change, name in events:
            path = Path(name)
            if self._is_passed_over(path):
                continue
            if os.path.isdir(name):  # noqa: PTH112  # a Path's method fails where this says no
                self._tell_all()
            is_written = change is Change.modified or _is_empty(name)
            changes[path] = changes.get(path, False) or is_written
        if changes:
            self._tell(changes)

    def _is_passed_over(self, path: Path) -> bool:
        """Tell whether nothing that is there is ever an article: hidden ones, our own."""
        if any(path.is_relative_to(one) for one in self._passes_over):
            return True
        for directory in self._directories:
            if path.is_relative_to(directory):
                return any(step.startswith(".") for step in path.relative_to(directory).parts)
        return False

    def _identities(self) -> tuple[tuple[int, int] | None, ...]:
        return tuple(map(_identity, self._directories))


def _identity(directory: Path) -> tuple[int, int] | None:
    try:
        status = directory.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _is_empty(name: str) -> bool:
    try:
        return os.stat(name).st_size == 0  # noqa: PTH116  # once for each event
    except OSError:
        return False
