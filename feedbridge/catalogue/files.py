"""Files as they were seen and read, and the parts of directories in which nothing has changed."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from feedbridge.catalogue.database import Database
from feedbridge.catalogue.moments import from_seconds, maybe, seconds
from feedbridge.model import Ignored, KnownFile, Measure, Rejected, Stamp, Version

PART_INODES = 256  # files of neighbouring inodes are one part: they were mostly made together

_COLUMNS = (
    "path, root, size, mtime_ns, inode, state, code, detail, again, due, held, "
    "digest, key, epoch, published, source, source_name, edited, fingerprint, length"
)
_PUT = """
    INSERT INTO files (
        path, directory, part, root, size, mtime_ns, inode, state, code, detail, again, due, held,
        digest, key, epoch, published, source, source_name, edited, fingerprint, length
    ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (path) DO UPDATE SET
        directory = excluded.directory, part = excluded.part, root = excluded.root, size = excluded.size,
        mtime_ns = excluded.mtime_ns, inode = excluded.inode, state = excluded.state, code = excluded.code,
        detail = excluded.detail, again = excluded.again, due = excluded.due, held = excluded.held,
        digest = excluded.digest, key = excluded.key, epoch = excluded.epoch, published = excluded.published,
        source = excluded.source, source_name = excluded.source_name, edited = excluded.edited,
        fingerprint = excluded.fingerprint, length = excluded.length
"""


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
        """Give the files of a part, those that are held too."""
        return self._files("WHERE directory = ? AND part = ?", tuple(place))

    def at(self, path: bytes) -> KnownFile | None:
        """Return what is known of a file, None if nothing is."""
        return next(self._files("WHERE path = ?", (path,)), None)

    def is_empty(self) -> bool:
        """Tell whether no file is known."""
        return self._database.value("SELECT 1 FROM files LIMIT 1") is None

    def known_at(self, path: bytes) -> tuple[KnownFile, Place]:
        """Return what is known of a file of which something is, and where it was seen."""
        known = self.at(path)
        assert known is not None  # noqa: S101  # the caller's own promise
        query = "SELECT directory, part FROM files WHERE path = ?"
        return known, Place(*next(self._database.rows(query, (path,))))

    def to_read_again(self, now: datetime) -> tuple[bytes, ...]:
        """Return the paths of the files that are to be read whatever their stamps say."""
        again = self._database.rows("SELECT path FROM files WHERE again")
        due = self._database.rows("SELECT path FROM files WHERE due <= ?", (seconds(now),))
        return tuple(path for (path,) in (*again, *due))

    def put(self, known: KnownFile, place: Place) -> None:
        """Remember a file."""
        self._database.execute(_PUT, _row(known, place))

    def remove(self, paths: Iterable[bytes]) -> None:
        """Forget files."""
        self._database.execute_many("DELETE FROM files WHERE path = ?", ((path,) for path in paths))

    def of_key(self, key: str) -> Iterator[KnownFile]:
        """Give the files of an article that are usable, or were, by path; those that are held, too."""
        yield from self._files("WHERE key = ? ORDER BY path", (key,))

    def compared_keys(self) -> Iterator[str]:
        """Give the keys of the articles that stand in several different files."""
        query = "SELECT key FROM files WHERE key IS NOT NULL GROUP BY key HAVING count(DISTINCT digest) > 1"
        return (key for (key,) in self._database.rows(query))

    def rejected(self) -> tuple[Rejected, ...]:
        """Return what is rejected now, by path."""
        query = "SELECT path, code, detail FROM files WHERE state = 'rejected' ORDER BY path"
        rows = self._database.rows(query)
        return tuple(Rejected(path=path, code=code, detail=detail) for path, code, detail in rows)

    def count_articles(self) -> int:
        """Return how many files are or were usable, held ones too; it takes a look at each."""
        return self._database.value("SELECT count(*) FROM files WHERE key IS NOT NULL") or 0

    def count(self, state: str) -> int:
        """Return how many files are "article", "ignored" or "rejected"."""
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
        measured = "fingerprint IS NOT NULL AND held IS NULL AND state = 'article'"
        statement = f"UPDATE files SET fingerprint = NULL, length = NULL WHERE {measured}"  # noqa: S608  # a constant
        self._database.execute(statement)

    # --- those that are gone ------------------------------------------------------------------

    def held(self) -> tuple[KnownFile, ...]:
        """Return the files that are gone and whose entries are held."""
        found = self._files("WHERE held IS NOT NULL", ())  # sorted here: else SQLite walks all by their paths
        return tuple(sorted(found, key=lambda known: known.stamp.path))

    def hold(self, paths: Iterable[bytes], since: datetime) -> None:
        """Hold the entries of files that are gone."""
        rows = ((seconds(since), path) for path in paths)
        self._database.execute_many("UPDATE files SET held = ? WHERE path = ? AND held IS NULL", rows)

    def _files(self, condition: str, parameters: tuple[object, ...]) -> Iterator[KnownFile]:
        query = f"SELECT {_COLUMNS} FROM files {condition}"  # noqa: S608  # constants of this module
        return map(_known, self._database.rows(query, parameters))


def _row(known: KnownFile, place: Place) -> tuple[object, ...]:
    stamp, version, measure, found = known.stamp, known.version, known.measure, known.found
    code, detail = (found.code, found.detail) if isinstance(found, Rejected) else ("", "")
    return (
        stamp.path,
        *place,
        *(stamp.root, stamp.size_bytes, stamp.mtime_ns, stamp.inode),
        _state(found),
        code,
        found.reason if isinstance(found, Ignored) else detail,
        known.is_read_again,
        maybe(seconds, known.due),
        maybe(seconds, known.held_since),
        *_version_row(version),
        *((measure.fingerprint, measure.length) if measure else (None, None)),
    )


def _version_row(version: Version | None) -> tuple[object, ...]:
    if version is None:
        return (None,) * 7
    epoch, published = maybe(seconds, version.epoch), seconds(version.published)
    edited = maybe(seconds, version.edited)
    return (version.digest, version.key, epoch, published, version.source, version.source_name, edited)


def _state(found: Version | Ignored | Rejected) -> str:
    match found:
        case Version():
            return "article"
        case Ignored():
            return "ignored"
        case _:
            return "rejected"


def _known(row: tuple[Any, ...]) -> KnownFile:
    path, root, size, mtime_ns, inode, state, code, detail, again, due, held, *facts = row
    version, measure = _version(path, *facts[:-2]), _measure(*facts[-2:])
    found: Version | Ignored | Rejected
    if state == "article":
        assert version is not None  # noqa: S101  # as it was put
        found = version
    elif state == "ignored":
        found = Ignored(path=path, reason=detail)
    else:
        found = Rejected(path=path, code=code, detail=detail)
    return KnownFile(
        stamp=Stamp(path=path, root=root, size_bytes=size, mtime_ns=mtime_ns, inode=inode),
        found=found,
        version=version,
        measure=measure,
        is_read_again=bool(again),
        due=maybe(from_seconds, due),
        held_since=maybe(from_seconds, held),
    )


def _version(path: bytes, digest: bytes | None, key: str, *facts: Any) -> Version | None:  # noqa: ANN401  # SQLite's
    if digest is None:
        return None
    epoch, published, source, source_name, edited = facts
    return Version(
        path=path,
        digest=digest,
        key=key,
        epoch=maybe(from_seconds, epoch),
        published=from_seconds(published),
        source=source,
        source_name=source_name,
        edited=maybe(from_seconds, edited),
    )


def _measure(fingerprint: str | None, length: int) -> Measure | None:
    return None if fingerprint is None else Measure(fingerprint=fingerprint, length=length)
