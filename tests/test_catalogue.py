"""The catalogue: what the file is, what its failures mean, and that all that is put in comes out again."""

import os
import random
import resource
import sqlite3
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import UTC, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feedbridge import identity
from feedbridge.catalogue import (
    PART_INODES,
    Catalogue,
    DamagedError,
    Place,
    companions,
    database,
    part_of,
    put_aside,
)
from feedbridge.catalogue.database import Database
from feedbridge.catalogue.moments import from_seconds, maybe, seconds
from feedbridge.catalogue.runs import KEPT, Runs
from feedbridge.catalogue.schema import STEPS
from feedbridge.errors import FeedbridgeError, LockedError, NewerStateError, StateError
from feedbridge.model import (
    Content,
    Decision,
    Identity,
    Ignored,
    Image,
    KnownDocument,
    KnownFile,
    KnownRendition,
    Measure,
    Ran,
    Rejected,
    Sizes,
    Stamp,
    Version,
)
from feedbridge.standards.dates import EPOCH
from tests import samples

PLACE = Place(1, 0)
LATER = samples.EPOCH + timedelta(days=1)
ENTRY = samples.identity()
MEASURE = Measure(fingerprint="f", length=5)


# --- values ------------------------------------------------------------------------------

texts = st.text(max_size=8)
names = st.text(min_size=1, max_size=8)
digests = st.binary(min_size=16, max_size=16)
paths = st.binary(min_size=1, max_size=12)
moments = st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(microsecond=0))
lengths = st.integers(min_value=0, max_value=2**63 - 1)
measures = st.builds(Measure, fingerprint=texts, length=lengths)
sizes = st.builds(Sizes, content_bytes=lengths, summary_bytes=lengths)


def versions(
    path: bytes, keys: st.SearchStrategy[str], contents: st.SearchStrategy[bytes]
) -> st.SearchStrategy[Version]:
    """Give the facts of usable articles in a file."""
    return st.builds(
        Version,
        path=st.just(path),
        digest=contents,
        key=keys,
        epoch=st.none() | moments,
        published=moments,
        source=names,
        source_name=texts,
        edited=st.none() | moments,
    )


@st.composite
def known_files(
    draw,
    *,
    at: st.SearchStrategy[bytes] = paths,
    keys: st.SearchStrategy[str] = names,
    contents: st.SearchStrategy[bytes] = digests,
) -> KnownFile:
    """Give files of any kind, as they may be remembered."""
    path = draw(at)
    version = draw(st.none() | versions(path, keys, contents))
    others: st.SearchStrategy[Rejected | Ignored] = st.builds(
        Rejected, path=st.just(path), code=names, detail=texts
    )
    if version is None:
        others |= st.builds(Ignored, path=st.just(path), reason=texts)
    return KnownFile(
        stamp=Stamp(
            path=path,
            root=draw(st.integers(0, 3)),
            size_bytes=draw(lengths),
            mtime_ns=draw(st.integers(-(2**63), 2**63 - 1)),
            inode=draw(lengths),
        ),
        found=draw(st.just(version) | others if version else others),
        version=version,
        measure=draw(st.none() | measures) if version else None,
        is_read_again=draw(st.booleans()),
        due=draw(st.none() | moments),
        held_since=draw(st.none() | moments),
    )


entries = st.builds(
    Identity,
    key=names,
    guid=names,
    speaker=paths,
    digest=digests,
    versions=digests,
    published=moments,
    updated=moments,
    arrived=moments,
    source=names,
    source_name=texts,
)

images = st.builds(
    Image, url=texts, type=texts, caption=texts, width=st.none() | lengths, height=st.none() | lengths
)

cleaned = st.builds(
    Content,
    link=texts,
    title=texts,
    author=texts,
    categories=st.lists(texts, max_size=3).map(tuple),
    language=texts,
    direction=st.sampled_from(["ltr", "rtl"]),
    summary=texts,
    content=texts,
    images=st.lists(images, max_size=3).map(tuple),
    lead=st.none() | images,
    measure=measures,
    decisions=st.lists(st.builds(Decision, rule=texts, outcome=texts), max_size=2).map(tuple),
)


def stamp(**changes: object) -> Stamp:
    """Return a stamp, as ordinary as can be but for the changes."""
    facts: dict[str, object] = {"path": b"a.txt", "root": 0, "size_bytes": 1, "mtime_ns": 2, "inode": 3}
    return Stamp(**{**facts, **changes})  # type: ignore[arg-type]  # checked where they are used


def article(path: bytes = b"a.txt", **changes: object) -> KnownFile:
    """Return a usable file, as ordinary as can be but for the changes of its version."""
    version = samples.version(path=path, **changes)
    return KnownFile(stamp=stamp(path=path), found=version, version=version)


def ignored(path: bytes) -> KnownFile:
    """Return a file that is no article."""
    return KnownFile(stamp=stamp(path=path), found=Ignored(path=path, reason="hidden"), version=None)


def rejected(path: bytes) -> KnownFile:
    """Return a file that cannot be an article."""
    found = Rejected(path=path, code="no-link", detail="no link")
    return KnownFile(stamp=stamp(path=path), found=found, version=None)


def document(**changes: object) -> KnownDocument:
    """Return a document, as ordinary as can be but for the changes."""
    facts: dict[str, object] = {
        "name": "main",
        "is_dirty": False,
        "fingerprint": b"f",
        "updated": samples.EPOCH,
    }
    return KnownDocument(**{**facts, **changes})  # type: ignore[arg-type]  # checked where they are used


def rendition(path: str, **changes: object) -> KnownRendition:
    """Return a file of a document, as ordinary as can be but for the changes."""
    facts: dict[str, object] = {
        "path": path,
        "document": "main",
        "kind": "feed",
        "size_bytes": 1,
        "mtime_ns": 2,
        "inode": 3,
    }
    return KnownRendition(**{**facts, **changes})  # type: ignore[arg-type]  # checked where they are used


@pytest.fixture
def catalogue() -> Iterator[Catalogue]:
    """Give a private catalogue."""
    with Catalogue(None) as opened:
        yield opened


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Give the place of a catalogue that is still to be made."""
    return tmp_path / "state" / "catalogue.sqlite3"


def fill(file: Path, *, count: int = 0) -> bytes:
    """Make a catalogue with one fact and some files; return its bytes."""
    with Catalogue(file) as catalogue, catalogue.transaction():
        catalogue.runs.set_fact("pair", "in and out")
        for number in range(count):
            catalogue.files.put(article(b"file-%05d.txt" % number), PLACE)
    return file.read_bytes()


def ask(file: Path, query: str) -> object:
    """Return the value of a query, as another program sees it."""
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(query).fetchone()[0]


def mode(path: Path) -> int:
    """Return the rights of a file or directory."""
    return stat.S_IMODE(path.stat().st_mode)


def names_in(directory: Path) -> set[str]:
    """Return the names of all that stands in a directory."""
    return {path.name for path in directory.iterdir()}


# --- the file ----------------------------------------------------------------------------


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request) -> Iterator[None]:
    """Set the rights that new files are not given."""
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
def test_only_its_user_may_read_it(file):
    """The file and its companions have the mode 0600 and its directory 0700, whatever the umask."""
    with Catalogue(file) as catalogue:
        catalogue.runs.set_fact("pair", "in and out")
        assert {path.name: mode(path) for path in file.parent.iterdir()} == {
            "catalogue.sqlite3": 0o600,
            "catalogue.sqlite3-wal": 0o600,
            "catalogue.sqlite3-shm": 0o600,
        }
    assert mode(file.parent) == 0o700


def test_a_directory_that_is_there_keeps_its_rights(tmp_path):
    """Only a directory that is made gets rights of ours."""
    tmp_path.chmod(0o750)
    with Catalogue(tmp_path / "catalogue.sqlite3"):
        assert mode(tmp_path) == 0o750


def test_it_is_a_wal_database_with_companions(file):
    """Readers never wait for a writer: the journal is a write-ahead log; its files are known by name."""
    with Catalogue(file) as catalogue:
        catalogue.runs.set_fact("pair", "in and out")
        assert ask(file, "PRAGMA journal_mode") == "wal"
        assert set(companions(file)) == set(file.parent.iterdir())
    assert set(file.parent.iterdir()) == {file}


def test_what_was_put_in_outlives_it(file):
    """A catalogue with a file is lasting: the next one that opens it knows all that it knew."""
    with Catalogue(file) as catalogue:
        catalogue.files.put(article(), PLACE)
        assert catalogue.is_lasting
    with Catalogue(file) as catalogue:
        assert catalogue.files.at(b"a.txt") == article()


def test_a_private_one_leaves_nothing_behind(tmp_path, monkeypatch):
    """Without a file nothing is ever seen in any directory, however much it holds, and all is forgotten."""
    monkeypatch.setenv("SQLITE_TMPDIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with Catalogue(None) as catalogue:
        assert not catalogue.is_lasting
        with catalogue.transaction():
            for number in range(30):
                catalogue.runs.put(Ran(started=EPOCH, report=str(number) * 200_000))
        assert names_in(tmp_path) == set()
    assert names_in(tmp_path) == set()
    with Catalogue(None) as catalogue:
        assert catalogue.runs.last(failed=False) is None


def test_a_name_of_any_bytes(tmp_path):
    """A file's name may be no UTF-8; people see it escaped."""
    file = tmp_path / os.fsdecode(b"\xff\x1b.sqlite3")
    fill(file)
    file.write_bytes(bytes(4096))
    with pytest.raises(DamagedError):
        Catalogue(file)
    file.unlink()
    file.mkdir()
    with pytest.raises(StateError, match=r"\\xff\\x1b\.sqlite3"):
        Catalogue(file)


# --- versions of it ----------------------------------------------------------------------


def test_a_new_one_is_of_our_version(file):
    """Its version is the number of steps that made it."""
    fill(file)
    assert ask(file, "PRAGMA user_version") == len(STEPS)


def test_opening_it_again_does_nothing(file):
    """A catalogue of our version is only opened: no byte of it changes, and few statements are executed."""
    body, status = fill(file), file.stat()
    with Catalogue(file) as catalogue:
        assert catalogue.statements < 5
    assert (file.read_bytes(), file.stat().st_mtime_ns) == (body, status.st_mtime_ns)


STEP = (
    "-- A step; of the future.\nCREATE TABLE later (\n    name TEXT\n);\nCREATE TABLE latest (name TEXT);\n"
)


def test_an_older_one_is_brought_up_to_date(file, monkeypatch):
    """Only the steps that are missing are taken; what the file holds stays."""
    fill(file)
    monkeypatch.setattr(database, "STEPS", (*STEPS, STEP))
    with Catalogue(file) as catalogue:
        assert catalogue.runs.fact("pair") == "in and out"
    assert ask(file, "PRAGMA user_version") == len(STEPS) + 1
    assert ask(file, "SELECT count(*) FROM sqlite_master WHERE name LIKE 'late%'") == 2


def test_a_step_is_taken_wholly_or_not_at_all(file, monkeypatch):
    """Where a statement of a step fails, the file is as it was, and of the version that it was."""
    fill(file)
    monkeypatch.setattr(database, "STEPS", (*STEPS, STEP, "CREATE TABLE later (name TEXT);\n"))
    with pytest.raises(StateError, match="later already exists"):
        Catalogue(file)
    assert ask(file, "PRAGMA user_version") == len(STEPS)
    assert ask(file, "SELECT count(*) FROM sqlite_master WHERE name LIKE 'late%'") == 0


def test_one_of_a_newer_version_is_left_untouched(file, monkeypatch):
    """A file of a newer version is refused with exit code 2 and the remedy, and no byte of it changes."""
    with monkeypatch.context() as newer:
        newer.setattr(database, "STEPS", (*STEPS, STEP))
        body = fill(file)
    with pytest.raises(NewerStateError) as caught:
        Catalogue(file)
    assert caught.value.exit_code == 2
    assert str(file) in str(caught.value)
    assert "install that one, or name another file by [state] file or --state" in str(caught.value)
    assert file.read_bytes() == body
    assert names_in(file.parent) == {file.name}


# --- damage ------------------------------------------------------------------------------

PAGE_BYTES = 4096


def overwrite(file: Path, body: bytes, *, page: int) -> None:
    """Overwrite a page, the first one is 0."""
    noise = random.Random(page).randbytes(PAGE_BYTES)  # noqa: S311  # no secret
    file.write_bytes(body[: page * PAGE_BYTES] + noise + body[(page + 1) * PAGE_BYTES :])


def made_of_noise(file: Path, body: bytes) -> None:
    """Overwrite all."""
    file.write_bytes(random.Random(1).randbytes(len(body)))  # noqa: S311  # no secret


def made_of_few_bytes(file: Path, _: bytes) -> None:
    """Write what is too short to be a database."""
    file.write_bytes(b"catalogue\n")


def cut_in_the_middle(file: Path, body: bytes) -> None:
    """Cut between two pages."""
    file.write_bytes(body[: len(body) // PAGE_BYTES // 2 * PAGE_BYTES])


def cut_within_a_page(file: Path, body: bytes) -> None:
    """Cut in the middle of a page."""
    file.write_bytes(body[: len(body) // 2 + 100])


def cut_within_the_header(file: Path, body: bytes) -> None:
    """Cut in the first hundred bytes, which say what it is."""
    file.write_bytes(body[:50])


def first_page_overwritten(file: Path, body: bytes) -> None:
    """Overwrite the page with the header."""
    overwrite(file, body, page=0)


def page_in_the_middle_overwritten(file: Path, body: bytes) -> None:
    """Overwrite the first page of the table of facts: nothing tells until facts are asked for."""
    root = ask(file, "SELECT rootpage FROM sqlite_master WHERE type = 'table' AND name = 'facts'")
    assert isinstance(root, int)
    overwrite(file, body, page=root - 1)


damages = pytest.mark.parametrize(
    "damage",
    [
        made_of_noise,
        made_of_few_bytes,
        cut_in_the_middle,
        cut_within_a_page,
        cut_within_the_header,
        first_page_overwritten,
        page_in_the_middle_overwritten,
    ],
    ids=lambda damage: damage.__name__,
)


def use(file: Path) -> str:
    """Open a catalogue, write and read."""
    with Catalogue(file) as catalogue:
        with catalogue.transaction():
            catalogue.runs.set_fact("reading", "1")
        return catalogue.runs.fact("pair")


@damages
def test_a_damaged_one_is_noticed_and_made_anew(file, damage: Callable[[Path, bytes], None]):
    """A damaged file raises when it is opened or used; put aside, it makes place for a new one."""
    damage(file, fill(file, count=100))
    body = file.read_bytes()
    with pytest.raises(DamagedError):
        use(file)
    aside = put_aside(file)
    assert aside.read_bytes() == body
    assert use(file) == ""


def test_damage_is_noticed_between_two_rows(file):
    """Damage that only a later row meets raises there; the rows before it were given."""
    body = fill(file, count=2000)
    for page in range(len(body) // PAGE_BYTES):
        if b"file-01500" in body[page * PAGE_BYTES : (page + 1) * PAGE_BYTES]:
            overwrite(file, file.read_bytes(), page=page)
    with Catalogue(file) as catalogue:
        rows = catalogue.files.in_part(PLACE)
        assert next(rows) == article(b"file-00000.txt")
        with pytest.raises(DamagedError):
            list(rows)


def test_an_empty_file_is_a_new_one(file):
    """What holds nothing was never a catalogue, so it is not damaged: it becomes one."""
    file.parent.mkdir()
    file.touch()
    assert use(file) == ""


def test_a_damaged_one_is_renamed_with_its_companions(file):
    """What SQLite set beside the file goes with it, so that no new file is read with an old log."""
    file.parent.mkdir()
    for path in companions(file):
        path.write_text(path.name.removeprefix(file.name))
    aside = put_aside(file)
    assert aside == file.with_name("catalogue.sqlite3.damaged-1")
    assert {path.name: path.read_text() for path in file.parent.iterdir()} == {
        "catalogue.sqlite3.damaged-1": "",
        "catalogue.sqlite3.damaged-1-wal": "-wal",
        "catalogue.sqlite3.damaged-1-shm": "-shm",
    }


def test_an_earlier_one_is_never_overwritten(file):
    """Each damaged file gets the next name that is free; one that leads nowhere is not free."""
    file.parent.mkdir()
    file.with_name("catalogue.sqlite3.damaged-2").symlink_to("nowhere")
    for number in ("1", "3", "4"):
        file.write_text(number)
        assert put_aside(file) == file.with_name(f"catalogue.sqlite3.damaged-{number}")
    assert file.with_name("catalogue.sqlite3.damaged-1").read_text() == "1"
    assert file.with_name("catalogue.sqlite3.damaged-3").read_text() == "3"
    assert not file.exists()


# --- when the system fails ---------------------------------------------------------------


def below_a_file(place: Path) -> Path:
    """Name a place in what is no directory."""
    (place / "file").touch()
    return place / "file" / "catalogue.sqlite3"


def far_below_a_file(place: Path) -> Path:
    """Name a place whose directory would have to be made in what is no directory."""
    (place / "file").touch()
    return place / "file" / "state" / "catalogue.sqlite3"


def a_directory(place: Path) -> Path:
    """Make a directory where the file belongs."""
    (place / "catalogue.sqlite3").mkdir()
    return place / "catalogue.sqlite3"


def a_companion_is_a_directory(place: Path) -> Path:
    """Make a directory where the log belongs."""
    fill(place / "catalogue.sqlite3")
    (place / "catalogue.sqlite3-wal").mkdir()
    return place / "catalogue.sqlite3"


def too_long(place: Path) -> Path:
    """Name a place as no file system has one."""
    return place / ("n" * 300)


def in_a_loop(place: Path) -> Path:
    """Name a place behind a link that leads to itself."""
    (place / "loop").symlink_to("loop")
    return place / "loop" / "catalogue.sqlite3"


@pytest.mark.parametrize(
    "make",
    [below_a_file, far_below_a_file, a_directory, a_companion_is_a_directory, too_long, in_a_loop],
    ids=lambda make: make.__name__,
)
def test_an_impossible_place_is_named(tmp_path, make: Callable[[Path], Path]):
    """Where no file can be, the error names it and what to do, and its exit code is 1."""
    file = make(tmp_path)
    with pytest.raises(StateError) as caught:
        use(file)
    assert str(file) in str(caught.value)
    assert "; name another file by [state] file or --state" in str(caught.value)
    assert caught.value.exit_code == 1


@pytest.fixture
def place() -> Iterator[Path]:
    """Give a directory that everybody may look into, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as made:
        directory = Path(made)
        directory.chmod(0o755)
        yield directory
        directory.chmod(0o700)


@pytest.fixture
def give_up_rights() -> Iterator[Callable[[], None]]:
    """Give what takes the rights of root away, until the test is over."""
    before = os.geteuid()

    def give_up() -> None:
        if before == 0:
            os.seteuid(65534)

    yield give_up
    os.seteuid(before)


def no_directory(place: Path) -> None:
    """Let the directory of the file be missing, and not to be made."""
    place.chmod(0o555)


def no_file(place: Path) -> None:
    """Let the file be missing, and not to be made."""
    (place / "state").mkdir()
    (place / "state").chmod(0o555)


def read_only(place: Path) -> None:
    """Let the file be there, to be read only."""
    fill(place / "state" / "catalogue.sqlite3")
    (place / "state" / "catalogue.sqlite3").chmod(0o444)
    (place / "state").chmod(0o555)


def unreadable(place: Path) -> None:
    """Let the file be there, and not to be read."""
    fill(place / "state" / "catalogue.sqlite3")
    (place / "state" / "catalogue.sqlite3").chmod(0o000)
    (place / "state").chmod(0o755)


def hidden(place: Path) -> None:
    """Let the directory not be entered."""
    fill(place / "state" / "catalogue.sqlite3")
    (place / "state").chmod(0o000)


@pytest.mark.parametrize(
    "forbid", [no_directory, no_file, read_only, unreadable, hidden], ids=lambda forbid: forbid.__name__
)
def test_missing_rights_are_named_with_the_remedy(place, give_up_rights, forbid: Callable[[Path], None]):
    """A file that may not be made, read or written to is named, and what to do."""
    forbid(place)
    give_up_rights()
    file = place / "state" / "catalogue.sqlite3"
    with pytest.raises(StateError) as caught:
        use(file)
    assert str(file) in str(caught.value)
    remedies = (
        "the right to write there",
        "name another file by [state] file or --state, one that can be written",
    )
    assert any(remedy in str(caught.value) for remedy in remedies)


def test_a_damaged_one_that_cannot_be_renamed_is_named(place, give_up_rights):
    """Where the rights to rename are missing, the error names the file and what to do."""
    file = place / "catalogue.sqlite3"
    file.write_bytes(b"noise")
    place.chmod(0o555)
    give_up_rights()
    with pytest.raises(StateError) as caught:
        put_aside(file)
    assert str(caught.value) == (
        f"{file} is damaged and cannot be renamed: Permission denied; remove it, then run again"
    )


def test_a_file_that_became_read_only_is_named(file):
    """A write that is refused while the catalogue is open names the file and the remedy."""
    with Database(file) as opened:
        opened.execute("PRAGMA query_only = ON")
        with pytest.raises(StateError, match="right to write there") as caught:
            Runs(opened).set_fact("pair", "in and out")
    assert str(file) in str(caught.value)


def test_a_full_disk_is_named_and_loses_nothing(file):
    """Where no space is left, the error says so and nothing of the transaction stays."""
    with Database(file) as opened:
        opened.execute("PRAGMA max_page_count = 50")
        runs = Runs(opened)
        runs.set_fact("pair", "in and out")

        def write() -> None:
            with opened.transaction():
                runs.set_fact("pair", "other")
                runs.put(Ran(started=EPOCH, report="long" * 100_000))

        with pytest.raises(StateError, match="; free some space there, then run again"):
            write()
        assert runs.fact("pair") == "in and out"
        assert runs.last(failed=False) is None
        with opened.transaction():
            runs.put(Ran(started=EPOCH, report="short"))
    assert use(file) == "in and out"


@pytest.fixture
def small_files() -> Iterator[None]:
    """Let no file of this process grow beyond a megabyte."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("small_files")
def test_a_failing_disk_is_named_and_loses_nothing(file):
    """Where the disk takes no more bytes, the error says so and nothing of the transaction stays."""
    fill(file)
    with Catalogue(file) as catalogue:

        def write() -> None:
            with catalogue.transaction():
                catalogue.runs.set_fact("pair", "other")
                catalogue.runs.put(Ran(started=EPOCH, report="long" * 1_000_000))

        with pytest.raises(StateError, match="; see to the disk, then run again"):
            write()
        assert catalogue.runs.fact("pair") == "in and out"
    assert use(file) == "in and out"


def test_a_foreign_database_is_named(file):
    """A database that is no catalogue is neither damaged nor changed: the error names it."""
    file.parent.mkdir()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE files (name TEXT)")
    with pytest.raises(
        StateError, match="is a database of another program; name another file by --state"
    ) as caught:
        Catalogue(file)
    assert str(file) in str(caught.value)
    assert ask(file, "SELECT count(*) FROM sqlite_master") == 1
    assert ask(file, "PRAGMA user_version") == 0


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("INSERT INTO facts VALUES ('pair', NULL)", sqlite3.IntegrityError),
        ("INSERT INTO facts VALUES (?, ?)", sqlite3.ProgrammingError),
    ],
)
def test_a_fault_of_ours_is_no_failure_of_the_system(statement, fault):
    """What only a mistake in the program can cause is raised as it is."""
    with Database(None) as opened, pytest.raises(fault) as caught:
        opened.execute(statement)
    assert not isinstance(caught.value, FeedbridgeError)


# --- transactions ------------------------------------------------------------------------


@pytest.fixture
def impatient(monkeypatch) -> None:
    """Wait for no other process."""
    monkeypatch.setattr(database, "BUSY_S", 0.01)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("begin", ["transaction", "rehearsal"])
def test_a_writer_keeps_writers_out_but_not_readers(file, begin):
    """While another process writes, a transaction raises LockedError that names the file; reading goes on."""
    fill(file)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE facts SET value = 'other'")
        with Catalogue(file) as catalogue:
            with pytest.raises(LockedError) as caught, getattr(catalogue, begin)():
                pytest.fail("it never begins")
            assert catalogue.runs.fact("pair") == "in and out"
            other.execute("COMMIT")
            assert catalogue.runs.fact("pair") == "other"
            with catalogue.transaction():
                catalogue.runs.set_fact("pair", "ours")
    assert caught.value.exit_code == 75
    assert str(caught.value) == f"another process holds {file}; wait for its end, then run again"
    assert use(file) == "ours"


@pytest.mark.usefixtures("impatient")
def test_a_new_one_that_another_process_makes_is_locked(file):
    """Where another process is just making the file, opening it raises LockedError."""
    file.parent.mkdir()
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        other.execute("CREATE TABLE other (name TEXT)")
        with pytest.raises(LockedError, match="another process holds"):
            Catalogue(file)


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_a_transaction_that_fails_never_was(file, failure):
    """An exception, of whatever kind, takes back all that happened within; the next transaction stays."""
    with Catalogue(file) as catalogue:

        def fail() -> None:
            with catalogue.transaction():
                catalogue.runs.set_fact("pair", "lost")
                catalogue.files.put(article(), PLACE)
                raise failure

        with pytest.raises(failure):
            fail()
        assert catalogue.runs.fact("pair") == ""
        assert catalogue.files.count("article") == 0
        with catalogue.transaction():
            catalogue.runs.set_fact("reading", "kept")
    with Catalogue(file) as catalogue:
        assert (catalogue.runs.fact("pair"), catalogue.runs.fact("reading")) == ("", "kept")


def test_a_rehearsal_never_was(file):
    """What happens within a rehearsal is seen there, and taken back, whether it fails or not."""
    body = fill(file)
    with Catalogue(file) as catalogue:

        def rehearse(*, end: Callable[[], object]) -> None:
            with catalogue.rehearsal():
                catalogue.runs.set_fact("pair", "other")
                assert catalogue.runs.fact("pair") == "other"
                end()

        rehearse(end=int)
        assert catalogue.runs.fact("pair") == "in and out"
        with pytest.raises(ZeroDivisionError):
            rehearse(end=lambda: 1 / 0)
        assert catalogue.runs.fact("pair") == "in and out"
    assert file.read_bytes() == body


def test_statements_are_counted(catalogue):
    """Each statement counts, and of those that write many rows each row; so do the two of a transaction."""

    def counted(act: Callable[[], object]) -> int:
        before = catalogue.statements
        act()
        return int(catalogue.statements - before)

    assert counted(lambda: catalogue.runs.fact("pair")) == 1
    assert counted(lambda: catalogue.files.remove([b"a", b"b", b"c"])) == 3
    assert counted(lambda: catalogue.entries.put([])) == 0
    assert counted(lambda: list(catalogue.entries.newest("", limit=9))) == 1

    def write() -> None:
        with catalogue.transaction():
            catalogue.documents.soil(["main", "source/dw"])

    assert counted(write) == 4


# --- moments -----------------------------------------------------------------------------


@given(st.datetimes(timezones=st.just(UTC)))
@example(EPOCH - timedelta(microseconds=1))
def test_moments_are_whole_seconds(moment):
    """A moment reads back as it was, but for the fraction of its second, before 1970 too."""
    assert from_seconds(seconds(moment)) == moment.replace(microsecond=0)
    assert maybe(from_seconds, maybe(seconds, moment)) == moment.replace(microsecond=0)


def test_no_moment_is_none():
    """Nothing is made of nothing."""
    assert maybe(seconds, None) is None


# --- files -------------------------------------------------------------------------------


@given(known_files(), st.integers(0, 2**63 - 1))
def test_files_round_trip(known, directory):
    """A file of any name, state and age reads back as it was put, alone and by its part and its article."""
    place = Place(directory, part_of(known.stamp))
    with Catalogue(None) as catalogue:
        catalogue.files.put(known, place)
        assert catalogue.files.at(known.stamp.path) == known
        assert catalogue.files.known_at(known.stamp.path) == (known, place)
        assert list(catalogue.files.in_part(place)) == [known]
        assert list(catalogue.files.in_part(Place(directory, place.part + 1))) == []
        of_key = list(catalogue.files.of_key(known.version.key if known.version else ""))
        assert of_key == ([known] if known.version else [])


def test_nothing_is_known_of_a_file_that_was_never_seen(catalogue):
    """A file that was never put, or was removed, is None."""
    catalogue.files.put(article(), PLACE)
    catalogue.files.remove([b"a.txt", b"never seen"])
    assert catalogue.files.at(b"a.txt") is None
    assert list(catalogue.files.in_part(PLACE)) == []


def test_an_unreadable_file_keeps_its_version(catalogue):
    """A file that cannot be read any more is rejected, and still one of its article's."""
    version = samples.version()
    found = Rejected(path=b"a.txt", code="unreadable", detail="Permission denied")
    known = KnownFile(stamp=stamp(), found=found, version=version, measure=MEASURE, is_read_again=True)
    catalogue.files.put(article(), PLACE)
    catalogue.files.put(known, PLACE)
    assert list(catalogue.files.of_key(version.key)) == [known]
    assert catalogue.files.rejected() == (found,)
    assert (catalogue.files.count("article"), catalogue.files.count("rejected")) == (0, 1)


POOL = [b"a", b"b", b"b/c", b"\xff", b"\x00"]
pooled = known_files(
    at=st.sampled_from(POOL),
    keys=st.sampled_from(["dw/1", "dw/2"]),
    contents=st.sampled_from([b"0" * 16, b"1" * 16]),
)
places = st.builds(Place, st.integers(1, 2), st.integers(0, 1))
acts = st.lists(st.tuples(pooled, places) | st.lists(st.sampled_from(POOL), max_size=3), max_size=12)


def state(known: KnownFile) -> str:
    """Return what a file is counted as."""
    return {Version: "article", Ignored: "ignored", Rejected: "rejected"}[type(known.found)]


def by_path(files: Iterable[KnownFile]) -> list[KnownFile]:
    """Sort files by path."""
    return sorted(files, key=lambda known: known.stamp.path)


@given(acts, moments)
def test_files_are_what_was_put_last(acts, now):
    """After any puts and removals every question about files is answered as a plain dict would."""
    model: dict[bytes, tuple[KnownFile, Place]] = {}
    with Catalogue(None) as catalogue:
        files = catalogue.files
        for act in acts:
            if isinstance(act, tuple):
                files.put(*act)
                model[act[0].stamp.path] = act
            else:
                files.remove(act)
                for path in act:
                    model.pop(path, None)
            states = [state(known) for known, _ in model.values()]
            for name in ("article", "ignored", "rejected"):
                assert files.count(name) == states.count(name)
        known = by_path(one for one, _ in model.values())
        assert [one for path in sorted(POOL) if (one := files.at(path))] == known
        for place in {place for _, place in model.values()}:
            expected = by_path(one for one, where in model.values() if where == place)
            assert by_path(files.in_part(place)) == expected
        for key in ("dw/1", "dw/2"):
            of_key = [one for one in known if one.version and one.version.key == key]
            assert list(files.of_key(key)) == of_key
            is_compared = len({one.version.digest for one in of_key if one.version}) > 1
            assert (key in list(files.compared_keys())) == is_compared
        assert files.is_empty() == (not model)
        assert files.rejected() == tuple(one.found for one in known if isinstance(one.found, Rejected))
        assert files.held() == tuple(one for one in known if one.held_since)
        again = {one.stamp.path for one in known if one.is_read_again or (one.due and one.due <= now)}
        assert set(files.to_read_again(now)) == again


@pytest.mark.parametrize("first", [article, ignored, rejected])
@pytest.mark.parametrize("second", [article, ignored, rejected])
def test_a_file_is_counted_as_what_it_is_now(catalogue, first, second):
    """A file that turns from one state to another, or stays, is counted once."""
    catalogue.files.put(first(b"a.txt"), PLACE)
    catalogue.files.put(second(b"a.txt"), PLACE)
    counts = [catalogue.files.count(name) for name in ("article", "ignored", "rejected")]
    assert counts == [int(second is kind) for kind in (article, ignored, rejected)]


def test_files_are_read_again_when_they_are_due(catalogue):
    """A file that is dated ahead is read again from its moment on, one that was young by the next run."""
    catalogue.files.put(msgspec.structs.replace(rejected(b"due"), due=LATER), PLACE)
    catalogue.files.put(msgspec.structs.replace(article(b"young"), is_read_again=True), PLACE)
    assert catalogue.files.to_read_again(LATER - timedelta(seconds=1)) == (b"young",)
    assert set(catalogue.files.to_read_again(LATER)) == {b"due", b"young"}


def test_files_are_held_from_their_first_moment_on(catalogue):
    """A file that is held stays so since the first moment, until it is put again or removed."""
    for path in (b"c", b"b", b"a"):
        catalogue.files.put(article(path), PLACE)
    catalogue.files.hold([b"c", b"a", b"never seen"], samples.EPOCH)
    catalogue.files.hold([b"b", b"a"], LATER)
    held = {known.stamp.path: known.held_since for known in catalogue.files.held()}
    assert list(held.items()) == [(b"a", samples.EPOCH), (b"b", LATER), (b"c", samples.EPOCH)]
    assert len(list(catalogue.files.of_key("dw/1"))) == 3
    catalogue.files.put(article(b"a"), PLACE)
    catalogue.files.remove([b"b"])
    assert [known.stamp.path for known in catalogue.files.held()] == [b"c"]


def test_an_edit_belongs_to_a_file(catalogue):
    """Since when a file says what it says is known of that file alone, as it was put last."""
    edited = article(b"a", edited=LATER)
    catalogue.files.put(edited, PLACE)
    catalogue.files.put(article(b"b"), PLACE)
    assert list(catalogue.files.of_key("dw/1")) == [edited, article(b"b")]
    catalogue.files.put(article(b"a"), PLACE)
    assert list(catalogue.files.of_key("dw/1")) == [article(b"a"), article(b"b")]


def test_measures_belong_to_an_article_and_what_it_says(catalogue):
    """A measure is set for all files of one key and digest, and for no others; all can be forgotten."""
    files = (article(b"a"), article(b"b"), article(b"c", digest=b"1" * 16), article(b"d", key="dw/2"))
    for known in files:
        catalogue.files.put(known, PLACE)
    catalogue.files.set_measure(b"0" * 16, "dw/1", MEASURE)

    def measured() -> list[Measure | None]:
        return [known.measure for known in by_path(catalogue.files.in_part(PLACE))]

    assert measured() == [MEASURE, MEASURE, None, None]
    catalogue.files.forget_measures()
    assert measured() == [None] * 4


# --- parts of directories ----------------------------------------------------------------


def test_files_of_neighbouring_inodes_are_one_part():
    """A part is a range of inodes."""
    inodes = (0, PART_INODES - 1, PART_INODES, 7 * PART_INODES + 5)
    assert [part_of(stamp(inode=inode)) for inode in inodes] == [0, 0, 1, 7]


def test_a_directory_keeps_its_number(catalogue):
    """A directory of one input gets a number of its own, and the same whenever it is asked for."""
    asked = [(0, b""), (0, b"d\xff"), (1, b""), (0, b"")]
    first, second, third, again = (catalogue.files.directory(*one) for one in asked)
    assert len({first, second, third}) == 3
    assert again == first
    assert catalogue.files.parts() == {}


seen = st.dictionaries(st.integers(0, 3), st.just(b"") | st.binary(max_size=16), max_size=4)


@given(st.lists(st.tuples(st.integers(0, 1), st.sampled_from([b"", b"d", b"\xff"]), seen), max_size=6))
def test_parts_are_what_was_seen_last(looks):
    """Each part has the digest that was set last; an empty one is forgotten, so is a directory of none."""
    model: dict[tuple[int, bytes], dict[int, bytes]] = {}
    with Catalogue(None) as catalogue:
        numbers = {}
        for root, path, digests in looks:
            numbers[root, path] = catalogue.files.directory(root, path)
            catalogue.files.set_parts(numbers[root, path], digests)
            model[root, path] = model.get((root, path), {}) | digests
        standing = {
            name: (numbers[name], {part: digest for part, digest in parts.items() if digest})
            for name, parts in model.items()
            if any(parts.values())
        }
        assert catalogue.files.parts() == standing


# --- entries -----------------------------------------------------------------------------


@given(entries)
def test_entries_round_trip(entry):
    """An entry reads back as it was put, by its key and by its id."""
    with Catalogue(None) as catalogue:
        catalogue.entries.put([entry])
        assert catalogue.entries.get(entry.key) == entry
        assert catalogue.entries.by_guid(entry.guid) == entry
        catalogue.entries.remove([entry.key])
        assert catalogue.entries.get(entry.key) is None
        assert catalogue.entries.by_guid(entry.guid) is None


def test_an_empty_one_answers_too(catalogue):
    """Without entries there are no sources, nothing is newest, and the last arrival was in 1970."""
    assert catalogue.entries.count() == 0
    assert catalogue.entries.sources() == ()
    assert list(catalogue.entries.newest("", limit=9)) == []
    assert list(catalogue.entries.arrived_since("", EPOCH)) == []
    assert catalogue.entries.last_arrival("") == catalogue.entries.last_arrival("dw") == EPOCH


def in_order(entries: Iterable[Identity]) -> list[Identity]:
    """Sort entries as feeds hold them."""
    return sorted(entries, key=lambda entry: (-seconds(entry.published), entry.guid))


some_moments = st.sampled_from([EPOCH - timedelta(days=1), EPOCH, samples.EPOCH, LATER])
crowded = st.builds(
    Identity,
    key=st.just(""),  # set below
    guid=names,
    speaker=paths,
    digest=digests,
    versions=digests,
    published=some_moments,
    updated=some_moments,
    arrived=some_moments,
    source=st.sampled_from(["dw", "bbc", "例"]),
    source_name=texts,
)


@given(st.lists(crowded, max_size=12, unique_by=lambda entry: entry.guid), st.integers(0, 12), some_moments)
def test_entries_come_in_the_order_of_feeds(entries, limit, moment):
    """Newest first, by id where they are of one moment, as Python sorts; of all sources or of one."""
    entries = [msgspec.structs.replace(entry, key=entry.guid) for entry in entries]
    with Catalogue(None) as catalogue:
        catalogue.entries.put(entries)
        for source in ("", "dw", "bbc", "never seen"):
            expected = in_order(entry for entry in entries if source in ("", entry.source))
            assert list(catalogue.entries.newest(source, limit=limit)) == expected[:limit]
            assert list(catalogue.entries.arrived_since(source, moment)) == [
                entry for entry in expected if entry.arrived >= moment
            ]
            last = max((entry.arrived for entry in expected), default=EPOCH)
            assert catalogue.entries.last_arrival(source) == last


def with_its_guid(entry: Identity, key: str) -> Identity:
    """Return the entry with another key, and the id that follows from it."""
    return msgspec.structs.replace(entry, key=key, guid=identity.guid(key))


KEYS = ["dw/1", "dw/2", "bbc/1", "url/0"]
keyed = st.builds(with_its_guid, crowded, st.sampled_from(KEYS))
turns = st.lists(
    st.lists(keyed, max_size=4).map(lambda put: ("put", put))
    | st.lists(st.sampled_from(KEYS), max_size=3).map(lambda keys: ("remove", keys)),
    max_size=10,
)


@given(turns)
def test_entries_are_what_was_put_last(turns):
    """After any puts, changes of source and removals all is counted and found as in a plain dict."""
    model: dict[str, Identity] = {}
    with Catalogue(None) as catalogue:
        for what, which in turns:
            if what == "put":
                catalogue.entries.put(which)
                model |= {entry.key: entry for entry in which}
            else:
                catalogue.entries.remove(which)
                model = {key: entry for key, entry in model.items() if key not in which}
            assert catalogue.entries.count() == len(model)
            assert catalogue.entries.sources() == tuple(sorted({entry.source for entry in model.values()}))
        assert list(catalogue.entries.newest("", limit=99)) == in_order(model.values())
        for key in KEYS:
            assert catalogue.entries.get(key) == model.get(key)
            assert catalogue.entries.by_guid(identity.guid(key)) == model.get(key)


# --- documents ---------------------------------------------------------------------------


@given(st.dictionaries(names, st.tuples(st.booleans(), digests, moments, st.lists(entries, max_size=4))))
def test_documents_round_trip(given_documents):
    """A document reads back as it was put, with the count of its members; the members in their order."""
    with Catalogue(None) as catalogue:
        documents = catalogue.documents
        for name, (is_dirty, fingerprint, updated, members) in given_documents.items():
            known = document(name=name, is_dirty=is_dirty, fingerprint=fingerprint, updated=updated)
            documents.put(known, members)
        assert documents.all() == tuple(
            KnownDocument(
                name=name, is_dirty=is_dirty, fingerprint=fingerprint, updated=updated, entries=len(members)
            )
            for name, (is_dirty, fingerprint, updated, members) in sorted(given_documents.items())
        )
        assert documents.names() == given_documents.keys()
        assert documents.dirty() == tuple(sorted(name for name, known in given_documents.items() if known[0]))
        for name, (_, fingerprint, _, members) in given_documents.items():
            assert documents.fingerprint(name) == fingerprint
            assert documents.members(name) == tuple(entry.key for entry in members)


def test_a_document_that_is_soiled_comes_to_be(catalogue):
    """One that is not known stands among the dirty ones, as never written; one that is keeps what it was."""
    catalogue.documents.put(document(), [ENTRY])
    catalogue.documents.soil(["source/dw", "main", "main"])
    assert catalogue.documents.all() == (
        document(is_dirty=True, entries=1),
        document(name="source/dw", is_dirty=True, fingerprint=b"", updated=EPOCH),
    )
    assert catalogue.documents.fingerprint("source/dw") == b""
    assert catalogue.documents.fingerprint("never seen") == b""


def test_documents_are_dirty_until_they_are_clean(catalogue):
    """Dirty ones are named in order until each is clean or put; all can be soiled at once."""
    for name in ("main", "a", "b"):
        catalogue.documents.put(document(name=name), [])
    assert catalogue.documents.dirty() == ()
    catalogue.documents.soil_all()
    assert catalogue.documents.dirty() == ("a", "b", "main")
    catalogue.documents.clean("b")
    catalogue.documents.put(document(name="a"), [])
    assert catalogue.documents.dirty() == ("main",)
    assert catalogue.documents.fingerprint("main") == b"f"


def test_a_document_has_the_members_that_it_was_put_with(catalogue):
    """To put a document again replaces its members, and those of no other."""
    one, two, three = (samples.identity(key=f"dw/{number}") for number in (1, 2, 3))
    catalogue.documents.put(document(), [one, two])
    catalogue.documents.put(document(name="source/dw"), [two])
    catalogue.documents.put(document(), [three, one])
    assert catalogue.documents.members("main") == ("dw/3", "dw/1")
    assert catalogue.documents.members("source/dw") == ("dw/2",)
    assert catalogue.documents.members("never seen") == ()
    catalogue.documents.put(document(name="source/dw"), [])
    assert [catalogue.documents.is_member(f"dw/{number}") for number in (1, 2, 3)] == [True, False, True]


def test_a_document_that_is_removed_is_forgotten_with_all_of_its_own(catalogue):
    """Its members and files are forgotten with it, those of others stay."""
    for name in ("main", "source/dw"):
        catalogue.documents.put(document(name=name), [samples.identity(key=f"{name}/1")])
        catalogue.documents.put_renditions(name, [rendition(f"{name}.xml", document=name)])
    catalogue.documents.remove("source/dw")
    assert catalogue.documents.names() == {"main"}
    assert catalogue.documents.members("source/dw") == ()
    assert not catalogue.documents.is_member("source/dw/1")
    assert catalogue.documents.is_member("main/1")
    assert catalogue.documents.renditions() == (rendition("main.xml"),)


renditions = st.builds(
    KnownRendition,
    path=names,
    document=st.just("main"),
    kind=st.sampled_from(["feed", "page", "gzip"]),
    size_bytes=lengths,
    mtime_ns=st.integers(-(2**63), 2**63 - 1),
    inode=lengths,
)


@given(st.lists(renditions, unique_by=lambda one: one.path, max_size=6))
def test_renditions_round_trip(given_renditions):
    """The files of a document read back as they were put, by path, and no others."""
    with Catalogue(None) as catalogue:
        catalogue.documents.put_renditions("main", [rendition("earlier.xml")])
        catalogue.documents.put_renditions("main", given_renditions)
        expected = sorted(given_renditions, key=lambda one: one.path)
        assert catalogue.documents.renditions() == tuple(expected)


def test_a_file_is_of_one_document(catalogue):
    """A file that another document is put with is that one's from then on."""
    catalogue.documents.put_renditions("main", [rendition("a.xml"), rendition("b.xml")])
    catalogue.documents.put_renditions("other", [rendition("b.xml", document="other", inode=9)])
    catalogue.documents.put_renditions("main", [rendition("a.xml")])
    assert catalogue.documents.renditions() == (
        rendition("a.xml"),
        rendition("b.xml", document="other", inode=9),
    )


# --- contents ----------------------------------------------------------------------------


@given(digests, cleaned, sizes)
def test_contents_round_trip(digest, content, given_sizes):
    """A cleaned content reads back as it was put, but for the decisions, which only explain it."""
    with Catalogue(None) as catalogue:
        assert catalogue.documents.sizes(digest) is None
        catalogue.documents.put_content(digest, content, given_sizes)
        assert catalogue.documents.sizes(digest) == given_sizes
        assert catalogue.documents.content(digest) == msgspec.structs.replace(content, decisions=())
        other = msgspec.structs.replace(content, title="another")
        catalogue.documents.put_content(digest, other, Sizes(content_bytes=1, summary_bytes=2))
        assert catalogue.documents.content(digest).title == "another"
        assert catalogue.documents.sizes(digest) == Sizes(content_bytes=1, summary_bytes=2)
        catalogue.documents.forget_contents()
        assert catalogue.documents.sizes(digest) is None


CONTENT = Content(
    link="https://www.dw.com/zh/a-1",
    title="A title",
    author="",
    categories=(),
    language="en",
    direction="ltr",
    summary="",
    content="<div></div>",
    images=(),
    lead=None,
    measure=MEASURE,
)
DIGESTS = [bytes([number]) * 16 for number in range(5)]
some_digests = st.lists(st.sampled_from(DIGESTS), max_size=4, unique=True)


@given(some_digests, some_digests, some_digests)
def test_contents_stay_as_long_as_a_document_needs_them(kept, of_main, of_source):
    """Sweeping keeps exactly the contents of members, of whichever document."""
    with Catalogue(None) as catalogue:
        for digest in kept:
            catalogue.documents.put_content(digest, CONTENT, Sizes(content_bytes=1, summary_bytes=1))
        for name, needed in (("main", of_main), ("source/dw", of_source)):
            catalogue.documents.put(document(name=name), [samples.identity(digest=one) for one in needed])
        catalogue.documents.sweep_contents()
        at_hand = {digest for digest in DIGESTS if catalogue.documents.sizes(digest)}
        assert at_hand == set(kept) & {*of_main, *of_source}


# --- runs --------------------------------------------------------------------------------


def test_facts_are_what_was_set_last(catalogue):
    """A fact that was never set is empty."""
    assert catalogue.runs.fact("pair") == ""
    catalogue.runs.set_fact("pair", "one")
    catalogue.runs.set_fact("pair", "two")
    assert (catalogue.runs.fact("pair"), catalogue.runs.fact("reading")) == ("two", "")


@given(
    st.lists(
        st.builds(Ran, started=moments, failure=texts) | st.builds(Ran, started=moments, report=texts),
        max_size=6,
    )
)
def test_the_last_runs_are_known(runs):
    """The last run that failed and the last one that did not read back as they were, whatever the clock."""
    failed = [ran for ran in runs if ran.failure is not None]
    good = [ran for ran in runs if ran.failure is None]
    with Catalogue(None) as catalogue:
        for ran in runs:
            catalogue.runs.put(ran)
        assert catalogue.runs.last(failed=True) == (failed[-1] if failed else None)
        assert catalogue.runs.last(failed=False) == (good[-1] if good else None)
        assert catalogue.runs.has_failed() == (bool(runs) and runs[-1] in failed)


def good_run(number: int) -> Ran:
    """Return a run that did not fail."""
    return Ran(started=samples.EPOCH + timedelta(hours=number), report="{}")


def failed_run(number: int) -> Ran:
    """Return a run that failed."""
    return Ran(started=samples.EPOCH + timedelta(hours=number), failure="disk full")


@pytest.mark.parametrize(
    ("first", "then"),
    [(good_run, failed_run), (failed_run, good_run), (good_run, good_run)],
    ids=["then it fails", "it failed once", "it never fails"],
)
def test_old_runs_are_forgotten(first: Callable[[int], Ran], then: Callable[[int], Ran]):
    """Of many runs the last ones are kept, and the last of each kind however long ago it was."""
    with Database(None) as opened:
        runs = Runs(opened)
        runs.put(first(0))
        for number in range(1, KEPT + 50):
            runs.put(then(number))
        assert KEPT <= opened.value("SELECT count(*) FROM runs") <= KEPT + 2
        assert runs.last(failed=then is failed_run) == then(KEPT + 49)
        if first is not then:
            assert runs.last(failed=first is failed_run) == first(0)
