"""The catalogue: what the file is, what its failures mean, and that all that is put in comes out again."""

import os
import random
import re
import resource
import shutil
import sqlite3
import stat
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec
import pytest
from hypothesis import example, given, settings
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
from feedbridge.catalogue.database import TOGETHER, Database, Parameters
from feedbridge.catalogue.documents import Documents
from feedbridge.catalogue.entries import Entries
from feedbridge.catalogue.files import PARTS, Files
from feedbridge.catalogue.moments import from_seconds, maybe, seconds
from feedbridge.catalogue.piles import TAKEN, Pile
from feedbridge.catalogue.runs import KEPT, Runs
from feedbridge.catalogue.schema import STEPS
from feedbridge.errors import FeedbridgeError, LockedError, NewerStateError, StateError
from feedbridge.model import (
    Candidate,
    Content,
    Decision,
    Gone,
    Group,
    Header,
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
HEADER = Header(title="A title", link="https://www.dw.com/zh/a-1", author="", categories=("News",))
MEASURE = Measure(fingerprint="f", length=5)
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


# --- values ------------------------------------------------------------------------------

texts = st.text(max_size=8)
names = st.text(min_size=1, max_size=8)
digests = st.binary(min_size=16, max_size=16)
paths = st.binary(min_size=1, max_size=12)
moments = st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(microsecond=0))
lengths = st.integers(min_value=0, max_value=2**63 - 1)
some_moments = st.sampled_from([EPOCH - timedelta(days=1), EPOCH, samples.EPOCH, LATER])
measures = st.builds(Measure, fingerprint=texts, length=lengths)
sizes = st.builds(Sizes, content_bytes=lengths, summary_bytes=lengths)
lists_of_texts = st.lists(texts, max_size=3).map(tuple)
headers = st.builds(Header, title=texts, link=texts, author=texts, categories=lists_of_texts)


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


def unusable(path: bytes) -> st.SearchStrategy[Rejected | Ignored | Gone]:
    """Give what a file may be that is no article now."""
    where = st.just(path)
    codes = st.sampled_from(["unreadable", "no-link"]) | names
    return (
        st.builds(Rejected, path=where, code=codes, detail=texts)
        | st.builds(Ignored, path=where, reason=texts)
        | st.builds(Gone, path=where)
    )


def stamps(path: bytes) -> st.SearchStrategy[Stamp]:
    """Give what a directory may say of a file."""
    return st.builds(
        Stamp,
        path=st.just(path),
        root=st.integers(0, 3),
        size_bytes=lengths,
        mtime_ns=st.integers(-(2**63), 2**63 - 1),
        inode=lengths,
    )


@st.composite
def known_files(
    draw,
    *,
    at: st.SearchStrategy[bytes] = paths,
    keys: st.SearchStrategy[str] = names,
    contents: st.SearchStrategy[bytes] = digests,
    held: st.SearchStrategy[datetime] = moments,
) -> KnownFile:
    """Give files of any kind, as they may be remembered."""
    path = draw(at)
    version = draw(st.none() | versions(path, keys, contents))
    found = draw(st.just(version) | unusable(path) if version else unusable(path))
    is_gone = isinstance(found, Gone)
    return KnownFile(
        stamp=draw(stamps(path)),
        found=found,
        version=version,
        header=draw(st.none() | headers) if version else None,
        measure=draw(st.none() | measures) if version else None,
        is_read_again=not is_gone and draw(st.booleans()),
        due=None if is_gone else draw(st.none() | moments),
        held_since=draw(st.none() | held),
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
    categories=lists_of_texts,
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


def unreadable_now(known: KnownFile) -> KnownFile:
    """Return a file after it became unreadable: nobody can tell what it is."""
    found = Rejected(path=known.stamp.path, code="unreadable", detail="Permission denied")
    return msgspec.structs.replace(known, found=found, is_read_again=True)


def rejected_now(known: KnownFile) -> KnownFile:
    """Return a file after it became none that can be an article: it is dated ahead."""
    found = Rejected(path=known.stamp.path, code="future-date", detail="tomorrow")
    return msgspec.structs.replace(known, found=found, due=LATER)


def gone(known: KnownFile) -> KnownFile:
    """Return a file after it went away; that it was young counts when it is back."""
    found = Gone(path=known.stamp.path)
    is_young = known.is_read_again and isinstance(known.found, Version)
    return msgspec.structs.replace(known, found=found, is_read_again=is_young, due=None)


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


def counted(catalogue: Catalogue, act: Callable[[], object]) -> int:
    """Return how many statements an act costs."""
    before = catalogue.statements
    act()
    return int(catalogue.statements - before)


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
        assert catalogue.statements < 10
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


def overwrite_table(file: Path, body: bytes, name: str) -> None:
    """Overwrite the first page of a table: nothing tells until it is asked for."""
    with closing(sqlite3.connect(file)) as connection:
        rows = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,))
        ((root,),) = rows.fetchall()
    overwrite(file, body, page=root - 1)


def facts_overwritten(file: Path, body: bytes) -> None:
    """Overwrite what is asked for first."""
    overwrite_table(file, body, "facts")


def runs_overwritten(file: Path, body: bytes) -> None:
    """Overwrite what nobody needs to go on."""
    overwrite_table(file, body, "runs")


damages = pytest.mark.parametrize(
    "damage",
    [
        made_of_noise,
        made_of_few_bytes,
        cut_in_the_middle,
        cut_within_a_page,
        cut_within_the_header,
        first_page_overwritten,
        facts_overwritten,
        runs_overwritten,
    ],
    ids=lambda damage: damage.__name__,
)


def use(file: Path) -> str:
    """Open a catalogue, read and write."""
    with Catalogue(file) as catalogue:
        catalogue.runs.has_failed()
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
def test_a_writer_keeps_writers_out_but_not_readers(file):
    """While another process writes, a transaction raises LockedError that names the file; reading goes on."""
    fill(file)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE facts SET value = 'other'")
        with Catalogue(file) as catalogue:
            with pytest.raises(LockedError) as caught, catalogue.transaction():
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


def test_statements_are_counted(catalogue):
    """Each statement counts, and of those that write many rows each row; so do the two of a transaction."""
    assert counted(catalogue, lambda: catalogue.runs.fact("pair")) == 1
    assert counted(catalogue, lambda: catalogue.files.touched.add(["a", "b", "c"])) == 3
    assert counted(catalogue, lambda: catalogue.files.touched.add([])) == 0
    assert counted(catalogue, lambda: list(catalogue.entries.of_group(Group()))) == 1

    def write() -> None:
        with catalogue.transaction():
            catalogue.documents.soil(["main", "source/dw"])

    assert counted(catalogue, write) == 4


# --- a copy of it ------------------------------------------------------------------------


def use_copy(file: Path) -> str:
    """Open a copy of a catalogue, read and write."""
    with Catalogue(None, source=file) as copy:
        copy.runs.has_failed()
        with copy.transaction():
            copy.runs.set_fact("reading", "1")
        return copy.runs.fact("pair")


def bodies(directory: Path) -> dict[str, bytes]:
    """Return the bytes of all that stands in a directory, but for what SQLite's connections share there."""
    found = samples.contents(directory)
    return {name: b"" if name.endswith("-shm") else body for name, body in found.items()}


def test_a_copy_knows_all_and_changes_nothing(file, tmp_path, monkeypatch):
    """A private one with a source knows all that it knows; nothing that is done to it is seen anywhere."""
    fill(file, count=3)
    monkeypatch.setenv("SQLITE_TMPDIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    before = samples.snapshot(tmp_path)
    with Catalogue(None, source=file) as copy:
        assert copy.is_lasting
        assert copy.is_sound()
        assert (copy.runs.fact("pair"), copy.files.count("article")) == ("in and out", 3)
        with copy.transaction():
            copy.runs.set_fact("pair", "other")
            copy.files.put(article(b"another"), PLACE)
            for number in range(30):
                copy.runs.put(Ran(started=EPOCH, report=str(number) * 200_000))
        assert (copy.runs.fact("pair"), copy.files.count("article")) == ("other", 4)
        assert samples.snapshot(tmp_path) == before
    assert samples.snapshot(tmp_path) == before


def test_a_copy_is_of_one_moment(file):
    """What becomes of the file afterwards is not seen in a copy, and a transaction of a copy is one."""
    fill(file)
    with Catalogue(None, source=file) as copy, Catalogue(file) as original:
        original.runs.set_fact("pair", "other")
        assert copy.runs.fact("pair") == "in and out"

        def fail() -> None:
            with copy.transaction():
                copy.runs.set_fact("pair", "lost")
                raise KeyError

        with pytest.raises(KeyError):
            fail()
        assert copy.runs.fact("pair") == "in and out"
        assert original.runs.fact("pair") == "other"


def test_only_the_copy_of_an_older_one_is_brought_up_to_date(file, monkeypatch):
    """The steps that are missing are taken in the copy; no byte of the file changes."""
    fill(file)
    before = samples.snapshot(file.parent)
    monkeypatch.setattr(database, "STEPS", (*STEPS, STEP))
    with Database(None, source=file) as copy:
        assert copy.value("PRAGMA user_version") == len(STEPS) + 1
        assert copy.value("SELECT count(*) FROM later") == 0
        assert Runs(copy).fact("pair") == "in and out"
    assert samples.snapshot(file.parent) == before
    assert ask(file, "PRAGMA user_version") == len(STEPS)


def test_one_of_a_newer_version_is_not_copied(file, monkeypatch):
    """It is refused as it is when it is opened, and no byte of it changes."""
    with monkeypatch.context() as newer:
        newer.setattr(database, "STEPS", (*STEPS, STEP))
        fill(file)
    before = samples.snapshot(file.parent)
    with pytest.raises(NewerStateError, match="install that one") as caught:
        Catalogue(None, source=file)
    assert str(file) in str(caught.value)
    assert samples.snapshot(file.parent) == before


@damages
def test_a_copy_of_a_damaged_one_is_damaged(file, damage: Callable[[Path, bytes], None]):
    """It raises when it is made or used; the file stays where it is, as it is."""
    damage(file, fill(file, count=100))
    before = samples.snapshot(file.parent)
    with pytest.raises(DamagedError):
        use_copy(file)
    assert samples.snapshot(file.parent) == before


def test_what_is_damaged_is_not_sound(file):
    """Whoever doubts is told whether SQLite finds all to be whole; of a file and of a copy."""
    body = fill(file)
    for source in (None, file):
        with Catalogue(file if source is None else None, source=source) as catalogue:
            assert catalogue.is_sound()
    runs_overwritten(file, body)
    for source in (None, file):
        with Catalogue(file if source is None else None, source=source) as catalogue:
            assert not catalogue.is_sound()


@pytest.fixture
def writing(file) -> Iterator[Path]:
    """Give a catalogue of which another process has committed a change, and has begun the next one."""
    fill(file)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("UPDATE facts SET value = 'committed'")
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE facts SET value = 'begun'")
        yield file
        other.execute("COMMIT")
    assert use(file) == "begun"


@pytest.mark.usefixtures("impatient")
def test_one_that_is_being_written_is_copied_as_it_was_committed_last(writing):
    """A copy neither waits for a writer nor sees its transaction, and the writer does not notice."""
    before = bodies(writing.parent)
    assert use_copy(writing) == "committed"
    assert bodies(writing.parent) == before


def test_what_a_killed_writer_left_is_copied_and_left(writing, tmp_path):
    """What stands in the log only is copied too, and neither moved into the file nor removed."""
    left = Path(shutil.copytree(writing.parent, tmp_path / "left")) / writing.name
    before = bodies(left.parent)
    assert set(before) == {path.name for path in companions(left)}
    assert use_copy(left) == "committed"
    assert bodies(left.parent) == before


@pytest.mark.usefixtures("impatient")
def test_one_that_another_process_keeps_to_itself_is_locked(file):
    """Where nobody else may even read, a copy raises LockedError instead of waiting for ever."""
    file.parent.mkdir()
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN EXCLUSIVE")
        other.execute("CREATE TABLE other (name TEXT)")
        release = threading.Timer(3, other.execute, ["ROLLBACK"])  # so that no mistake of ours hangs the test
        release.start()
        try:
            with pytest.raises(LockedError, match="another process holds"):
                Catalogue(None, source=file)
        finally:
            release.cancel()
            release.join()


def test_one_that_may_only_be_read_is_copied(place, give_up_rights):
    """Whoever may read the file and not write there gets a copy, and nothing appears beside it."""
    read_only(place)
    before = samples.snapshot(place)
    give_up_rights()
    assert use_copy(place / "state" / "catalogue.sqlite3") == "in and out"
    assert samples.snapshot(place) == before


@pytest.mark.parametrize("forbid", [unreadable, hidden], ids=lambda forbid: forbid.__name__)
def test_one_that_may_not_be_read_is_named(place, give_up_rights, forbid: Callable[[Path], None]):
    """A file that may not be read is named, and what to do."""
    forbid(place)
    give_up_rights()
    file = place / "state" / "catalogue.sqlite3"
    with pytest.raises(StateError, match=r"; (name another file by|give the user)") as caught:
        use_copy(file)
    assert str(file) in str(caught.value)


@pytest.mark.parametrize("name", [b"\xff\x1b.sqlite3", b"%41?mode=ro#a &;b", "例.sqlite3".encode()])
def test_one_of_any_name_is_copied(tmp_path, monkeypatch, name):
    """Bytes that are no UTF-8 or mean something in an address are only a name; it may be a relative one."""
    fill(tmp_path / os.fsdecode(name))
    monkeypatch.chdir(tmp_path)
    before = samples.snapshot(tmp_path)
    assert use_copy(tmp_path / os.fsdecode(name)) == use_copy(Path(os.fsdecode(name))) == "in and out"
    assert samples.snapshot(tmp_path) == before


def test_a_copy_of_nothing_is_not_made(file):
    """A source that is missing is named; nothing is made there."""
    file.parent.mkdir()
    with pytest.raises(StateError) as caught:
        Catalogue(None, source=file)
    assert str(file) in str(caught.value)
    assert names_in(file.parent) == set()


def test_a_copy_of_an_empty_file_is_a_new_one(file):
    """It was never a catalogue; the copy becomes one, the file does not."""
    file.parent.mkdir()
    file.touch()
    assert use_copy(file) == ""
    assert samples.contents(file.parent) == {file.name: b""}


def test_a_foreign_database_is_not_copied(file):
    """A database that is no catalogue is named as such."""
    file.parent.mkdir()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE files (name TEXT)")
    before = samples.snapshot(file.parent)
    with pytest.raises(StateError, match="is a database of another program") as caught:
        Catalogue(None, source=file)
    assert str(file) in str(caught.value)
    assert samples.snapshot(file.parent) == before


# --- all of it ---------------------------------------------------------------------------


def test_what_was_seen_is_forgotten(catalogue):
    """Nothing stays of the archive and its feeds, no count either; what runs did stays, and the facts."""
    number = catalogue.files.directory(0, b"d")
    catalogue.files.set_parts(number, {0: b"seen"})
    remember(catalogue, [article(b"a"), ignored(b"b"), gone(article(b"c"))])
    catalogue.entries.change(None, ENTRY)
    catalogue.documents.put_content(DIGESTS[0], CONTENT, Sizes(content_bytes=1, summary_bytes=1))
    publish(catalogue.documents, "main", [ENTRY])
    catalogue.documents.put_renditions("main", [rendition("feed.xml")])
    catalogue.runs.set_fact("pair", "in and out")
    catalogue.runs.put(Ran(started=EPOCH, report="{}"))
    catalogue.forget()
    assert catalogue.files.is_empty()
    assert catalogue.files.directory(0, b"another") == number
    assert catalogue.files.parts() == {}
    assert [catalogue.files.count(name) for name in STATES] == [0] * 4
    assert (catalogue.entries.count(), catalogue.entries.groups()) == (0, ())
    assert catalogue.entries.get(ENTRY.key) is None
    documents = catalogue.documents
    assert (documents.names(), documents.members("main"), documents.renditions()) == (frozenset(), (), ())
    assert documents.measure(DIGESTS[0]) is None
    assert catalogue.runs.fact("pair") == "in and out"
    assert catalogue.runs.last(failed=False) == Ran(started=EPOCH, report="{}")


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

STATES = ("article", "ignored", "rejected", "gone")


def state(known: KnownFile) -> str:
    """Return what a file is counted as."""
    return {Version: "article", Ignored: "ignored", Rejected: "rejected", Gone: "gone"}[type(known.found)]


def by_path(files: Iterable[KnownFile]) -> list[KnownFile]:
    """Sort files by path."""
    return sorted(files, key=lambda known: known.stamp.path)


def remember(catalogue: Catalogue, files: Iterable[KnownFile]) -> None:
    """Put all files at one place."""
    for known in files:
        catalogue.files.put(known, PLACE)


def lose(catalogue: Catalogue, *paths: bytes) -> None:
    """Miss files, and find them nowhere."""
    catalogue.files.missing.add(paths)
    catalogue.files.lose_missing()


def assert_remembers(catalogue: Catalogue, files: Iterable[KnownFile]) -> None:
    """Demand that these files are known, at the one place, and no others, and that all are counted."""
    expected = by_path(files)
    assert by_path(catalogue.files.in_part(PLACE)) == expected
    states = [state(known) for known in expected]
    assert [catalogue.files.count(name) for name in STATES] == [states.count(name) for name in STATES]


@given(known_files(), st.integers(0, 2**63 - 1))
def test_files_round_trip(known, directory):
    """A file of any name, state and age reads back as it was put, alone and by its part and its article."""
    place = Place(directory, part_of(known.stamp))
    with Catalogue(None) as catalogue:
        catalogue.files.put(known, place)
        assert catalogue.files.at(known.stamp.path) == known
        assert catalogue.files.place_of(known.stamp.path) == place
        assert list(catalogue.files.in_part(place)) == [known]
        assert list(catalogue.files.in_part(Place(directory, place.part + 1))) == []
        of_key = list(catalogue.files.of_key(known.version.key if known.version else ""))
        assert of_key == ([known] if known.version else [])


def test_nothing_is_known_of_a_file_that_was_never_seen(catalogue):
    """A file that was never put is None, and of no article."""
    assert catalogue.files.is_empty()
    assert catalogue.files.at(b"a.txt") is None
    assert list(catalogue.files.in_part(PLACE)) == []
    assert list(catalogue.files.of_key("dw/1")) == []
    assert [catalogue.files.count(name) for name in STATES] == [0] * 4


def test_an_unreadable_file_keeps_its_version(catalogue):
    """A file that cannot be read any more is rejected, and still one of its article's, which is not lost."""
    known = unreadable_now(msgspec.structs.replace(article(), header=HEADER, measure=MEASURE))
    remember(catalogue, [article(), known])
    assert list(catalogue.files.of_key("dw/1")) == [known]
    assert catalogue.files.rejected() == (known.found,)
    assert not catalogue.files.has_lost()
    assert_remembers(catalogue, [known])
    lose(catalogue, b"a.txt")
    assert catalogue.files.has_lost()
    assert_remembers(catalogue, [gone(known)])


POOL = [b"a", b"b", b"b/c", b"\xff", b"a\0" + b"1" * 16]  # the last one is of an article that was left
pooled = known_files(
    at=st.sampled_from(POOL),
    keys=st.sampled_from(["dw/1", "dw/2"]),
    contents=st.sampled_from([b"0" * 16, b"1" * 16]),
    held=some_moments,
)
places = st.builds(Place, st.integers(1, 2), st.integers(0, 1))
some_paths = st.lists(st.sampled_from(POOL), max_size=3)
acts = st.lists(st.tuples(pooled, places) | some_paths, max_size=12)


def without(known: KnownFile) -> KnownFile | None:
    """Return what is known of a file that is found nowhere: nothing where it was no article."""
    if known.version is None:
        return None
    return known if isinstance(known.found, Gone) else gone(known)


@given(acts)
def test_files_are_what_was_put_last(acts):
    """However files come, change and go, they are counted and found in their places as in a plain dict."""
    model: dict[bytes, tuple[KnownFile, Place]] = {}
    with Catalogue(None) as catalogue:
        files = catalogue.files
        for act in acts:
            if isinstance(act, tuple):
                files.put(*act)
                model[act[0].stamp.path] = act
            else:
                lose(catalogue, *act)
                for path in model.keys() & set(act):
                    known, place = model.pop(path)
                    model |= {path: (after, place)} if (after := without(known)) else {}
            states = [state(known) for known, _ in model.values()]
            assert [files.count(name) for name in STATES] == [states.count(name) for name in STATES]
        assert files.is_empty() == (not model)
        for path in POOL:
            assert files.at(path) == model.get(path, (None, None))[0]
        for place in {place for _, place in model.values()}:
            standing = [known for known, where in model.values() if where == place]
            assert by_path(files.in_part(place)) == by_path(standing)
            assert {files.place_of(known.stamp.path) for known in standing} == {place}


@given(st.lists(pooled, unique_by=lambda known: known.stamp.path, max_size=4), moments)
def test_every_question_about_files_is_answered(known, now):
    """As Python answers it by looking at each."""
    known = by_path(known)
    with Catalogue(None) as catalogue:
        files = catalogue.files
        remember(catalogue, known)
        compared = []
        for key in ("dw/1", "dw/2"):
            of_key = [one for one in known if one.version and one.version.key == key]
            assert list(files.of_key(key)) == of_key
            compared += [key] if len({one.version.digest for one in of_key if one.version}) > 1 else []
        files.touch_compared()
        assert list(files.touched.take()) == compared
        assert files.has_edits() == any(one.version and one.version.edited for one in known)
        assert files.rejected() == tuple(one.found for one in known if isinstance(one.found, Rejected))
        standing = [one for one in known if not isinstance(one.found, Gone)]
        again = {one.stamp.path for one in standing if one.is_read_again or (one.due and one.due <= now)}
        assert set(files.to_read_again(now)) == again


def gone_article(path: bytes) -> KnownFile:
    """Return a file that was usable and went away."""
    return gone(article(path))


@pytest.mark.parametrize("first", [article, ignored, rejected, gone_article])
@pytest.mark.parametrize("second", [article, ignored, rejected, gone_article])
def test_a_file_is_counted_as_what_it_is_now(catalogue, first, second):
    """A file that turns from one state to another, or stays, is counted once."""
    remember(catalogue, [first(b"a.txt"), second(b"a.txt")])
    assert_remembers(catalogue, [second(b"a.txt")])


def test_files_are_read_again_when_they_are_due(catalogue):
    """A file that is dated ahead is read again from its moment on, one that was young by the next run."""
    remember(catalogue, [msgspec.structs.replace(rejected(b"due"), due=LATER)])
    remember(catalogue, [msgspec.structs.replace(article(b"young"), is_read_again=True)])
    places = {path: catalogue.files.place_of(path) for path in (b"due", b"young")}
    assert catalogue.files.to_read_again(LATER - timedelta(seconds=1)) == {b"young": places[b"young"]}
    assert catalogue.files.to_read_again(LATER) == places


def test_an_edit_belongs_to_a_file(catalogue):
    """Since when a file says what it says is known of that file alone, as it was put last."""
    edited = article(b"a", edited=LATER)
    remember(catalogue, [edited, article(b"b")])
    assert list(catalogue.files.of_key("dw/1")) == [edited, article(b"b")]
    assert catalogue.files.has_edits()
    remember(catalogue, [article(b"a")])
    assert list(catalogue.files.of_key("dw/1")) == [article(b"a"), article(b"b")]
    assert not catalogue.files.has_edits()


def test_measures_belong_to_an_article_and_what_it_says(catalogue):
    """A measure is set for all files of one key and digest, and for no others."""
    remember(
        catalogue,
        (article(b"a"), gone_article(b"b"), article(b"c", digest=b"1" * 16), article(b"d", key="dw/2")),
    )
    catalogue.files.set_measure(b"0" * 16, "dw/1", MEASURE)
    measured = [known.measure for known in by_path(catalogue.files.in_part(PLACE))]
    assert measured == [MEASURE, MEASURE, None, None]


def nothing(known: KnownFile) -> KnownFile:
    """Return a file that never was an article, and can be none."""
    return msgspec.structs.replace(rejected_now(known), version=None, header=None, measure=None)


def never_read(known: KnownFile) -> KnownFile:
    """Return a file that was unreadable from the beginning."""
    return msgspec.structs.replace(unreadable_now(known), version=None, header=None, measure=None)


def usable(known: KnownFile) -> KnownFile:
    """Return a file as it is."""
    return known


def become(
    path: bytes, facts: tuple[str, bytes, datetime | None, Callable[[KnownFile], KnownFile]]
) -> KnownFile:
    """Return a file of which all is known, and of which something has become."""
    key, digest, held, turn = facts
    known = article(path, key=key, digest=digest, edited=LATER)
    return turn(msgspec.structs.replace(known, header=HEADER, measure=MEASURE, held_since=held))


some_facts = st.tuples(
    st.sampled_from(["dw/1", "dw/2"]),
    st.sampled_from([b"0" * 16, b"1" * 16]),
    st.none() | some_moments,
    st.sampled_from([usable, gone, rejected_now, unreadable_now, nothing, never_read]),
)
some_files = st.dictionaries(st.sampled_from(POOL), some_facts, max_size=len(POOL)).map(
    lambda facts: [become(path, of_path) for path, of_path in facts.items()]
)


@given(some_files)
def test_measures_are_forgotten(files):
    """By other rules all files say something else, maybe."""
    with Catalogue(None) as catalogue:
        remember(catalogue, files)
        catalogue.files.forget_measures()
        assert_remembers(catalogue, [msgspec.structs.replace(known, measure=None) for known in files])


# --- files whose article is lost ---------------------------------------------------------


def is_lost(known: KnownFile) -> bool:
    """Tell whether a file had an article and has none now, as far as anybody can tell."""
    is_unreadable = isinstance(known.found, Rejected) and known.found.code == "unreadable"
    return known.version is not None and not known.is_readable and not is_unreadable


def is_new(known: KnownFile) -> bool:
    """Tell whether a file is lost and not held."""
    return is_lost(known) and known.held_since is None


def is_held(known: KnownFile) -> bool:
    """Tell whether a file is lost and held."""
    return is_lost(known) and known.held_since is not None


def stands_in(known: KnownFile, files: Iterable[KnownFile]) -> bool:
    """Tell whether the article of a file can be read in any of these."""
    return bool(keys_of([known]) & keys_of(one for one in files if one.is_readable))


def is_last(known: KnownFile, files: Iterable[KnownFile], newcomers: Iterable[bytes]) -> bool:
    """Tell whether an article goes with a file that was there before."""
    return is_new(known) and not stands_in(known, files) and known.stamp.path not in newcomers


def is_counted(known: KnownFile) -> bool:
    """Tell whether a file is one: an article that was left counts with the file that took its place."""
    return known.path == known.stamp.path


def let_go(known: KnownFile) -> KnownFile | None:
    """Return what is known of a file whose article is let go: nothing where it went away."""
    if isinstance(known.found, Gone):
        return None
    return msgspec.structs.replace(known, version=None, header=None, measure=None, held_since=None)


def keys_of(files: Iterable[KnownFile]) -> set[str]:
    """Return the keys of the articles of files."""
    return {known.version.key for known in files if known.version}


@given(some_files, some_paths, some_paths)
def test_what_is_missing_is_gone(files, missing, found):
    """A file that is missed and not found keeps what it said; of one that was no article nothing is kept."""
    with Catalogue(None) as catalogue:
        remember(catalogue, files)
        catalogue.files.missing.add(missing)
        for path in found:
            catalogue.files.missing.discard(path)
        catalogue.files.lose_missing()
        paths = set(missing) - set(found)
        after = [without(known) if known.stamp.path in paths else known for known in files]
        known_after = list(filter(None, after))
        assert_remembers(catalogue, known_after)
        assert list(catalogue.files.touched.take()) == []
        assert catalogue.files.let_go_of_all() == sum(is_lost(one) and is_counted(one) for one in known_after)
        remember(catalogue, files)
        catalogue.files.lose_missing()
        assert_remembers(catalogue, files)


steps = st.lists(st.sampled_from([b"a", b"a0", b"a.b", b"\xff"]), min_size=1, max_size=3)
file_paths = steps.map(b"/".join)


@given(st.sets(file_paths, max_size=12), file_paths)
def test_what_is_below_a_path_is_missing(known, path):
    """The file at a path, or all below the directory that it was; none whose name only begins like it."""
    with Catalogue(None) as catalogue:
        remember(catalogue, map(article, known))
        catalogue.files.miss_below(path)
        below = {one for one in known if one == path or one.startswith(path + b"/")}
        assert set(catalogue.files.missing.take()) == below


@given(some_files, some_paths)
def test_what_is_lost_is_known(files, newcomers):
    """Whether any article is lost or stands, and which files are held, as Python tells by looking at each."""
    with Catalogue(None) as catalogue:
        remember(catalogue, files)
        assert catalogue.files.has_lost() == any(map(is_lost, files))
        assert catalogue.files.has_standing() == any(known.is_readable for known in files)
        assert catalogue.files.held() == tuple(by_path(filter(is_held, files)))
        assert catalogue.files.count_held() == sum(map(is_held, files))
        assert catalogue.files.count_held_articles() == len(keys_of(filter(is_held, files)))
        last = [known for known in files if is_last(known, files, ())]
        assert catalogue.files.count_last() == len(keys_of(last))
        catalogue.files.newcomers.add(newcomers)
        last = [known for known in files if is_last(known, files, newcomers)]
        assert catalogue.files.count_last() == len(keys_of(last))
        assert_remembers(catalogue, files)


@given(some_files, some_moments, some_paths)
def test_the_last_files_of_articles_are_held(files, moment, newcomers):
    """Only a lost file that is not held yet, of an article that stands nowhere and is no newcomer."""
    with Catalogue(None) as catalogue:
        remember(catalogue, files)
        catalogue.files.newcomers.add(newcomers)
        catalogue.files.hold_last(moment)
        last = [known for known in files if is_last(known, files, newcomers)]
        held = [msgspec.structs.replace(known, held_since=moment) for known in last]
        assert_remembers(catalogue, [known for known in files if known not in last] + held)
        assert catalogue.files.count_last() == 0
        assert list(catalogue.files.touched.take()) == []


LETTING_GO: dict[str, Callable[[Files, datetime], int]] = {
    "new": lambda files, _: files.let_go_of_new(),
    "all": lambda files, _: files.let_go_of_all(),
    "old": Files.let_go_of_old,
    "doubles": lambda files, _: files.let_go_of_doubles(),
}
IS_LET_GO: dict[str, Callable[[KnownFile, list[KnownFile], datetime], bool]] = {
    "new": lambda known, _, __: is_new(known),
    "all": lambda known, _, __: is_lost(known),
    "old": lambda known, _, until: is_held(known) and (known.held_since or LATER) <= until,
    "doubles": lambda known, files, _: is_held(known) and stands_in(known, files),
}


@pytest.mark.parametrize("which", LETTING_GO)
@settings(max_examples=200)
@given(files=some_files, moment=some_moments)
def test_what_is_lost_is_let_go(which, files, moment):
    """Just these files lose their articles, which are touched; one that stands is still known as it is."""
    going = [known for known in files if IS_LET_GO[which](known, files, moment)]
    with Catalogue(None) as catalogue:
        remember(catalogue, files)
        assert LETTING_GO[which](catalogue.files, moment) == sum(map(is_counted, going))
        after = [let_go(known) if known in going else known for known in files]
        assert_remembers(catalogue, filter(None, after))
        assert list(catalogue.files.touched.take()) == sorted(keys_of(going))
        assert LETTING_GO[which](catalogue.files, moment) == 0


@given(some_files, st.sampled_from(POOL))
def test_the_article_of_one_file_is_let_go(files, path):
    """Whatever became of the file, of that one only; it counts if it had an article."""
    files = [known for known in files if not isinstance(known.found, Version)]
    going = [known for known in files if known.stamp.path == path and known.version]
    with Catalogue(None) as catalogue:
        remember(catalogue, files)
        assert catalogue.files.let_go_of(path) == sum(map(is_counted, going))
        after = [let_go(known) if known in going else known for known in files]
        assert_remembers(catalogue, filter(None, after))
        assert list(catalogue.files.touched.take()) == sorted(keys_of(going))
        assert catalogue.files.let_go_of(path) == 0


def test_files_are_held_until_they_are_back(catalogue):
    """A file that is held stays so since the first moment, until it is put again or let go."""
    remember(catalogue, map(article, (b"c", b"b", b"a")))
    lose(catalogue, b"c", b"a", b"never seen")
    assert catalogue.files.count_last() == 0
    lose(catalogue, b"b")
    assert catalogue.files.count_last() == 1
    catalogue.files.hold_last(samples.EPOCH)
    assert (catalogue.files.count_held(), catalogue.files.count_held_articles()) == (3, 1)
    remember(catalogue, [gone(article(b"d", key="dw/2"))])
    catalogue.files.hold_last(LATER)
    held = {known.stamp.path: known.held_since for known in catalogue.files.held()}
    since = samples.EPOCH
    assert list(held.items()) == [(b"a", since), (b"b", since), (b"c", since), (b"d", LATER)]
    assert len(list(catalogue.files.of_key("dw/1"))) == 3
    remember(catalogue, [article(b"a")])
    assert [known.stamp.path for known in catalogue.files.held()] == [b"b", b"c", b"d"]
    assert catalogue.files.let_go_of_doubles() == 2
    assert [known.stamp.path for known in catalogue.files.held()] == [b"d"]
    assert list(catalogue.files.touched.take()) == ["dw/1"]


@given(some_files, st.sampled_from(POOL[:4]))
def test_an_article_that_is_left_is_one_of_a_file_that_is_gone(files, path):
    """Where another article takes its file, it is kept as gone, and is known by the path that it had."""
    known = become(path, ("dw/1", b"2" * 16, samples.EPOCH, usable))
    with Catalogue(None) as catalogue:
        remember(catalogue, files)
        before = by_path(catalogue.files.in_part(PLACE))
        catalogue.files.leave(known)
        assert by_path(catalogue.files.in_part(PLACE)) == before
        left = next(one for one in catalogue.files.of_key("dw/1") if one.stamp.path not in POOL)
        assert isinstance(left.found, Gone)
        assert left.version == samples.version(
            path=left.stamp.path, key="dw/1", digest=b"2" * 16, edited=LATER
        )
        assert (left.path, left.header, left.measure) == (path, HEADER, MEASURE)
        assert left in catalogue.files.held()
        assert catalogue.files.let_go_of(left.stamp.path) == 0
        assert catalogue.files.at(left.stamp.path) is None
        assert list(catalogue.files.touched.take()) == ["dw/1"]


@given(some_files, some_paths, st.sets(st.sampled_from(["dw/1", "dw/2"])))
def test_an_article_that_comes_back_with_another_key_is_noticed(files, newcomers, published):
    """Lost files of published articles, and newcomers that have the same content and another key."""
    expected = {
        (old.version.key, new.version.key)
        for old in files
        for new in files
        if old.version and new.version and is_lost(old) and new.stamp.path in newcomers
        if old.version.digest == new.version.digest and old.version.key != new.version.key
        if old.version.key in published
    }
    with Catalogue(None) as catalogue:
        remember(catalogue, files)
        catalogue.documents.put_members("main", [samples.identity(key=key) for key in sorted(published)])
        catalogue.files.newcomers.add(newcomers)
        assert set(catalogue.files.moved()) == expected


# --- piles -------------------------------------------------------------------------------


@pytest.fixture
def pile() -> Iterator[Pile]:
    """Give a pile with nothing on it."""
    with Database(None) as opened:
        yield Pile(opened, "some")


def piled(items: st.SearchStrategy[bytes] | st.SearchStrategy[str]) -> st.SearchStrategy[list[object]]:
    """Give what may be done with a pile of such items."""
    return st.lists(
        st.lists(items, max_size=4).map(lambda some: ("add", some))
        | items.map(lambda one: ("discard", one))
        | st.just(("take", None)),
        max_size=8,
    )


@given(piled(st.binary(max_size=2)) | piled(st.text(max_size=2)))
def test_a_pile_is_a_set(turns):
    """What was put on it, however often, and not taken from it since, is taken once, in order."""
    model: set[object] = set()
    with Database(None) as opened:
        pile = Pile(opened, "some")
        for what, given_items in [*turns, ("take", None)]:
            if what == "add":
                pile.add(iter(given_items))
                model |= set(given_items)
            elif what == "discard":
                pile.discard(given_items)
                model.discard(given_items)
            else:
                taken = list(pile.take())
                assert set(taken) == model
                assert taken == sorted(taken)
                model.clear()


@given(st.sets(st.integers(0, 9)), st.dictionaries(st.integers(0, 9), st.lists(st.integers(0, 9))))
def test_what_is_put_on_a_pile_while_it_is_taken_is_taken_too(first, follow):
    """What follows from an item, and what follows from that, is taken before it ends."""
    taken: list[int] = []
    expected, waiting = set(first), list(first)
    while waiting:
        new = set(follow.get(waiting.pop(), ())) - expected
        expected |= new
        waiting += new
    with Database(None) as opened:
        pile = Pile(opened, "some")
        pile.add(str(number) for number in first)
        for item in pile.take():
            number = int(item)
            pile.add(str(one) for one in follow.get(number, ()) if number not in taken)
            taken.append(number)
        assert set(taken) == expected
        assert list(pile.take()) == []


def test_a_large_pile_is_taken_in_few_steps():
    """Each item comes once and in order, also where there are more than are taken at once."""
    items = [b"%06d" % number for number in range(3 * TAKEN + 1)]
    with Database(None) as opened:
        pile = Pile(opened, "some")
        pile.add(reversed(items))
        before = opened.statements
        assert list(pile.take()) == items
        assert opened.statements - before < 12


def test_a_pile_can_be_looked_at(pile):
    """All that is on it comes in order and stays there, also where there are more than are read at once."""
    items = [b"%06d" % number for number in range(2 * TAKEN + 1)]
    pile.add(reversed(items))
    assert list(pile) == items
    assert list(pile) == items
    for item in pile:
        pile.add([item, b"first"])
    assert list(pile.take()) == [*items, b"first"]
    assert list(pile) == []


def test_a_pile_holds_what_a_query_gives(pile):
    """Each value once, beside what is there."""
    pile.add(["b"])
    pile.add_all("SELECT 'a' UNION ALL SELECT ? UNION ALL SELECT 'b'", ("a",))
    assert list(pile.take()) == ["a", "b"]


def test_a_transaction_takes_back_what_becomes_of_a_pile(file):
    """What was put on it within, or taken from it, is as it was before; the next catalogue has none of it."""
    with Catalogue(file) as catalogue:
        touched = catalogue.files.touched
        touched.add(["a", "b"])

        def fail() -> None:
            with catalogue.transaction():
                assert list(touched.take()) == ["a", "b"]
                touched.add(["c"])
                raise KeyError

        with pytest.raises(KeyError):
            fail()
        assert list(touched.take()) == ["a", "b"]
        touched.add(["a"])
    with Catalogue(file) as catalogue:
        assert list(catalogue.files.touched.take()) == []


def test_piles_are_apart(catalogue):
    """What is put on one is on no other."""
    files = catalogue.files
    files.missing.add([b"missing"])
    files.newcomers.add([b"new"])
    files.touched.add(["touched"])
    taken = [list(pile.take()) for pile in (files.missing, files.newcomers, files.touched)]
    assert taken == [[b"missing"], [b"new"], ["touched"]]


def test_a_pile_on_which_nothing_was_put_costs_nothing(catalogue):
    """A run in which nothing has changed asks for nothing."""
    files = catalogue.files
    assert counted(catalogue, lambda: list(files.touched.take())) == 0
    assert counted(catalogue, lambda: list(files.touched)) == 0
    assert counted(catalogue, lambda: list(files.moved())) == 0
    assert counted(catalogue, files.lose_missing) == 0


# --- parts of directories ----------------------------------------------------------------


def test_files_of_neighbouring_inodes_are_one_part():
    """A part is a range of inodes."""
    inodes = (0, PART_INODES - 1, PART_INODES, 7 * PART_INODES + 5)
    assert [part_of(stamp(inode=inode)) for inode in inodes] == [0, 0, 1, 7]


@given(lengths)
def test_a_directory_has_few_parts(inode):
    """Where inodes lie far apart, its files share so many parts."""
    assert 0 <= part_of(stamp(inode=inode)) < PARTS
    assert part_of(stamp(inode=inode)) == part_of(stamp(inode=inode % (PARTS * PART_INODES)))


def test_a_directory_keeps_its_number(catalogue):
    """A directory of one input gets a number of its own, and the same whenever it is asked for."""
    asked = [(0, b""), (0, b"d\xff"), (1, b""), (0, b"")]
    first, second, third, again = (catalogue.files.directory(*one) for one in asked)
    assert len({first, second, third}) == 3
    assert again == first
    assert catalogue.files.parts() == {}


def test_a_directory_of_known_files_keeps_its_number(catalogue):
    """Also where none of its parts is known any more: the next run finds its files by it."""
    first = catalogue.files.directory(0, b"d")
    second = catalogue.files.directory(0, b"e")
    catalogue.files.put(article(b"d/a"), Place(first, 0))
    for number in (first, second):
        catalogue.files.set_parts(number, {0: b"seen"})
    catalogue.files.set_parts(first, {0: b""})
    assert catalogue.files.directory(0, b"d") == first


def test_a_directory_without_files_is_forgotten(catalogue):
    """An archive of which directories come and go does not grow for ever."""
    for number in range(5):
        directory = catalogue.files.directory(0, b"%d" % number)
        catalogue.files.set_parts(directory, {0: b"seen", 1: b"seen"})
        catalogue.files.set_parts(directory, {0: b""})
        assert catalogue.files.directory(0, b"%d" % number) == directory
        catalogue.files.set_parts(directory, {1: b""})
    assert catalogue.files.directory(0, b"another") == 1


def test_a_directory_is_forgotten_with_its_last_file(catalogue):
    """What is held keeps its directory in mind; when that is let go, nothing of it is known any more."""
    files = catalogue.files
    for name in (b"d", b"e"):
        number = files.directory(0, name)
        files.put(article(name + b"/a"), Place(number, 0))
        files.set_parts(number, {0: b"seen"})
    lose(catalogue, b"d/a", b"e/a")
    for number in (1, 2):
        files.set_parts(number, {0: b""})
    files.sweep_directories()
    assert (files.directory(0, b"d"), files.directory(0, b"e")) == (1, 2)
    files.let_go_of_all()
    files.set_parts(2, {0: b"seen"})
    files.sweep_directories()
    assert (files.directory(0, b"another"), files.directory(0, b"e")) == (3, 2)


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
    """An entry reads back as it came, by its key and by its id, until it goes."""
    with Catalogue(None) as catalogue:
        catalogue.entries.change(None, entry)
        assert catalogue.entries.get(entry.key) == entry
        assert catalogue.entries.by_guid(entry.guid) == entry
        for group in entry.groups:
            assert list(catalogue.entries.of_group(group)) == [entry]
        catalogue.entries.change(entry, None)
        assert catalogue.entries.get(entry.key) is None
        assert catalogue.entries.by_guid(entry.guid) is None


def test_an_empty_one_answers_too(catalogue):
    """Without entries there are no groups, nothing is newest, and the last arrival was in 1970."""
    assert catalogue.entries.count() == 0
    assert catalogue.entries.groups() == ()
    for group in (Group(), Group("source", "dw")):
        assert list(catalogue.entries.of_group(group)) == []
        assert catalogue.entries.newest(group, limit=9) == ()
        assert catalogue.entries.arrived_since(group, EPOCH) == ()
        assert catalogue.entries.last_arrival(group) == EPOCH


def in_order(entries: Iterable[Identity]) -> list[Identity]:
    """Sort entries as feeds hold them."""
    return sorted(entries, key=lambda entry: (-seconds(entry.published), entry.guid))


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


GROUPS = [
    Group(),
    *(Group("source", name) for name in ("dw", "bbc", "例", "never seen")),
    Group("other", "dw"),
]


def of_group(group: Group, entries: Iterable[Identity]) -> list[Identity]:
    """Return the entries of a group as its feed holds them."""
    return in_order(entry for entry in entries if group in (Group(), Group("source", entry.source)))


class Kept(NamedTuple):
    """An entry, and what is at hand of it."""

    entry: Identity
    is_readable: bool | None  # its file; None: no file is known
    generation: int | None  # of the rules by which its content was made; None: there is none

    @property
    def sizes(self) -> Sizes:
        """Sizes that no other entry has."""
        return Sizes(content_bytes=int(self.entry.digest), summary_bytes=1)


def candidate(kept: Kept) -> Candidate | None:
    """Return what a feed may make of an entry: the rules that hold are the second generation."""
    if kept.generation is None:
        return Candidate(identity=kept.entry, sizes=None, generation=1) if kept.is_readable else None
    if kept.generation < 1 and kept.is_readable:
        return Candidate(identity=kept.entry, sizes=None, generation=1)
    return Candidate(identity=kept.entry, sizes=kept.sizes, generation=kept.generation)


def keep_all(catalogue: Catalogue, crowd: Iterable[Kept]) -> None:
    """Remember entries, with their files, and their contents by the rules of two generations."""
    for kept in crowd:
        catalogue.entries.change(None, kept.entry)
        known = article(kept.entry.speaker, digest=kept.entry.digest)
        if kept.is_readable is not None:
            catalogue.files.put(known if kept.is_readable else gone(known), PLACE)
        if kept.generation == 0:
            catalogue.documents.put_content(kept.entry.digest, CONTENT, kept.sizes)
    catalogue.documents.age_contents()
    for kept in crowd:
        if kept.generation == 1:
            catalogue.documents.put_content(kept.entry.digest, CONTENT, kept.sizes)


crowds = st.lists(
    st.tuples(crowded, st.none() | st.booleans(), st.none() | st.integers(0, 1)),
    max_size=12,
    unique_by=lambda facts: facts[0].guid,
).map(
    lambda crowd: [
        Kept(with_place(entry, place), is_readable, generation)
        for place, (entry, is_readable, generation) in enumerate(crowd)
    ]
)


def with_place(entry: Identity, place: int) -> Identity:
    """Return an entry whose key, file and digest no other has."""
    digest = b"%016d" % place
    return msgspec.structs.replace(entry, key=entry.guid, speaker=b"%d" % place, digest=digest)


@given(crowds, st.integers(0, 12), some_moments)
def test_entries_come_in_the_order_of_feeds(crowd, limit, moment):
    """Newest first, by id where they are of one moment, as Python sorts; of all entries or of one source.

    Those that can be cleaned, or of which a content is at hand: an old one only where it cannot be made anew.
    """
    known = {kept.entry.key: candidate(kept) for kept in crowd}
    with Catalogue(None) as catalogue:
        keep_all(catalogue, crowd)
        for group in GROUPS:
            entries = of_group(group, (kept.entry for kept in crowd))
            assert list(catalogue.entries.of_group(group)) == entries
            expected = tuple(one for entry in entries if (one := known[entry.key]))
            assert catalogue.entries.newest(group, limit=limit) == expected[:limit]
            assert catalogue.entries.arrived_since(group, moment) == tuple(
                one for one in expected if one.identity.arrived >= moment
            )
            last = max((entry.arrived for entry in entries), default=EPOCH)
            assert catalogue.entries.last_arrival(group) == last


def with_its_guid(entry: Identity, key: str) -> Identity:
    """Return the entry with another key, and the id that follows from it."""
    return msgspec.structs.replace(entry, key=key, guid=identity.guid(key))


KEYS = ["dw/1", "dw/2", "bbc/1", "url/0"]
keyed = st.builds(with_its_guid, crowded, st.sampled_from(KEYS))
changes = st.lists(keyed | st.sampled_from(KEYS), max_size=12)


@given(changes)
def test_entries_are_what_they_became_last(changes):
    """However entries come, change and go, all is counted, grouped and found as in a plain dict."""
    model: dict[str, Identity] = {}
    with Catalogue(None) as catalogue:
        for change in changes:
            key = change.key if isinstance(change, Identity) else change
            after = change if isinstance(change, Identity) else None
            catalogue.entries.change(model.pop(key, None), after)
            model |= {key: after} if after else {}
            assert catalogue.entries.count() == len(model)
            groups = {group for entry in model.values() for group in entry.groups}
            assert catalogue.entries.groups() == tuple(sorted(groups))
        for group in GROUPS:
            expected = of_group(group, model.values())
            assert list(catalogue.entries.of_group(group)) == expected
            last = max((entry.arrived for entry in expected), default=EPOCH)
            assert catalogue.entries.last_arrival(group) == last
        for key in KEYS:
            assert catalogue.entries.get(key) == model.get(key)
            assert catalogue.entries.by_guid(identity.guid(key)) == model.get(key)


def test_a_change_costs_what_changes(catalogue):
    """An entry that is only updated stays in its groups as it is; a new source moves it to another one."""
    catalogue.entries.change(None, ENTRY)
    updated = msgspec.structs.replace(ENTRY, updated=LATER, speaker=b"b.txt", versions=b"other")
    assert counted(catalogue, lambda: catalogue.entries.change(ENTRY, updated)) == 1
    moved = msgspec.structs.replace(updated, source="bbc")
    assert counted(catalogue, lambda: catalogue.entries.change(updated, moved)) == 3
    assert catalogue.entries.groups() == (Group(), Group("source", "bbc"))
    assert list(catalogue.entries.of_group(Group("source", "bbc"))) == [moved]
    assert counted(catalogue, lambda: catalogue.entries.change(None, None)) == 0


# --- documents ---------------------------------------------------------------------------


def publish(documents: Documents, name: str, members: Iterable[Identity]) -> None:
    """Put a document and its members."""
    documents.put(document(name=name))
    documents.put_members(name, members)


@given(st.dictionaries(names, st.tuples(st.booleans(), digests, moments, st.lists(entries, max_size=4))))
def test_documents_round_trip(given_documents):
    """A document reads back as it was put, with the count of its members; the members in their order."""
    with Catalogue(None) as catalogue:
        documents = catalogue.documents
        for name, (is_dirty, fingerprint, updated, members) in given_documents.items():
            documents.put(document(name=name, is_dirty=is_dirty, fingerprint=fingerprint, updated=updated))
            documents.put_members(name, members)
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
    publish(catalogue.documents, "main", [ENTRY])
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
        catalogue.documents.put(document(name=name))
    assert catalogue.documents.dirty() == ()
    catalogue.documents.soil_all()
    assert catalogue.documents.dirty() == ("a", "b", "main")
    catalogue.documents.clean([])
    assert catalogue.documents.dirty() == ("a", "b", "main")
    catalogue.documents.clean(["b", "never seen"])
    catalogue.documents.put(document(name="a"))
    assert catalogue.documents.dirty() == ("main",)
    assert catalogue.documents.names() == {"main", "a", "b"}
    catalogue.documents.soil_all()
    catalogue.documents.clean(["main", "a"])
    assert catalogue.documents.dirty() == ("b",)
    assert catalogue.documents.fingerprint("main") == b"f"


def test_a_document_has_the_members_that_were_put_last(catalogue):
    """To put its members again replaces them, and those of no other; to put the document changes none."""
    one, two, three = (samples.identity(key=f"dw/{number}") for number in (1, 2, 3))
    publish(catalogue.documents, "main", [one, two])
    publish(catalogue.documents, "source/dw", [two])
    catalogue.documents.put_members("main", [three, one])
    catalogue.documents.put(document(is_dirty=True))
    assert catalogue.documents.members("main") == ("dw/3", "dw/1")
    assert catalogue.documents.members("source/dw") == ("dw/2",)
    assert catalogue.documents.members("never seen") == ()
    catalogue.documents.put_members("source/dw", [])
    assert [catalogue.documents.is_member(f"dw/{number}") for number in (1, 2, 3)] == [True, False, True]


def test_a_document_that_is_removed_is_forgotten_with_all_of_its_own(catalogue):
    """Its members and files are forgotten with it, those of others stay."""
    for name in ("main", "source/dw"):
        publish(catalogue.documents, name, [samples.identity(key=f"{name}/1")])
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
        documents = catalogue.documents
        assert documents.measure(digest) is None
        documents.put_content(digest, content, given_sizes)
        assert said(catalogue.entries, documents, digest) == msgspec.structs.replace(content, decisions=())
        assert documents.measure(digest) == content.measure
        other = msgspec.structs.replace(content, title="another", measure=MEASURE)
        documents.put_content(digest, other, Sizes(content_bytes=1, summary_bytes=2))
        assert said(catalogue.entries, documents, digest) == msgspec.structs.replace(other, decisions=())
        assert documents.measure(digest) == MEASURE


DIGESTS = [bytes([number]) * 16 for number in range(5)]
some_digests = st.lists(st.sampled_from(DIGESTS), max_size=4, unique=True)


def keep(documents: Documents, digests: Iterable[bytes]) -> None:
    """Keep a content for each file."""
    for digest in digests:
        documents.put_content(digest, CONTENT, Sizes(content_bytes=1, summary_bytes=1))


def said(entries: Entries, documents: Documents, digest: bytes) -> Content:
    """Return what the only entry of a document says for which a file speaks."""
    entry = samples.identity(digest=digest)
    entries.change(entries.get(entry.key), entry)
    documents.put_members("main", [entry])
    ((identity, content),) = entries.of_document("main")
    assert identity == entry
    return content


def at_hand(documents: Documents) -> set[bytes]:
    """Return the files of which a content is at hand."""
    return {digest for digest in DIGESTS if documents.measure(digest)}


def test_contents_age_when_other_rules_hold(file):
    """What other rules made tells no measure any more, but stays; what is made anew does, also afterwards."""
    with Catalogue(file) as catalogue:
        documents = catalogue.documents
        assert documents.generation == 0
        keep(documents, DIGESTS[:2])
        documents.age_contents()
        assert documents.generation == 1
        assert at_hand(documents) == set()
        assert said(catalogue.entries, documents, DIGESTS[0]) == CONTENT
        keep(documents, DIGESTS[:1])
        assert at_hand(documents) == {DIGESTS[0]}
    with Catalogue(file) as catalogue:
        assert catalogue.documents.generation == 1
        assert at_hand(catalogue.documents) == {DIGESTS[0]}


@given(crowds, st.lists(st.sets(st.integers(0, 11)), max_size=3))
def test_documents_that_hold_what_can_be_made_anew_are_soiled(crowd, holdings):
    """Those with a content of other rules whose file can be read now; no others."""
    expected = []
    with Catalogue(None) as catalogue:
        keep_all(catalogue, crowd)
        for number, places in enumerate(holdings):
            held = [kept for place, kept in enumerate(crowd) if place in places]
            publish(catalogue.documents, f"document-{number}", [kept.entry for kept in held])
            if any(kept.is_readable and kept.generation == 0 for kept in held):
                expected.append(f"document-{number}")
        catalogue.documents.soil_aged()
        assert catalogue.documents.dirty() == tuple(expected)


@given(some_digests, some_digests, some_digests)
def test_contents_stay_as_long_as_a_document_needs_them(kept, of_main, of_source):
    """Sweeping keeps exactly the contents of members, of whichever feed."""
    with Catalogue(None) as catalogue:
        keep(catalogue.documents, kept)
        for name, needed in (("main", of_main), ("source/dw", of_source)):
            publish(catalogue.documents, name, [samples.identity(digest=one) for one in needed])
        catalogue.documents.sweep_contents()
        assert at_hand(catalogue.documents) == set(kept) & {*of_main, *of_source}


def test_only_feeds_keep_contents():
    """The members of a document of another kind keep none: its files keep their bytes."""
    with Database(None) as opened:
        documents = Documents(opened)
        keep(documents, DIGESTS[:3])
        publish(documents, "main", [samples.identity(digest=DIGESTS[0])])
        publish(documents, "other", [samples.identity(digest=one) for one in DIGESTS[:2]])
        opened.execute("UPDATE documents SET kind = 'archive' WHERE name = 'other'")
        documents.sweep_contents()
        assert at_hand(documents) == {DIGESTS[0]}


def test_a_content_that_cannot_be_read_is_damage():
    """What SQLite finds to be whole may still be no content."""
    with Database(None) as opened:
        documents = Documents(opened)
        keep(documents, DIGESTS[:1])
        opened.execute("UPDATE contents SET content = x'c1'")
        with pytest.raises(DamagedError):
            said(Entries(opened, documents), documents, DIGESTS[0])


def test_a_document_holds_its_members_with_what_they_say(catalogue):
    """In the order in which they were put, each with its own content; nothing of other documents."""
    entries, documents = catalogue.entries, catalogue.documents
    members = [samples.identity(key=f"dw/{digest[0]}", digest=digest) for digest in DIGESTS[:3]]
    for number, one in enumerate(members):
        entries.change(None, one)
        content = msgspec.structs.replace(CONTENT, title=f"{number}")
        documents.put_content(one.digest, content, Sizes(content_bytes=1, summary_bytes=1))
    documents.put_members("main", [members[2], members[0]])
    documents.put_members("source/dw", [members[1]])
    held = [(identity, content.title) for identity, content in entries.of_document("main")]
    assert held == [(members[2], "2"), (members[0], "0")]
    assert list(entries.of_document("never seen")) == []


def test_no_member_is_left_out_since_its_content_is_missing(catalogue):
    """That is a fault, and no shorter document."""
    with pytest.raises(TypeError):
        said(catalogue.entries, catalogue.documents, DIGESTS[0])


# --- rows that wait for others ---------------------------------------------------------------

PUT_FACT = "INSERT OR REPLACE INTO facts VALUES (?, ?)"


def test_rows_that_wait_are_there_for_whoever_asks():
    """Each question, and each end of a transaction, comes after all that was to be written before."""
    with Database(None) as opened:
        with opened.transaction():
            for number in range(TOGETHER + 1):
                opened.execute_soon(PUT_FACT, (str(number), "1"))
                opened.execute_soon(PUT_FACT, (str(number), "2"))
            assert opened.value("SELECT count(*) FROM facts WHERE value = '2'") == TOGETHER + 1
            opened.execute_soon(PUT_FACT, ("last", "3"))
        assert opened.value("SELECT value FROM facts WHERE name = 'last'") == "3"
        opened.execute_soon(PUT_FACT, ("outside", "4"))
        assert opened.value("SELECT value FROM facts WHERE name = 'outside'") == "4"


def test_rows_that_wait_go_with_their_transaction():
    """What a transaction that fails was to write is not written by the next one."""
    with Database(None) as opened:

        def fail() -> None:
            with opened.transaction():
                opened.execute_soon(PUT_FACT, ("a", "1"))
                raise KeyError

        with pytest.raises(KeyError):
            fail()
        with opened.transaction():
            opened.execute_soon(PUT_FACT, ("b", "2"))
        assert list(opened.rows("SELECT name FROM facts")) == [("b",)]


def test_rows_that_wait_are_few():
    """They are written when they are many, so that memory stays bounded; each counts at once."""
    with Database(None) as opened, opened.transaction():
        before = opened.statements
        for number in range(3 * TOGETHER):
            opened.execute_soon(PUT_FACT, (str(number), ""))
            assert opened.statements == before + number + 1
            assert opened._connection.total_changes >= number + 1 - TOGETHER  # noqa: SLF001  # only it tells


def indexes(opened: Database) -> list[tuple[object, ...]]:
    """Return all indexes that a statement made."""
    return sorted(opened.rows("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'index'"))


def test_tables_are_filled_without_their_indexes():
    """Meanwhile they have none but those of their keys; afterwards all, and those of others have stayed."""
    with Database(None) as opened:
        before = indexes(opened)
        with opened.transaction(), opened.filling("files", "entries"):
            left = indexes(opened)
            assert {table for _, table, sql in set(before) - set(left)} == {"files", "entries"}
            assert all(sql is None for _, table, sql in left if table in ("files", "entries"))
            assert [row for row in before if row[1] == "grouped"] == [
                row for row in left if row[1] == "grouped"
            ]
        assert indexes(opened) == before


def test_filling_that_fails_leaves_the_indexes():
    """They come back with all that the transaction takes back."""
    with Database(None) as opened:
        before = indexes(opened)

        def fail() -> None:
            with opened.transaction(), opened.filling("files"):
                raise KeyError

        with pytest.raises(KeyError):
            fail()
        assert indexes(opened) == before


# --- how SQLite goes about it ------------------------------------------------------------


class Watched(Database):
    """A private catalogue that notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Parameters]] = []
        super().__init__(None)

    def execute(self, statement: str, parameters: Parameters = ()) -> sqlite3.Cursor:
        """Note the statement, and execute it."""
        self.asked.append((statement, parameters))
        return super().execute(statement, parameters)


Room = TypeVar("Room", Files, Entries, Documents)


def plans(make: Callable[[Database], Room], act: Callable[[Room], object]) -> list[str]:
    """Return SQLite's plan for each statement of an act, a line a table."""
    with Watched() as watched:
        room = make(watched)
        watched.asked.clear()
        act(room)
        return [
            "\n".join(row[3] for row in watched.rows(f"EXPLAIN QUERY PLAN {statement}", parameters))
            for statement, parameters in tuple(watched.asked)
        ]


@pytest.mark.parametrize(
    "act",
    [
        Files.has_lost,
        Files.held,
        Files.count_held,
        Files.count_held_articles,
        Files.count_last,
        lambda files: files.hold_last(EPOCH),
        Files.let_go_of_new,
        Files.let_go_of_all,
        lambda files: files.let_go_of_old(EPOCH),
        Files.let_go_of_doubles,
    ],
    ids=[
        "has_lost",
        "held",
        "count_held",
        "count_held_articles",
        "count_last",
        "hold_last",
        "let_go_of_new",
        "let_go_of_all",
        "let_go_of_old",
        "let_go_of_doubles",
    ],
)
def test_what_is_lost_is_not_looked_for_among_all_files(act):
    """A run in which few files are lost, or none, costs as much: they have an index of their own."""
    for plan in plans(Files, act):
        assert re.search("(SEARCH|SCAN) files USING (COVERING )?INDEX files_lost", plan)
        assert not re.search("SCAN (files|other)(?! USING INDEX files_lost)", plan)


def test_newcomers_are_not_looked_for_among_all_files():
    """Each is looked up by its path, and what it may have been among the files that are lost."""

    def ask(files: Files) -> None:
        files.newcomers.add([b"a"])
        list(files.moved())

    (plan,) = plans(Files, ask)
    assert not re.search("SCAN (new|files)", plan)
    assert re.search(r"SEARCH new USING INDEX \w+ \(path=\?\)", plan)
    assert "SEARCH files USING INDEX files_lost (digest=?)" in plan


@pytest.mark.parametrize(
    ("act", "used"),
    [
        pytest.param(lambda files: files.let_go_of(b"a"), r"\(path=\?\)", id="let_go_of"),
        pytest.param(lambda files: files.at(b"a"), r"\(path=\?\)", id="at"),
        pytest.param(
            lambda files: files.miss_below(b"a"),
            r"\(path=\?\)(.|\n)*\(path>\? AND path<\?\)",
            id="miss_below",
        ),
        pytest.param(lambda files: files.place_of(b"a"), r"\(path=\?\)", id="place_of"),
        pytest.param(
            lambda files: list(files.in_part(PLACE)),
            r"files_by_part \(directory=\? AND part=\?\)",
            id="in_part",
        ),
        pytest.param(lambda files: list(files.of_key("dw/1")), r"files_by_key \(key=\?\)", id="of_key"),
        pytest.param(
            lambda files: files.set_measure(b"0", "dw/1", MEASURE),
            r"files_by_key \(key=\?\)",
            id="set_measure",
        ),
        pytest.param(Files.has_edits, "files_edited", id="has_edits"),
        pytest.param(Files.rejected, "files_rejected", id="rejected"),
        pytest.param(
            lambda files: files.to_read_again(EPOCH), r"files_again|files_due \(due<\?\)", id="to_read_again"
        ),
    ],
)
def test_files_are_found_by_an_index(act, used):
    """No question that every run asks, or asks of each file, looks at all files."""

    def ask(files: Files) -> None:
        files.put(article(b"a"), PLACE)
        act(files)

    asked = plans(Files, ask)
    assert asked
    for plan in asked:
        assert re.search(f"files USING (COVERING )?INDEX .*({used})", plan)


@pytest.mark.parametrize(
    ("act", "found", "sorts"),
    [
        pytest.param(
            lambda entries: entries.newest(GROUPS[1], limit=9),
            "SEARCH grouped USING PRIMARY KEY (family=? AND name=?)",
            False,
            id="newest",
        ),
        pytest.param(
            lambda entries: entries.arrived_since(GROUPS[1], EPOCH),
            "SEARCH grouped USING INDEX grouped_by_arrival (family=? AND name=? AND arrived>?)",
            True,  # those that have arrived
            id="arrived_since",
        ),
        pytest.param(
            lambda entries: entries.last_arrival(GROUPS[1]),
            "SEARCH grouped USING COVERING INDEX grouped_by_arrival (family=? AND name=?)",
            False,
            id="last_arrival",
        ),
        pytest.param(
            lambda entries: next(entries.of_group(GROUPS[1]), None),
            "SEARCH grouped USING PRIMARY KEY (family=? AND name=?)",
            False,
            id="of_group",
        ),
        pytest.param(
            lambda entries: list(entries.of_document("main")),
            "SEARCH members USING PRIMARY KEY (document=?)",
            False,
            id="of_document",
        ),
        pytest.param(Entries.count, "SEARCH groups USING PRIMARY KEY", False, id="count"),
        pytest.param(
            lambda entries: entries.get("dw/1"), "SEARCH entries USING PRIMARY KEY (key=?)", False, id="get"
        ),
        pytest.param(
            lambda entries: entries.by_guid("urn:uuid:1"), "entries_by_guid (guid=?)", False, id="by_guid"
        ),
    ],
)
def test_entries_are_found_without_sorting_all(act, found, sorts):
    """What a feed holds costs as much as it holds, however many entries there are."""
    (plan,) = plans(lambda database: Entries(database, Documents(database)), act)
    first, *others = plan.splitlines()
    assert found in first
    assert all("SEARCH" in line or "TEMP B-TREE" in line for line in others)
    assert ("TEMP B-TREE" in plan) == sorts


@pytest.mark.parametrize(
    ("act", "used"),
    [
        (lambda documents: documents.is_member("dw/1"), "members_by_key (key=?)"),
        (lambda documents: documents.members("main"), "members USING PRIMARY KEY (document=?)"),
        (lambda documents: documents.measure(b"0"), "(digest=?)"),
        (Documents.soil_aged, "contents_by_generation (generation<?)"),
    ],
    ids=["is_member", "members", "measure", "soil_aged"],
)
def test_members_and_contents_are_found_by_an_index(act, used):
    """What is asked of each entry, or by every run, does not look at all."""
    (plan,) = plans(Documents, act)
    assert used in plan


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
