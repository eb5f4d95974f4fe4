"""What publishing would change: renditions against what stands."""

import zlib

from feedbridge.model import FeedCounts, Rendition, Value
from feedbridge.publish.manifest import Files, Kind, check
from feedbridge.publish.tree import Tree

GZIP_LEVEL = 5  # of real feeds 9 makes 2 % less in twice the time
_GZIP_WBITS = 31  # zlib's number for the gzip format; its header then names no time and no file


class Changes(Value, frozen=True):
    """What publishing changes, or would."""

    feeds: FeedCounts
    written: tuple[str, ...]  # paths, pages and .gz too, as they were compared
    removed: tuple[str, ...]  # paths


class File(Value, frozen=True):
    """One file of a rendition: the raw one, or the same packed."""

    path: str
    kind: Kind
    raw: bytes

    def body(self) -> bytes:
        """Return the bytes to write."""
        return (
            zlib.compress(self.raw, level=GZIP_LEVEL, wbits=_GZIP_WBITS)
            if self.kind is Kind.GZIP
            else self.raw
        )

    def holds(self, standing: bytes) -> bool:
        """Tell whether a file with these bytes may stay as it is.

        A packed one may have been packed by another host's zlib: what it unpacks to counts.
        """
        return _unpacks_to(self.raw, standing) if self.kind is Kind.GZIP else standing == self.raw

    @property
    def longest(self) -> int:
        """Bytes, more than any file that holds this one can have."""
        return 2 * len(self.raw) + 1024


class Comparison:
    """Compares renditions with what stands, and changes nothing."""

    def __init__(self, tree: Tree, listed: Files, *, gzip: bool) -> None:
        self._tree = tree
        self._listed = listed
        self._gzip = gzip
        self._wanted: dict[str, Kind] = {}
        self._written: list[str] = []

    @property
    def wanted(self) -> Files:
        """The files of all renditions so far."""
        return self._wanted

    def add(self, rendition: Rendition) -> tuple[File, ...]:
        """Return those of the rendition's files that must be written, in the order of writing.

        Raises: OutputError if a foreign file is in the way.
        """
        files = self._files(rendition)
        stale = tuple(file for file in files if not self._stands(file))
        self._wanted |= {file.path: file.kind for file in files}
        self._written += [file.path for file in stale]
        return stale

    def keep(self, files: Files) -> None:
        """Take files as they stand: their document did not change, and neither did they."""
        self._wanted |= files

    def changes(self) -> Changes:
        """Return what all renditions together change."""
        superfluous = sorted(self._listed.keys() - self._wanted.keys())
        removed = tuple(path for path in superfluous if self._tree.file_id(path) is not None)
        written = sum(self._wanted[path] is Kind.FEED for path in self._written)
        counts = FeedCounts(
            written=written,
            unchanged=sum(kind is Kind.FEED for kind in self._wanted.values()) - written,
            removed=sum(self._listed[path] is Kind.FEED for path in removed),
        )
        return Changes(feeds=counts, written=tuple(self._written), removed=removed)

    def _files(self, rendition: Rendition) -> tuple[File, ...]:
        """Return the .gz first: a server gives it instead of the raw file, so that must not be newer."""
        raw = File(path=check(rendition.path), kind=Kind(rendition.kind), raw=rendition.body)
        packed = File(path=f"{rendition.path}.gz", kind=Kind.GZIP, raw=rendition.body)
        return (packed, raw) if self._gzip else (raw,)

    def _stands(self, file: File) -> bool:
        standing = self._tree.read(file.path, at_most=file.longest)
        if standing is None:
            return False
        if file.holds(standing):
            return True
        if file.path in self._listed:
            return False
        raise self._tree.foreign(file.path, "feedbridge did not put it there")


def _unpacks_to(raw: bytes, packed: bytes) -> bool:
    stream = zlib.decompressobj(wbits=_GZIP_WBITS)
    try:
        unpacked = stream.decompress(packed, len(raw) + 1)  # never more, whatever it is
    except zlib.error:
        return False
    return unpacked == raw and stream.eof and not stream.unused_data
