"""Documents with their members and the files that they stand in, and the cleaned contents that they need."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from feedbridge.catalogue.database import DamagedError, Database
from feedbridge.catalogue.moments import from_seconds, seconds
from feedbridge.model import Content, Identity, KnownDocument, KnownRendition, Measure, Sizes

FEED = "feed"  # the kind of document whose members keep their contents
_ASKED = 500  # values in one statement

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Content).decode


class Documents:
    """The tables of documents, members, renditions and contents."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- documents ------------------------------------------------------------------------

    def all(self) -> tuple[KnownDocument, ...]:
        """Return all documents that stand or are to stand, by name."""
        query = (
            "SELECT name, is_dirty, documents.fingerprint, updated, count(place) "
            "FROM documents LEFT JOIN members ON document = name GROUP BY name ORDER BY name"
        )
        return tuple(map(_document, self._database.rows(query)))

    def dirty(self) -> tuple[str, ...]:
        """Return the names of the documents that have to be looked at."""
        query = "SELECT name FROM documents WHERE is_dirty ORDER BY name"
        return tuple(name for (name,) in self._database.rows(query))

    def names(self) -> frozenset[str]:
        """Return the names of all documents."""
        return frozenset(name for (name,) in self._database.rows("SELECT name FROM documents"))

    def soil(self, names: Iterable[str]) -> None:
        """Mark documents as dirty; one that is not known comes to be."""
        statement = (
            "INSERT INTO documents VALUES (?, ?, 1, x'', 0) ON CONFLICT (name) DO UPDATE SET is_dirty = 1"
        )
        self._database.execute_many(statement, ((name, FEED) for name in names))

    def soil_all(self) -> None:
        """Mark all documents as dirty."""
        self._database.execute("UPDATE documents SET is_dirty = 1")

    def fingerprint(self, name: str) -> bytes:
        """Return that of a document as it was written last, b"" if it never was."""
        return self._database.value("SELECT fingerprint FROM documents WHERE name = ?", (name,)) or b""

    def put(self, known: KnownDocument, members: Sequence[Identity]) -> None:
        """Remember a feed that was put in place."""
        row = (known.name, FEED, known.is_dirty, known.fingerprint, seconds(known.updated))
        self._database.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?)", row)
        self._database.execute("DELETE FROM members WHERE document = ?", (known.name,))
        rows = ((known.name, place, one.key, one.digest) for place, one in enumerate(members))
        self._database.execute_many("INSERT INTO members VALUES (?, ?, ?, ?)", rows)

    def clean(self, names: Iterable[str]) -> None:
        """Mark documents as clean: they stand as they should."""
        statement = "UPDATE documents SET is_dirty = 0 WHERE name = ?"
        self._database.execute_many(statement, ((name,) for name in names))

    def remove(self, name: str) -> None:
        """Forget a document that is not to stand any more."""
        for table, column in (("documents", "name"), ("members", "document"), ("renditions", "document")):
            self._database.execute(f"DELETE FROM {table} WHERE {column} = ?", (name,))  # noqa: S608  # constants

    def is_member(self, key: str) -> bool:
        """Tell whether an entry stands in any document."""
        return self._database.value("SELECT 1 FROM members WHERE key = ? LIMIT 1", (key,)) is not None

    def count_members(self) -> int:
        """Return how many entries stand in any document."""
        return self._database.value("SELECT count(DISTINCT key) FROM members") or 0

    def members(self, name: str) -> tuple[str, ...]:
        """Return the keys of a document's entries, in order."""
        query = "SELECT key FROM members WHERE document = ? ORDER BY place"
        return tuple(key for (key,) in self._database.rows(query, (name,)))

    # --- renditions -----------------------------------------------------------------------

    def renditions(self) -> tuple[KnownRendition, ...]:
        """Return the files of all documents as they were put in place."""
        query = "SELECT path, document, kind, size, mtime_ns, inode FROM renditions ORDER BY path"
        return tuple(_rendition(row) for row in self._database.rows(query))

    def put_renditions(self, document: str, renditions: Iterable[KnownRendition]) -> None:
        """Remember the files of a document, and no others."""
        self._database.execute("DELETE FROM renditions WHERE document = ?", (document,))
        rows = ((one.path, document, one.kind, one.size_bytes, one.mtime_ns, one.inode) for one in renditions)
        self._database.execute_many("INSERT OR REPLACE INTO renditions VALUES (?, ?, ?, ?, ?, ?, NULL)", rows)

    # --- contents -------------------------------------------------------------------------

    def sizes(self, digests: Sequence[bytes]) -> dict[bytes, Sizes]:
        """Return how long cleaned contents of files are, of those that are at hand."""
        found = {}
        for start in range(0, len(digests), _ASKED):
            asked = tuple(digests[start : start + _ASKED])
            marks = ", ".join("?" * len(asked))
            query = f"SELECT digest, content_bytes, summary_bytes FROM contents WHERE digest IN ({marks})"  # noqa: S608  # marks
            for digest, content_bytes, summary_bytes in self._database.rows(query, asked):
                found[digest] = Sizes(content_bytes=content_bytes, summary_bytes=summary_bytes)
        return found

    def content(self, digest: bytes) -> Content:
        """Return the cleaned content of a file, which must be at hand."""
        kept = self._database.value("SELECT content FROM contents WHERE digest = ?", (digest,))
        try:
            return _decode(kept)
        except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
            raise DamagedError(f"a content cannot be read: {exc}") from exc

    def put_content(self, digest: bytes, content: Content, sizes: Sizes) -> None:
        """Keep the cleaned content of a file; decisions are not kept."""
        kept = _encode(msgspec.structs.replace(content, decisions=()))
        measure = content.measure
        row = (digest, sizes.content_bytes, sizes.summary_bytes, measure.fingerprint, measure.length, kept)
        self._database.execute("INSERT OR REPLACE INTO contents VALUES (?, ?, ?, ?, ?, ?)", row)

    def measure(self, digest: bytes) -> Measure | None:
        """Return what a file is compared by whose content is at hand."""
        query = "SELECT fingerprint, length FROM contents WHERE digest = ?"
        row = next(self._database.rows(query, (digest,)), None)
        return Measure(fingerprint=row[0], length=row[1]) if row else None

    def forget_contents(self) -> None:
        """Forget cleaned contents, since the rules for them have changed; if their files can be read."""
        unread = "SELECT digest FROM files WHERE digest IS NOT NULL AND state <> 'article'"
        self._database.execute(f"DELETE FROM contents WHERE digest NOT IN ({unread})")  # noqa: S608  # a constant

    def forget_content(self, digest: bytes) -> None:
        """Forget one cleaned content, and have the documents made anew that hold it."""
        self._database.execute("DELETE FROM contents WHERE digest = ?", (digest,))
        holding = "SELECT document FROM members WHERE digest = ?"
        statement = f"UPDATE documents SET is_dirty = 1, fingerprint = x'' WHERE name IN ({holding})"  # noqa: S608  # constants
        self._database.execute(statement, (digest,))

    def sweep_contents(self) -> None:
        """Forget the contents that no feed needs."""
        needed = "SELECT members.digest FROM members JOIN documents ON document = name WHERE kind = ?"
        self._database.execute(f"DELETE FROM contents WHERE digest NOT IN ({needed})", (FEED,))  # noqa: S608  # a constant


def _document(row: tuple[Any, ...]) -> KnownDocument:
    name, is_dirty, fingerprint, updated, entries = row
    return KnownDocument(
        name=name,
        is_dirty=bool(is_dirty),
        fingerprint=fingerprint,
        updated=from_seconds(updated),
        entries=entries,
    )


def _rendition(row: tuple[Any, ...]) -> KnownRendition:
    path, document, kind, size, mtime_ns, inode = row
    return KnownRendition(
        path=path, document=document, kind=kind, size_bytes=size, mtime_ns=mtime_ns, inode=inode
    )
