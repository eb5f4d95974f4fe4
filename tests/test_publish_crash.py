"""Publishing that dies, or whose disk fails, at every single step of its work.

Each test starts this file as a program of its own. It counts the calls that change the
disk, and publishes again and again from the same start, each time in a child in which one
more call succeeds before the fault. The tests then look at what each child left behind.
"""

import errno
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from feedbridge.errors import OutputError
from feedbridge.model import Rendition
from tests.test_publish import fsync, put

# How a child ends: undisturbed; in spite of the fault; with an error for people; by the signal.
UNDISTURBED, IN_SPITE, REPORTED, KILLED = 0, 10, 11, -signal.SIGKILL
UNSEEN = {".feedbridge.json", ".feedbridge.lock"}  # by readers


def feed(path: str, body: str) -> Rendition:
    """Return a feed."""
    return Rendition(path=path, kind="feed", body=body.encode() * 20)


def page(path: str, body: str) -> Rendition:
    """Return a page."""
    return Rendition(path=path, kind="page", body=body.encode() * 20)


class Scenario(msgspec.Struct, frozen=True):
    """What stands, and what the run that is disturbed makes of it."""

    before: tuple[Rendition, ...]
    after: tuple[Rendition, ...]
    gzip_before: bool = False
    gzip_after: bool = False


OLD = (
    page("index.html", "old"),
    feed("atom.xml", "old"),
    feed("rss.xml", "same"),
    feed("source/dw/atom.xml", "old"),
    page("source/dw/index.html", "old"),
    feed("source/gone/atom.xml", "old"),
    page("source/gone/index.html", "old"),
)
NEW = (
    page("index.html", "newer"),
    feed("atom.xml", "newer"),
    feed("rss.xml", "same"),
    page("source/dw/index.html", "newer"),
    feed("source/dw/atom.xml", "newer"),
    feed("feed/climate/atom.xml", "newer"),
    page("feed/climate/index.html", "newer"),
)
SCENARIOS = {
    "first": Scenario((), NEW),
    "changed": Scenario(OLD, NEW, gzip_before=True, gzip_after=True),
    "gzip-on": Scenario(OLD, OLD, gzip_after=True),
    "gzip-off": Scenario(OLD, NEW, gzip_before=True),
}

# --- the program that is disturbed -----------------------------------------------------

CHANGING = ("open", "write", "fsync", "fchmod", "mkdir", "replace", "unlink", "rmdir")
TAKING_SPACE = ("open", "write", "mkdir")


Fault = Callable[..., object]  # of the countdown, the call of the system, and its arguments


class Countdown:
    """Calls of the system that change the disk; after `left` of them the fault comes."""

    def __init__(self, left: int) -> None:
        self.left = left

    def install(self, names: tuple[str, ...], fault: Fault) -> None:
        """Let `fault` take the place of every call from the n-th on."""
        for name in names:
            setattr(os, name, self._counted(getattr(os, name), fault))

    def _counted(self, call: Callable[..., object], fault: Fault) -> Callable[..., object]:
        def counted(*args: object, **kwargs: object) -> object:
            only_looks = call.__name__ == "open" and not int(str(args[1])) & os.O_CREAT
            if only_looks:
                return call(*args, **kwargs)
            self.left -= 1
            return fault(self, call, *args, **kwargs) if self.left < 0 else call(*args, **kwargs)

        return counted


def die(_: Countdown, call: Callable[..., object], *args: object, **_kwargs: object) -> None:
    """Be killed before the call, or in its midst."""
    if call.__name__ == "write":
        descriptor, body = args
        assert isinstance(body, memoryview)
        call(descriptor, body[: len(body) // 2])
    os.kill(os.getpid(), signal.SIGKILL)


def run_out_of_space(*_: object, **_kwargs: object) -> None:
    """Fail, and go on failing."""
    raise OSError(errno.ENOSPC, "of the test")


def fail_once(countdown: Countdown, call: Callable[..., object], *args: object, **kwargs: object) -> object:
    """Fail at this one call."""
    if countdown.left == -1:
        raise OSError(errno.EIO, "of the test")
    return call(*args, **kwargs)


FAULTS: dict[str, tuple[tuple[str, ...], Fault]] = {
    "kill": (CHANGING, die),
    "full": (TAKING_SPACE, run_out_of_space),
    "fail": (CHANGING, fail_once),
}


def publish_with_fault(directory: Path, scenario: Scenario, fault: str, step: int) -> int:
    """Publish in a child that meets the fault after `step` calls; return how it ended."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    ended = 1
    try:
        countdown = Countdown(step)
        countdown.install(*FAULTS[fault])
        put(directory, scenario.after, gzip=scenario.gzip_after)
        ended = UNDISTURBED if countdown.left >= 0 else IN_SPITE
    except OutputError:
        ended = REPORTED
    except Exception:  # noqa: BLE001  # whatever it is: it must not run on as a second parent
        traceback.print_exc()
    finally:
        os._exit(ended)


def publish_at_every_step(work: Path, scenario: Scenario, fault: str) -> Iterator[int]:
    """Publish from the same start until a child gets through undisturbed; yield how each ended."""
    put(work / "start", scenario.before, gzip=scenario.gzip_before)
    for step in itertools.count():
        shutil.copytree(work / "start", work / str(step))
        ended = publish_with_fault(work / str(step), scenario, fault, step)
        yield ended
        if ended == UNDISTURBED:
            return


if __name__ == "__main__":
    setattr(os, fsync.__name__, fsync)
    os.umask(0o077)  # so that giving the right modes is a step too
    json.dump([*publish_at_every_step(Path(sys.argv[1]), SCENARIOS[sys.argv[2]], sys.argv[3])], sys.stdout)

# --- what it leaves --------------------------------------------------------------------


class Left(msgspec.Struct, frozen=True):
    """What the children of one scenario left: one directory for each step."""

    start: Path
    steps: tuple[Path, ...]  # disturbed
    ended: frozenset[int]  # the ways in which these did
    finished: Path  # undisturbed


def run_program(work: Path, name: str, fault: str) -> Left:
    """Start the program and wait for its end."""
    command = [sys.executable, __file__, str(work), name, fault]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stderr == ""
    *ended, last = json.loads(done.stdout)
    assert last == UNDISTURBED
    steps = tuple(work / str(step) for step in range(len(ended)))
    return Left(start=work / "start", steps=steps, ended=frozenset(ended), finished=work / str(len(ended)))


def standing(directory: Path) -> dict[str, bytes]:
    """Return what readers see: every file that is not hidden."""
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }


def everything(directory: Path) -> dict[str, bytes]:
    """Return all that is there, directories as empty bytes."""
    return {
        str(path.relative_to(directory)): path.read_bytes() if path.is_file() else b""
        for path in directory.rglob("*")
    }


def temporaries(directory: Path) -> list[Path]:
    """Return the temporary files."""
    return [*directory.rglob("*.fbtmp")]


def listed(directory: Path) -> set[str]:
    """Return what the list says is ours."""
    text = (directory / ".feedbridge.json").read_bytes()
    return set(json.loads(text)["files"])


@pytest.fixture(autouse=True)
def without_waiting(monkeypatch) -> None:
    """Take the waiting out of the undisturbed runs too."""
    monkeypatch.setattr(os, "fsync", fsync)


def assert_whole(left: Left) -> None:
    """Assert that each file holds its old bytes or its new ones, and that none is missing."""
    old, new = standing(left.start), standing(left.finished)
    for step in left.steps:
        found = standing(step)
        assert found.keys() >= old.keys() & new.keys(), step
        assert all(body in {old.get(path), new.get(path)} for path, body in found.items()), step


def assert_listed(left: Left) -> None:
    """Assert that each file that stands is listed: that the next run knows it as its own."""
    for step in left.steps:
        assert not standing(step) or standing(step).keys() <= listed(step), step


def assert_in_order(left: Left) -> None:
    """Assert that feeds came first, then pages, a .gz before its raw file, and removals last."""
    old, new = standing(left.start), standing(left.finished)
    replaced = {path for path in new if old.get(path) != new[path]}
    pages = {path for path in replaced if "index.html" in path}
    for step in left.steps:
        found = standing(step)
        done = {path for path in replaced if found.get(path) == new[path]}
        assert not done & pages or replaced - pages <= done, step
        assert all(f"{path}.gz" in done for path in done if f"{path}.gz" in replaced), step
        assert found.keys() >= old.keys() or done == replaced, step


def assert_untouched(left: Left) -> None:
    """Assert that nothing was replaced, made or removed, and that no temporary file remains."""
    start = everything(left.start)
    for step in left.steps:
        found = everything(step)
        changed = {path for path in start.keys() | found.keys() if start.get(path) != found.get(path)}
        assert changed <= UNSEEN, step


def assert_next_run_finishes(left: Left, scenario: Scenario) -> None:
    """Assert that an undisturbed run ends in the same bytes, wherever the one before it ended."""
    for step in left.steps:
        put(step, scenario.after, gzip=scenario.gzip_after)
        assert everything(step) == everything(left.finished), step


@pytest.mark.parametrize("name", SCENARIOS)
def test_killed_at_any_step(tmp_path, name):
    """SIGKILL leaves whole files, all listed, written in the right order; the next run finishes."""
    left = run_program(tmp_path, name, "kill")
    assert left.ended == {KILLED}
    assert len(left.steps) > 30
    assert any(temporaries(step) for step in left.steps)
    assert_whole(left)
    assert_listed(left)
    assert_in_order(left)
    assert_next_run_finishes(left, SCENARIOS[name])


@pytest.mark.parametrize("name", ["first", "changed"])
def test_full_at_any_step(tmp_path, name):
    """A disk that is full from any moment on is reported and nothing was replaced; the next run finishes."""
    left = run_program(tmp_path, name, "full")
    assert left.ended == {REPORTED}
    assert_untouched(left)
    assert_next_run_finishes(left, SCENARIOS[name])


@pytest.mark.parametrize("name", ["first", "changed"])
def test_failing_at_any_step(tmp_path, name):
    """A single failure is reported, files are whole, no temporary one remains; the next run finishes."""
    left = run_program(tmp_path, name, "fail")
    assert left.ended == {REPORTED}
    assert not any(temporaries(step) for step in left.steps)
    assert_whole(left)
    assert_next_run_finishes(left, SCENARIOS[name])
