"""What befalls a daemon: it is killed, disks are full, read-only or gone, files play tricks, memory is lost.

Whatever it is, readers see whole feeds, no article is lost or told twice, and the daemon goes on by itself:
in the end its feeds are those of a run that remembers nothing.
"""

import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree

from feedbridge import config, pipeline
from feedbridge.publish import is_locked
from tests.daemons import Running, article, configure, entries, link, put, running, until, wait_for
from tests.samples import EPOCH, NOW, archive, contents

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="limits, mounts and queues are those of Linux"
)

LONG = "<p>Long words.</p>" * 300
TIMED = "1 s"  # how often all is looked at, where it is the schedule that finds what happened

Entries = Mapping[str, tuple[str, ...]]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Give a directory with an archive of ten articles and a configuration."""
    archive(tmp_path / "in", count=10)
    configure(tmp_path)
    return tmp_path


@contextmanager
def publishing(place: Path, *, name: str = "log") -> Iterator[Running]:
    """Start a daemon that has published; in the end it goes when it is told to."""
    with running(place, name=name) as daemon:
        until(lambda: "run.finished" in daemon.said())
        yield daemon
        assert daemon.told() == 0
        assert "Traceback" not in daemon.said()


def visible(output: Path) -> dict[str, bytes]:
    """Return what readers see of an output directory, even one that is at work."""
    found = {}
    for path in output.rglob("[!.]*"):
        with suppress(FileNotFoundError, IsADirectoryError):
            found[str(path.relative_to(output))] = path.read_bytes()
    return found


def seen(place: Path) -> Entries:
    """Return what the main feed tells a reader, who finds every feed whole."""
    for feed in (place / "out").rglob("*.xml"):
        etree.fromstring(feed.read_bytes(), etree.XMLParser(resolve_entities=False))
    return entries(place)


def made_anew(place: Path) -> dict[str, bytes]:
    """Return the feeds that a run makes which remembers nothing."""
    configured = config.with_state(config.load(place / "config.toml"), file=None)
    pipeline.run(config.with_directories(configured, input=None, output=place / "anew"), clock=lambda: NOW)
    return visible(place / "anew")


def assert_all_is_told(place: Path, names: Iterable[str], *, since: Entries) -> None:
    """Assert that articles come, and stand once; what stood stays, and all feeds are as they must be."""
    expected = {*since, *map(link, names)}
    until(lambda: set(seen(place)) >= expected)
    assert set(seen(place)) == expected
    assert seen(place).items() >= since.items()
    anew = made_anew(place)
    until(lambda: visible(place / "out") == anew)


def failures(daemon: Running) -> list[str]:
    """Return what was said of runs that failed."""
    return [line for line in daemon.said().splitlines() if line.startswith("error run.failed")]


def test_it_is_killed_at_any_moment_while_articles_arrive(place):
    """Each start goes on where the one before was ended; readers see whole feeds all the time."""
    rng = random.Random(5)  # noqa: S311  # to be repeated
    with publishing(place, name="first"):
        before = seen(place)
    names = [f"new-{number}" for number in range(80)]
    waiting = iter(names)
    for number in range(4):
        with running(place, name=f"killed-{number}") as daemon:
            ends = time.monotonic() + rng.uniform(0.3, 0.8)
            while time.monotonic() < ends:
                put(place, next(waiting, "new-0"))
                assert seen(place).items() >= before.items()
                time.sleep(0.03)
        assert "Traceback" not in daemon.said()
    for name in waiting:
        put(place, name)
    with publishing(place) as daemon:
        assert_all_is_told(place, names, since=before)
    assert not [path for path in contents(place / "out") if path.endswith(".fbtmp")]
    assert "damaged" not in daemon.said()


# --- disks that are full, read-only or gone ---------------------------------------------

OWN_DISK = ("-t", "tmpfs", "-o", "size=2m", "tmpfs")


@contextmanager
def mounted(directory: Path, *what: str | Path) -> Iterator[None]:
    """Mount something on a directory for a while; skip where that is not allowed."""
    directory.mkdir(exist_ok=True)
    done = subprocess.run(["mount", *what, directory], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"needs root and the right to mount: {done.stderr.splitlines()[:1]}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", directory], check=False)  # a test that failed may have done it


def fill(file: Path) -> None:
    """Write a file until there is no space left."""
    with file.open("wb", buffering=0) as ballast:
        for length in (65_536, 4096, 1):
            with suppress(OSError):
                while ballast.write(bytes(length)):
                    pass


@pytest.mark.parametrize("full", ["out", "memory"])
def test_a_disk_that_is_full(place, full):
    """The feeds that stand stay, it is told what to do, and when there is space all is put in order."""
    configure(place, state="memory/state.sqlite3")
    with mounted(place / full, *OWN_DISK), publishing(place) as daemon:
        before = seen(place)
        fill(place / full / "ballast")
        put(place, "new")
        until(lambda: "run.failed" in daemon.said())
        assert seen(place) == before
        assert f"{place / full}/" in failures(daemon)[0]
        assert "free some space there" in failures(daemon)[0]
        (place / full / "ballast").unlink()
        assert_all_is_told(place, ["new"], since=before)


FILES = [
    pytest.param(100_000, "state.sqlite3", id="memory"),
    pytest.param(300_000, "out/atom.xml", id="feeds"),
]


@pytest.mark.parametrize(("limit", "file"), FILES)
def test_files_that_must_not_grow(place, limit, file):
    """A limit of the system is told, too, and once it is lifted all is put in order."""
    for number in range(50):
        put(place, f"long-{number}", body=LONG)
    with publishing(place) as daemon:
        before = seen(place)
        resource.prlimit(daemon.child.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        put(place, "new")
        until(lambda: "run.failed" in daemon.said())
        assert seen(place) == before
        assert str(place / file) in failures(daemon)[0]
        resource.prlimit(daemon.child.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        assert_all_is_told(place, ["new"], since=before)


@contextmanager
def read_only(directory: Path) -> Iterator[None]:
    """Let nobody write to a directory for a while: root is stopped by nothing but its disk."""
    is_root = os.geteuid() == 0
    refuse = ["mount", "-o", "remount,ro"] if is_root else ["chmod", "-R", "a-w"]
    allow = ["mount", "-o", "remount,rw"] if is_root else ["chmod", "-R", "u+w"]
    until(lambda: not subprocess.run([*refuse, directory], check=False).returncode)  # a run may be at work
    try:
        yield
    finally:
        subprocess.run([*allow, directory], check=True)


def test_an_output_directory_that_is_read_only_for_a_while(place):
    """It is told, and mended by itself."""
    disk = mounted(place / "out", *OWN_DISK) if os.geteuid() == 0 else nullcontext()
    with disk, publishing(place) as daemon:
        before = seen(place)
        with read_only(place / "out"):
            put(place, "new")
            until(lambda: "run.failed" in daemon.said())
            assert seen(place) == before
        assert str(place / "out") in failures(daemon)[0]
        assert_all_is_told(place, ["new"], since=before)


@pytest.mark.parametrize("is_replaced", [False, True], ids=["removed", "replaced by an empty one"])
def test_an_output_directory_that_goes_while_a_run_is_at_work(place, is_replaced):
    """The next looks put everything back, and what comes then is published."""
    configure(place, every=TIMED)
    names = [f"long-{number}" for number in range(50)]
    with publishing(place):
        before = seen(place)
        (place / "elsewhere").mkdir()
        for name in names:
            put(place, name, into="elsewhere", body=LONG)
        (place / "elsewhere").rename(place / "in" / "deeper")
        until(lambda: is_locked(place / "out"))
        time.sleep(0.1)  # it has seen what stands there, and reads
        (place / "out").rename(place / "old")
        if is_replaced:
            (place / "out").mkdir()
        until((place / "out" / "index.html").exists)
        put(place, "new")
        assert_all_is_told(place, [*names, "new"], since=before)


def test_an_archive_that_is_unmounted_for_a_while(place):
    """Its articles are held; nothing was written when they are back, and what comes then is published."""
    configure(place, every=TIMED)
    (place / "in").rename(place / "disk")
    with mounted(place / "in", "--bind", place / "disk"), publishing(place) as daemon:
        before, stood = seen(place), visible(place / "out")
        subprocess.run(["umount", "-l", place / "in"], check=True)
        until(lambda: "articles.held" in daemon.said())
        assert visible(place / "out") == stood
        subprocess.run(["mount", "--bind", place / "disk", place / "in"], check=True)
        put(place, "new")
        assert_all_is_told(place, ["new"], since=before)
        assert daemon.said().count("feed.published feed=main ") == 2


@contextmanager
def busy(directory: Path) -> Iterator[None]:
    """Let something happen in a directory all the time."""
    stopping = threading.Event()

    def work() -> None:
        while not stopping.wait(0.05):
            (directory / ".busy").touch()

    with ThreadPoolExecutor(1) as beside:
        worker = beside.submit(work)
        try:
            yield
        finally:
            stopping.set()
            worker.result()


def test_archives_that_are_exchanged(place):
    """Other directories of their names are followed, also behind a link, however busy the old ones are."""
    archive(place / "first", count=10, host="linked.example")
    (place / "linked").symlink_to("first")
    configure(place, directories='["in", "linked"]')
    with publishing(place) as daemon:
        before = seen(place)
        shutil.copytree(place / "in", place / "other")
        shutil.copytree(place / "first", place / "second")
        (place / "in").rename(place / "old")
        (place / "other").rename(place / "in")
        (place / "new link").symlink_to("second")
        (place / "new link").rename(place / "linked")
        with busy(place / "old"), busy(place / "first"):
            for number in range(2):  # the first ones are found by the look that begins another watch
                put(place, f"in-{number}")
                put(place, f"linked-{number}", into="linked")
                wait_for(place, f"in-{number}", f"linked-{number}")
        assert_all_is_told(place, ["in-0", "in-1", "linked-0", "linked-1"], since=before)
        assert "watch.failed" not in daemon.said()


# --- files that come and change under its eyes ------------------------------------------


def test_a_file_that_is_rewritten_all_the_time(place):
    """What it says in the end is published, and meanwhile no other article goes, however often it is read."""
    configure(place, every=TIMED)
    with publishing(place) as daemon:
        before = seen(place)
        ends, minute = time.monotonic() + 1.2, 0
        while time.monotonic() < ends:
            minute += 1
            words = f"<p>Version {minute}.</p>" * 9
            body = article("new", epoch=EPOCH + timedelta(minutes=minute), body=words)
            with (place / "in" / "new.txt").open("wb", buffering=0) as file:
                for at in range(0, len(body), 100):
                    file.write(body[at : at + 100])
                    time.sleep(0.01)
            assert seen(place).items() >= before.items()
        until(lambda: f"Version {minute}.".encode() in daemon.feed())
        assert_all_is_told(place, ["new"], since=before)
        assert "run.failed" not in daemon.said()


def test_two_thousand_articles_at_once(place):
    """By one rename of their folder or by one of each: all come, each once, by a few runs."""
    with publishing(place) as daemon:
        archive(place / "elsewhere", count=2000, host="elsewhere.example")
        (place / "elsewhere").rename(place / "in" / "deeper")
        wait_for_run(daemon, entries=2010)
        for path in archive(place / "others", count=2000, host="others.example").iterdir():
            path.rename(place / "in" / f"other-{path.name}")
        wait_for_run(daemon, entries=4010)
        runs = re.findall("run.finished articles=([0-9]+)", daemon.said())
        assert sum(map(int, runs)) == 4010
        assert len(runs) <= 12
        assert len(seen(place)) == 100


def test_a_queue_that_overflows(place):
    """What the system could not tell is found by the schedule."""
    longest = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if longest > 100_000:
        pytest.skip(f"fs.inotify.max_queued_events is {longest}: to make so many takes too long")
    configure(place, every=TIMED)
    with publishing(place) as daemon:
        before = seen(place)
        daemon.child.send_signal(signal.SIGSTOP)
        one, other = place / "in" / ".one", place / "in" / ".other"
        one.touch()
        for _ in range(longest // 4 + 100):  # a rename is two events
            one.rename(other)
            other.rename(one)
        put(place, "new")
        daemon.child.send_signal(signal.SIGCONT)
        assert_all_is_told(place, ["new"], since=before)


def test_names_that_are_no_text(place):
    """They are found at once, and so is what comes after them."""
    with publishing(place) as daemon:
        before = seen(place)
        for number in range(2):
            (place / "in" / ".tmp").write_bytes(article(f"odd-{number}"))
            (place / "in" / ".tmp").rename(place / "in" / os.fsdecode(b"\xc4\xe3\xba\xc3-%d.txt" % number))
            wait_for(place, f"odd-{number}")
        put(place, "new")
        assert_all_is_told(place, ["odd-0", "odd-1", "new"], since=before)
    assert "watch.failed" not in daemon.said()


# --- memory that is lost ----------------------------------------------------------------


def wait_for_run(daemon: Running, *, entries: int) -> None:
    """Wait until a run has come to its end that knows so many entries."""
    until(lambda: f"entries={entries} " in daemon.said())


def overwrite(file: Path, body: bytes) -> None:
    """Put bytes into the middle of a file."""
    with file.open("r+b") as damaged:
        damaged.seek((file.stat().st_size - len(body)) // 2)
        damaged.write(body)


NOISE = random.Random(1).randbytes(20_000)  # noqa: S311  # to be repeated
DAMAGES: Mapping[str, Callable[[Path], None]] = {
    "zeros": lambda file: overwrite(file, bytes(20_000)),
    "noise": lambda file: overwrite(file, NOISE),
    "cut": lambda file: os.truncate(file, file.stat().st_size // 2),
    "emptied": lambda file: os.truncate(file, 0),
    "deleted": lambda file: file.unlink(),
}


def test_a_catalogue_that_is_damaged_between_its_runs(place):
    """It is put aside and made anew, or just made anew; entries and ids stay."""
    with publishing(place) as daemon:
        before = seen(place)
        for number, (name, damage) in enumerate(DAMAGES.items(), 11):
            damage(place / "state.sqlite3")
            put(place, name)
            wait_for_run(daemon, entries=number)
            assert seen(place).items() >= before.items()
        assert_all_is_told(place, DAMAGES, since=before)
        assert "run.failed" not in daemon.said()
    warned = [line for line in daemon.said().splitlines() if line.startswith("warning catalogue.damaged")]
    assert all("made anew: entries and ids stay" in line for line in warned)
    assert len(warned) == len([*place.glob("state.sqlite3.damaged-?")]) >= 3
