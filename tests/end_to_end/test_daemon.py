"""`feedbridge daemon`: real processes, real files, real signals."""

import json
import signal
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.daemons import PATIENCE_S, Running, article, configure, running, until
from tests.samples import archive, contents, snapshot


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Give a directory with an archive of ten articles and a configuration."""
    archive(tmp_path / "in", count=10)
    configure(tmp_path)
    return tmp_path


@pytest.fixture
def daemon(place) -> Iterator[Running]:
    """Give a daemon that has published them."""
    with running(place) as started:
        until(lambda: (place / "out" / "atom.xml").exists() and "run.finished" in started.said())
        yield started


def test_an_article_that_is_renamed_into_the_archive_is_published(daemon, place):
    """At once, in the feeds that it concerns."""
    (place / "in" / ".tmp").write_bytes(article("new"))
    (place / "in" / ".tmp").rename(place / "in" / "new.txt")
    until(lambda: b"Title new" in daemon.feed())
    assert daemon.told() == 0
    assert "Traceback" not in daemon.said()


def test_an_article_that_is_written_in_pieces_is_published_whole(daemon, place):
    """What is read before it is whole would be told to readers as an article."""
    whole = article("slow", body="<p>The end of it is what counts.</p>")
    with (place / "in" / "slow.txt").open("wb", buffering=0) as file:
        for at in range(0, len(whole), 30):
            file.write(whole[at : at + 30])
            time.sleep(0.2)
            assert b"Title slow" not in daemon.feed()
    until(lambda: b"The end of it is what counts." in daemon.feed())


def test_what_is_changed_removed_and_moved_is_followed(daemon, place):
    """Also folders, of which the system tells nothing but their names."""
    (place / "in" / "00009.txt").write_bytes(article("9", body="<p>Other words.</p>"))
    until(lambda: b"Other words." in daemon.feed())
    (place / "in" / "00008.txt").unlink()
    until(lambda: b"Number 8" not in daemon.feed())
    before = daemon.feed()
    archive(place / "elsewhere", count=2, host="elsewhere.example")
    (place / "elsewhere").rename(place / "in" / "deeper")
    until(lambda: b"elsewhere.example" in daemon.feed())
    (place / "in" / "deeper").rename(place / "in" / "deepest")
    (place / "in" / "deepest" / "00000.txt").unlink()
    (place / "in" / "deepest" / "00001.txt").unlink()
    until(lambda: daemon.feed() == before)


def test_what_the_system_does_not_tell_is_found_by_the_schedule(place):
    """As on file systems of other hosts."""
    configure(place, every="1 s", watch="false")
    with running(place) as daemon:
        until((place / "out" / "atom.xml").exists)
        (place / "in" / "new.txt").write_bytes(article("new"))
        until(lambda: b"Title new" in daemon.feed())
        assert daemon.told() == 0


def test_an_archive_that_is_away_for_a_while_changes_nothing(daemon, place):
    """The run fails, is tried again, and finds all as it was; then it watches the right directory."""
    before = snapshot(place / "out")
    (place / "in").rename(place / "away")
    with (place / "away" / "00001.txt").open("ab") as file:
        file.write(b" ")  # the watch still holds the old directory
    configure(place, every="1 s")
    daemon.child.send_signal(signal.SIGHUP)
    until(lambda: "run.failed" in daemon.said())
    assert snapshot(place / "out") == before
    (place / "away").rename(place / "in")
    (place / "in" / ".tmp").write_bytes(article("new"))
    (place / "in" / ".tmp").rename(place / "in" / "new.txt")
    until(lambda: b"Title new" in daemon.feed())
    assert daemon.told() == 0


def test_a_configuration_is_read_again_and_a_bad_one_refused(daemon, place):
    """The one before stays."""
    (place / "config.toml").write_text("[site]\ntitle = 3")
    daemon.child.send_signal(signal.SIGHUP)
    until(lambda: "configuration.refused" in daemon.said())
    configure(place, title="Another title")
    daemon.child.send_signal(signal.SIGHUP)
    until(lambda: b"Another title" in daemon.feed())
    (place / "in" / ".tmp").write_bytes(article("new"))
    (place / "in" / ".tmp").rename(place / "in" / "new.txt")
    until(lambda: b"Title new" in daemon.feed())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_run_in_hand_comes_to_its_end(place, number):
    """Then it exits with 0."""
    archive(place / "in" / "many", count=1500, host="many.example")
    with running(place) as daemon:
        until((place / "out" / ".feedbridge.lock").exists)
        assert daemon.told(number) == 0
        assert b"many.example" in daemon.feed()


def test_a_second_signal_ends_it_at_once(place):
    """And leaves nothing that the next start does not mend."""
    archive(place / "in" / "many", count=3000, host="many.example")
    with running(place) as daemon:
        until((place / "out" / ".feedbridge.lock").exists)
        daemon.child.send_signal(signal.SIGTERM)
        time.sleep(0.1)
        assert daemon.told() == 1
    with running(place) as daemon:
        until((place / "out" / "atom.xml").exists)
        assert daemon.told() == 0
    assert not [path for path in contents(place / "out") if path.endswith(".fbtmp")]


def test_a_run_beside_it_waits_or_is_refused_and_loses_nothing(daemon, place, feedbridge):
    """Whoever is first works, the other one finds nothing left to do."""
    for number in range(5):
        (place / "in" / f"new-{number}.txt").write_bytes(article(f"new-{number}"))
        assert feedbridge("--config", place / "config.toml", "run", "--wait").returncode == 0
    until(lambda: b"Title new-4" in daemon.feed())
    assert "run.failed" not in daemon.said()


def test_two_daemons_share_the_work(daemon, place):
    """One run is at work at a time; that is no failure."""
    with running(place, name="other") as other:
        until(lambda: "run.finished" in other.said())
        (place / "in" / ".tmp").write_bytes(article("new"))
        (place / "in" / ".tmp").rename(place / "in" / "new.txt")
        until(lambda: b"Title new" in daemon.feed())
        assert other.told() == 0
    assert daemon.told() == 0
    assert "run.failed" not in daemon.said()


def test_an_output_that_cannot_be_written_is_told_and_tried_again(daemon, place):
    """Until it can be."""
    (place / "out").rename(place / "kept")
    (place / "out").write_text("in the way")
    (place / "in" / ".tmp").write_bytes(article("new"))
    (place / "in" / ".tmp").rename(place / "in" / "new.txt")
    until(lambda: daemon.said().count("run.failed") >= 2)
    (place / "out").unlink()
    until((place / "out" / "atom.xml").exists)
    assert b"Title new" in daemon.feed()


def test_a_daemon_without_a_memory_is_refused(feedbridge, tmp_path):
    """It would read the whole archive each time."""
    archive(tmp_path / "in", count=1)
    done = feedbridge("daemon", "--input", "in", "--output", "out")
    assert (done.returncode, "name a catalogue by --state FILE" in done.stderr) == (2, True)


def test_a_service_manager_is_told(place):
    """When it is ready, that it lives, what it does, and when it stops."""
    address = place / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(address))
        manager.settimeout(PATIENCE_S)
        heard = ""
        with running(place, NOTIFY_SOCKET=str(address)) as daemon:
            while "up to date" not in heard or "WATCHDOG=1" not in heard:
                heard += manager.recv(4096).decode() + "\n"
            daemon.child.send_signal(signal.SIGTERM)
            while "STOPPING=1" not in heard:
                heard += manager.recv(4096).decode() + "\n"
            assert daemon.child.wait(PATIENCE_S) == 0
    assert heard.startswith("READY=1\nSTATUS=")


def test_status_tells_when_a_daemon_looks_next(daemon, place, feedbridge):
    """As long as it is there."""
    asked = ("--config", place / "config.toml", "status")
    done = feedbridge(*asked)
    assert (done.returncode, "next run: " in done.stdout) == (0, True)
    found = json.loads(feedbridge(*asked, "--json").stdout)["next_run"]
    assert timedelta(0) < datetime.fromisoformat(found) - datetime.now(UTC) <= timedelta(hours=1)
    assert daemon.told() == 0
    assert "next run: " not in feedbridge(*asked).stdout
    assert json.loads(feedbridge(*asked, "--json").stdout)["next_run"] is None


def test_a_place_for_its_memory_that_cannot_be_made_is_named(feedbridge, tmp_path):
    """With what to do."""
    archive(tmp_path / "in", count=1)
    (tmp_path / "file").touch()
    done = feedbridge("daemon", "--input", "in", "--output", "out", "--state", "file/state.sqlite3")
    assert (done.returncode, "cannot make" in done.stderr, "Traceback" in done.stderr) == (1, True, False)


def test_a_configuration_is_read_again_while_the_system_tells_of_changes(daemon, place):
    """Neither waits for the other."""
    ends = time.monotonic() + 4
    number = 0
    while time.monotonic() < ends:
        for part in range(10):
            (place / "in" / f"{part}.log").write_bytes(article(f"{number}-{part}"))
        number += 1
        if number % 20 == 0:
            daemon.child.send_signal(signal.SIGHUP)
    configure(place, title="The last title")
    daemon.child.send_signal(signal.SIGHUP)
    until(lambda: b"The last title" in daemon.feed())
    assert daemon.told() == 0
