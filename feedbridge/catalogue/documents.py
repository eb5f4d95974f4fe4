"""Documents with their members and the files that they stand in, and the cleaned contents that they need."""

from collections.abc import Iterable
from typing import Any

import msgspec

from feedbridge.catalogue.database import DamagedError, Database
from feedbridge.catalogue.moments import from_seconds, seconds
from feedbridge.model import Content, Identity, KnownDocument, KnownRendition, Measure, Sizes

_GENERATION = "SELECT value FROM facts WHERE name = 'generation'"

FEED = "feed"  # the kind of document whose members keep their contents
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Content).decode


class Documents:
    """The tables of documents, members, renditions and contents."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.generation = int(self._database.value(_GENERATION) or 0)  # of the rules that hold

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

    def put(self, known: KnownDocument) -> None:
        """Remember a feed that was put in place."""
        row = (known.name, FEED, known.is_dirty, known.fingerprint, seconds(known.updated))
        self._database.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?)", row)

    def put_members(self, name: str, members: Iterable[Identity]) -> None:
        """Remember what a document holds, or is to hold."""
        rows = [(name, place, one.key, one.digest) for place, one in enumerate(members)]
        query = "SELECT document, place, key, digest FROM members WHERE document = ? ORDER BY place"
        if rows != list(self._database.rows(query, (name,))):
            self._database.execute("DELETE FROM members WHERE document = ?", (name,))
            self._database.execute_many("INSERT INTO members VALUES (?, ?, ?, ?)", rows)

    def clean(self, names: Iterable[str]) -> None:
        """Mark documents as clean: they stand as they should."""
        statement = "UPDATE documents SET is_dirty = 0 WHERE name = ?"
        self._database.execute_many(statement, ((name,) for name in names))

    def remove(self, name: str) -> None:
        """Forget a document that is not to stand any more."""
        for table, column in (("documents", "name"), ("members", "document"), ("renditions", "document")):
            self._database.execute(f"DELETE FROM {table} WHERE {column} = ?", (name,))

    def is_member(self, key: str) -> bool:
        """Tell whether an entry stands in any document."""
        return self._database.value("SELECT 1 FROM members WHERE key = ? LIMIT 1", (key,)) is not None

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

    def put_content(self, digest: bytes, content: Content, sizes: Sizes) -> None:
        """Keep the cleaned content of a file, made by the rules that hold; decisions are not kept."""
        kept = _encode(msgspec.structs.replace(content, decisions=()))
        measure = (content.measure.fingerprint, content.measure.length)
        row = (digest, sizes.content_bytes, sizes.summary_bytes, *measure, self.generation, kept)
        self._database.execute("INSERT OR REPLACE INTO contents VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def measure(self, digest: bytes) -> Measure | None:
        """Return what a file is compared by whose content is at hand, made by the rules that hold."""
        query = "SELECT fingerprint, length FROM contents WHERE digest = ? AND generation = ?"
        row = next(self._database.rows(query, (digest, self.generation)), None)
        return Measure(fingerprint=row[0], length=row[1]) if row else None

    def has_content(self, digest: bytes) -> bool:
        """Tell whether the content of a file is at hand, by whatever rules it was made."""
        return self._database.value("SELECT 1 FROM contents WHERE digest = ?", (digest,)) is not None

    def age_contents(self) -> None:
        """Let other rules hold: contents made by others serve only what cannot be read any more."""
        self.generation += 1
        statement = "INSERT OR REPLACE INTO facts VALUES ('generation', ?)"
        self._database.execute(statement, (str(self.generation),))

    def soil_aged(self) -> None:
        """Mark the documents as dirty that hold an aged content whose file can be read again."""
        aged = (
            "SELECT document FROM contents CROSS JOIN members USING (digest) CROSS JOIN entries USING (key) "
            "CROSS JOIN files ON path = speaker WHERE contents.generation < ? AND state = 'article'"
        )
        self._database.execute(
            f"UPDATE documents SET is_dirty = 1 WHERE name IN ({aged})", (self.generation,)
        )

    def sweep_contents(self) -> None:
        """Forget the contents that no feed needs."""
        needed = "SELECT members.digest FROM members JOIN documents ON document = name WHERE kind = ?"
        self._database.execute(f"DELETE FROM contents WHERE digest NOT IN ({needed})", (FEED,))


def content_of(kept: bytes) -> Content:
    """Return the content that was kept. Raises: DamagedError."""
    try:
        return _decode(kept)
    except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
        raise DamagedError(f"a content cannot be read: {exc}") from exc


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
