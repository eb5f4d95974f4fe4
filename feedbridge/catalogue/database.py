"""The SQLite file: opened, brought up to date, and what its failures mean."""

import errno
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from feedbridge.catalogue.schema import STEPS
from feedbridge.errors import RIGHTS, SPACE, LockedError, NewerStateError, StateError
from feedbridge.standards.text import show

APPLICATION = int.from_bytes(b"fdbr", "big")  # whose database it is, for whoever asks the file
FILE_MODE = 0o600  # it tells what was read, and when
DIRECTORY_MODE = 0o700
BUSY_S = 10.0  # how long another process may hold it up
TOGETHER = 256  # rows that are written at once: one by one costs twice as much
TRIES = 3  # to copy a file at rest, if somebody comes and goes meanwhile

_COMPANIONS = ("-wal", "-shm")
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_PRIMARY = 0xFF  # of an extended error code: the primary one
_SYSTEM = dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), RIGHTS) | {errno.ENOSPC: SPACE}
_REMEDIES = {
    sqlite3.SQLITE_FULL: SPACE,
    sqlite3.SQLITE_IOERR_SHMSIZE: SPACE,
    sqlite3.SQLITE_READONLY: RIGHTS,
    sqlite3.SQLITE_CANTOPEN: "name another file by [state] file or --state, one that can be written",
    sqlite3.SQLITE_IOERR: "see to the disk, then run again",
}

_ELSE = "mend that, then run again; without the file the feeds are made anew"

Parameters = tuple[object, ...]


class DamagedError(Exception):
    """SQLite says that the file is damaged: it has to be made anew."""


class Database:
    """One connection, on which every statement is counted.

    Without a file it is a private one on the disk, gone when it is closed, so that memory stays bounded. With
    a source it begins as a copy of that file: whatever is done to it, the file stays as it is.

    Raises: StateError if it cannot be opened or read; NewerStateError, which leaves it untouched; LockedError
    if another process holds it too long; DamagedError. So do all methods.
    """

    def __init__(self, file: Path | None, *, source: Path | None = None) -> None:
        self.statements = 0  # so far, each row that is written counted
        self._waiting: dict[str, list[Parameters]] = {}  # rows to be written, by statement
        self._file = file
        named = file or source
        self._name = (
            show(str(named)) if named else "the temporary catalogue (in $SQLITE_TMPDIR, else /var/tmp)"
        )
        with self._reporting():
            if file:
                _make(file)
            self._connection = sqlite3.connect(file or "", isolation_level=None, timeout=BUSY_S)
        try:
            if source:
                self._copy(source)
            self._set_up()
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def execute(self, statement: str, parameters: Parameters = ()) -> sqlite3.Cursor:
        """Execute one statement; rows are read from what it returns."""
        self._catch_up()
        self.statements += 1
        with self._reporting():
            return self._connection.execute(statement, parameters)

    def execute_many(self, statement: str, rows: Iterable[Parameters]) -> None:
        """Execute a statement once for each row."""
        many = tuple(rows)
        if many:
            self._catch_up()
            self.statements += len(many)
            with self._reporting():
                self._connection.executemany(statement, many)

    def execute_soon(self, statement: str, row: Parameters) -> None:
        """Execute a statement for a row together with others like it, before anything else is executed.

        Rows of different statements may change places: it is for those that do not touch each other.
        """
        self.statements += 1
        waiting = self._waiting.setdefault(statement, [])
        waiting.append(row)
        if len(waiting) >= TOGETHER or not self._connection.in_transaction:
            self._catch_up()

    def rows(self, statement: str, parameters: Parameters = ()) -> Iterator[tuple[Any, ...]]:
        """Give the rows of a query, one at a time."""
        cursor = self.execute(statement, parameters)
        with self._reporting():  # what fails where a row is used is not thrown in here
            yield from cursor

    def value(self, statement: str, parameters: Parameters = ()) -> Any:  # noqa: ANN401  # SQLite's own types
        """Return the only value of a query, None where it has no row."""
        return next(self.rows(statement, parameters), (None,))[0]

    def forget_rows(self, tables: Iterable[str]) -> None:
        """Delete all rows of some tables."""
        for table in tables:
            self.execute(f"DELETE FROM {table}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all that happens within, or nothing of it."""
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._waiting.clear()
            with self._reporting():
                self._connection.rollback()
            raise
        self.execute("COMMIT")

    @contextmanager
    def filling(self, *tables: str) -> Iterator[None]:
        """Do without the indexes of tables that are empty while they are filled, in the caller's transaction.

        To make them afterwards takes half of the time.
        """
        found = f"type = 'index' AND sql IS NOT NULL AND tbl_name IN ({marks(tables)})"
        indexes = tuple(self.rows(f"SELECT name, sql FROM sqlite_master WHERE {found}", tables))
        for name, _ in indexes:
            self.execute(f"DROP INDEX {name}")
        yield
        for _, statement in indexes:
            self.execute(statement)

    def is_sound(self) -> bool:
        """Ask SQLite to look at everything; slow, so only for whoever has a reason to doubt."""
        try:
            return bool(self.value("PRAGMA integrity_check(1)") == "ok")
        except DamagedError:
            return False
        except StateError:
            return True  # the disk or something else fails: that says nothing about the file

    def _catch_up(self) -> None:
        """Write the rows that wait."""
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, {}
        with self._reporting():
            for statement, rows in waiting.items():
                self._connection.executemany(statement, rows)

    def _copy(self, source: Path) -> None:
        """Copy a file as it was committed last, in one step, so that no writer comes between.

        Where nobody is at work SQLite is told so: it would set its files beside it, which not everybody may.
        """
        with self._reporting():
            for _ in range(TRIES):
                before = _at_rest(source)
                if before is None:
                    break
                self._copy_by(source, "immutable=1")
                if _at_rest(source) == before:
                    return
            self._copy_by(source, "mode=ro")

    def _copy_by(self, source: Path, how: str) -> None:
        address = f"{source.absolute().as_uri()}?{how}"
        with closing(sqlite3.connect(address, uri=True, timeout=BUSY_S)) as connection:
            connection.backup(self._connection, progress=self._refuse_to_wait)

    def _refuse_to_wait(self, status: int, *_: int) -> None:
        """End a copy that has waited its time: by itself it would wait for ever."""
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise self._locked()

    def _locked(self) -> LockedError:
        return LockedError(f"another process holds {self._name}; wait for its end, then run again")

    def _set_up(self) -> None:
        version = self._version()
        if not self._is_ours():
            raise StateError(f"{self._name} is a database of another program; name another file by --state")
        if version > len(STEPS):
            raise NewerStateError(
                f"{self._name} was written by a newer version of feedbridge: install that one, "
                "or name another file by [state] file or --state"
            )
        if self._file:
            self.execute("PRAGMA journal_mode = WAL")
        else:
            self.execute("PRAGMA synchronous = OFF")  # nobody will ever read it again
        if version < len(STEPS):
            self._migrate()

    def _version(self) -> int:
        return int(self.value("PRAGMA user_version"))

    def _is_ours(self) -> bool:
        """Tell whether it is a catalogue, or nothing yet."""
        is_new = self.value("SELECT 1 FROM sqlite_master LIMIT 1") is None
        return is_new or self.value("PRAGMA application_id") == APPLICATION

    def _migrate(self) -> None:
        with self.transaction():
            self.execute(f"PRAGMA application_id = {APPLICATION}")
            for number, step in enumerate(STEPS[self._version() :], start=self._version() + 1):
                for statement in _statements(step):
                    self.execute(statement)
                self.execute(f"PRAGMA user_version = {number}")

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        """Turn a failure of SQLite or of the system into one of ours."""
        try:
            yield
        except UnicodeDecodeError as exc:  # of an error's text
            raise DamagedError(str(exc)) from exc
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
            raise  # a fault of ours
        except sqlite3.DatabaseError as exc:
            # What cannot be read as text has no code: SQLite does not look into what is in it.
            extended = getattr(exc, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
            code = extended & _PRIMARY
            if code in _DAMAGED:
                raise DamagedError(str(exc)) from exc
            if code == sqlite3.SQLITE_BUSY:
                raise self._locked() from exc
            remedy = _REMEDIES.get(extended) or _REMEDIES.get(code, _ELSE)
            raise StateError(f"cannot use {self._name}: {exc}; {remedy}") from exc
        except OSError as exc:
            remedy = _SYSTEM.get(exc.errno or 0, "name another file by [state] file or --state")
            raise StateError(f"cannot make {self._name}: {exc.strerror}; {remedy}") from exc


def _at_rest(file: Path) -> tuple[int, int, int] | None:
    """Return what tells that a file was not written to; None where somebody may be at work, or was killed."""
    status = file.stat()
    if not status.st_size or any(os.path.lexists(f"{file}{companion}") for companion in _COMPANIONS):
        return None
    return status.st_size, status.st_mtime_ns, status.st_ino


def stands(file: Path) -> bool:
    """Tell whether there is a catalogue. Raises: StateError if that cannot be told."""
    try:
        file.stat()
    except FileNotFoundError:
        return False
    except OSError as exc:
        raise StateError(
            f"cannot look at {show(str(file))}: {exc.strerror}; ask as the user who runs feedbridge"
        ) from exc
    return True


def marks(parameters: Sequence[object]) -> str:
    """Return the marks of so many parameters in a statement."""
    return ", ".join("?" * len(parameters))


def was_left(file: Path) -> bool:
    """Tell whether what used a catalogue last was killed, unless something uses it now."""
    try:
        return Path(f"{file}-wal").stat().st_size > 0
    except OSError:
        return False


def put_aside(file: Path) -> Path:
    """Rename a damaged catalogue with its companions; return its new name. Raises: StateError."""
    aside = next(path for path in _names_aside(file) if not any(map(os.path.lexists, companions(path))))
    try:
        for companion in (*_COMPANIONS, ""):  # no new file is ever read with an old log
            source = Path(f"{file}{companion}")
            if os.path.lexists(source):
                source.rename(f"{aside}{companion}")
    except OSError as exc:
        raise StateError(
            f"{show(str(file))} is damaged and cannot be renamed: {exc.strerror}; remove it, then run again"
        ) from exc
    return aside


def companions(file: Path) -> tuple[Path, ...]:
    """Return the files that a catalogue is: itself and what SQLite sets beside it."""
    return (file, *(Path(f"{file}{companion}") for companion in _COMPANIONS))


def _names_aside(file: Path) -> Iterator[Path]:
    number = 1
    while True:
        yield Path(f"{file}.damaged-{number}")
        number += 1


def _make(file: Path) -> None:
    """Make the file with the right rights from its first moment on; SQLite gives its companions the same."""
    file.parent.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        target = os.path.realpath(file)  # of a link that leads nowhere yet, too
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, FILE_MODE))


def _statements(script: str) -> Iterator[str]:
    """Part a script: a trigger's body holds semicolons, so completeness is SQLite's to tell."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
