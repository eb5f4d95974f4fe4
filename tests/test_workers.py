"""Workers: what several processes make of articles is what one makes of them, in the same order."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedbridge.config import load
from feedbridge.pipeline import workers
from feedbridge.pipeline.workers import Work, Workers, forked, none, serve
from tests.samples import CHECKOUT
from tests.threads import die, threads, worker

CONFIG = load(CHECKOUT / "config.toml")
ALONE = 3


def size_bytes(given: bytes) -> int:
    """Return what is given, in bytes."""
    return len(given)


def act(config, given):
    """Make something of what is given, as every worker can."""
    return config.site.title, given, threading.current_thread() is threading.main_thread()


HEAVY = 1000
WORK = Work(act, size_bytes, together=4, heavy=HEAVY, alone=ALONE)


class Counted:
    """Things that are given, and how many of them were taken."""

    def __init__(self, count):
        self.taken = 0
        self._count = count

    def __iter__(self):
        for number in range(self._count):
            self.taken += 1
            yield b"%d" % number


@given(st.lists(st.binary(max_size=9), max_size=80))
def test_workers_give_what_one_process_gives_in_the_same_order(things):
    """Whatever is given, and however it is parted into batches."""
    with Workers(CONFIG, threads) as several, Workers(CONFIG, none) as nobody:
        assert [made[:2] for made in several.map(WORK, things)] == [
            made[:2] for made in nobody.map(WORK, things)
        ]


def test_workers_start_once_there_is_much_to_do():
    """All that comes before that in a run counts, also of several lots; then it is not done here any more."""
    with Workers(CONFIG, threads) as several:
        assert all(is_here for _, _, is_here in several.map(WORK, Counted(ALONE - 1)))
        made = [is_here for _, _, is_here in several.map(WORK, Counted(100))]
    assert made[0]
    assert not all(made)


def test_nothing_is_taken_ahead_without_workers():
    """Whoever asks for one is given one: what is not asked for is not worked at."""
    things = Counted(50)
    with Workers(CONFIG, none) as nobody:
        next(nobody.map(WORK, things))
    assert things.taken == 1


def test_only_so_much_is_taken_ahead_as_keeps_workers_busy():
    """Memory is bounded, however much there is to do."""
    things = Counted(1000)
    with Workers(CONFIG, threads) as several:
        made = several.map(WORK, things)
        for _ in range(ALONE + 1):
            next(made)
        assert ALONE + WORK.together < things.taken <= ALONE + WORK.together * (workers.AHEAD + 1)
        made.close()


def test_a_large_thing_goes_alone():
    """A batch is full when it is heavy: else a few large articles would fill the memory."""
    work = Work(act, lambda _: HEAVY, together=64, heavy=HEAVY, alone=0)
    things = Counted(100)
    with Workers(CONFIG, threads) as several:
        made = several.map(work, things)
        next(made)
        assert things.taken == workers.AHEAD + 1
        made.close()


@pytest.mark.parametrize("batches", [0, 1, 5])
def test_what_a_lost_worker_did_not_do_is_done_by_others(batches, caplog):
    """Nothing is lost with it but time, and it is said once."""
    with Workers(CONFIG, lambda config: [worker(die, config, batches), worker(serve, config)]) as two:
        assert [given for _, given, _ in two.map(WORK, Counted(200))] == list(Counted(200))
        assert two.are_at_hand
    assert [record.message for record in caplog.records] == ["worker.lost"]


def test_a_run_goes_on_alone_when_all_workers_are_lost():
    """It is as if there had never been any."""
    with Workers(CONFIG, lambda config: [worker(die, config, 1)]) as dying:
        made = list(dying.map(WORK, Counted(60)))
        assert not dying.are_at_hand
    assert [given for _, given, _ in made] == list(Counted(60))
    assert made[-1][2]


def test_what_fails_fails_here():
    """Whoever asked sees why, as without workers."""
    work = WORK._replace(act=fail_at_50)
    with Workers(CONFIG, threads) as several, pytest.raises(ZeroDivisionError):
        list(several.map(work, Counted(60)))


def fail_at_50(_, given):
    """Fail at one thing of all."""
    return 1 / (int(given) - 50)


def test_what_was_taken_ahead_and_not_asked_for_is_not_taken_for_something_else():
    """A lot that nobody went through to its end leaves nothing to the next."""
    with Workers(CONFIG, threads) as several:
        for _ in range(5):
            made = several.map(WORK, Counted(100))
            next(made)
            made.close()
        assert [given for _, given, _ in several.map(WORK, Counted(100))] == list(Counted(100))


def test_nobody_is_forked_from_a_process_with_several_threads():
    """What another thread holds, such as a lock, would be held for ever in the fork."""
    ended = threading.Event()
    thread = threading.Thread(target=ended.wait)
    thread.start()
    try:
        assert forked(CONFIG) == ()
    finally:
        ended.set()
        thread.join()


def test_nobody_is_forked_where_there_is_one_processor():
    """They would only take it from each other."""
    asked = "from feedbridge.pipeline.workers import forked; print(forked(None))"
    assert python(asked, processors=1) == "()\n"


def test_what_is_forked_knows_what_we_know_and_is_another_process():
    """The configuration need not be sent to it."""
    asked = """
import os
from tests.test_workers import CONFIG, WORK, Workers, forked
here = os.getpid()
def act(config, given): return config is CONFIG, os.getpid() != here
def made(): return list(several.map(WORK._replace(act=act, alone=0), [b""] * 1000))
with Workers(CONFIG, forked) as several:
    print((True, True) in made())
"""
    assert python(asked, processors=2) == "True\n"


def test_some_who_end_leave_others_at_work():
    """Nobody holds what others are reached by: they see that nobody asks for anything any more."""
    asked = """
from tests.test_workers import CONFIG, WORK, Workers, forked
work = WORK._replace(alone=0)
def made(several): return several.map(work, [b"a" * 100_000] * 20)
with Workers(CONFIG, forked) as some:
    with some.others() as others:
        here = made(others)
        next(here)
        print(len(list(made(some))))
    print(some.are_at_hand, others.are_at_hand)
"""
    assert python(asked, processors=2) == "20\nTrue False\n"


def test_where_nobody_is_wanted_all_is_done_here():
    """However much it is."""
    with Workers(CONFIG, threads) as some, some.nobody() as nobody:
        assert all(is_here for _, _, is_here in nobody.map(WORK, Counted(100)))


def test_nobody_is_started_after_the_end():
    """What is to be done is done here."""
    with Workers(CONFIG, threads) as some:
        pass
    assert all(is_here for _, _, is_here in some.map(WORK, Counted(100)))


@pytest.mark.parametrize("failing", [1, 2, 3])
def test_where_no_worker_can_be_had_others_do_the_work(failing):
    """A system may allow no more processes; an interrupt is heard afterwards as before."""
    asked = f"""
import errno, os, signal
from tests.test_workers import CONFIG, WORK, Workers, forked
fork, forks = os.fork, []
def fail():
    forks.append(1)
    if len(forks) >= {failing}: raise BlockingIOError(errno.EAGAIN, "no")
    return fork()
os.fork = fail
os.sched_getaffinity = lambda _: range(4)
with Workers(CONFIG, forked) as several:
    print(len(list(several.map(WORK, [b"a"] * 1000))), several.are_at_hand)
print(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
"""
    assert python(asked, processors=2) == f"1000 {failing > 1}\nset()\n"


def test_a_worker_ends_with_its_run_and_not_with_its_work():
    """Whoever interrupts a run does not wait, and one that is killed leaves nobody who holds its lock."""
    asked = """
import os, signal, time
from contextlib import suppress
from tests.test_workers import CONFIG, WORK, Workers, forked
here = os.getpid()
def act(config, given): return os.getpid() == here or time.sleep(600)
signal.signal(signal.SIGALRM, signal.default_int_handler)
signal.alarm(1)
with suppress(KeyboardInterrupt), Workers(CONFIG, forked) as several:
    list(several.map(WORK._replace(act=act, alone=0), [b""] * 10))
print("ended")
"""
    assert python(asked, processors=2) == "ended\n"


def python(program: str, *, processors: int) -> str:
    """Run a program in a process with one thread that may use so many processors; return what it prints."""
    if sys.platform != "linux":
        pytest.skip("workers are forked on Linux only")
    may_use = sorted(os.sched_getaffinity(0))[:processors]
    if len(may_use) < processors:
        pytest.skip(f"needs {processors} processors")
    return subprocess.run(
        [sys.executable, "-c", f"import os; os.sched_setaffinity(0, {may_use})\n{program}"],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
