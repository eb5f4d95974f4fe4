"""What a file proved to be goes into the catalogue, compared with what it was before."""

import logging
from datetime import datetime, timedelta

import msgspec

from feedbridge.catalogue import Catalogue, Place
from feedbridge.model import Article, Gone, Header, Ignored, KnownFile, Measure, Rejected, Stamp, Version
from feedbridge.pipeline.reader import ArticleFailed, Found, Reader
from feedbridge.selection import sizes_of
from feedbridge.standards.text import show

log = logging.getLogger(__name__)

YOUNG = timedelta(seconds=2)  # so long a file may be written to without its stamp telling
AHEAD = timedelta(days=1)  # what claims to have been changed later than that was not

_SECOND_NS = 1_000_000_000


class Learnt(msgspec.Struct):
    """What looking at the archive told; filled in on the way."""

    is_first: bool  # nothing was known before
    seen: int = 0
    ignored: int = 0  # without a look into them
    added: int = 0  # usable files
    changed: int = 0
    removed: int = 0
    dropped: int = 0  # published articles that could not be read or cleaned any more when they were needed
    rekeyed: dict[str, str] = msgspec.field(
        default_factory=dict
    )  # published keys of unchanged files: new ones


class Recorder:
    """Records files at a moment, in the caller's transaction; `is_measured`: by the rules that hold."""

    def __init__(self, catalogue: Catalogue, reader: Reader, *, now: datetime, is_measured: bool) -> None:
        self.learnt = Learnt(is_first=catalogue.files.is_empty())
        self._files = catalogue.files
        self._documents = catalogue.documents
        self._remembers_edits = catalogue.is_lasting
        self._reader = reader
        self._now = now
        self._is_measured = is_measured
        # When files were edited that are overwritten now, by key and digest.
        self._edits: dict[tuple[str, bytes], datetime] = {}

    def record(self, stamp: Stamp, known: KnownFile | None, found: Found, place: Place) -> None:
        """Remember what a file is now; what is usable no more keeps its version, until it is let go."""
        old = known.version if known else None
        measure = None
        if isinstance(found, Article):
            found, measure = self._settle(stamp, known, found)
        _log(stamp, found, known)
        after = self._after(stamp, known, found, measure)
        self._note_edit(old)
        self._count(old, found)
        if after.version != old or (known and after.is_readable != known.is_readable):
            self._files.touched.add(one.key for one in (old, after.version) if one)
        self._files.put(after, place)

    def keep_failed(self, known: KnownFile, rejected: Rejected, place: Place) -> None:
        """Remember that an article cannot be cleaned; what a document shows of it is held."""
        self.record(known.stamp, known, rejected, place)
        if known.version and self._documents.has_content(known.version.digest):
            self._files.hold_at(known.stamp.path, self._now)

    def inherit(self) -> None:
        """Let new files say what they say since the files of which they are copies, or which they were.

        When all is read, so that the order of reading does not count.
        """
        if not (self._edits or self._files.has_edits()):
            return
        for path in self._files.newcomers:
            assert isinstance(path, bytes)  # noqa: S101  # as they were put there
            known = self._files.at(path)
            if known and known.version and known.is_readable:
                edited = msgspec.structs.replace(known.version, edited=self._since(known.version))
                inherited = msgspec.structs.replace(known, found=edited, version=edited)
                self._files.put(inherited, self._files.place_of(path))

    def _settle(
        self, stamp: Stamp, known: KnownFile | None, article: Article
    ) -> tuple[Article | Rejected, Measure | None]:
        """Look what became of an article, and what it is compared by if that is known."""
        new, old = article.version, known.version if known else None
        measure = None
        if known and old and self._has_failed(known, new):
            assert isinstance(known.found, Rejected)  # noqa: S101  # as was asked
            return known.found, known.measure  # it would fail again
        if known and old and old.key == new.key:
            found, measure = self._compare(stamp, known, old, article)
        else:
            self._meet(new, known)
            found = article
        return found, measure or self._measure_at_hand(new)

    def _has_failed(self, known: KnownFile, new: Version) -> bool:
        """Tell whether a file that is held could not be cleaned by the rules that hold."""
        is_same = known.version is not None and known.version.digest == new.digest
        return is_same and _code(known.found) == "failed" and self._is_measured

    def _compare(
        self, stamp: Stamp, known: KnownFile, old: Version, article: Article
    ) -> tuple[Article | Rejected, Measure | None]:
        """Look what became of the article of a file: the file is the same, or was edited.

        An edit in place that says something else, and has no later epoch to tell, is remembered. Where it is
        not known what the file said before, no document holds it, so that nobody has read it.
        """
        new = article.version
        known_measure = known.measure if self._is_measured else None
        if new.digest == old.digest:
            return _with_edit(article, old.edited), known_measure
        if _is_later(new.epoch, old.epoch):
            return article, None
        was_young = known.is_read_again and isinstance(known.found, Version | Gone)
        if known_measure is None or was_young or not self._remembers_edits:
            return _with_edit(article, old.edited), None  # nobody can tell, or what it gained is no edit
        try:
            content = self._reader.content(article)
        except ArticleFailed as failed:
            return failed.rejected, None
        self._documents.put_content(new.digest, content, sizes_of(content))  # most likely a feed needs it
        is_edit = content.measure.fingerprint != known_measure.fingerprint
        return _with_edit(article, self._edited(stamp, new) if is_edit else old.edited), content.measure

    def _meet(self, new: Version, known: KnownFile | None) -> None:
        """Meet an article at a path where none was, or another one: that is lost then."""
        if not self.learnt.is_first:
            self._files.newcomers.add([new.path])
        old = known.version if known else None
        if known is None or old is None:
            return
        if old.digest != new.digest:
            self._files.leave(known)
        elif self._documents.is_member(old.key):
            self.learnt.rekeyed[old.key] = new.key

    def _measure_at_hand(self, version: Version) -> Measure | None:
        """Return what is known of a content that stood elsewhere before."""
        return (
            None if self.learnt.is_first or not self._is_measured else self._documents.measure(version.digest)
        )

    def _after(
        self, stamp: Stamp, known: KnownFile | None, found: Found, measure: Measure | None
    ) -> KnownFile:
        if isinstance(found, Article):
            return KnownFile(
                stamp=stamp,
                found=found.version,
                version=found.version,
                header=_header(found),
                measure=measure,
                is_read_again=self._is_young(stamp),
            )
        return KnownFile(
            stamp=stamp,
            found=found,
            version=known.version if known else None,
            header=known.header if known else None,
            measure=known.measure if known else None,
            is_read_again=self._is_young(stamp) or _is_unreadable(found),
            due=found.due if isinstance(found, Rejected) else None,
            held_since=known.held_since if known and not _is_unreadable(found) else None,
        )

    def _note_edit(self, old: Version | None) -> None:
        """Keep in mind when a file was edited whose place is taken, maybe by another one."""
        if old and old.edited:
            known = self._edits.get((old.key, old.digest), old.edited)
            self._edits[old.key, old.digest] = min(known, old.edited)

    def _since(self, version: Version) -> datetime | None:
        """Return since when a newcomer says what it says, by the files that say the same."""
        others = (one.version for one in self._files.of_key(version.key) if one.version)
        edits = [one.edited for one in others if one.edited and one.digest == version.digest]
        edits += filter(None, [self._edits.get((version.key, version.digest))])
        return min(edits, default=None)

    def _edited(self, stamp: Stamp, version: Version) -> datetime:
        """Return when a file was edited: by its own word, never after now, nor before its epoch."""
        from feedbridge.standards.dates import EPOCH  # noqa: PLC0415  # 2 ms that an unchanged run does not need

        seconds = min(stamp.mtime_ns // _SECOND_NS, int(self._now.timestamp()))
        return max(EPOCH + timedelta(seconds=max(0, seconds)), version.epoch or EPOCH)

    def _is_young(self, stamp: Stamp) -> bool:
        since, until = self._now - YOUNG, self._now + AHEAD
        return since.timestamp() < stamp.mtime_ns / _SECOND_NS < until.timestamp()

    def _count(self, old: Version | None, found: Found) -> None:
        if isinstance(found, Article):
            self.learnt.added += old is None
            self.learnt.changed += old is not None and old.digest != found.version.digest


def _is_later(new: datetime | None, old: datetime | None) -> bool:
    return new is not None and (old is None or new > old)


def _with_edit(article: Article, edited: datetime | None) -> Article:
    version = msgspec.structs.replace(article.version, edited=edited)
    return msgspec.structs.replace(article, version=version)


def _header(article: Article) -> Header:
    return Header(
        title=article.title, link=article.link, author=article.author, categories=article.categories
    )


def _is_unreadable(found: Found) -> bool:
    return _code(found) == "unreadable"


def _code(found: Found | Version) -> str:
    return found.code if isinstance(found, Rejected) else ""


def _log(stamp: Stamp, found: Found, known: KnownFile | None) -> None:
    """Name what a person should look at, once as long as the file stays as it is."""
    if isinstance(found, Ignored):
        log.debug("article.ignored", extra={"path": show(found.path), "reason": found.reason})
    elif isinstance(found, Rejected) and not (
        known and known.stamp == stamp and _code(known.found) == found.code
    ):
        facts = {"path": show(found.path), "code": found.code, "detail": found.detail}
        log.warning("article.rejected", extra=facts)
