"""Read the files of an archive: to learn what they are, and again when what they say is needed."""

import logging
import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Protocol

import msgspec

from feedbridge import scan
from feedbridge.catalogue import Place
from feedbridge.config import Config
from feedbridge.model import Article, Content, Gone, Ignored, KnownFile, Rejected, Sites, Stamp
from feedbridge.standards.text import show

log = logging.getLogger(__name__)

KEPT_BYTES = 16 * 1024 * 1024  # of articles that were just read: most of them are cleaned next
OVERHEAD_BYTES = 2048  # of a kept article, about, beside the bytes of its file
AHEAD = 64  # files of which the system is told before they are read

Found = Article | Ignored | Rejected | Gone


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A file that has to be read."""

    stamp: Stamp
    before: KnownFile | None  # what is known of it
    place: Place


class Parser(Protocol):
    """One of the two ways to read a file: with its decisions, or without."""

    def __call__(self, path: bytes, raw: bytes, *, sites: Sites) -> Article | Ignored | Rejected:
        """Return what it is."""


class Turn(Exception):  # noqa: N818  # a turn of events, no error: what follows is decided anew
    """A file is not what it was read as."""

    def __init__(self, path: bytes) -> None:
        super().__init__(path)
        self.path = path


class ArticleChanged(Turn):
    """It was changed since."""


class ArticleFailed(Turn):
    """It cannot be normalised: a fault of ours, that must cost nobody else's article."""

    def __init__(self, rejected: Rejected) -> None:
        super().__init__(rejected.path)
        self.rejected = rejected


class Reader:
    """An open archive, read for a configuration at a moment."""

    def __init__(self, archive: scan.Archive, config: Config, *, now: datetime) -> None:
        self.opened = self.bytes_read = self.parsed = self.cleaned = 0  # so far
        self._archive = archive
        self._config = config
        self._now = now
        self._kept: dict[bytes, Article] = {}  # by digest
        self._kept_bytes = 0

    def read(self, stamp: Stamp) -> tuple[Stamp, Found]:
        """Read one file, and tell what it is now, and its stamp while it was read. Raises: InputError."""
        from feedbridge.parse import parse  # noqa: PLC0415  # 6 ms that an unchanged run does not need

        return self._read(stamp, parse)

    def read_all(self, due: Iterable[Due]) -> Iterator[tuple[Due, Stamp, Found]]:
        """Read files as `read` does, in their order. Raises: InputError."""
        for one in self._expected(due):
            yield (one, *self.read(one.stamp))

    def _expected(self, due: Iterable[Due]) -> Iterator[Due]:
        """Have the system fetch files before they are read: else a disk is asked for one after the other."""
        waiting = iter(due)
        ready: tuple[Due, ...] = ()
        while coming := tuple(islice(waiting, AHEAD)):
            for one in coming:
                self._archive.expect(one.stamp)
            yield from ready
            ready = coming
        yield from ready

    def explain(self, stamp: Stamp) -> Found:
        """Read one file as `read` does, with every decision about it. Raises: InputError."""
        from feedbridge.parse import explain  # noqa: PLC0415  # as above

        return self._read(stamp, explain)[1]

    def _read(self, stamp: Stamp, by: Parser) -> tuple[Stamp, Found]:
        self.opened += 1
        stamp, raw = self._archive.read(stamp)
        return stamp, self._parse(stamp.path, raw, by) if isinstance(raw, bytes) else raw

    def _parse(self, path: bytes, raw: bytes, by: Parser) -> Found:
        from feedbridge.parse import dated_ahead  # noqa: PLC0415  # as above

        parsed = by(path, raw, sites=self._config.sites)
        self.bytes_read += len(raw)
        self.parsed += not isinstance(parsed, Ignored)
        if not isinstance(parsed, Article):
            return parsed
        if self._kept_bytes < KEPT_BYTES:
            self._kept[parsed.version.digest] = parsed
            self._kept_bytes += len(raw) + OVERHEAD_BYTES
        return dated_ahead(parsed, now=self._now) or parsed

    def article(self, stamp: Stamp, digest: bytes) -> Article:
        """Return the whole article of a file that was read before. Raises: ArticleChanged, InputError."""
        kept = self._kept.pop(digest, None)
        if kept is not None:  # it may have been read as a copy of it
            version = msgspec.structs.replace(kept.version, path=stamp.path)
            return msgspec.structs.replace(kept, version=version)
        _, found = self.read(stamp)
        if isinstance(found, Article) and found.version.digest == digest:
            return found
        raise ArticleChanged(stamp.path)

    def content(self, article: Article) -> Content:
        """Return what a file says, cleaned. Raises: ArticleFailed."""
        from feedbridge.normalise import Wishes, normalise  # noqa: PLC0415  # lxml: 40 ms that not every run needs

        self.cleaned += 1
        wishes = Wishes(language=self._config.site.language, image_urls=self._config.images.urls)
        path = article.version.path
        try:
            return normalise(article, sites=self._config.sites, wishes=wishes)
        except Exception as exc:
            # The last line of defence: whatever one article does to us, the others have their feed.
            log.debug("article.failed", exc_info=True, extra={"path": show(path)})
            detail = f"it cannot be normalised: {type(exc).__name__}: {exc}; please report this"
            failed = Rejected(path=path, code="failed", detail=detail, decisions=article.decisions)
            raise ArticleFailed(failed) from exc


def open_archive(config: Config) -> scan.Archive:
    """Open the input directories of a configuration.

    Raises: InputError if one of them is missing or unreadable.
    """
    scope = scan.Scope(
        include=config.input.include, exclude=config.input.exclude, max_bytes=config.input.max_bytes
    )
    return scan.Archive(roots_of(config), scope)


def roots_of(config: Config) -> tuple[scan.Root, ...]:
    """Return the input directories of a configuration, and what stands before the names of their files."""
    several = len(config.input.directories) > 1
    return tuple(
        scan.Root(directory=directory, prefix=_prefix(label) if several else b"")
        for directory, label in zip(config.input.directories, config.input.labels, strict=True)
    )


def _prefix(label: str) -> bytes:
    return os.fsencode(label.rstrip("/")) + b"/"
