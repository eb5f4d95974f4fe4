"""What a daemon has to do next, and when: a pure matter of what happened so far.

Moments are seconds of a clock that never jumps; whoever asks tells them.
"""

from collections.abc import Mapping

from feedbridge.model import Value

SETTLED_S = 1.0  # a file that is being written to is left alone until so long nothing came
LONGEST_S = 10.0  # but never longer than that after it began
YOUNG_S = 2.1  # after a run its young files are looked at once more: their stamps tell nothing before
MANY = 1_000  # changed files: when more wait, all is looked at
FIRST_S, GROWTH = 1.0, 2.0  # how long a failed run is not repeated: so long, and longer after each


class Task(Value, frozen=True):
    """One run that is to be made."""

    is_whole: bool  # all is looked at; else only the files that are told, and those that are young
    paths: frozenset[bytes] = frozenset()


class _Writing(Value, frozen=True):
    """A file that is being written to."""

    began_s: float
    last_s: float

    @property
    def ends_s(self) -> float:
        return min(self.last_s + SETTLED_S, self.began_s + LONGEST_S)


class Agenda:
    """What waits to be done; `patience_s` is the longest pause after failures."""

    def __init__(self, *, patience_s: float) -> None:
        self.failures = 0  # in a row
        self._patience_s = patience_s
        self._whole_s: float | None = None  # since when, or from when on, all is to be looked at
        self._again_s: float | None = None  # likewise young files
        self._ready: set[bytes] = set()
        self._writing: dict[bytes, _Writing] = {}
        self._rests_until_s = 0.0

    def want_all(self, now_s: float) -> None:
        """Have all looked at."""
        self._whole_s = now_s if self._whole_s is None else min(self._whole_s, now_s)

    def want(self, changes: Mapping[bytes, bool], now_s: float) -> None:
        """Have files looked at; one that is being written to (True) waits until that seems over."""
        for path, is_written in changes.items():
            writing = self._writing.pop(path, None)
            if is_written:
                self._ready.discard(path)
                self._writing[path] = _Writing(began_s=writing.began_s if writing else now_s, last_s=now_s)
            else:
                self._ready.add(path)
        if len(self._ready) + len(self._writing) > MANY:
            self.want_all(now_s)

    def take(self, now_s: float) -> Task | None:
        """Return what is to be done now, and take it from the list; None where nothing is."""
        if self.wait_s(now_s) > 0:
            return None
        is_whole = self._whole_s is not None and self._whole_s <= now_s
        settled = {path for path, writing in self._writing.items() if writing.ends_s <= now_s}
        task = Task(is_whole=is_whole, paths=frozenset(() if is_whole else self._ready | settled))
        self._whole_s = None if is_whole else self._whole_s
        self._again_s = None
        self._ready.clear()
        if is_whole and len(self._writing) > MANY:
            self._writing.clear()  # what is young by then is looked at again
        for path in settled & self._writing.keys():
            del self._writing[path]
        return task

    def wait_s(self, now_s: float) -> float:
        """Return how long nothing is to be done; infinite where nothing is on the list."""
        due = [one for one in (self._whole_s, self._again_s) if one is not None]
        due += [now_s] if self._ready else []
        due += [writing.ends_s for writing in self._writing.values()]
        return max(0.0, min(due) - now_s, self._rests_until_s - now_s) if due else float("inf")

    def succeeded(self, now_s: float, *, has_read: bool) -> None:
        """Note that a run came to its end; where it has read files, young ones are looked at again."""
        self.failures, self._rests_until_s = 0, 0.0
        if has_read:
            self._again_s = now_s + YOUNG_S

    def failed(self, now_s: float) -> None:
        """Note that a run failed: all is looked at again, but not at once."""
        self.failures += 1
        pause_s = min(FIRST_S * GROWTH ** (self.failures - 1), self._patience_s)
        self._rests_until_s = now_s + pause_s
        self.want_all(now_s)

    def postponed(self, now_s: float, task: Task) -> None:
        """Put back what could not be done since another run is at work."""
        self._rests_until_s = now_s + FIRST_S
        self._ready |= task.paths
        if task.is_whole:
            self.want_all(now_s)
