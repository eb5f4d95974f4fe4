"""Runs that are killed, or find the disk full, at a random moment; and what must hold whenever it was.

    world = faults.make_world(3, directory)
    for number in world.cases: faults.run_case(world, number)      raises BrokenError

A world is an archive with its feeds and catalogue, then changed as people change theirs. Each case is a copy
of it in which the next run, a program of its own, is disturbed; the one after it is not. All is drawn from
the numbers of world and case, but for the moment at which a clock kills a program.

The program that is disturbed is this file, too: it counts the calls of the system and of SQLite, and at one
of them the fault comes. Nothing in feedbridge knows of it.
"""

import errno
import gzip
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from lxml import etree

from feedbridge import cli, config, pipeline
from tests.samples import CHECKOUT, EPOCH, NOW, contents, raw

CASES_A_WORLD = 5
ATOM = "{http://www.w3.org/2005/Atom}"
HIDDEN = {".feedbridge.json", ".feedbridge.lock"}  # of ours, in the output directory
CATALOGUE = Path(".feedbridge/catalogue.sqlite3")


class BrokenError(Exception):
    """Something is as it must never be."""


# --- the program that is disturbed ------------------------------------------------------

# Calls by which files are looked at, and changed; those of SQLite go their own way.
CALLS = (
    "open",
    "read",
    "scandir",
    "write",
    "fsync",
    "fchmod",
    "mkdir",
    "replace",
    "rename",
    "unlink",
    "rmdir",
)
WRITING = ("INSERT", "UPDATE", "DELETE", "CREATE", "COMMIT")  # statements that take space
INSTRUCTIONS = 100  # of SQLite's machine, between two looks


class Tally(msgspec.Struct):
    """What a run did until now."""

    calls: int = 0  # of the system and of SQLite; a row that is written is one, too
    taking: int = 0  # those of them that take space
    instructions: int = 0  # of SQLite's machine, in units of INSTRUCTIONS


class Watch:
    """Counts the calls, and brings the fault."""

    def __init__(self, how: str, at: int) -> None:
        self.tally = Tally()
        self._how = how
        self._at = at

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Count what is called meanwhile."""
        calls = {name: getattr(os, name) for name in CALLS}
        connect = sqlite3.connect
        for name, call in calls.items():
            setattr(os, name, self._counted(name, call))
        setattr(sqlite3, connect.__name__, self._connect(connect))
        try:
            yield
        finally:
            setattr(sqlite3, connect.__name__, connect)
            for name, call in calls.items():
                setattr(os, name, call)

    def is_due(self, *, takes_space: bool) -> bool:
        """Count a call; tell whether there is no space for it. It may be the last one."""
        self.tally.calls += 1
        self.tally.taking += takes_space
        if self._how == "stop" and self.tally.calls == self._at:
            os.kill(os.getpid(), signal.SIGSTOP)
        if self._how == "call" and self.tally.calls == self._at:
            os.kill(os.getpid(), signal.SIGKILL)
        return self._how == "space" and takes_space and self.tally.taking >= self._at

    def look(self) -> int:
        """Count instructions of SQLite's machine, which goes on if there is an end at all."""
        self.tally.instructions += 1
        if self._how == "instruction" and self.tally.instructions == self._at:
            os.kill(os.getpid(), signal.SIGKILL)
        return 0

    def statement(self, text: str) -> None:
        """Count a statement. Raises: sqlite3.OperationalError if there is no space for it."""
        if self.is_due(takes_space=text.lstrip().upper().startswith(WRITING)):
            exc = sqlite3.OperationalError("database or disk is full")
            exc.sqlite_errorcode, exc.sqlite_errorname = sqlite3.SQLITE_FULL, "SQLITE_FULL"
            raise exc

    def rows(self, rows: Iterable[Any]) -> Iterator[Any]:
        """Count each row on its way."""
        for row in rows:
            self.is_due(takes_space=False)
            yield row

    def set_up(self, connection: sqlite3.Connection) -> None:
        """Look into SQLite itself."""
        connection.set_progress_handler(self.look, INSTRUCTIONS)
        if self._how == "pages":
            sqlite3.Connection.execute(connection, f"PRAGMA max_page_count = {self._at}")

    def _counted(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            makes = name == "open" and bool(args[1] & os.O_CREAT)
            if name == "write" and self._how == "call" and self.tally.calls + 1 == self._at:
                call(args[0], args[1][: len(args[1]) // 2])  # death comes in its midst
            if self.is_due(takes_space=makes or name in {"write", "mkdir"}):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return call(*args, **kwargs)

        return counted

    def _connect(self, connect: Callable[..., sqlite3.Connection]) -> Callable[..., sqlite3.Connection]:
        watch = self

        class Connection(sqlite3.Connection):
            """A connection of which every statement is counted."""

            def execute(self, statement: str, parameters: Any = ()) -> sqlite3.Cursor:
                watch.statement(statement)
                return super().execute(statement, parameters)

            def executemany(self, statement: str, rows: Iterable[Any]) -> sqlite3.Cursor:
                watch.statement(statement)
                return super().executemany(statement, watch.rows(rows))

        def connected(*args: Any, **kwargs: Any) -> sqlite3.Connection:
            connection = connect(*args, **kwargs, factory=Connection)
            watch.set_up(connection)
            return connection

        return connected


@contextmanager
def limited(size_bytes: int, *, is_deadly: bool) -> Iterator[None]:
    """Let no file grow beyond a size: the system itself refuses, or kills, in the midst of a write."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL if is_deadly else signal.SIG_IGN)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def main(how: str, at: int, tally: Path) -> None:
    """Be feedbridge, with a fault; say what was counted in the file `tally`."""
    watch = Watch(how, at)
    try:
        if how in {"size", "limit"}:
            with limited(at, is_deadly=how == "size"):
                cli.main()
        else:
            with watch.watching():
                cli.main()
    finally:
        tally.write_bytes(msgspec.json.encode(watch.tally))


# --- a world ----------------------------------------------------------------------------

HOSTS = ("www.dw.com", "example.org", "news.example.com", "blog.example.net", "magazine.example.org")
WORDS = ("feed", "archive", "文章", "river", "<b>bold</b>", "mountain", "新闻", "&amp;", "letter", "été")
MADE = datetime(2025, 1, 1, tzinfo=UTC)  # when files were
CHANGED = datetime(2025, 6, 1, tzinfo=UTC)
REMEMBERED = ("none", "no output", "no feed")  # accidents after which the catalogue tells of edits
ACCIDENTS = (*REMEMBERED, *("none",) * 5, "no catalogue", "cut catalogue", "never run")


class Author:
    """Writes an archive, and changes it as people do."""

    def __init__(self, directory: Path, rng: random.Random) -> None:
        self._directory = directory
        self._rng = rng
        self._hosts = HOSTS[: rng.randint(2, len(HOSTS))]
        self._next = 0
        self.standing: dict[int, Path] = {}  # the one file of an article, by its number
        self.when = MADE

    def write(self, count: int) -> None:
        """Write new articles, and for some of them another version."""
        for _ in range(count):
            self._next += 1
            self.standing[self._next] = self._write(self._place(self._next), self._next)
            if self._rng.random() < 0.1:
                self._write(self._place(self._next), self._next, later_h=self._rng.choice((-1, 2)))

    def write_strays(self) -> None:
        """Write what is no usable article."""
        for name, body in (("README.md", b"no article"), ("empty.txt", b""), ("no-link.txt", raw(url=""))):
            (self._directory / name).write_bytes(body)
            _date(self._directory / name, self.when)

    def edit(self, count: int) -> None:
        """Edit articles, and say so by a later epoch."""
        for number, path in self._some(count):
            self._write(path, number, later_h=self._rng.randint(24, 48))

    def edit_silently(self, count: int) -> None:
        """Edit articles without a word."""
        for number, path in self._some(count):
            self._write(path, number)

    def move(self, count: int) -> None:
        """Move files to other folders."""
        for number, path in self._some(count):
            place = self._place(number)
            path.rename(place)
            self.standing[number] = place

    def remove(self, count: int) -> None:
        """Remove files."""
        for number, path in self._some(count):
            path.unlink()
            del self.standing[number]

    def _some(self, count: int) -> list[tuple[int, Path]]:
        return self._rng.sample(sorted(self.standing.items()), count)

    def _place(self, number: int) -> Path:
        folder = self._rng.choice(("", "2024", "2024/02", "sorted", f"by/{self._host(number)}"))
        path = self._directory / folder / f"{number:04}-{self._rng.randrange(1000)}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _host(self, number: int) -> str:
        """Return the host of an article: the last one has two, and may lose them."""
        if number in {5, 6}:
            return self._hosts[-1]
        return self._hosts[number * 7 % max(1, len(self._hosts) - 1)]

    def _write(self, path: Path, number: int, *, later_h: int = 0) -> Path:
        text = " ".join(self._rng.choices(WORDS, k=self._rng.randint(5, 250)))
        epoch = EPOCH + timedelta(hours=3 * number + later_h)
        url = f"https://{self._host(number)}/article/{number}"
        path.write_bytes(raw(title=f"Number {number}", url=url, epoch=epoch, body=f"<p>{text}.</p>"))
        _date(path, self.when + timedelta(seconds=number))
        return path


def _date(path: Path, when: datetime) -> None:
    os.utime(path, (when.timestamp(), when.timestamp()))


class World(msgspec.Struct, frozen=True, kw_only=True):
    """A changed archive with what the last run left, and what the next one will make of it."""

    number: int
    directory: Path
    old: dict[str, bytes]  # what stands in the output directory, hidden files excepted
    new: dict[str, bytes]  # what will stand there
    whole: dict[str, bytes]  # the same with hidden files, but for the lock
    remembered: tuple[object, ...]  # what the catalogue will know
    accident: str
    tally: Tally  # of the next run
    seconds: float  # it takes

    @property
    def start(self) -> Path:
        """The folder that each case gets a copy of."""
        return self.directory / "start"

    @property
    def cases(self) -> range:
        """The numbers of its cases."""
        return cases_of(self.number)


def cases_of(world: int) -> range:
    """Return the numbers of the cases of a world."""
    return range(world * CASES_A_WORLD, (world + 1) * CASES_A_WORLD)


def is_killed(number: int) -> bool:
    """Tell whether runs of a case are killed: even ones are, in odd ones the disk is full."""
    return number % 2 == 0


def make_world(number: int, directory: Path, *, is_plain: bool = False) -> World:
    """Make a world in an empty directory; in a plain one all can be told from the archive alone.

    Raises: BrokenError if already an undisturbed run fails.
    """
    rng = random.Random(f"world {number}")  # noqa: S311  # to be repeated, not to be secret
    start = directory / "start"
    start.mkdir(parents=True)
    (start / "config.toml").write_text(_configuration(rng))
    author = Author(start / "seeds", rng)
    author.write(rng.randint(40, 120))
    author.write_strays()
    accident = "none" if is_plain else rng.choice(ACCIDENTS)
    is_silent = not is_plain and accident in REMEMBERED and rng.random() < 0.5
    if accident != "never run":
        _demand(run(start).returncode == 0, "the first run failed")
    first = visible(start)
    _change(author, rng, is_silent=is_silent)
    _befall(start, accident, rng)
    world = _foresee(number, directory, accident)
    stateless = _stateless(start, directory / "stateless")
    _demand(is_silent or world.new == stateless, "with a catalogue other feeds are made than without")
    _demand(_ids(world.new) == _ids(stateless), "with a catalogue other articles stand than without")
    _demand(_ids(first).items() <= {**_ids(first), **_ids(stateless)}.items(), "an id has changed")
    for path, body in (*first.items(), *world.new.items()):
        _read(path, body)
    return world


def _foresee(number: int, directory: Path, accident: str) -> World:
    """Look in a copy what an undisturbed run makes of a world."""
    twin = copy(directory / "start", directory / "twin")
    begun = time.monotonic()
    done = run(twin, Fault("none", 0))
    seconds = time.monotonic() - begun
    _demand(done.returncode == 0, f"the undisturbed run failed: {done.stderr}")
    return World(
        number=number,
        directory=directory,
        old=visible(directory / "start"),
        new=visible(twin),
        whole=everything(twin),
        remembered=remembered(twin),
        accident=accident,
        tally=msgspec.json.decode((twin / "tally.json").read_bytes(), type=Tally),
        seconds=seconds,
    )


def _read(path: str, body: bytes) -> None:
    """Read a feed, packed or not, strictly."""
    unpacked = gzip.decompress(body) if path.endswith(".gz") else body
    if ".xml" in path:
        etree.fromstring(unpacked, _parser())


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False)


def _configuration(rng: random.Random) -> str:
    limit, by = rng.choice((100, 100, 30, 10)), rng.choice(('["source"]', '["source"]', '["source"]', "[]"))
    return f"""
[site]
title = "A world"
url = "https://feeds.example.org/"
[output]
gzip = {rng.choice(("true", "false"))}
[feeds]
limit = {limit}
by = {by}
content = "{rng.choice(("full", "full", "summary"))}"
"""


def _change(author: Author, rng: random.Random, *, is_silent: bool) -> None:
    author.when = CHANGED
    author.write(rng.randint(0, 10))
    author.edit(rng.randint(0, 8))
    author.move(rng.randint(0, 8))
    author.remove(rng.randint(0, 5))
    if is_silent:
        author.edit_silently(rng.randint(1, 4))
    if rng.random() < 0.5:
        for number in {5, 6} & author.standing.keys():  # a source with all that it has
            author.standing.pop(number).unlink()


def _befall(start: Path, accident: str, rng: random.Random) -> None:
    catalogue = start / CATALOGUE
    if accident == "no output":
        shutil.rmtree(start / "public")
    if accident == "no feed":
        (start / "public" / "atom.xml").unlink()
    if accident == "no catalogue":
        catalogue.unlink()
    if accident == "cut catalogue":
        os.truncate(catalogue, rng.randrange(1, catalogue.stat().st_size))


def _stateless(start: Path, output: Path) -> dict[str, bytes]:
    """Return what a run makes that remembers nothing."""
    configured = config.with_state(config.load(start / "config.toml"), file=None)
    pipeline.run(config.with_directories(configured, input=None, output=output), clock=lambda: NOW)
    return {path: body for path, body in contents(output).items() if path not in HIDDEN}


def _ids(files: dict[str, bytes]) -> dict[str, str]:
    """Return the id of each entry by its link."""
    found: dict[str, str] = {}
    for path, body in files.items():
        if path.endswith("atom.xml"):
            for entry in etree.fromstring(body, _parser()).iter(f"{ATOM}entry"):
                link = entry.find(f"{ATOM}link")
                found[str(link.get("href")) if link is not None else ""] = str(entry.findtext(f"{ATOM}id"))
    return found


def copy(start: Path, target: Path) -> Path:
    """Copy a world so that its files are the same to the catalogue: by links, as nobody writes into one."""
    for directory in (one for one in ("seeds", "public") if (start / one).is_dir()):
        ignored = shutil.ignore_patterns(".feedbridge.lock")  # each has its own
        shutil.copytree(start / directory, target / directory, copy_function=os.link, ignore=ignored)
    target.mkdir(exist_ok=True)
    shutil.copy2(start / "config.toml", target)
    if (start / CATALOGUE.parent).is_dir():
        shutil.copytree(start / CATALOGUE.parent, target / CATALOGUE.parent)
    return target


def visible(world: Path) -> dict[str, bytes]:
    """Return what readers see of the output directory."""
    return {path: body for path, body in everything(world).items() if path not in HIDDEN}


def everything(world: Path) -> dict[str, bytes]:
    """Return all files of the output directory but for the lock."""
    found = contents(world / "public")
    found.pop(".feedbridge.lock", None)
    return found


def remembered(world: Path) -> tuple[object, ...]:
    """Return what the catalogue knows of the archive and the feeds, after a look at its own soundness."""
    tables = (
        "PRAGMA integrity_check",
        "SELECT * FROM entries ORDER BY key",
        "SELECT path, size, mtime_ns, inode, state, code, again, due, held, key FROM files ORDER BY path",
        "SELECT name, is_dirty, fingerprint FROM documents ORDER BY name",
        "SELECT * FROM members ORDER BY document, place",
        "SELECT * FROM counts WHERE count ORDER BY name",
        "SELECT * FROM grouped ORDER BY family, name, published, guid",
        "SELECT * FROM groups ORDER BY family, name",
    )
    with closing(sqlite3.connect(world / CATALOGUE)) as connection:
        return tuple(connection.execute(table).fetchall() for table in tables)


def _demand(holds: bool, otherwise: str) -> None:  # noqa: FBT001  # what an assertion takes
    if not holds:
        raise BrokenError(otherwise)


# --- a case -----------------------------------------------------------------------------

PAUSE_S = 0.02  # between two looks at what stands, while a run is at work


class Fault(msgspec.Struct, frozen=True):
    """What befalls a run.

    moment: SIGKILL after so many milliseconds; call, instruction: SIGKILL at the n-th; size: death by the
    system in the midst of writing a file that grows beyond so many bytes. space: no call that takes space
    succeeds from the n-th on; pages: the catalogue cannot grow beyond so many pages; limit: no file beyond so
    many bytes. stop: SIGSTOP at the n-th call. none.
    """

    how: str
    at: int

    @property
    def is_deadly(self) -> bool:
        """Whether the run dies of it without a word."""
        return self.how in {"moment", "call", "instruction", "size"}


def draw(world: World, number: int, rng: random.Random) -> Fault:
    """Draw what befalls a run of a case."""
    is_new = not (world.start / CATALOGUE).exists()
    largest = max(map(len, world.new.values()))
    highest = {
        "moment": int(1100 * world.seconds),
        "call": world.tally.calls,
        "instruction": world.tally.instructions,
        "size": 2 * largest,
        "space": world.tally.taking,
        "pages": 60,
        "limit": 2 * largest,
    }
    deadly = ("moment", "moment", "call", "call", "call", "instruction", "size")
    full = ("space", "space", "space", "limit", "pages" if is_new else "space")
    how = rng.choice(deadly if is_killed(number) else full)
    return Fault(how, rng.randint(1, highest[how]))


def run_case(world: World, number: int) -> str:
    """Disturb a run, at times two, then let one come to its end; return what befell.

    Raises: BrokenError if a feed was not whole at any moment, an article is lost, a message does not help, or
    the last run left anything else than an undisturbed one.
    """
    rng = random.Random(f"case {number}")  # noqa: S311  # to be repeated, not to be secret
    case = copy(world.start, world.directory / f"case-{number}")
    befell = []
    try:
        for _ in range(rng.choice((1, 1, 2))):
            fault = draw(world, number, rng)
            befell.append(f"{fault.how} {fault.at}")
            befell[-1] += f" ended with {_disturb(world, case, fault)}"
        _finish(world, case)
        _demand(visible(world.start) == world.old, "a file was written to in place")
    except BrokenError as exc:
        raise BrokenError(f"case {number} ({world.accident}; {', '.join(befell)}): {exc}") from exc
    shutil.rmtree(case)
    return f"{world.accident}; {', '.join(befell)}"


def _disturb(world: World, case: Path, fault: Fault) -> int:
    """Start a run that is disturbed, look at the feeds all the time, and return how it ended."""
    ended, errors = _watch(world, case, fault)
    look(world, case)
    unknown = visible(case).keys() - world.old.keys() - world.new.keys()
    foreign = [path for path in unknown if not path.endswith(".fbtmp")]
    _demand(not foreign, f"nobody knows {foreign}")
    expected = {0, -signal.SIGKILL, -signal.SIGXFSZ} if fault.is_deadly else {0, 1}
    _demand(ended in expected, f"it ended with {ended}: {errors}")
    if ended >= 0:
        _demand(not unknown, f"these are left: {sorted(unknown)}")
    if ended == 1:
        remedy = "then run again" if fault.how == "limit" else "free some space there, then run again"
        _judge(errors, case, remedy=remedy)
    return ended


def _watch(world: World, case: Path, fault: Fault) -> tuple[int, str]:
    """Look at the feeds of a run until its end or its moment; return how it ended and what it said."""
    is_moment = fault.how == "moment"
    with start(case, None if is_moment else fault) as program:
        deadline = time.monotonic() + (fault.at / 1000 if is_moment else 60.0)
        while program.poll() is None:
            look(world, case)
            if time.monotonic() >= deadline:
                program.kill()
            else:
                time.sleep(min(PAUSE_S, max(0.0, deadline - time.monotonic())))
        _, errors = program.communicate()
    return program.returncode, errors


def look(world: World, case: Path) -> None:
    """Look at what readers see: each file is the old one or the new one, whole. Raises: BrokenError."""
    old, new = world.old, world.new
    for path in old.keys() | new.keys():
        try:
            body = (case / "public" / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            _demand(path not in old or path not in new, f"{path} is missing")
        else:
            _demand(body in (old.get(path), new.get(path)), f"{path} is neither the old one nor the new one")


def _judge(errors: str, case: Path, *, remedy: str) -> None:
    """Look whether a message names the place and the remedy, in one line."""
    last = errors.splitlines()[-1] if errors else ""
    is_clear = last.startswith("feedbridge: ") and "Traceback" not in errors and "fault of" not in last
    _demand(is_clear and str(case) in last and remedy in last, f"no help: {errors}")


def _finish(world: World, case: Path) -> None:
    """Let a run come to its end, and look whether all is as after an undisturbed one."""
    done = run(case)
    _demand(done.returncode == 0, f"the next run ended with {done.returncode}: {done.stderr}")
    is_sound = world.accident == "cut catalogue" or "damaged" not in done.stderr
    _demand(is_sound, f"the catalogue was damaged: {done.stderr}")
    found, whole = everything(case), world.whole
    other = sorted(path for path in found.keys() | whole.keys() if found.get(path) != whole.get(path))
    _demand(not other, f"the next run left something else: {other}")
    _demand(remembered(case) == world.remembered, "the catalogue knows something else")
    outcome = pipeline.run(config.load(case / "config.toml"), clock=lambda: NOW)
    changed = (*outcome.written, *outcome.removed, *outcome.changes)
    _demand(not changed and not outcome.report.work.files_opened, f"a further run found work: {outcome}")


# --- programs ---------------------------------------------------------------------------


def command(world: Path, fault: Fault | None, *arguments: str) -> list[str]:
    """Return the command of a run, and that of one with a fault."""
    disturbed = ["tests.faults", fault.how, str(fault.at), str(world / "tally.json")] if fault else []
    return [sys.executable, "-m", *(disturbed or ["feedbridge"]), *(arguments or ("run",))]


def start(world: Path, fault: Fault | None = None, *arguments: str) -> "subprocess.Popen[str]":
    """Start a run, which goes on by itself; with arguments another command."""
    environment = {**os.environ, "FEEDBRIDGE_CONFIG": "", "PYTHONPATH": str(CHECKOUT)}
    return subprocess.Popen(
        command(world, fault, *arguments),
        cwd=world,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(world: Path, fault: Fault | None = None, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run to the end."""
    with start(world, fault, *arguments) as program:
        output, errors = program.communicate(timeout=120)
    return subprocess.CompletedProcess(program.args, program.returncode, output, errors)


# --- a catalogue that is damaged ---------------------------------------------------------


def lose_from_index(file: Path) -> None:
    """Damage a catalogue as a bad disk may: an index lacks a row, which no query tells."""
    with closing(sqlite3.connect(file, isolation_level=None)) as damaged:
        damaged.execute("PRAGMA writable_schema = ON")
        found = "FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = 'contents'"
        (index,) = damaged.execute(f"SELECT type, name, tbl_name, rootpage, sql {found}").fetchall()
        damaged.execute("DELETE FROM sqlite_master WHERE name = ?", (index[1],))
    with closing(sqlite3.connect(file, isolation_level=None)) as damaged:
        damaged.execute("UPDATE contents SET generation = generation + 1")
        damaged.execute("PRAGMA writable_schema = ON")
        damaged.execute("INSERT INTO sqlite_master VALUES (?, ?, ?, ?, ?)", index)


if __name__ == "__main__":
    _how, _at, _tally, *_arguments = sys.argv[1:]
    sys.argv[1:] = _arguments
    main(_how, int(_at), Path(_tally))
