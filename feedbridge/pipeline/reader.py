"""Read the files of an archive: to learn what they are, and again when what they say is needed."""

import logging
import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice, tee
from typing import Protocol

import msgspec

from feedbridge import scan
from feedbridge.catalogue import Place
from feedbridge.config import Config
from feedbridge.model import Article, Content, Gone, Ignored, KnownFile, Rejected, Sites, Stamp
from feedbridge.pipeline.workers import Work, Workers
from feedbridge.standards.text import show

log = logging.getLogger(__name__)

KEPT_BYTES = 16 * 1024 * 1024  # of articles that were just read: most of them are cleaned next
OVERHEAD_BYTES = 2048  # of a kept article, about, beside the bytes of its file
TOGETHER_BYTES = 128 * 1024  # go to a worker at once, unless one article alone has more
AHEAD = 64  # files of which the system is told before they are read

Found = Article | Ignored | Rejected | Gone
Raw = tuple[bytes, bytes | Ignored | Rejected | Gone]  # a path, and what was read there


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
    """An open archive, read for a configuration at a moment, by workers where that pays."""

    def __init__(self, archive: scan.Archive, config: Config, workers: Workers, *, now: datetime) -> None:
        self.opened = self.bytes_read = self.parsed = self.cleaned = 0  # so far
        self._archive = archive
        self._config = config
        self._workers = workers
        self._now = now
        self._kept: dict[bytes, Article] = {}  # by digest
        self._kept_bytes = 0

    def read(self, stamp: Stamp) -> tuple[Stamp, Found]:
        """Read one file, and tell what it is now, and its stamp while it was read. Raises: InputError."""
        stamp, raw = self._open(stamp)
        return stamp, self._take(raw, _parse(self._config, raw))

    def read_all(self, due: Iterable[Due]) -> Iterator[tuple[Due, Stamp, Found]]:
        """Read files as `read` does, in their order. Raises: InputError."""
        opened, parsed = tee((one, *self._open(one.stamp)) for one in self._expected(due))
        found = self._workers.map(_PARSING, (raw for _, _, raw in parsed))
        for one, stamp, raw in opened:
            yield one, stamp, self._take(raw, next(found))

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
        from feedbridge.parse import explain  # noqa: PLC0415  # 6 ms that an unchanged run does not need

        _, raw = self._open(stamp)
        return self._take(raw, _parse(self._config, raw, by=explain))

    def _open(self, stamp: Stamp) -> tuple[Stamp, Raw]:
        self.opened += 1
        stamp, found = self._archive.read(stamp)
        return stamp, (stamp.path, found)

    def _take(self, raw: Raw, found: Found) -> Found:
        """Count what was found, and keep an article as long as there is room."""
        if not isinstance(raw[1], bytes):
            return found
        self.bytes_read += len(raw[1])
        self.parsed += not isinstance(found, Ignored)
        if not isinstance(found, Article):
            return found
        # Where there are workers it is a first run, or nearly: most of what is read is old, and in no feed.
        if self._kept_bytes < KEPT_BYTES and not self._workers.are_at_hand:
            self._kept[found.version.digest] = found
            self._kept_bytes += len(raw[1]) + OVERHEAD_BYTES
        from feedbridge.parse import dated_ahead  # noqa: PLC0415  # as above

        return dated_ahead(found, now=self._now) or found

    def contents(self, wanted: Iterable[tuple[Stamp, bytes]]) -> Iterator[Content | Turn]:
        """Give what files say that were read before, cleaned, in order, or how one has turned.

        Raises: InputError.
        """
        articles, cleaned = tee(self._article_or_turn(stamp, digest) for stamp, digest in wanted)
        made = self._workers.map(_CLEANING, (one for one in cleaned if isinstance(one, Article)))
        for article in articles:
            yield self._cleaned(next(made)) if isinstance(article, Article) else article

    def content(self, article: Article) -> Content:
        """Return what a file says, cleaned. Raises: ArticleFailed."""
        found = self._cleaned(_clean(self._config, article))
        if isinstance(found, Turn):
            raise found
        return found

    def _cleaned(self, made: Content | Rejected) -> Content | ArticleFailed:
        self.cleaned += 1
        return ArticleFailed(made) if isinstance(made, Rejected) else made

    def _article_or_turn(self, stamp: Stamp, digest: bytes) -> Article | Turn:
        try:
            return self._article(stamp, digest)
        except Turn as turn:
            return turn

    def _article(self, stamp: Stamp, digest: bytes) -> Article:
        """Return the whole article of a file that was read before. Raises: ArticleChanged, InputError."""
        kept = self._kept.pop(digest, None)
        if kept is not None:  # it may have been read as a copy of it
            version = msgspec.structs.replace(kept.version, path=stamp.path)
            return msgspec.structs.replace(kept, version=version)
        _, found = self.read(stamp)
        if isinstance(found, Article) and found.version.digest == digest:
            return found
        raise ArticleChanged(stamp.path)


def _parse(config: Config, raw: Raw, by: Parser | None = None) -> Found:
    """Return what was read, and what it is if it is a file's content."""
    from feedbridge.parse import parse  # noqa: PLC0415  # as above

    path, found = raw
    return (by or parse)(path, found, sites=config.sites) if isinstance(found, bytes) else found


def _clean(config: Config, article: Article) -> Content | Rejected:
    """Return what an article says, cleaned; whatever it does to us, the others have their feed."""
    from feedbridge.normalise import Wishes, normalise  # noqa: PLC0415  # lxml: 40 ms that not every run needs

    wishes = Wishes(language=config.site.language, image_urls=config.images.urls)
    path = article.version.path
    try:
        return normalise(article, sites=config.sites, wishes=wishes)
    except Exception as exc:
        log.debug("article.failed", exc_info=True, extra={"path": show(path)})
        detail = f"it cannot be normalised: {type(exc).__name__}: {exc}; please report this"
        return Rejected(path=path, code="failed", detail=detail, decisions=article.decisions)


def _raw_bytes(raw: Raw) -> int:
    return len(raw[1]) if isinstance(raw[1], bytes) else 0


def _import() -> None:
    import feedbridge.normalise  # noqa: PLC0415  # as above
    import feedbridge.parse  # noqa: F401, PLC0415  # as above


_PARSING = Work(_parse, _raw_bytes, together=64, heavy=TOGETHER_BYTES, alone=64, prepare=_import)
_CLEANING = Work(
    _clean, lambda article: len(article.body), together=8, heavy=TOGETHER_BYTES, alone=20, prepare=_import
)


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
