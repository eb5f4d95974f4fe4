"""A daemon that serves, for some seconds in which much befalls it: `benchmarks/soak.py` has minutes."""

import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from feedbridge import config, pipeline
from tests import soak
from tests.samples import NOW


def test_whatever_befalls_a_daemon_its_readers_are_told_nothing_wrong(tmp_path):
    """Each fault comes at its moment, readers poll, and at the end all is as a run without memory has it."""
    planned = soak.plan(seed=1, seconds=5, gap_s=(0.2, 0.7), action_s=0.15, first=40, burst=60, poll_s=0.05)
    assert len({event.name for event in planned.events} & soak.FAULTS.keys()) >= 8
    soak.run(tmp_path, planned, say=print)


def test_a_plan_is_drawn_from_its_seed():
    """So that what broke can be seen again; none is like another."""
    assert soak.plan(seed=1, seconds=60) == soak.plan(seed=1, seconds=60)
    assert soak.plan(seed=1, seconds=60) != soak.plan(seed=2, seconds=60)


# --- what the reader notices ------------------------------------------------------------


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a directory and says nothing of it."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def polled(tmp_path) -> Iterator[tuple[soak.Soak, Path]]:
    """Give a soak without a daemon whose reader has seen a feed, and the feed's file."""
    made = soak.Soak(tmp_path, soak.plan(seed=1, seconds=0), print)
    (tmp_path / "in").mkdir()
    for number in range(3):
        made.archive.arrive(Random(number))  # noqa: S311  # to be repeated, not to be secret
    made.service.configure()
    pipeline.run(config.load(tmp_path / "config.toml"), clock=lambda: NOW)
    handler = functools.partial(Quiet, directory=str(tmp_path / "out"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        made.service.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        made.reader.poll("atom.xml")
        made.reader.poll("rss.xml")
        assert made.record.broken == []
        made.reader.hang_up()
        yield made, tmp_path / "out" / "atom.xml"
        made.reader.hang_up()
        server.shutdown()
        thread.join()


def without_an_entry(body: bytes) -> bytes:
    """Return a feed without its first entry."""
    before, _, rest = body.partition(b"<entry")
    return before + rest.partition(b"</entry>")[2]


def with_an_entry_twice(body: bytes) -> bytes:
    """Return a feed with its first entry twice."""
    before, mark, rest = body.partition(b"<entry")
    first, end, after = rest.partition(b"</entry>")
    return before + (mark + first + end) * 2 + after


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(lambda body: body[: len(body) // 2], "it cannot be read", id="torn"),
        pytest.param(lambda _: b"", "it cannot be read", id="empty"),
        pytest.param(without_an_entry, "1 of 3 are gone", id="an entry is gone"),
        pytest.param(with_an_entry_twice, "comes 2 times", id="an entry twice"),
        pytest.param(lambda body: body.replace(b"urn:uuid:", b"urn:uuid:0"), "has the id", id="other ids"),
        pytest.param(
            lambda body: body.replace(b"article-1/", b"article-9/"), "nobody wrote", id="a stranger"
        ),
    ],
)
def test_a_reader_notices_what_must_never_be(polled, change: Callable[[bytes], bytes], words):
    """Else a soak would prove nothing."""
    made, feed = polled
    made.reader.copies.clear()  # http.server tells versions of one second not apart
    feed.write_bytes(change(feed.read_bytes()))
    made.reader.poll("atom.xml")
    assert any(words in line for line in made.record.broken)


def test_a_reader_notices_that_it_is_told_of_no_change_where_there_is_one(polled):
    """As by a server that tells versions of one second not apart."""
    made, feed = polled
    feed.write_bytes(feed.read_bytes() + b"<!-- another version -->")
    made.reader.poll("atom.xml")
    assert ["another file stands" in line for line in made.record.broken] == [True]


def test_a_reader_notices_a_feed_that_is_not_there(polled):
    """Unless somebody was at the output directory, and nothing has been mended since."""
    made, feed = polled
    before = feed.read_bytes()
    feed.unlink()
    made.excuses.disturb()
    made.reader.poll("atom.xml")
    assert made.record.broken == []
    feed.write_bytes(before)
    made.reader.poll("atom.xml")  # as it should be: nothing is excused any more
    feed.unlink()
    made.reader.poll("atom.xml")
    assert ["the answer is 404" in line for line in made.record.broken] == [True]
