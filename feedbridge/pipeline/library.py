"""The articles of one run: the facts of each at hand, the bodies read when they are needed.

Headers stay in memory, bodies do not, so that an archive may be larger than the memory. An
article that a feed needs is therefore read again, and so is one that has to be compared with
another; what has changed in between is a reason to decide anew, never a reason to lose it.
"""

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from feedbridge import identity, parse, scan, selection
from feedbridge.config import Config
from feedbridge.model import (
    Article,
    ArticleCounts,
    Content,
    Entry,
    Identity,
    Ignored,
    Measure,
    Rejected,
    Stamp,
    Version,
)
from feedbridge.standards.text import show

log = logging.getLogger(__name__)

PATIENCE = 3  # times that a file may change under our eyes before this run gives it up

Progress = Callable[[int, int], None]  # files read, files in all


def no_progress(done: int, total: int) -> None:
    """Show nothing."""


class ArticleChanged(Exception):  # noqa: N818  # a turn of events, no error: all that follows is decided anew
    """A file changed after its header had been read."""

    def __init__(self, path: bytes) -> None:
        super().__init__(path)
        self.path = path


class Library:
    """What stands in an open archive, read for a configuration at a moment."""

    def __init__(self, archive: scan.Archive, config: Config, *, now: datetime) -> None:
        self._archive = archive
        self._config = config
        self._now = now
        self._seen = 0
        self._stamps: dict[bytes, Stamp] = {}
        self._found: dict[bytes, Version | Ignored | Rejected] = {}
        self._changes: Counter[bytes] = Counter()
        self._kept: dict[str, Entry] = {}
        self._measures: dict[bytes, Measure] = {}  # by digest
        self._identities: tuple[Identity, ...] | None = None  # of what was found last

    def read_all(self, *, own: frozenset[scan.FileId], progress: Progress) -> None:
        """Read the header of every file, but for those that are our own."""
        walked = self._archive.walk(own=own)
        self._seen = len(walked.stamps) + len(walked.ignored)
        self._found = {ignored.path: ignored for ignored in walked.ignored}
        self._stamps = {stamp.path: stamp for stamp in walked.stamps}
        for done, stamp in enumerate(walked.stamps):
            progress(done, len(walked.stamps))
            self._find(stamp.path)
        progress(len(walked.stamps), len(walked.stamps))

    def identities(self) -> tuple[Identity, ...]:
        """Return the articles, newest first."""
        while self._identities is None:
            with suppress(ArticleChanged):  # then what was found is another thing, and all is joined anew
                joined = identity.identify(self.versions(), measure=self.measure)
                self._identities = selection.order(joined)
        return self._identities

    def versions(self) -> Iterator[Version]:
        """Give the facts of every usable file."""
        return (found for found in self._found.values() if isinstance(found, Version))

    def measure(self, version: Version) -> Measure:
        """Return what a file that `versions` gave is compared by.

        Raises: ArticleChanged if the file is no longer what it was, or cannot be normalised after all.
        """
        measured = self._measures.get(version.digest)
        if measured is None:
            content = self.content(self.article(version))
            if content is None:
                raise ArticleChanged(version.path)
            measured = self._measures[version.digest] = content.measure
        return measured

    def entry_of(self, article: Identity) -> Entry | None:
        """Return the entry of an article; None if it has to be rejected.

        Raises: ArticleChanged if its file is no longer what `identities` spoke of.
        """
        kept = self._kept.get(article.guid)
        if kept is not None or isinstance(self._found[article.speaker.path], Rejected):
            return kept
        content = self.content(self.article(article.speaker))
        return None if content is None else self._entry(content, article)

    def content(self, article: Article) -> Content | None:
        """Return what an article's own file says, be it the one that speaks or not; None if rejected."""
        from feedbridge.normalise import Wishes, normalise  # noqa: PLC0415  # lxml: 40 ms that not every run needs

        wishes = Wishes(language=self._config.site.language, image_urls=self._config.images.urls)
        path = article.version.path
        try:
            return normalise(article, sites=self._config.sites, wishes=wishes)
        except Exception as exc:
            # The last line of defence: whatever one article does to us, the others have their feed.
            log.debug("article.failed", exc_info=True, extra={"path": show(path)})
            detail = f"it cannot be normalised: {type(exc).__name__}: {exc}; please report this"
            self._set(path, Rejected(path=path, code="failed", detail=detail, decisions=article.decisions))
            return None

    def keep(self, entries: tuple[Entry, ...]) -> None:
        """Keep these entries, and no others, for the documents that are still to come."""
        self._kept = {entry.guid: entry for entry in entries}

    def article(self, version: Version) -> Article:
        """Read the whole article of a file that `found` or `identities` spoke of.

        Raises: ArticleChanged if the file is no longer what they spoke of.
        """
        standing = self._read(version.path)
        if isinstance(standing, Article) and standing.version == version:
            return standing
        self._reconsider(version.path)
        raise ArticleChanged(version.path)

    def found(self, path: bytes) -> Version | Ignored | Rejected:
        """Return what the file with this path proved to be."""
        return self._found[path]

    def path_of(self, file: Path) -> bytes | None:
        """Return the path by which a file goes here; None if it was not looked at."""
        path = self._archive.path_of(file)
        return path if path in self._found else None

    def rejected(self) -> tuple[Rejected, ...]:
        """Return all rejected files, by path."""
        return tuple(found for _, found in sorted(self._found.items()) if isinstance(found, Rejected))

    def ignored(self) -> tuple[Ignored, ...]:
        """Return all ignored files, by path."""
        return tuple(found for _, found in sorted(self._found.items()) if isinstance(found, Ignored))

    def counts(self) -> ArticleCounts:
        """Count the files; without a memory every usable one is an added one."""
        rejected, ignored = len(self.rejected()), len(self.ignored())
        usable = len(self._found) - rejected - ignored
        return ArticleCounts(seen=self._seen, added=usable, ignored=ignored, rejected=rejected)

    def _find(self, path: bytes) -> None:
        read = self._read(path)
        self._set(path, read.version if isinstance(read, Article) else read)

    def _set(self, path: bytes, found: Version | Ignored | Rejected) -> None:
        self._found[path] = found
        self._identities = None

    def _read(self, path: bytes) -> Article | Ignored | Rejected:
        raw = self._archive.read(self._stamps[path])
        if not isinstance(raw, bytes):
            return raw
        parsed = parse.parse(path, raw, sites=self._config.sites)
        if isinstance(parsed, Article):
            return parse.dated_ahead(parsed, now=self._now) or parsed
        return parsed

    def _reconsider(self, path: bytes) -> None:
        self._changes[path] += 1
        self._find(path)
        if self._changes[path] > PATIENCE and isinstance(self._found[path], Version):
            detail = "it changes faster than it can be read"
            self._set(path, Rejected(path=path, code="unreadable", detail=detail))

    @staticmethod
    def _entry(content: Content, article: Identity) -> Entry:
        from feedbridge.normalise import entry  # noqa: PLC0415  # as above

        return entry(content, article)


def open_archive(config: Config) -> scan.Archive:
    """Open the input directories of a configuration.

    Raises: InputError if one of them is missing or unreadable.
    """
    several = len(config.input.directories) > 1
    roots = [
        scan.Root(directory=directory, prefix=_prefix(label) if several else b"")
        for directory, label in zip(config.input.directories, config.input.labels, strict=True)
    ]
    scope = scan.Scope(
        include=config.input.include, exclude=config.input.exclude, max_bytes=config.input.max_bytes
    )
    return scan.Archive(roots, scope)


def _prefix(label: str) -> bytes:
    return os.fsencode(label.rstrip("/")) + b"/"
