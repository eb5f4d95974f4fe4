"""agenda: what a daemon has to do next, and when."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedbridge.daemon import agenda
from feedbridge.daemon.agenda import Agenda, Task

WHOLE = Task(is_whole=True)


def some(*paths: bytes) -> Task:
    """Return the task to look at some files."""
    return Task(is_whole=False, paths=frozenset(paths))


@pytest.fixture
def empty() -> Agenda:
    """Give an agenda with nothing on it."""
    return Agenda(patience_s=60)


def test_where_nothing_is_to_be_done_nobody_needs_to_ask(empty):
    """Not even from time to time."""
    assert empty.take(5) is None
    assert empty.wait_s(5) == math.inf


def test_all_is_looked_at_once_however_often_it_was_asked_for(empty):
    """What came before it began is seen by it."""
    for moment in (3, 2, 4):
        empty.want_all(moment)
    assert (empty.take(4), empty.take(4)) == (WHOLE, None)


def test_a_file_that_was_put_there_whole_is_looked_at_at_once(empty):
    """It was renamed into its place."""
    empty.want({b"a": False, b"b": False}, 7)
    assert empty.wait_s(7) == 0
    assert empty.take(7) == some(b"a", b"b")
    assert empty.wait_s(7) == math.inf


def test_a_file_that_is_written_to_waits_until_that_seems_over(empty):
    """Each write begins the pause anew; others do not wait for it."""
    empty.want({b"slow": True}, 0)
    empty.want({b"slow": True, b"whole": False}, 0.5)
    assert empty.take(0.5) == some(b"whole")
    assert empty.take(1.4) is None
    assert empty.wait_s(1.25) == 0.25
    assert empty.take(0.5 + agenda.SETTLED_S) == some(b"slow")


def test_a_file_that_is_written_to_without_end_is_looked_at_now_and_then(empty):
    """It may be a log that will never be whole."""
    taken = []
    for tenth in range(250):
        empty.want({b"endless": True}, tenth / 10)
        if empty.take(tenth / 10):
            taken.append(tenth / 10)
    assert taken == [agenda.LONGEST_S, 2 * agenda.LONGEST_S + 0.1]


def test_a_file_that_was_renamed_after_it_was_written_to_is_whole(empty):
    """And one that is written to after it was put there is not."""
    empty.want({b"a": True}, 0)
    empty.want({b"a": False}, 0.1)
    assert empty.take(0.1) == some(b"a")
    empty.want({b"b": False}, 1)
    empty.want({b"b": True}, 1)
    assert empty.take(1) is None


def test_who_looks_at_all_looks_at_each(empty):
    """But what was being written to then is looked at when that is over."""
    empty.want({b"a": False, b"b": True}, 0)
    empty.want_all(0)
    assert (empty.take(0), empty.take(0)) == (WHOLE, None)
    assert empty.take(1) == some(b"b")


def test_when_many_files_wait_all_is_looked_at(empty):
    """As when an archive is unpacked: one walk is cheaper."""
    empty.want({b"%d" % number: True for number in range(agenda.MANY)}, 0)
    assert empty.take(0) is None
    empty.want({b"one more": True}, 0)
    assert empty.take(0) == WHOLE


def test_young_files_are_looked_at_once_more(empty):
    """A file may be written to for two seconds without its stamp telling; what was not read is not young."""
    empty.succeeded(10, has_read=True)
    assert empty.wait_s(10) == pytest.approx(agenda.YOUNG_S)
    assert empty.take(10 + agenda.YOUNG_S) == some()
    empty.succeeded(20, has_read=False)
    assert empty.wait_s(20) == math.inf


def test_after_a_failure_all_is_looked_at_again_but_not_at_once(empty):
    """Longer each time, up to what the schedule asks for; a run that comes to its end forgets it."""
    waits = []
    for _ in range(8):
        empty.failed(100)
        waits.append(empty.wait_s(100))
        assert empty.take(100) is None
        assert empty.take(100 + waits[-1]) == WHOLE
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert empty.failures == 8
    empty.succeeded(200, has_read=False)
    empty.want({b"a": False}, 200)
    assert (empty.failures, empty.take(200)) == (0, some(b"a"))


def test_what_comes_while_a_failed_run_rests_waits_too(empty):
    """A broken disk is not asked at each event."""
    empty.failed(0)
    empty.failed(0)
    empty.want({b"a": False}, 0.5)
    empty.want_all(0.5)
    assert empty.wait_s(0.5) == 1.5
    assert empty.take(2) == WHOLE


def test_what_could_not_be_done_is_done_later(empty):
    """Another run was at work: that is no failure."""
    empty.want({b"a": False}, 0)
    task = empty.take(0)
    assert task
    empty.postponed(0, task)
    assert empty.take(0.5) is None
    assert empty.take(1) == some(b"a")
    empty.postponed(5, WHOLE)
    assert (empty.take(6), empty.failures) == (WHOLE, 0)


events = st.lists(
    st.tuples(
        st.sampled_from(["all", "whole", "written", "take", "take"]),
        st.sampled_from([b"a", b"b", b"c"]),
        st.floats(0, 3),
    ),
    max_size=40,
)


@given(events)
def test_nothing_that_was_told_is_forgotten(happened):
    """Each file is looked at after its last event, within bounds, whatever came in which order."""
    waiting: dict[bytes, float] = {}
    now, tested = 0.0, Agenda(patience_s=60)
    for what, path, pause in happened:
        now += pause
        if what == "take":
            task = tested.take(now)
            for seen in tuple(waiting) if task and task.is_whole else (task.paths if task else ()):
                waiting.pop(seen, None)
        elif what == "all":
            tested.want_all(now)
        else:
            tested.want({path: what == "written"}, now)
            waiting.setdefault(path, now)
    while waiting:
        now += tested.wait_s(now)
        assert now <= max(waiting.values()) + agenda.LONGEST_S + 0.001
        task = tested.take(now)
        assert task
        for seen in tuple(waiting) if task.is_whole else task.paths:
            waiting.pop(seen, None)
