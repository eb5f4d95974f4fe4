"""What has changed in the archive: stamps say where to look, contents decide.

All of it happens in the caller's transaction, so that what the guards refuse was never learnt.
"""

import hashlib
import logging
import struct
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta

import msgspec

from feedbridge import scan
from feedbridge.catalogue import Catalogue, Place, part_of
from feedbridge.model import Article, Ignored, KnownFile, Measure, Rejected, Stamp, Version
from feedbridge.pipeline.reader import ArticleFailed, Reader, Turn
from feedbridge.selection import sizes_of
from feedbridge.standards.dates import EPOCH
from feedbridge.standards.text import show

log = logging.getLogger(__name__)

YOUNG = timedelta(seconds=2)  # so long a file may be written to without its stamp telling
PATIENCE = 3  # times that a file may change under our eyes before this run gives it up
AHEAD = timedelta(days=1)  # what claims to have been changed later than that was not

Progress = Callable[[int, int], None]  # files looked at, files in all as far as is known
Found = Article | Ignored | Rejected

_STAMP = struct.Struct("<qqQ")
_SECOND_NS = 1_000_000_000


def no_progress(done: int, total: int) -> None:
    """Show nothing."""


class Learnt(msgspec.Struct):
    """What looking at the archive told; filled in on the way."""

    seen: int = 0
    ignored: int = 0  # without a look into them
    added: int = 0  # usable files
    changed: int = 0
    removed: int = 0
    # Keys of the articles to decide about, in order; what stands no more, by path; keys that unchanged files
    # had, and those that they have now.
    touched: dict[str, None] = msgspec.field(default_factory=dict)
    gone: dict[bytes, KnownFile] = msgspec.field(default_factory=dict)
    rekeyed: dict[str, str] = msgspec.field(default_factory=dict)


class Learner:
    """Brings the catalogue's files up to date with the archive, at a moment."""

    def __init__(self, catalogue: Catalogue, reader: Reader, *, now: datetime) -> None:
        self._files = catalogue.files
        self._contents = catalogue.documents
        self._remembers_edits = catalogue.is_lasting
        self._reader = reader
        self._now = now
        self._unsettled: list[Place] = []  # parts of which a file went away while it was read
        self._is_measured = True  # by the rules that hold
        self._newcomers: list[bytes] = []  # paths of files that may have said what they say elsewhere before
        self._edits: dict[tuple[str, bytes], datetime] = {}  # by key and digest: of files as they were known
        self._is_first = False  # look: nothing is known yet
        self._reconsidered: Counter[bytes] = Counter()
        self.learnt = Learnt()

    def look(
        self, listings: Iterable[scan.Listing], *, anew: bool, measured: bool, progress: Progress
    ) -> None:
        """Look at everything and read what changed; with `anew` read all. Raises: InputError.

        With `measured` the measures that are known were found by the rules that hold.
        """
        self._is_measured = measured
        known = self._files.parts()
        self._is_first = not known and self._files.is_empty()
        again = frozenset(self._files.to_read_again(self._now))
        for listing in listings:
            number, digests = known.pop((listing.root, listing.directory), (0, {}))
            self.learnt.seen += len(listing.stamps) + len(listing.ignored)
            self.learnt.ignored += len(listing.ignored)
            for ignored in listing.ignored:
                _log(ignored, None)
            standing = _parts(listing.stamps)
            changed = {
                part: stamps
                for part, stamps in standing.items()
                if anew or digests.get(part) != _digest(stamps) or _holds(stamps, again)
            }
            if changed:
                number = number or self._files.directory(listing.root, listing.directory)
                waiting = sum(map(len, changed.values()))
                for _ in self._read_parts(number, changed, again, anew=anew):
                    progress(self.learnt.seen - waiting, self.learnt.seen)
                    waiting -= 1
            self._miss(number, digests.keys() - standing.keys())
            progress(self.learnt.seen, self.learnt.seen)
        for number, digests in known.values():
            self._miss(number, digests)
        self._inherit()
        self._look_again()

    def turn(self, turn: Turn) -> None:
        """Learn what a file is that proved to be another one than it was. Raises: InputError."""
        if isinstance(turn, ArticleFailed):
            self._reject(turn.rejected)
        else:
            self._reconsider(turn.path)

    def _reconsider(self, path: bytes) -> None:
        known, place = self._files.known_at(path)
        self._reconsidered[path] += 1
        if self._reconsidered[path] > PATIENCE:
            detail = "it changes faster than it can be read"
            self._reject(Rejected(path=path, code="unreadable", detail=detail))
            return
        self._learn(known.stamp, known, self._reader.read(known.stamp), place)
        if self.learnt.gone.pop(path, None) is not None:
            self._lose(known)
            self._look_again()

    def _reject(self, rejected: Rejected) -> None:
        """Learn that a usable file is none after all; its article is what other files say."""
        known, place = self._files.known_at(rejected.path)
        self._lose(known)
        _log(rejected, known)
        is_read_again = _is_unreadable(rejected)
        self._files.put(
            KnownFile(stamp=known.stamp, found=rejected, version=None, is_read_again=is_read_again), place
        )

    def _look_again(self) -> None:
        """Let the next run look at parts whose files may be back by then, with the same stamps."""
        for place in self._unsettled:
            self._files.set_parts(place.directory, {place.part: b""})
        self._unsettled.clear()

    def _lose(self, known: KnownFile) -> None:
        self._files.remove([known.stamp.path])
        self.learnt.removed += known.version is not None
        self.learnt.touched |= {known.version.key: None} if known.version else {}

    def _read_parts(
        self, number: int, changed: Mapping[int, tuple[Stamp, ...]], again: frozenset[bytes], *, anew: bool
    ) -> Iterator[Stamp]:
        """Read the files of parts that have changed; each is given before it is looked at."""
        for part, stamps in changed.items():
            place = Place(number, part)
            were = {known.stamp.path: known for known in self._files.in_part(place)}
            for stamp in stamps:
                yield stamp
                known = were.pop(stamp.path, None) or self._elsewhere(stamp.path)
                if anew or known is None or known.stamp != stamp or known.held_since or stamp.path in again:
                    self._learn(stamp, known, self._reader.read(stamp), place)
            self.learnt.gone |= were
        self._files.set_parts(number, {part: _digest(stamps) for part, stamps in changed.items()})

    def _elsewhere(self, path: bytes) -> KnownFile | None:
        """Return what is known of a file in another part: what replaced it has an inode of its own."""
        return None if self._is_first else self.learnt.gone.pop(path, None) or self._files.at(path)

    def _miss(self, number: int, parts: Iterable[int]) -> None:
        """Note the files of parts in which nothing stands any more."""
        emptied = tuple(parts)
        for part in emptied:
            self.learnt.gone |= {
                known.stamp.path: known for known in self._files.in_part(Place(number, part))
            }
        self._files.set_parts(number, dict.fromkeys(emptied, b""))

    def _learn(self, stamp: Stamp, known: KnownFile | None, found: Found, place: Place) -> None:
        """Remember what a file proved to be."""
        if isinstance(found, Ignored) and found.reason == scan.WENT_AWAY:
            self.learnt.gone |= {stamp.path: known} if known else {}
            self._unsettled.append(place)
            return
        old = known.version if known else None
        if known and old and not _is_unreadable(found) and _was_out_of_reach(known):
            # What it said was kept through whatever rules came meanwhile.
            self._contents.forget_content(old.digest)
            known = msgspec.structs.replace(known, measure=None)
        version, measure = None, None
        if isinstance(found, Article):
            if known and old and old.key == found.version.key:
                found, measure = self._compare(stamp, known, old, found)
            else:
                self._meet(found.version, old)
        if isinstance(found, Article):
            version = found.version
            measure = measure or self._measure_at_hand(version)
        elif old and _is_unreadable(found):
            version, measure = old, known.measure if known else None
        self._note_edit(old)
        _log(found, known)
        self._count(old, version)
        if old != version or (known and known.held_since):
            self.learnt.touched |= {one.key: None for one in (old, version) if one}
        self._files.put(
            KnownFile(
                stamp=stamp,
                found=found.version if isinstance(found, Article) else found,
                version=version,
                measure=measure,
                is_read_again=self._is_young(stamp) or _is_unreadable(found),
                due=_due(found),
            ),
            place,
        )

    def _compare(
        self, stamp: Stamp, known: KnownFile, old: Version, article: Article
    ) -> tuple[Article | Rejected, Measure | None]:
        """Look what became of an article: what the file is now, and its measure if that is known.

        An edit in place that says something else, and has no later epoch to tell, is remembered. Where it is
        not known what the file said before, no document holds it, so that nobody has read it.
        """
        new = article.version
        known_measure = known.measure if self._is_measured else None
        if new.digest == old.digest:
            return _with_edit(article, old.edited), known_measure
        if _is_later(new.epoch, old.epoch):
            return article, None
        was_young = known.is_read_again and isinstance(known.found, Version)
        if known_measure is None or was_young or not self._remembers_edits:
            return _with_edit(article, old.edited), None  # nobody can tell, or what it gained is no edit
        try:
            content = self._reader.content(article)
        except ArticleFailed as failed:
            return failed.rejected, None
        self._contents.put_content(new.digest, content, sizes_of(content))  # most likely a feed needs it
        is_edit = content.measure.fingerprint != known_measure.fingerprint
        return _with_edit(article, self._edited(stamp, new) if is_edit else old.edited), content.measure

    def _meet(self, new: Version, old: Version | None) -> None:
        """Meet an article at a path where none was, or another one."""
        if not self._is_first:
            self._newcomers.append(new.path)
        if old and old.digest == new.digest:
            self.learnt.rekeyed[old.key] = new.key

    def _measure_at_hand(self, version: Version) -> Measure | None:
        """Return what is known of a content that stood elsewhere before."""
        return None if self._is_first or not self._is_measured else self._contents.measure(version.digest)

    def _note_edit(self, old: Version | None) -> None:
        """Keep in mind when a file was edited whose place is taken, maybe by another one."""
        if old and old.edited:
            known = self._edits.get((old.key, old.digest), old.edited)
            self._edits[old.key, old.digest] = min(known, old.edited)

    def _inherit(self) -> None:
        """Let new files say what they say since the files of which they are copies, or which they were.

        When all is read, so that the order of reading does not count.
        """
        if not self._newcomers or not (self._edits or self._files.has_edits()):
            return
        for known, place in map(self._files.known_at, self._newcomers):
            version = known.version
            if version is None:
                continue
            others = (one.version for one in self._files.of_key(version.key) if one.version)
            edits = [one.edited for one in others if one.edited and one.digest == version.digest]
            edits += filter(None, [self._edits.get((version.key, version.digest))])
            edited = msgspec.structs.replace(version, edited=min(edits, default=None))
            self._files.put(msgspec.structs.replace(known, found=edited, version=edited), place)

    def _edited(self, stamp: Stamp, version: Version) -> datetime:
        """Return when a file was edited: by its own word, never after now, nor before its epoch."""
        seconds = min(stamp.mtime_ns // _SECOND_NS, int(self._now.timestamp()))
        return max(EPOCH + timedelta(seconds=max(0, seconds)), version.epoch or EPOCH)

    def _is_young(self, stamp: Stamp) -> bool:
        since, until = self._now - YOUNG, self._now + AHEAD
        return since.timestamp() < stamp.mtime_ns / _SECOND_NS < until.timestamp()

    def _count(self, old: Version | None, new: Version | None) -> None:
        self.learnt.added += new is not None and old is None
        self.learnt.removed += old is not None and new is None
        self.learnt.changed += old is not None and new is not None and old.digest != new.digest


def _is_later(new: datetime | None, old: datetime | None) -> bool:
    return new is not None and (old is None or new > old)


def _with_edit(article: Article, edited: datetime | None) -> Article:
    version = msgspec.structs.replace(article.version, edited=edited)
    return msgspec.structs.replace(article, version=version)


def _log(found: Found, known: KnownFile | None) -> None:
    """Name what a person should look at, once as long as it stays so."""
    if known is not None and _told(known.found) == _told(found):
        return
    if isinstance(found, Ignored):
        log.debug("article.ignored", extra={"path": show(found.path), "reason": found.reason})
    elif isinstance(found, Rejected):
        facts = {"path": show(found.path), "code": found.code, "detail": found.detail}
        log.warning("article.rejected", extra=facts)


def _told(found: Found | Version) -> tuple[str, str]:
    return (found.code, found.detail) if isinstance(found, Rejected) else ("", "")


def _parts(stamps: Iterable[Stamp]) -> dict[int, tuple[Stamp, ...]]:
    found: defaultdict[int, list[Stamp]] = defaultdict(list)
    for stamp in stamps:
        found[part_of(stamp)].append(stamp)
    return {part: tuple(members) for part, members in found.items()}


def _digest(stamps: Iterable[Stamp]) -> bytes:
    """Return what is equal for equal stamps, in any order."""
    rows = sorted(_STAMP.pack(one.size_bytes, one.mtime_ns, one.inode) + one.path for one in stamps)
    return hashlib.blake2b(b"\0".join(rows), digest_size=16).digest()


def _holds(stamps: Iterable[Stamp], paths: frozenset[bytes]) -> bool:
    return bool(paths) and any(stamp.path in paths for stamp in stamps)


def _was_out_of_reach(known: KnownFile) -> bool:
    return known.held_since is not None or isinstance(known.found, Rejected)


def _is_unreadable(found: Found) -> bool:
    return isinstance(found, Rejected) and found.code == "unreadable"


def _due(found: Found) -> datetime | None:
    return found.due if isinstance(found, Rejected) else None
