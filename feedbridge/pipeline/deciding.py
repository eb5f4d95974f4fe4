"""What becomes of the articles that changed, and whether a run may do it: the guards.

All of it happens in the caller's transaction: a guard that refuses takes everything back.
"""

import logging
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime
from functools import lru_cache
from itertools import islice

import msgspec

from feedbridge.catalogue import Catalogue
from feedbridge.errors import GuardError
from feedbridge.model import (
    Change,
    Content,
    Group,
    Guards,
    Identity,
    KnownFile,
    Measure,
    Sizes,
    Version,
)
from feedbridge.pipeline.learning import Learner
from feedbridge.pipeline.reader import Reader, Turn
from feedbridge.pipeline.recording import Learnt
from feedbridge.selection import sizes_of
from feedbridge.standards.urls import slug

log = logging.getLogger(__name__)

MAIN = "main"  # the feed of all entries

FEW = 5  # articles: when fewer are known, their going is an everyday thing
MANY = 50  # articles: that so many go at once is none …
HALF = 0.5  # of all that are known …
SHARE = 0.2  # … if they are also more than this share

BATCH = 500  # articles that are decided with one look into the catalogue
KEPT = 1_000  # changes, for people


class Decider:
    """Decides about articles whose files have changed, at a moment."""

    def __init__(self, catalogue: Catalogue, reader: Reader, learner: Learner, *, now: datetime) -> None:
        self._catalogue = catalogue
        self._files = catalogue.files
        self._reader = reader
        self._learner = learner
        self._now = now
        self._soiled: set[str] = set()  # documents, by the decisions so far
        self._known = catalogue.entries.count()  # articles, before this run
        self._let_go = 0  # articles, so far
        self._may_hold = catalogue.is_lasting and not learner.learnt.is_first  # something was known before
        self.odd: set[str] = set()  # published keys whose files stand as they did, and that would be updated
        self.changed = 0  # entries
        self.changes: list[Change] = []  # the first of them

    def settle(self, turns: Iterable[Turn] = (), *, guards: Guards, lets_go: bool) -> None:
        """Decide what becomes of all articles of which a file has changed, and mark the documents concerned.

        Where a file proves to be another one meanwhile, that is decided, too. Raises: InputError.
        """
        waiting = tuple(turns)
        while True:
            self._learner.reconsider(waiting)
            self._part(guards=guards, lets_go=lets_go)
            is_first = not (self._known or self.changed)
            with self._catalogue.entries.filling() if is_first else nullcontext():
                waiting = tuple(self._decide_all())
            if not waiting:
                break
        if self._files.touched.is_used or self._files.missing.is_used:
            self._files.sweep_directories()

    def _part(self, *, guards: Guards, lets_go: bool) -> None:
        """Let go of the articles that are lost, or hold them if too many are lost at once."""
        files, learnt = self._files, self._learner.learnt
        if not files.has_lost():
            return
        last = files.count_last()
        if last and not lets_go and self._may_hold and self._is_mass(last):
            files.hold_last(self._now)
            detail = "too many are lost at once: they are held until their files are back; --yes lets them go"
            log.warning("articles.held", extra={"articles": last, "detail": detail})
            last = 0
        self._let_go += last
        learnt.removed += files.let_go_of_all() if lets_go else self._let_go_of_some(guards)

    def _decide_all(self) -> Iterator[Turn]:
        """Join the files of each touched article anew; give those that have turned, to be decided again."""
        again: list[str] = []
        for keys in _batches(self._files.touched.take()):
            known = _by_key(self._files.of_keys(keys))
            before = {one.key: one for one in self._catalogue.entries.of_keys(keys)}
            turned = self._measure_all(files for files in known.values() if _are_several(files))
            for key in keys:
                if key in turned:
                    again.append(key)
                    yield from turned[key]
                else:
                    self._decide(known[key], before.get(key))
        self._files.touched.add(again)

    def _measure_all(self, known: Iterable[Sequence[KnownFile]]) -> Mapping[str, Sequence[Turn]]:
        """Measure what has to be compared; return the files that have turned, all of an article at once."""
        waiting = [one for files in known for one in files if one.measure is None]
        wanted = [(one.stamp, one.version) for one in waiting if one.version and one.is_readable]
        contents = self._reader.contents((stamp, version.digest) for stamp, version in wanted)
        turned: defaultdict[str, list[Turn]] = defaultdict(list)
        for (_, version), content in zip(wanted, contents, strict=True):
            if isinstance(content, Turn):
                turned[version.key].append(content)
            else:
                keep(content, version, self._catalogue)
        return turned

    def _decide(self, known: Sequence[KnownFile], before: Identity | None) -> None:
        after = self._join(self._measured(known), before) if known else None
        names = {feed_of(group) for one in (before, after) if one for group in one.groups}
        # Also where nothing is to be seen of it: what can be read again may stand in a feed again.
        if new := names - self._soiled:
            self._catalogue.documents.soil(new)
            self._soiled |= new
        if before != after:
            self._change(before, after)

    def _measured(self, known: Sequence[KnownFile]) -> Sequence[KnownFile]:
        """Return the files of an article with what they are compared by, if they are."""
        version = known[0].version
        assert version is not None  # noqa: S101  # they were found by its key
        return tuple(self._files.of_key(version.key)) if _are_several(known) else known

    def _is_mass(self, last: int) -> bool:
        """Tell whether so many articles are lost at once that it is no everyday thing, or all are."""
        known = self._known - self._files.count_held_articles()
        lost = last + self._let_go
        is_most = known >= FEW and lost >= known * HALF
        return is_most or (lost > MANY and lost > known * SHARE) or not self._files.has_standing()

    def _let_go_of_some(self, guards: Guards) -> int:
        """Let go of what was lost and is not held, of what is back elsewhere, and of what is held too long.

        Where nothing stands at all no time counts: a disk may be away for longer.
        """
        files = self._files
        files.hold_with_others(self._now)
        removed = files.let_go_of_new() + files.let_go_of_doubles()
        if guards.forget_after is not None and files.has_standing():
            removed += files.let_go_of_old(self._now - guards.forget_after)
        return removed

    def _join(self, known: Sequence[KnownFile], before: Identity | None) -> Identity:
        """Join the files of an article; it stays as it was while one of several cannot be compared."""
        by_path = {one.stamp.path: one for one in known}
        versions = {one.stamp.path: one.version for one in known if one.version}
        if not _are_several(known) or all(one.is_comparable for one in known):
            return self._joined(tuple(versions.values()), by_path)
        speaker = before and versions.get(before.speaker)
        if before and speaker and speaker.digest == before.digest:
            return before
        comparable = tuple(version for path, version in versions.items() if by_path[path].is_comparable)
        return self._joined(comparable or tuple(versions.values()), by_path)

    def _joined(self, versions: Sequence[Version], by_path: Mapping[bytes, KnownFile]) -> Identity:
        from feedbridge import identity  # noqa: PLC0415  # not every run needs it

        joined = identity.join(versions, measure=lambda version: self.measure(by_path[version.path]))
        if by_path[joined.speaker].is_readable:
            return joined
        copies = (
            one.path for one in versions if one.digest == joined.digest and by_path[one.path].is_readable
        )
        return msgspec.structs.replace(joined, speaker=next(copies, joined.speaker))

    def measure(self, known: KnownFile) -> Measure:
        """Return what a file is compared by; what cannot be read or compared says nothing.

        Raises: ArticleChanged, ArticleFailed, InputError.
        """
        assert known.version is not None  # noqa: S101  # it is or was usable
        if known.measure is not None:
            return known.measure
        if not known.is_comparable:
            return Measure(fingerprint="", length=0)
        (content,) = self._reader.contents([(known.stamp, known.version.digest)])
        if isinstance(content, Turn):
            raise content
        keep(content, known.version, self._catalogue)
        return content.measure

    def _change(self, before: Identity | None, after: Identity | None) -> None:
        self._catalogue.entries.change(before, after)
        if _shown(before) == _shown(after):
            return
        if before and after and _is_odd(before, after) and self._catalogue.documents.is_member(after.key):
            self.odd.add(after.key)
        self.changed += 1
        if len(self.changes) < KEPT:
            self.changes.append(Change(before=before, after=after))


def _batches(keys: Iterable[object]) -> Iterator[tuple[str, ...]]:
    """Part keys, so that a statement serves many."""
    left = iter(keys)
    while batch := tuple(islice(left, BATCH)):
        yield tuple(map(str, batch))


def _by_key(files: Iterable[KnownFile]) -> Mapping[str, Sequence[KnownFile]]:
    """Return the files of each article; of one that is not known none."""
    found: defaultdict[str, list[KnownFile]] = defaultdict(list)
    for one in files:
        if one.version:
            found[one.version.key].append(one)
    return found


def _are_several(known: Iterable[KnownFile]) -> bool:
    """Tell whether the files of an article differ."""
    return len({one.version.digest for one in known if one.version}) > 1


def _shown(identity: Identity | None) -> Identity | None:
    """Return what a document can tell of an entry: not in which files it stands."""
    return msgspec.structs.replace(identity, speaker=b"", versions=b"") if identity else None


@lru_cache(maxsize=1024)  # asked of each article; there are few groups
def feed_of(group: Group) -> str:
    """Return the name of a group's feed."""
    return f"{group.family}/{slug(group.name)}" if group.family else MAIN


def guard_ids(learnt: Learnt, catalogue: Catalogue) -> None:
    """Refuse other ids for entries that readers know. Raises: GuardError."""
    moved = learnt.rekeyed | dict(catalogue.files.moved())
    if not moved:
        return
    old, new = next(iter(moved.items()))
    raise GuardError(
        f"{len(moved)} published entries would get other ids, and come back as unread: {old} would be {new}; "
        "nothing was written. Restore the `key` and `slug` of the site rules; or, to have the new ids, "
        "remove the catalogue ([state] file)"
    )


def guard_updates(odd: Container[str], catalogue: Catalogue) -> None:
    """Refuse to mark many entries as updated although their files stand as they did. Raises: GuardError."""
    for document in sorted(catalogue.documents.names()) if odd else ():
        members = catalogue.documents.members(document)
        count = sum(key in odd for key in members)
        if count > MANY and count > len(members) * SHARE:
            raise GuardError(
                f"{count} of the {len(members)} entries of {document} would be marked as updated although "
                "their files stand unchanged; nothing was written. If you changed a rule of their site "
                "(boilerplate, zone, dates), restore it; or, to have the new dates, remove the catalogue "
                "([state] file). Else this is a fault of feedbridge: please report it"
            )


def keep(content: Content, version: Version, catalogue: Catalogue) -> Sizes:
    """Keep what a file says, cleaned, and what it is compared by; return its size."""
    sizes = sizes_of(content)
    catalogue.documents.put_content(version.digest, content, sizes)
    catalogue.files.set_measure(version.digest, version.key, content.measure)
    return sizes


def _is_odd(before: Identity, after: Identity) -> bool:
    """Tell whether an entry would be updated although its files say what they said.

    Of some files the name tells the date: these may be renamed.
    """
    is_renamed = before.published != after.published and before.speaker != after.speaker
    return before.versions == after.versions and before.updated != after.updated and not is_renamed
