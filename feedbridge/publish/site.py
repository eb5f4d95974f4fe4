"""An output directory as one run finds it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from feedbridge.model import INTEGER_MAX, FileId, KnownRendition, Rendition
from feedbridge.publish import manifest
from feedbridge.publish.comparison import Comparison
from feedbridge.publish.lock import LOCK
from feedbridge.publish.manifest import MANIFEST, Files, Kind
from feedbridge.publish.staging import Stage
from feedbridge.publish.tree import Tree


class Site:
    """What stands of ours in an output directory, which need not exist.

    The list of it is read once: each run makes its own. With `gzip` each file has a `.gz`
    beside it. Only `stage` needs the lock; nothing else writes.

    Raises: OutputError if the list cannot be read or is damaged.
    """

    def __init__(self, directory: Path, *, gzip: bool) -> None:
        self._tree = Tree(directory)
        self._listed = manifest.read(self._tree)
        self._gzip = gzip

    def has_feeds(self) -> bool:
        """Tell whether a feed of ours stands."""
        return self.standing_feeds() > 0

    def standing_feeds(self) -> int:
        """Return how many feeds of ours stand."""
        feeds = (path for path, kind in self._listed.items() if kind is Kind.FEED)
        return sum(self._tree.file_id(path) is not None for path in feeds)

    def own_files(self) -> frozenset[FileId]:
        """Return which files in it are ours, the list and the lock too: they are never input."""
        ids = (self._tree.file_id(path) for path in (MANIFEST, LOCK, *self._listed))
        return frozenset(found for found in ids if found is not None)

    def files(self, rendition: Rendition) -> Files:
        """Return the files that a rendition stands in."""
        packed = {f"{rendition.path}.gz": Kind.GZIP} if self._gzip else {}
        return {rendition.path: Kind(rendition.kind), **packed}

    def stamp(self, path: str) -> tuple[int, int, int] | None:
        """Return size, mtime in ns and inode of the file at `path`, None where no regular one stands."""
        status = self._tree.status(path)
        return status and (status.st_size, status.st_mtime_ns, status.st_ino & INTEGER_MAX)

    def stands(self, known: KnownRendition) -> bool:
        """Tell whether a file is as it was put in place."""
        return self.stamp(known.path) == (known.size_bytes, known.mtime_ns, known.inode)

    def comparison(self) -> Comparison:
        """Return what tells the changes that renditions would make, and makes none."""
        return Comparison(self._tree, self._listed, gzip=self._gzip)

    @contextmanager
    def stage(self) -> Iterator[Stage]:
        """Take renditions and put them in place on `commit`; without it nothing of them remains.

        The caller holds the lock. What a crash left half-written is removed first.

        Raises: OutputError.
        """
        with ExitStack() as undo:
            stage = Stage(self._tree, self._listed, self.comparison(), undo)
            stage.sweep(self._listed)
            yield stage
