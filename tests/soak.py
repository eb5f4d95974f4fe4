"""A daemon that serves while its archive grows and much befalls it; and what must hold all the time.

    report = soak.run(directory, soak.plan(seed=3, seconds=600), say=print)     raises BrokenError

The plan is drawn from its seed: what happens to the archive and which faults come, when and for how long. A
reader polls meanwhile, keeps what it has seen, and knows what may never be: an id that changes, an article
that comes twice, goes without being removed, or was never written, an answer that is torn or stale. What is
known to make a moment's difference (a dead daemon, an output directory that somebody removes) is excused for
that moment only. At the end all faults cease, and the feeds are those of a run that remembers nothing.
"""

import gzip
import heapq
import http.client
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random

from lxml import etree

from feedbridge.model import Value
from tests.faults import ATOM, HIDDEN, BrokenError
from tests.samples import CHECKOUT, EPOCH, contents, raw

FEEDS = ("atom.xml", "rss.xml")
POLL_S = 0.5  # between two looks of the reader
GRACE_S = 15.0  # that a busy machine may take to mend what it mends in a second
SETTLE_S = 90.0  # likewise after all
ANSWER_S = 5.0  # how long the reader waits for an answer
GAP_S = (2.0, 7.0)  # between two faults
ACTION_S = 1.2  # between two changes of the archive, in the mean
PAGE_BYTES = 4096  # of the catalogue
SHOWN = 30  # things that broke

CONFIGURATION = """
[site]
title = "A soak"
url = "http://127.0.0.1:{port}/"
[input]
directory = "in"
[output]
directory = "out"
[feeds]
limit = 5000
max_bytes = "500 MiB"
[state]
file = "state/catalogue.sqlite3"
[schedule]
every = "5 s"
[serve]
port = {port}
"""
BROKEN = ("[site", "[site]\ntitle = 3\n", '[site]\ntitel = "A soak"\n', '[feeds]\nlimit = "many"\n')

# --- what is planned --------------------------------------------------------------------


class Event(Value, frozen=True):
    """Something that happens, so many seconds after the start."""

    at_s: float
    name: str  # of ACTIONS or FAULTS
    lasts_s: float
    seed: str  # of all that is drawn for it


class Plan(Value, frozen=True):
    """All that will happen."""

    seed: int
    seconds: float
    first: int  # articles that stand before it begins
    burst: int  # files that come at once, the first time
    poll_s: float  # between two looks of the reader
    events: tuple[Event, ...]


def plan(  # noqa: PLR0913  # all that a plan is
    *,
    seed: int,
    seconds: float,
    gap_s: tuple[float, float] = GAP_S,
    action_s: float = ACTION_S,
    first: int = 150,
    burst: int = 500,
    poll_s: float = POLL_S,
) -> Plan:
    """Draw a plan: each fault once, in some order, then all again."""
    rng = Random(f"soak {seed}")  # noqa: S311  # to be repeated, not to be secret
    events = [*_actions(rng, seconds, action_s), *_faults(rng, seconds, gap_s)]
    numbered = enumerate(sorted(events))
    made = (Event(at_s=at, name=name, lasts_s=lasts, seed=f"{seed} {n}") for n, (at, name, lasts) in numbered)
    return Plan(seed=seed, seconds=seconds, first=first, burst=burst, poll_s=poll_s, events=tuple(made))


def _actions(rng: Random, seconds: float, action_s: float) -> Iterator[tuple[float, str, float]]:
    at_s = rng.expovariate(1 / action_s)
    while at_s < seconds:
        (name,) = rng.choices(tuple(ACTIONS), tuple(ACTIONS.values()))
        yield at_s, name, 0.0
        at_s += rng.expovariate(1 / action_s)


def _faults(rng: Random, seconds: float, gap_s: tuple[float, float]) -> Iterator[tuple[float, str, float]]:
    at_s = rng.uniform(*gap_s)
    deck: list[str] = []
    while at_s < seconds:
        deck = deck or rng.sample(tuple(FAULTS), len(FAULTS))
        name = deck.pop()
        lasts_s = rng.uniform(*FAULTS[name][1]) * min(1.0, gap_s[1] / GAP_S[1])
        yield at_s, name, lasts_s
        at_s += rng.uniform(*gap_s)


# --- the archive ------------------------------------------------------------------------

ACTIONS = {"arrive": 52, "arrive slowly": 16, "edit": 12, "move": 12, "remove": 8}  # how often, of a hundred
HOSTS = ("www.dw.com", "example.org", "news.example.com", "blog.example.net", "magazine.example.org")
WORDS = ("feed", "archive", "文章", "river", "<b>bold</b>", "mountain", "新闻", "&amp;", "letter", "été")
FOLDERS = ("", "2024", "2024/02", "sorted", "by/host")


class Archive:
    """The articles of a soak, and what people do to them; `known` and `removed` are read by the reader."""

    def __init__(self, root: Path) -> None:
        self.root = root  # where it is now
        self.known: set[str] = set()  # links of all that were ever written
        self.removed: set[str] = set()  # those of them that were removed on purpose
        self._standing: dict[int, str] = {}  # the file of an article, below the root
        self._next = 0

    def arrive(self, rng: Random) -> None:
        """Let an article come, whole, by a rename."""
        number, place = self._new(rng)
        self._put(place, self._article(rng, number))
        self._standing[number] = place

    def arrive_slowly(self, rng: Random) -> Iterator[float]:
        """Let an article come in pieces; give how many seconds to wait before each one."""
        number, place = self._new(rng)
        body = self._article(rng, number)
        cuts = sorted(rng.sample(range(1, len(body)), 5))
        with self._path(place).open("wb", buffering=0) as file:
            written_s = time.monotonic()
            is_late = False
            for begin, end in zip((0, *cuts), (*cuts, len(body)), strict=True):
                file.write(body[begin:end])
                yield rng.uniform(0.02, 0.6)
                is_late |= time.monotonic() - written_s > 1.5  # by 2 s it is an edit
                written_s = time.monotonic()
        self._standing[number] = place
        if is_late:
            self._edit(rng, number)

    def edit(self, rng: Random) -> None:
        """Edit an article, and say so by a later epoch."""
        self._edit(rng, rng.choice(sorted(self._standing)))

    def move(self, rng: Random) -> None:
        """Move a file to another folder."""
        number = rng.choice(sorted(self._standing))
        place = self._place(rng, number)
        self._path(self._standing[number]).rename(self._path(place))
        self._standing[number] = place

    def remove(self, rng: Random) -> None:
        """Remove a file."""
        number = rng.choice(sorted(self._standing))
        self.removed.add(_link(number))  # before: the reader may look at any moment
        self._path(self._standing.pop(number)).unlink()

    def burst(self, rng: Random, count: int) -> None:
        """Let many come at once: one by one, or as a folder."""
        if rng.random() < 0.5:  # one time of two
            for _ in range(count):
                self.arrive(rng)
            return
        staged, folder = self.root.parent / "staged", f"burst-{rng.randrange(10**6)}"
        staged.mkdir()
        for _ in range(count):
            number = self._number()
            (staged / f"{number}.txt").write_bytes(self._article(rng, number))
            self._standing[number] = f"{folder}/{number}.txt"
        staged.rename(self.root / folder)

    def expected(self) -> set[str]:
        """Return the links of all that stand."""
        return self.known - self.removed

    def _edit(self, rng: Random, number: int) -> None:
        later = timedelta(seconds=rng.randint(1, 10**6))
        old = self._path(self._standing[number]).read_bytes()
        written_ms = int(old.removeprefix(b"<!--").partition(b"-->")[0])
        epoch = datetime.fromtimestamp(written_ms / 1000, EPOCH.tzinfo) + later
        self._put(self._standing[number], self._article(rng, number, epoch=epoch))

    def _new(self, rng: Random) -> tuple[int, str]:
        number = self._number()
        return number, self._place(rng, number)

    def _number(self) -> int:
        self._next += 1
        self.known.add(_link(self._next))
        return self._next

    def _place(self, rng: Random, number: int) -> str:
        return os.path.join(rng.choice(FOLDERS), f"{number:05}-{rng.randrange(1000)}.txt")  # noqa: PTH118

    def _path(self, place: str) -> Path:
        path = self.root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _put(self, place: str, body: bytes) -> None:
        hidden = self.root / ".tmp"
        hidden.write_bytes(body)
        hidden.rename(self._path(place))

    def _article(self, rng: Random, number: int, *, epoch: datetime | None = None) -> bytes:
        words = " ".join(rng.choices(WORDS, k=rng.randint(5, 200)))
        when = epoch or EPOCH + timedelta(minutes=10 * number)
        return raw(title=f"Number {number}", url=_link(number), epoch=when, body=f"<p>{words}.</p>")


def _link(number: int) -> str:
    return f"https://{HOSTS[number * 7 % len(HOSTS)]}/en/article-{number}/a-{70_000_000 + number}"


# --- what is excused --------------------------------------------------------------------


class Excuses:
    """What cannot be asked of a daemon now: used by two threads.

    An excuse ends with the first answer that is as it should be, at the latest after `GRACE_S`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._silent = 0  # how many reasons there are for no answer
        self._blocked = 0  # how many reasons why no run can succeed
        self._began_s = 0.0  # the last of them came or ended
        self._silent_until_s = 0.0
        self._away_until_s = dict.fromkeys(FEEDS, 0.0)  # somebody has been at the output directory

    @contextmanager
    def silence(self) -> Iterator[None]:
        """Excuse for a while that there is no answer."""
        with self._lock:
            self._silent += 1
        with self.block():
            yield
        with self._lock:
            self._silent -= 1
            self._silent_until_s = time.monotonic() + GRACE_S

    @contextmanager
    def block(self) -> Iterator[None]:
        """Excuse for a while that nothing is mended."""
        with self._lock:
            self._blocked += 1
        yield
        with self._lock:
            self._prolong()
            self._blocked -= 1
            self._began_s = time.monotonic()

    def disturb(self) -> None:
        """Note that somebody is at the output directory: readers may see what they should not."""
        with self._lock:
            self._began_s = time.monotonic()
            self._away_until_s = dict.fromkeys(FEEDS, self._began_s + GRACE_S)

    def mended(self, path: str, asked_s: float) -> None:
        """Note that the answer to a question of that moment was as it should be."""
        with self._lock:
            if asked_s > self._began_s:
                self._silent_until_s = 0.0
                self._away_until_s[path] = self._away_until_s[path] if self._blocked else 0.0

    def is_silent(self, since_s: float) -> bool:
        """Tell whether no answer is excused to a question of that moment."""
        with self._lock:
            return bool(self._silent) or since_s < self._silent_until_s

    def is_away(self, path: str, since_s: float) -> bool:
        """Tell whether an answer to a question of that moment is excused that shows the disturbance."""
        with self._lock:
            if self._blocked:
                self._prolong()
            return since_s < self._away_until_s[path]

    def _prolong(self) -> None:
        now_s = time.monotonic()
        for path, until_s in self._away_until_s.items():
            self._away_until_s[path] = now_s + GRACE_S if now_s < until_s else until_s


class Record:
    """What happened and what broke, by the time since the start."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.broken: list[str] = []
        self.counts: Counter[str] = Counter()
        self._say = say
        self._began_s = time.monotonic()

    def note(self, line: str) -> None:
        """Say what happens."""
        self._say(f"{time.monotonic() - self._began_s:8.2f} {line}")

    def breach(self, line: str) -> None:
        """Note what must never be."""
        self.broken.append(f"{time.monotonic() - self._began_s:.2f} s: {line}")
        if len(self.broken) <= SHOWN:
            self.note(f"BROKEN {line}")


# --- the daemon -------------------------------------------------------------------------


class Service:
    """A daemon that serves, in a directory, and what starts it again when it has died."""

    def __init__(self, place: Path, record: Record, excuses: Excuses) -> None:
        self.place = place
        self.port = _free_port()
        self.configuration = CONFIGURATION.format(port=self.port)
        self.is_configured = True
        self.log: list[str] = []
        self._record = record
        self._excuses = excuses
        self._child: subprocess.Popen[bytes] | None = None
        self._tried_s = 0.0

    @property
    def pid(self) -> int:
        """The number of the process, 0 where there is none."""
        return self._child.pid if self._child and self._child.poll() is None else 0

    def configure(self, text: str | None = None) -> None:
        """Write the configuration, or another text in its place."""
        (self.place / "config.new").write_text(text or self.configuration)
        (self.place / "config.new").rename(self.place / "config.toml")
        self.is_configured = text is None

    def start(self) -> None:
        """Start it."""
        with self._excuses.silence():  # until it answers
            self._tried_s = time.monotonic()
            self._child = self.launch("daemon", "--serve")
            threading.Thread(target=self._listen, args=(self._child,), daemon=True).start()

    def launch(self, *arguments: str, stdout: int = subprocess.DEVNULL) -> "subprocess.Popen[bytes]":
        """Start the program with its configuration; a pipe takes its log: no limit of files holds for it."""
        command = [sys.executable, "-m", "feedbridge", "--config", "config.toml", *arguments]
        environment = {**os.environ, "FEEDBRIDGE_CONFIG": "", "PYTHONPATH": str(CHECKOUT)}
        return subprocess.Popen(
            command, cwd=self.place, env=environment, stdout=stdout, stderr=subprocess.PIPE
        )

    def send(self, number: int) -> None:
        """Send a signal, if it is there."""
        if self.pid and self._child:
            self._child.send_signal(number)

    def kill(self) -> None:
        """Kill it; it stays dead until `start`."""
        if self._child:
            self._child.kill()
            self._child.wait()
        self._child = None

    def watch(self) -> None:
        """Start it again where it has ended by itself: that it may only where its configuration is broken."""
        if self._child is None or self.pid or time.monotonic() - self._tried_s < 1:
            return
        ended = self._child.returncode
        is_early = ended == -signal.SIGHUP  # before it listens to signals
        if self.is_configured and ended != 2 and not is_early:  # 2: it was broken just before
            self._record.breach(f"the daemon ended by itself with {ended}: {self.log[-3:]}")
        self.start()

    def end(self) -> int:
        """Have it end; return its exit code."""
        assert self._child is not None
        self._child.terminate()
        return self._child.wait(GRACE_S)

    def _listen(self, child: "subprocess.Popen[bytes]") -> None:
        assert child.stderr is not None
        with child.stderr as lines, (self.place / "log").open("ab", buffering=0) as log:
            for line in lines:
                log.write(b"%d %s" % (child.pid, line))
                self.log.append(line.decode(errors="replace").rstrip())


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


# --- the reader -------------------------------------------------------------------------


class Copy(Value, frozen=True):
    """A feed as the reader got it last."""

    body: bytes
    etag: str | None
    modified: str | None


class Answer(Value, frozen=True):
    """What came to a question that was asked at a moment."""

    asked_s: float
    status: int
    body: bytes
    stood: bytes | None  # on the disk all the while; None where that cannot be told
    etag: str | None
    modified: str | None


class Reader:
    """Polls the feeds as a feed reader does, and keeps what it has seen."""

    def __init__(
        self, service: Service, archive: Archive, record: Record, excuses: Excuses, *, poll_s: float
    ) -> None:
        self.copies: dict[str, Copy] = {}
        self._service = service
        self._archive = archive
        self._record = record
        self._excuses = excuses
        self._poll_s = poll_s
        self._rng = Random("reader")  # noqa: S311  # to be repeated, not to be secret
        self._ids: dict[str, str] = {}  # by link
        self._links: dict[str, str] = {}  # by id
        self._seen: dict[str, set[str]] = {path: set() for path in FEEDS}
        self._connection: http.client.HTTPConnection | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work)

    @contextmanager
    def polling(self) -> Iterator[None]:
        """Poll meanwhile."""
        self._thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            self._thread.join()
            self.hang_up()

    def poll(self, path: str) -> None:
        """Ask for a feed, and look at what comes."""
        asked_s = time.monotonic()
        try:
            answer = self._ask(path, asked_s)
        except (OSError, http.client.HTTPException) as exc:
            self.hang_up()
            self._record.counts["no answer"] += 1
            if not self._excuses.is_silent(asked_s):
                self._record.breach(f"{path}: no answer: {type(exc).__name__}: {exc}")
            return
        self._record.counts[str(answer.status)] += 1
        problems = list(self._problems(path, answer))
        if not problems:
            self._excuses.mended(path, asked_s)
        elif self._excuses.is_away(path, asked_s):
            self._record.counts["excused"] += 1
            return
        for problem in problems:
            self._record.breach(f"{path}: {problem}")

    def hang_up(self) -> None:
        """Close the connection; the next question opens another one."""
        if self._connection:
            self._connection.close()
        self._connection = None

    def _work(self) -> None:
        while not self._stopping.wait(self._poll_s * self._rng.uniform(0.5, 1.5)):
            for path in FEEDS:
                try:
                    self.poll(path)
                except Exception as exc:  # noqa: BLE001  # a thread that ends would hide all that follows
                    self._record.breach(f"{path}: the reader failed: {type(exc).__name__}: {exc}")

    def _ask(self, path: str, asked_s: float) -> Answer:
        if self._rng.random() < 0.2:
            self.hang_up()
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self._service.port, timeout=ANSWER_S)
        before = self._standing(path)
        self._connection.request("GET", f"/{path}", headers=self._conditions(path))
        response = self._connection.getresponse()
        body = response.read()  # raises IncompleteRead if it is shorter than it says
        if response.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        return Answer(
            asked_s=asked_s,
            status=response.status,
            body=body,
            stood=before if before == self._standing(path) else None,
            etag=response.headers.get("ETag"),
            modified=response.headers.get("Last-Modified"),
        )

    def _standing(self, path: str) -> bytes | None:
        try:
            return (self._service.place / "out" / path).read_bytes()
        except OSError:
            return None

    def _conditions(self, path: str) -> dict[str, str]:
        headers = {"Accept-Encoding": self._rng.choice(("gzip", "identity"))}
        if copy := self.copies.get(path):
            headers |= {"If-None-Match": copy.etag} if copy.etag else {}
            headers |= {"If-Modified-Since": copy.modified} if copy.modified else {}
        return headers

    def _problems(self, path: str, answer: Answer) -> Iterator[str]:
        """Give what is wrong with an answer."""
        if answer.status == http.client.NOT_MODIFIED and path in self.copies:
            if answer.stood not in (None, self.copies[path].body):
                yield "not modified, it says, but another file stands"
            return
        if answer.status != http.client.OK:
            yield f"the answer is {answer.status}: {answer.body[:200]!r}"
            return
        if answer.stood not in (None, answer.body):
            yield f"{len(answer.body)} bytes came, but {len(answer.stood or b'')} others stand"
        try:
            pairs = _entries(answer.body)
        except (etree.XMLSyntaxError, ValueError) as exc:
            yield f"it cannot be read: {exc}"
            return
        self.copies[path] = Copy(body=answer.body, etag=answer.etag, modified=answer.modified)
        yield from self._strange(path, pairs)

    def _strange(self, path: str, pairs: list[tuple[str, str]]) -> Iterator[str]:
        """Give what is wrong with the entries of a feed."""
        for link, guid in pairs:
            if self._ids.setdefault(link, guid) != guid or self._links.setdefault(guid, link) != link:
                yield f"{link} has the id {guid}, before: {self._ids[link]}, {self._links.get(guid)}"
        links = {link for link, _ in pairs}
        for link, count in Counter(link for link, _ in pairs).items():
            if count > 1:
                yield f"{link} comes {count} times"
        if strangers := links - self._archive.known:
            yield f"nobody wrote {sorted(strangers)[:3]}"
        if lost := self._seen[path] - links - self._archive.removed:
            yield f"{len(lost)} of {len(self._seen[path])} are gone, such as {sorted(lost)[:3]}"
        self._seen[path] = (self._seen[path] - lost) | links


def _entries(body: bytes) -> list[tuple[str, str]]:
    """Return link and id of each entry. Raises: etree.XMLSyntaxError, ValueError."""
    root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, huge_tree=True))
    if root.tag == "rss":
        items = root.iter("item")
        pairs = [(item.findtext("link"), item.findtext("guid")) for item in items]
    else:
        found = ((entry.find(f"{ATOM}link"), entry) for entry in root.iter(f"{ATOM}entry"))
        pairs = [
            (link.get("href") if link is not None else None, e.findtext(f"{ATOM}id")) for link, e in found
        ]
    whole = [(link, guid) for link, guid in pairs if link and guid]
    if len(whole) != len(pairs):
        raise ValueError("an entry has no link or no id")
    return whole


# --- faults -----------------------------------------------------------------------------


class Soak:
    """All that takes part."""

    def __init__(self, place: Path, planned: Plan, say: Callable[[str], None]) -> None:
        self.place = place
        self.plan = planned
        self.record = Record(say)
        self.excuses = Excuses()
        self.archive = Archive(place / "in")
        self.service = Service(place, self.record, self.excuses)
        self.reader = Reader(self.service, self.archive, self.record, self.excuses, poll_s=planned.poll_s)
        self.output = place / "out"
        self.catalogue = place / "state" / "catalogue.sqlite3"


Fault = Callable[[Soak, Random], AbstractContextManager[str]]


@contextmanager
def _killed(soak: Soak, _: Random) -> Iterator[str]:
    with soak.excuses.silence():
        soak.service.kill()
        yield "SIGKILL"
        soak.service.start()


@contextmanager
def _stopped(soak: Soak, _: Random) -> Iterator[str]:
    with soak.excuses.silence():
        soak.service.send(signal.SIGSTOP)
        yield "SIGSTOP"
        soak.service.send(signal.SIGCONT)


@contextmanager
def _hung_up(soak: Soak, _: Random) -> Iterator[str]:
    soak.service.send(signal.SIGHUP)
    yield "SIGHUP"


@contextmanager
def _misconfigured(soak: Soak, rng: Random) -> Iterator[str]:
    with soak.excuses.block():  # if it is killed meanwhile, it does not start
        broken = rng.choice(BROKEN)
        soak.service.configure(broken)
        soak.service.send(signal.SIGHUP)
        yield f"the configuration is {broken!r}"
        soak.service.configure()
        soak.service.send(signal.SIGHUP)


@contextmanager
def _output_gone(soak: Soak, rng: Random) -> Iterator[str]:
    """Remove the output directory, or put one in its place: its own older state, nothing, or a file."""
    how = rng.choice(("removed", "older", "empty", "a file"))
    aside = soak.place / f"aside-{rng.randrange(10**9)}"
    with soak.excuses.block():
        soak.excuses.disturb()
        if how == "older" and (old := _older(soak)):
            _swap(soak.output, aside, old)
        else:
            with suppress(OSError):  # it is being written to, or gone already
                soak.output.rename(aside)
        if how == "empty":
            soak.output.mkdir(exist_ok=True)
        if how == "a file":
            with suppress(FileExistsError, IsADirectoryError):
                soak.output.touch(exist_ok=False)
        shutil.rmtree(aside, ignore_errors=True)
        yield f"the output directory is {how}"
        if soak.output.is_file():
            soak.output.unlink()
    soak.excuses.disturb()


def _older(soak: Soak) -> Path | None:
    """Return a copy of the output directory that was kept when this was asked last, and keep one now."""
    kept, now = soak.place / "older", soak.place / "older-next"
    taken = soak.place / "older-taken"
    if kept.is_dir():
        kept.rename(taken)
    with suppress(OSError, shutil.Error):  # while it is being written to
        shutil.copytree(soak.output, now, ignore=shutil.ignore_patterns("*.fbtmp"))
        now.rename(kept)
    shutil.rmtree(now, ignore_errors=True)
    return taken if taken.is_dir() else None


def _swap(place: Path, aside: Path, other: Path) -> None:
    with suppress(FileNotFoundError):
        place.rename(aside)
    with suppress(OSError):  # it was made anew meanwhile
        other.rename(place)
    shutil.rmtree(other, ignore_errors=True)


@contextmanager
def _feed_spoilt(soak: Soak, rng: Random) -> Iterator[str]:
    path = soak.output / rng.choice((*FEEDS, *FEEDS, "index.html", "source/dw/atom.xml"))
    how = rng.choice(("deleted", "overwritten", "replaced", "emptied"))
    soak.excuses.disturb()
    if path.exists():  # else it would be somebody else's, and in the way for ever
        if how == "deleted":
            path.unlink()
        elif how == "replaced":
            (soak.place / "garbage").write_bytes(rng.randbytes(3000))
            (soak.place / "garbage").rename(path)
        else:
            path.write_bytes(b"" if how == "emptied" else rng.randbytes(3000))
    yield f"{path.relative_to(soak.output)} is {how}"
    soak.excuses.disturb()


@contextmanager
def _input_away(soak: Soak, rng: Random) -> Iterator[str]:
    """Rename the archive away; perhaps an empty directory stands there, as where a disk is not mounted."""
    archive = soak.archive
    place, away = soak.place / "in", soak.place / "away"
    if archive.root == away:
        yield "the archive is away already"
        return
    is_empty = rng.random() < 0.5  # one time of two
    with soak.excuses.block():
        place.rename(away)
        archive.root = away
        if is_empty:
            place.mkdir()
        yield f"the archive is away{', and an empty one stands there' if is_empty else ''}"
        if is_empty:
            place.rmdir()
        away.rename(place)
        archive.root = place


@contextmanager
def _catalogue_spoilt(soak: Soak, rng: Random) -> Iterator[str]:
    """Delete the catalogue, or set garbage in its midst: whole pages, as SQLite notices no less than that."""
    how = rng.choice(("damaged", "damaged", "deleted", "deleted with its companions"))
    with suppress(OSError), soak.excuses.block():
        if how == "damaged":
            pages = soak.catalogue.stat().st_size // PAGE_BYTES
            with soak.catalogue.open("r+b") as file:
                file.seek(PAGE_BYTES * rng.randint(pages // 4, pages * 3 // 4))
                file.write(rng.randbytes(PAGE_BYTES * rng.randint(1, 5)))
        else:
            soak.catalogue.unlink()
        if how == "deleted with its companions":
            for companion in soak.catalogue.parent.glob("*.sqlite3-*"):
                companion.unlink(missing_ok=True)
    yield f"the catalogue is {how}"


@contextmanager
def _disk_full(soak: Soak, rng: Random) -> Iterator[str]:
    size_bytes = rng.choice((0, 3_000, 40_000, 300_000))
    with soak.excuses.block():
        _limit(soak.service.pid, size_bytes)
        yield f"no file grows beyond {size_bytes} bytes"
        _limit(soak.service.pid, resource.RLIM_INFINITY)


def _limit(pid: int, size_bytes: int) -> None:
    if pid:
        with suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size_bytes, resource.RLIM_INFINITY))


@contextmanager
def _burst(soak: Soak, rng: Random) -> Iterator[str]:
    """Let many articles come at once; later fewer, so that feeds do not grow beyond what is served."""
    count = soak.plan.burst if soak.record.counts["burst"] == 1 else soak.plan.burst // 10
    soak.archive.burst(rng, count)
    yield f"{count} articles come"


@contextmanager
def _second(soak: Soak, _: Random) -> Iterator[str]:
    other = soak.service.launch("daemon")
    assert other.stderr is not None
    listening = threading.Thread(target=other.stderr.read)  # a full pipe would hold it up
    listening.start()
    try:
        yield "a second daemon"
        other.terminate()
        ended = other.wait(GRACE_S * 2)
        if ended not in {0, 2, -signal.SIGTERM}:  # 2: its configuration was broken; it may not be up yet
            soak.record.breach(f"the second daemon ended with {ended}")
    finally:
        other.kill()
        other.wait()
        listening.join()
        other.stderr.close()


@contextmanager
def _slow_readers(soak: Soak, rng: Random) -> Iterator[str]:
    """Ask for feeds and take nothing; open connections and say nothing, or half a line."""
    with ExitStack() as opened:
        for number in range(60):
            with suppress(OSError):
                one = socket.create_connection(("127.0.0.1", soak.service.port), timeout=1)
                opened.enter_context(one)
                path = rng.choice(FEEDS)
                whole = f"GET /{path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
                one.sendall((whole * 20, b"", whole[:30])[number % 3])
        yield "readers that take nothing, and silent ones"


MALFORMED = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(80),
    b"GET /atom.xml\r\n\r\n",
    b"GET /../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /atom.xml HTTP/1.1\r\n\r\n",
    b"GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST /atom.xml HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello",
    b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
    b"\r\n" * 5000,
    b"GET /atom.xml HTTP/9.9\r\nHost: a\r\n\r\n",
)


@contextmanager
def _malformed(soak: Soak, rng: Random) -> Iterator[str]:
    """Send what is no request: it is refused, and nothing else comes of it."""
    for request in rng.sample(MALFORMED, 5):
        with suppress(OSError), socket.create_connection(("127.0.0.1", soak.service.port), timeout=1) as one:
            one.sendall(request)
            answer = one.recv(200)
            if b" 500 " in answer.partition(b"\r\n")[0]:
                soak.record.breach(f"to {request[:60]!r} the answer is {answer[:60]!r}")
    yield "malformed requests"


# How a fault is made, and how many seconds it lasts.
FAULTS: dict[str, tuple[Fault, tuple[float, float]]] = {
    "kill": (_killed, (0.1, 3)),
    "stop": (_stopped, (1, 8)),
    "hup": (_hung_up, (0, 0)),
    "configuration": (_misconfigured, (1, 6)),
    "output": (_output_gone, (0, 4)),
    "feed": (_feed_spoilt, (0, 0)),
    "input": (_input_away, (0.2, 9)),
    "catalogue": (_catalogue_spoilt, (0, 0)),
    "disk": (_disk_full, (1, 8)),
    "burst": (_burst, (0, 0)),
    "second": (_second, (1, 12)),
    "slow readers": (_slow_readers, (1, 12)),
    "malformed": (_malformed, (0, 0)),
}


# --- a run ------------------------------------------------------------------------------


class Conductor:
    """Has what is planned happen, each thing at its time."""

    def __init__(self, soak: Soak) -> None:
        self._soak = soak
        self._began_s = time.monotonic()
        self._order = 0
        self._active = ExitStack()  # of faults: whatever happens, they cease
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        for event in soak.plan.events:
            self._at(event.at_s, partial(self._begin, event))

    def conduct(self) -> None:
        """Do all, and see to it that the daemon lives."""
        with self._active:
            self._wait()

    def _wait(self) -> None:
        while self._due:
            wait_s = self._began_s + self._due[0][0] - time.monotonic()
            if wait_s <= 0:
                heapq.heappop(self._due)[2]()
            else:
                time.sleep(min(wait_s, 0.2))
            self._soak.service.watch()

    def _at(self, at_s: float, does: Callable[[], None]) -> None:
        self._order += 1
        heapq.heappush(self._due, (at_s, self._order, does))

    def _later(self, wait_s: float, does: Callable[[], None]) -> None:
        self._at(time.monotonic() - self._began_s + wait_s, does)

    def _begin(self, event: Event) -> None:
        rng = Random(event.seed)  # noqa: S311  # to be repeated, not to be secret
        self._soak.record.counts[event.name] += 1
        archive = self._soak.archive
        if event.name == "arrive slowly":
            self._go_on(archive.arrive_slowly(rng))
        elif event.name in ACTIONS:
            getattr(archive, event.name)(rng)
        else:
            self._befall(event, rng)

    def _befall(self, event: Event, rng: Random) -> None:
        fault = ExitStack()
        self._active.push(fault)
        what = fault.enter_context(FAULTS[event.name][0](self._soak, rng))
        self._soak.record.note(f"{what}{f', for {event.lasts_s:.1f} s' if event.lasts_s else ''}")
        self._later(event.lasts_s, lambda: self._cease(fault, what, event.lasts_s))

    def _cease(self, fault: ExitStack, what: str, lasts_s: float) -> None:
        fault.close()
        if lasts_s:
            self._soak.record.note(f"    over: {what}")

    def _go_on(self, pieces: Iterator[float]) -> None:
        wait_s = next(pieces, None)
        if wait_s is not None:
            self._later(wait_s, lambda: self._go_on(pieces))


def run(place: Path, planned: Plan, *, say: Callable[[str], None]) -> str:
    """Do what is planned in an empty directory; return a summary.

    Raises: BrokenError with all that was as it must never be.
    """
    soak = Soak(place, planned, say)
    rng = Random(f"first {planned.seed}")  # noqa: S311  # to be repeated, not to be secret
    (place / "in").mkdir()
    for _ in range(planned.first):
        soak.archive.arrive(rng)
    soak.service.configure()
    soak.excuses.disturb()  # there are no feeds yet
    soak.service.start()
    try:
        with soak.reader.polling():
            Conductor(soak).conduct()
            say("all faults are over")
            _settle(soak)
            _look(soak)
        ended = soak.service.end()
    finally:
        soak.service.kill()
    if ended:
        soak.record.breach(f"the daemon ended with {ended}")
    return _summary(soak)


def _settle(soak: Soak) -> None:
    """Wait until the feeds are as a run makes them that remembers nothing."""
    done = _run(soak, "run", "--stateless", "--output", "plain")
    _demand(soak, done.returncode == 0, f"the stateless run failed: {done.stderr}")
    expected = _visible(soak.place / "plain")
    if not _comes(soak, expected, within_s=GRACE_S):
        _let_go(soak)
    _comes(soak, expected, within_s=SETTLE_S)
    found = _visible(soak.output)
    other = sorted(path for path in found.keys() | expected.keys() if found.get(path) != expected.get(path))
    _demand(soak, not other, f"other feeds than without memory: {other}")


def _comes(soak: Soak, expected: dict[str, bytes], *, within_s: float) -> bool:
    """Wait until the feeds are as they should be; tell whether they are."""
    ends_s = time.monotonic() + within_s
    while (found := _visible(soak.output)) != expected and time.monotonic() < ends_s:
        soak.service.watch()
        time.sleep(0.2)
    return found == expected


def _let_go(soak: Soak) -> None:
    """Do what a person does where articles were removed while all seemed lost: all these are held."""
    held = json.loads(_run(soak, "status", "--json").stdout)["held"]
    standing = [path for path in held if (soak.archive.root / path).exists()]
    _demand(soak, not standing, f"these stand, and are held: {standing}")
    if held:
        soak.record.counts["held at the end"] += len(held)
        done = _run(soak, "run", "--yes", "--wait")
        _demand(soak, done.returncode == 0, f"--yes failed: {done.stderr}")


def _look(soak: Soak) -> None:
    """Look whether all that came has arrived, once, and whether whoever asks is told that all is well."""
    expected = soak.archive.expected()
    for path in FEEDS:
        try:
            links = sorted(link for link, _ in _entries((soak.output / path).read_bytes()))
        except (OSError, ValueError, etree.XMLSyntaxError) as exc:
            soak.record.breach(f"at the end {path} cannot be read: {exc}")
        else:
            other = sorted(expected.symmetric_difference(links))
            _demand(soak, links == sorted(expected), f"{path} has not what it should: {other}")
    done = _run(soak, "status")
    _demand(soak, done.returncode == 0, f"status is not well: {done.stdout}")
    connection = http.client.HTTPConnection("127.0.0.1", soak.service.port, timeout=ANSWER_S)
    with closing(connection):
        connection.request("GET", "/healthz")
        health = json.loads(connection.getresponse().read())
        _demand(soak, health["healthy"] is True, f"/healthz is not well: {health}")


def _summary(soak: Soak) -> str:
    """Say what was done. Raises: BrokenError."""
    said = Counter(line.split(" ")[1] for line in soak.service.log if line.startswith(("error ", "warning ")))
    counts = ", ".join(f"{name}: {count}" for name, count in sorted(soak.record.counts.items()))
    logged = ", ".join(f"{name}: {count}" for name, count in sorted(said.items()))
    articles = len(soak.archive.expected())
    if any("Traceback" in line for line in soak.service.log):
        soak.record.breach("the daemon's log has a traceback")
    if soak.record.broken:
        lines = "\n".join(soak.record.broken[:SHOWN])
        raise BrokenError(f"{len(soak.record.broken)} things broke, seed {soak.plan.seed}:\n{lines}")
    return f"{articles} articles stand; {counts}; logged: {logged or 'no warning'}"


def _visible(directory: Path) -> dict[str, bytes]:
    """Return what readers see of an output directory; nothing while it is being replaced."""
    with suppress(OSError):
        return {path: body for path, body in contents(directory).items() if path not in HIDDEN}
    return {}


def _run(soak: Soak, *arguments: str) -> "subprocess.CompletedProcess[str]":
    with soak.service.launch(*arguments, stdout=subprocess.PIPE) as program:
        output, errors = (said.decode() for said in program.communicate(timeout=300))
    return subprocess.CompletedProcess(program.args, program.returncode, output, errors)


def _demand(soak: Soak, holds: bool, otherwise: str) -> None:  # noqa: FBT001  # what an assertion takes
    if not holds:
        soak.record.breach(otherwise)
