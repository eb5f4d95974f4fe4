"""A run that is helped by worker processes: its feeds are those of one alone, and it leaves nobody behind."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks import archives
from tests.daemons import until
from tests.samples import NOW, contents

if TYPE_CHECKING:
    from collections.abc import Iterator

RUN = [sys.executable, "-m", "feedbridge", "run", "-q", "--input", "in", "--output"]

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2,
    reason="workers are forked on Linux only, where there are two processors",
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with an archive that is large enough for workers to start, and its feeds, made alone."""
    home = tmp_path_factory.mktemp("workers")
    archives.fill(home / "in", count=2_000, seed=1, newest=NOW)
    only = {min(os.sched_getaffinity(0))}
    subprocess.run([*RUN, "alone"], cwd=home, check=True, preexec_fn=lambda: os.sched_setaffinity(0, only))
    return home


@contextmanager
def running(place: Path, output: str) -> "Iterator[subprocess.Popen[str]]":
    """Let a run be at work, in a group of its own, as a shell does it."""
    command = [*RUN, output]
    with subprocess.Popen(command, cwd=place, stderr=subprocess.PIPE, text=True, process_group=0) as child:
        yield child


def workers_of(child: "subprocess.Popen[str]") -> tuple[int, ...]:
    """Return the processes that a run has started, once it has."""
    listed = Path(f"/proc/{child.pid}/task/{child.pid}/children")
    while child.poll() is None:
        if found := listed.read_text().split():
            return tuple(map(int, found))
        time.sleep(0.001)
    raise AssertionError("no worker was ever started")


def test_feeds_are_the_same_with_and_without_workers(place):
    """What several processes read and clean is what one does."""
    with running(place, "helped") as child:
        workers = workers_of(child)
        _, said = child.communicate(timeout=60)
    assert child.returncode == 0, said
    assert len(workers) == min(3, len(os.sched_getaffinity(0)) - 1)
    assert contents(place / "helped") == contents(place / "alone")


def test_a_killed_worker_costs_no_article(place):
    """As the system kills where memory runs out: the run goes on alone, and says so."""
    with running(place, "lost") as child:
        os.kill(workers_of(child)[0], signal.SIGKILL)
        _, said = child.communicate(timeout=60)
    assert child.returncode == 0, said
    (line,) = [line for line in said.splitlines() if line.startswith("warning")]
    assert line.startswith("warning worker.lost")
    assert contents(place / "lost") == contents(place / "alone")


def test_workers_end_with_a_run_that_is_killed(place):
    """They hold nothing that the next run needs, such as the lock."""
    with running(place, "killed") as child:
        workers_of(child)
        child.kill()
    subprocess.run([*RUN, "killed"], cwd=place, check=True)
    assert contents(place / "killed") == contents(place / "alone")


def test_an_interrupt_at_the_terminal_ends_workers_in_silence(place):
    """It comes to all processes; one line is said by the one that was called."""
    with running(place, "interrupted") as child:
        workers = workers_of(child)
        os.killpg(child.pid, signal.SIGINT)
        _, said = child.communicate(timeout=60)
    assert child.returncode == 1
    assert said.split("\n") == ["", "feedbridge: interrupted; the feeds published before still stand", ""]
    until(lambda: not any(map(is_alive, workers)))


def test_those_who_list_end_while_others_are_at_work(place):
    """Of a large archive of which much is new some list directories, others read: all of them end."""
    shutil.copytree(place / "in", place / "changing")
    remembering = [*RUN[:-3], "--input", "changing", "--state", "state.sqlite3", "--output", "changed"]
    subprocess.run(remembering, cwd=place, check=True)
    edited = [*(place / "changing").glob("articles/*/*.txt")][::2]
    for file in edited:
        file.write_bytes(file.read_bytes() + b"<p>Edited.</p>")
    # As if 15,000 articles were there.
    program = (
        "from feedbridge import cli\nfrom feedbridge.pipeline import learning\nlearning.MANY = 1\ncli.main()"
    )
    command = [sys.executable, "-c", program, *remembering[3:], "--json"]
    ended = subprocess.run(command, cwd=place, check=True, capture_output=True, text=True, timeout=60)
    told = json.loads(ended.stdout)
    assert (told["articles"]["seen"], told["articles"]["changed"]) == (2_000, len(edited))
    full = subprocess.run([*remembering, "--full", "--json"], cwd=place, check=True, capture_output=True)
    assert json.loads(full.stdout)["feeds"]["written"] == 0


def is_alive(process: int) -> bool:
    """Tell whether a process is at work; one that ended may still be waited for."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
