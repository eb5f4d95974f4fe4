"""Files as they were seen and read, and the parts of directories in which nothing has changed."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from feedbridge.catalogue.database import Database
from feedbridge.catalogue.moments import seconds
from feedbridge.catalogue.piles import Pile
from feedbridge.catalogue.rows import COLUMNS, from_row, to_row
from feedbridge.model import KnownFile, Measure, Rejected, Stamp

PART_INODES = 256  # files of neighbouring inodes are one part: they were mostly made together

_SET = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS)
_PUT = (
    f"INSERT INTO files (directory, part, {', '.join(COLUMNS)}) VALUES (?, ?{', ?' * len(COLUMNS)}) "  # noqa: S608  # constants
    f"ON CONFLICT (path) DO UPDATE SET directory = excluded.directory, part = excluded.part, {_SET}"
)
# As the index of lost files says it, else SQLite would not take that.
_LOST = "files.key IS NOT NULL AND files.state <> 'article' AND files.code <> 'unreadable'"
_STANDS = "(other.state = 'article' OR other.code = 'unreadable')"
_HAS_OTHER = f"EXISTS (SELECT 1 FROM files AS other WHERE other.key = files.key AND {_STANDS})"  # noqa: S608  # constants


class Place(NamedTuple):
    """A part of a directory."""

    directory: int  # its number in the catalogue
    part: int


def part_of(stamp: Stamp) -> int:
    """Return the part of its directory to which a file belongs."""
    return stamp.inode // PART_INODES


class Files:
    """The table of files, and those of directories and their parts."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.missing = Pile(database, "missing")  # paths of files that were not met where they were seen last
        self.newcomers = Pile(database, "newcomers")  # paths at which an article was met that was not there
        self.touched = Pile(database, "touched")  # keys of articles of which a file has changed

    # --- parts of directories -------------------------------------------------------------

    def parts(self) -> dict[tuple[int, bytes], tuple[int, dict[int, bytes]]]:
        """Return each directory by root and path: its number, and the digest of each of its parts."""
        found: dict[tuple[int, bytes], tuple[int, dict[int, bytes]]] = {}
        query = "SELECT root, path, id, part, digest FROM directories JOIN parts ON directory = id"
        for root, path, number, part, digest in self._database.rows(query):
            found.setdefault((root, path), (number, {}))[1][part] = digest
        return found

    def directory(self, root: int, path: bytes) -> int:
        """Return the number of a directory, which it gets if it has none."""
        self._database.execute("INSERT OR IGNORE INTO directories (root, path) VALUES (?, ?)", (root, path))
        query = "SELECT id FROM directories WHERE root = ? AND path = ?"
        return int(self._database.value(query, (root, path)))

    def set_parts(self, directory: int, digests: Mapping[int, bytes]) -> None:
        """Remember what was seen of some parts of a directory; of an empty one nothing."""
        gone = [(directory, part) for part, digest in digests.items() if not digest]
        seen = [(directory, part, digest) for part, digest in digests.items() if digest]
        self._database.execute_many("DELETE FROM parts WHERE directory = ? AND part = ?", gone)
        self._database.execute_many("INSERT OR REPLACE INTO parts VALUES (?, ?, ?)", seen)

    # --- files ------------------------------------------------------------------------------

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

    def to_read_again(self, now: datetime) -> tuple[bytes, ...]:
        """Return the paths of the files that are to be read whatever their stamps say."""
        again = self._database.rows("SELECT path FROM files WHERE again")
        due = self._database.rows("SELECT path FROM files WHERE due <= ?", (seconds(now),))
        return tuple(path for (path,) in (*again, *due))

    def put(self, known: KnownFile, place: Place) -> None:
        """Remember a file."""
        self._database.execute(_PUT, (*place, *to_row(known)))

    def of_key(self, key: str) -> Iterator[KnownFile]:
        """Give the files of an article that are usable, or were, by path; those that are held, too."""
        yield from self._files("WHERE key = ? ORDER BY path", (key,))

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

    def count_articles(self) -> int:
        """Return how many files are or were usable, held ones too; it takes a look at each."""
        return self._database.value("SELECT count(*) FROM files WHERE key IS NOT NULL") or 0

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
        """Forget what files are compared by, since the rules for it have changed; if they can be read."""
        measured = "fingerprint IS NOT NULL AND state = 'article'"
        self._database.execute(f"UPDATE files SET fingerprint = NULL, length = NULL WHERE {measured}")  # noqa: S608  # the same

    # --- those whose article is lost: gone, or usable no more --------------------------------------

    def lose_missing(self) -> None:
        """Take what is still missing for gone; of what was no article nothing is kept."""
        if not self.missing.is_used:
            return
        missing = f"path IN (SELECT item FROM {self.missing.table})"  # noqa: S608  # constants
        gone = "SET state = 'gone', code = '', detail = '', again = 0, due = NULL"
        self._database.execute(f"DELETE FROM files WHERE {missing} AND key IS NULL")  # noqa: S608  # the same
        self._database.execute(f"UPDATE files {gone} WHERE {missing} AND state <> 'gone'")  # the same
        self._database.execute(f"DELETE FROM {self.missing.table}")  # noqa: S608  # the same

    def has_lost(self) -> bool:
        """Tell whether the article of any file is lost."""
        return self._database.value(f"SELECT 1 FROM files WHERE {_LOST} LIMIT 1") is not None  # noqa: S608  # the same

    def has_standing(self) -> bool:
        """Tell whether any article is not lost."""
        query = f"SELECT 1 FROM files AS other WHERE key IS NOT NULL AND {_STANDS} LIMIT 1"  # noqa: S608  # the same
        return self._database.value(query) is not None

    def held(self) -> tuple[KnownFile, ...]:
        """Return the files whose entries are held, by path."""
        found = self._files(f"WHERE {_LOST} AND held IS NOT NULL", ())
        return tuple(sorted(found, key=lambda known: known.stamp.path))

    def count_held(self) -> int:
        """Return how many files are held."""
        query = f"SELECT count(*) FROM files WHERE {_LOST} AND held IS NOT NULL"  # noqa: S608  # the same
        return self._database.value(query) or 0

    def count_last(self) -> int:
        """Return how many files are lost, and not held, with which their article goes."""
        query = f"SELECT count(*) FROM files WHERE {_LOST} AND held IS NULL AND NOT {_HAS_OTHER}"  # noqa: S608  # the same
        return self._database.value(query) or 0

    def hold_last(self, since: datetime) -> None:
        """Hold those."""
        lost = f"{_LOST} AND held IS NULL AND NOT {_HAS_OTHER}"
        self._database.execute(f"UPDATE files SET held = ? WHERE {lost}", (seconds(since),))  # noqa: S608  # the same

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
        """Let go of the article of one file, whatever it is; return 1 if it had one."""
        return self._let_go("path = ? AND key IS NOT NULL", path)

    def moved(self) -> Iterator[tuple[str, str]]:
        """Give the published keys of lost files and those of newcomers with the same content: other ones."""
        if not self.newcomers.is_used:
            return
        query = (
            f"SELECT files.key, new.key FROM {self.newcomers.table} JOIN files AS new ON new.path = item "  # noqa: S608  # the same
            f"JOIN files ON files.digest = new.digest WHERE {_LOST} AND new.key <> files.key "
            "AND EXISTS (SELECT 1 FROM members WHERE members.key = files.key)"
        )
        yield from self._database.rows(query)

    def _let_go(self, condition: str, *parameters: object) -> int:
        """Forget what was said: the whole file where it is gone, its article where it stands."""
        self.touched.add_all(f"SELECT key FROM files WHERE {condition}", parameters)  # noqa: S608  # the same
        nothing = ", ".join(f"{name} = NULL" for name in COLUMNS[COLUMNS.index("held") :])
        gone = f"DELETE FROM files WHERE {condition} AND state = 'gone'"  # noqa: S608  # the same
        standing = f"UPDATE files SET {nothing} WHERE {condition}"  # noqa: S608  # the same
        return sum(self._database.execute(one, parameters).rowcount for one in (gone, standing))

    def _files(self, condition: str, parameters: tuple[object, ...]) -> Iterator[KnownFile]:
        query = f"SELECT {', '.join(COLUMNS)} FROM files {condition}"  # noqa: S608  # constants of this module
        return map(from_row, self._database.rows(query, parameters))
