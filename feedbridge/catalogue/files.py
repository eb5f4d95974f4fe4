"""Files as they were seen and read, and the parts of directories in which nothing has changed."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import NamedTuple

import msgspec

from feedbridge.catalogue.database import Database, marks
from feedbridge.catalogue.moments import seconds
from feedbridge.catalogue.piles import Pile
from feedbridge.catalogue.rows import COLUMNS, from_row, to_row
from feedbridge.model import Gone, KnownFile, Measure, Rejected, Stamp

PART_INODES = 256  # files of neighbouring inodes are one part: they were mostly made together
PARTS = 1024  # of a directory, at most: where inodes lie far apart, a part holds what falls to it

_SET = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS)
_PUT = (
    f"INSERT INTO files (directory, part, {', '.join(COLUMNS)}) VALUES (?, ?{', ?' * len(COLUMNS)}) "
    f"ON CONFLICT (path) DO UPDATE SET directory = excluded.directory, part = excluded.part, {_SET}"
)
# As the index of lost files says it, else SQLite would not take that.
_LOST = "files.digest IS NOT NULL AND files.state <> 'article' AND files.code <> 'unreadable'"
_HAS_OTHER = "EXISTS (SELECT 1 FROM files AS other WHERE other.key = files.key AND other.state = 'article')"

# Of a directory nothing is known any more.
_EMPTY = (
    "NOT EXISTS (SELECT 1 FROM parts WHERE directory = directories.id) "
    "AND NOT EXISTS (SELECT 1 FROM files WHERE directory = directories.id)"
)


class Place(NamedTuple):
    """A part of a directory."""

    directory: int  # its number in the catalogue
    part: int


class Parts(NamedTuple):
    """What was seen of a directory."""

    directory: int  # its number
    digests: dict[int, bytes]  # of each part


NOWHERE = Place(0, 0)
_TAKEN = b"\0"  # in the path of an article whose file another one has taken


def part_of(stamp: Stamp) -> int:
    """Return the part of its directory to which a file belongs."""
    return stamp.inode // PART_INODES % PARTS


class Files:
    """The table of files, and those of directories and their parts."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.missing = Pile(database, "missing")  # paths of files that were not met where they were seen last
        self.newcomers = Pile(database, "newcomers")  # paths at which an article was met that was not there
        self.touched = Pile(database, "touched")  # keys of articles of which a file has changed

    # --- parts of directories -------------------------------------------------------------

    def parts(self) -> dict[tuple[int, bytes], Parts]:
        """Return what was seen of each directory, by root and path."""
        found: dict[tuple[int, bytes], Parts] = {}
        query = "SELECT root, path, id, part, digest FROM directories JOIN parts ON directory = id"
        for root, path, number, part, digest in self._database.rows(query):
            found.setdefault((root, path), Parts(number, {})).digests[part] = digest
        return found

    def directory(self, root: int, path: bytes) -> int:
        """Return the number of a directory, which it gets if it has none."""
        self._database.execute("INSERT OR IGNORE INTO directories (root, path) VALUES (?, ?)", (root, path))
        query = "SELECT id FROM directories WHERE root = ? AND path = ?"
        return int(self._database.value(query, (root, path)))

    def set_parts(self, directory: int, digests: Mapping[int, bytes]) -> None:
        """Remember what was seen of some parts of a directory; of an empty one (b"") nothing."""
        gone = [(directory, part) for part, digest in digests.items() if not digest]
        seen = [(directory, part, digest) for part, digest in digests.items() if digest]
        self._database.execute_many("DELETE FROM parts WHERE directory = ? AND part = ?", gone)
        self._database.execute_many("INSERT OR REPLACE INTO parts VALUES (?, ?, ?)", seen)
        if gone:
            self._database.execute(f"DELETE FROM directories WHERE id = ? AND {_EMPTY}", (directory,))

    def sweep_directories(self) -> None:
        """Forget the directories of which nothing is known any more."""
        self._database.execute(f"DELETE FROM directories WHERE {_EMPTY}")

    # --- files ------------------------------------------------------------------------------

    def filling(self) -> AbstractContextManager[None]:
        """Let the first files be put; meanwhile they are found by their paths only."""
        return self._database.filling("files")

    def in_part(self, place: Place) -> Iterator[KnownFile]:
        """Give the files of a part, those that are gone and held, too."""
        return self._files("WHERE directory = ? AND part = ?", tuple(place))

    def at(self, path: bytes) -> KnownFile | None:
        """Return what is known of a file, None if nothing is."""
        return next(self._files("WHERE path = ?", (path,)), None)

    def place_of(self, path: bytes) -> Place:
        """Return where a file was seen of which something is known."""
        query = "SELECT directory, part FROM files WHERE path = ?"
        return Place(*next(self._database.rows(query, (path,))))

    def is_empty(self) -> bool:
        """Tell whether no file is known."""
        return self._database.value("SELECT 1 FROM files LIMIT 1") is None

    def to_read_again(self, now: datetime) -> Mapping[bytes, Place]:
        """Return the paths of the files that are to be read whatever their stamps say, and their places."""
        columns = "SELECT path, directory, part FROM files"
        again = self._database.rows(f"{columns} WHERE again AND state <> 'gone'")
        due = self._database.rows(f"{columns} WHERE due <= ?", (seconds(now),))
        return {path: Place(directory, part) for path, directory, part in (*again, *due)}

    def put(self, known: KnownFile, place: Place) -> None:
        """Remember a file."""
        self._database.execute_soon(_PUT, (*place, *to_row(known)))

    def of_key(self, key: str) -> Iterator[KnownFile]:
        """Give the files of an article that are usable, or were, by path; those that are held, too."""
        yield from self.of_keys((key,))

    def of_keys(self, keys: Sequence[str]) -> Iterator[KnownFile]:
        """Give those of several articles, by key and path."""
        yield from self._files(f"WHERE key IN ({marks(keys)}) ORDER BY key, path", tuple(keys))

    def touch_compared(self) -> None:
        """Touch the articles that stand in several different files."""
        compared = (
            "SELECT key FROM files WHERE key IS NOT NULL GROUP BY key HAVING count(DISTINCT digest) > 1"
        )
        self.touched.add_all(compared)

    def rejected(self) -> tuple[Rejected, ...]:
        """Return what is rejected now, by path."""
        query = "SELECT path, code, detail FROM files WHERE state = 'rejected' ORDER BY path"
        rows = self._database.rows(query)
        return tuple(Rejected(path=path, code=code, detail=detail) for path, code, detail in rows)

    def count(self, state: str) -> int:
        """Return how many files are "article", "ignored", "rejected" or "gone"."""
        return self._database.value("SELECT count FROM counts WHERE name = ?", (state,)) or 0

    # --- what they say ----------------------------------------------------------------------

    def set_measure(self, digest: bytes, key: str, measure: Measure) -> None:
        """Remember what the files of an article with this content are compared by."""
        statement = "UPDATE files SET fingerprint = ?, length = ? WHERE key = ? AND digest = ?"
        self._database.execute(statement, (measure.fingerprint, measure.length, key, digest))

    def has_edits(self) -> bool:
        """Tell whether any file was edited in place."""
        return self._database.value("SELECT 1 FROM files WHERE edited IS NOT NULL LIMIT 1") is not None

    def forget_measures(self) -> None:
        """Forget what files are compared by, since the rules for it have changed."""
        self._database.execute(
            "UPDATE files SET fingerprint = NULL, length = NULL WHERE fingerprint IS NOT NULL"
        )

    def miss_below(self, path: bytes) -> None:
        """Note as missing what is known at a path, and below it: it may have been a directory."""
        below = "path = ? OR (path > ? AND path < ?)"  # 0 is what comes after the slash
        self.missing.add_all(f"SELECT path FROM files WHERE {below}", (path, path + b"/", path + b"0"))

    # --- those whose article is lost: gone, or usable no more --------------------------------------

    def lose_missing(self) -> None:
        """Take what is still missing for gone; of what was no article nothing is kept."""
        if not self.missing.is_used:
            return
        missing = f"path IN (SELECT item FROM {self.missing.table})"
        # One that was young when it went is so when it is back: what it gains meanwhile is no edit.
        gone = "SET again = again AND state = 'article', state = 'gone', code = '', detail = '', due = NULL"
        self._database.execute(f"DELETE FROM files WHERE {missing} AND key IS NULL")
        self._database.execute(f"UPDATE files {gone} WHERE {missing} AND state <> 'gone'")  # the same
        self._database.execute(f"DELETE FROM {self.missing.table}")

    def has_lost(self) -> bool:
        """Tell whether the article of any file is lost."""
        return self._database.value(f"SELECT 1 FROM files WHERE {_LOST} LIMIT 1") is not None

    def has_standing(self) -> bool:
        """Tell whether any article can be read."""
        return self.count("article") > 0

    def held(self) -> tuple[KnownFile, ...]:
        """Return the files whose entries are held, by path."""
        found = self._files(f"WHERE {_LOST} AND held IS NOT NULL", ())
        return tuple(sorted(found, key=lambda known: known.stamp.path))

    def count_held(self) -> int:
        """Return how many files are held."""
        return self._database.value(f"SELECT count(*) FROM files WHERE {_LOST} AND held IS NOT NULL") or 0

    def count_held_articles(self) -> int:
        """Return how many articles are held, however many files of each."""
        query = f"SELECT count(DISTINCT key) FROM files WHERE {_LOST} AND held IS NOT NULL"
        return self._database.value(query) or 0

    def count_last(self) -> int:
        """Return how many articles are lost, and not held, of which no file can be read.

        An article that came in this run, and is in no document, has nobody who would miss it.
        """
        return self._database.value(f"SELECT count(DISTINCT key) FROM files WHERE {self._last}") or 0

    def hold_last(self, since: datetime) -> None:
        """Hold the files of those."""
        self._database.execute(f"UPDATE files SET held = ? WHERE {self._last}", (seconds(since),))

    @property
    def _last(self) -> str:
        is_new = f"path IN (SELECT item FROM {self.newcomers.table})"
        is_shown = "EXISTS (SELECT 1 FROM members WHERE members.key = files.key)"
        return f"{_LOST} AND held IS NULL AND NOT {_HAS_OTHER} AND ({is_shown} OR NOT {is_new})"

    def hold_at(self, path: bytes, since: datetime) -> None:
        """Hold one file whose article is lost."""
        held = f"path = ? AND {_LOST} AND held IS NULL"
        self._database.execute(f"UPDATE files SET held = ? WHERE {held}", (seconds(since), path))

    def hold_with_others(self, since: datetime) -> None:
        """Hold the lost files of articles of which another file is held: all of an article or nothing."""
        is_held = "EXISTS (SELECT 1 FROM files AS held WHERE held.key = files.key AND held.held IS NOT NULL)"
        lost = f"{_LOST} AND held IS NULL AND NOT {_HAS_OTHER} AND {is_held}"
        self._database.execute(f"UPDATE files SET held = ? WHERE {lost}", (seconds(since),))

    def let_go_of_new(self) -> int:
        """Let go of the articles that are lost and not held; return how many files that are."""
        return self._let_go(f"{_LOST} AND held IS NULL")

    def let_go_of_all(self) -> int:
        """Let go of all that are lost; return how many files that are."""
        return self._let_go(_LOST)

    def let_go_of_old(self, until: datetime) -> int:
        """Let go of those that are held since a moment or before; return how many files that are."""
        return self._let_go(f"{_LOST} AND held <= ?", seconds(until))

    def let_go_of_doubles(self) -> int:
        """Let go of held files whose article stands in another; return how many files that are."""
        return self._let_go(f"{_LOST} AND held IS NOT NULL AND {_HAS_OTHER}")

    def let_go_of(self, path: bytes) -> int:
        """Let go of the article of one file that is none; return 1 if it had one."""
        return self._let_go("path = ? AND key IS NOT NULL", path)

    def leave(self, known: KnownFile) -> None:
        """Keep an article whose file another article has taken: at a path that no file can have."""
        assert known.version is not None  # noqa: S101  # an article
        path = known.stamp.path + _TAKEN + known.version.digest
        stamp = msgspec.structs.replace(known.stamp, path=path)
        version = msgspec.structs.replace(known.version, path=path)
        left = msgspec.structs.replace(known, stamp=stamp, found=Gone(path=path), version=version)
        self.put(msgspec.structs.replace(left, is_read_again=False, due=None), NOWHERE)

    def moved(self) -> Iterator[tuple[str, str]]:
        """Give the published keys of lost files and those of newcomers with the same content: other ones."""
        if not self.newcomers.is_used:
            return
        query = (
            f"SELECT files.key, new.key FROM {self.newcomers.table} CROSS JOIN files AS new "
            "ON new.path = item "
            f"JOIN files ON files.digest = new.digest WHERE {_LOST} AND new.key <> files.key "
            "AND EXISTS (SELECT 1 FROM members WHERE members.key = files.key)"
        )
        yield from self._database.rows(query)

    def _let_go(self, condition: str, *parameters: object) -> int:
        """Forget what was said: the whole file where it is gone, its article where it stands."""
        self.touched.add_all(f"SELECT key FROM files WHERE {condition}", parameters)
        files = f"SELECT count(*) FROM files WHERE {condition} AND instr(path, ?) = 0"
        count = self._database.value(files, (*parameters, _TAKEN)) or 0
        self._database.execute(f"DELETE FROM files WHERE {condition} AND state = 'gone'", parameters)
        nothing = ", ".join(f"{name} = NULL" for name in COLUMNS[COLUMNS.index("held") :])
        self._database.execute(f"UPDATE files SET {nothing} WHERE {condition}", parameters)
        return int(count)

    def _files(self, condition: str, parameters: tuple[object, ...]) -> Iterator[KnownFile]:
        query = f"SELECT {', '.join(COLUMNS)} FROM files {condition}"
        return map(from_row, self._database.rows(query, parameters))
