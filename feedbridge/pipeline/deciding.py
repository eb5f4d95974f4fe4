"""What becomes of the articles that changed, and whether a run may do it: the guards.

All of it happens in the caller's transaction: a guard that refuses takes everything back.
"""

import logging
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from feedbridge import identity
from feedbridge.catalogue import Catalogue
from feedbridge.errors import GuardError
from feedbridge.model import Change, Guards, Identity, KnownFile, Measure
from feedbridge.pipeline.learning import Learner, Learnt
from feedbridge.pipeline.reader import Reader, Turn
from feedbridge.standards.urls import slug

log = logging.getLogger(__name__)

MAIN = "main"  # the feed of all entries

FEW = 5  # articles: when fewer are known, their going is an everyday thing
MANY = 50  # articles: that so many go at once is none …
HALF = 0.5  # of all that are known …
SHARE = 0.2  # … if they are also more than this share


class Decider:
    """Decides about articles whose files have changed, at a moment."""

    def __init__(self, catalogue: Catalogue, reader: Reader, learner: Learner, *, now: datetime) -> None:
        self._catalogue = catalogue
        self._files = catalogue.files
        self._reader = reader
        self._learner = learner
        self._now = now
        self._soiled: set[str] = set()  # documents, by the decisions so far
        self.changes: list[Change] = []  # of entries, in the order in which they were decided

    def part(self, *, guards: Guards, lets_go: bool) -> None:
        """Forget the files that are gone, or hold them if too many articles go with them."""
        held = self._files.held()
        gone = {path: one for path, one in self._learner.learnt.gone.items() if not one.held_since}
        last = self._last_ones(gone)
        if last and not lets_go and self._catalogue.is_lasting and self._is_mass(gone, last, held):
            self._files.hold(last, self._now)
            detail = "too many vanished at once: they are held until the files are back; --yes lets them go"
            log.warning("articles.held", extra={"articles": len(last), "detail": detail})
            gone = {path: one for path, one in gone.items() if path not in last}
        over = (one for one in held if lets_go or self._is_over(one, guards) or self._is_back(one))
        self._forget((*gone.values(), *over))

    def decide(self) -> None:
        """Join the files of the touched articles anew, and mark the documents that it concerns.

        What is touched meanwhile, since a file proved to be another one than it was, is decided, too.
        """
        touched = self._learner.learnt.touched
        self._soiled.clear()
        while touched:
            key = next(iter(touched))
            try:
                self._decide(key)
            except Turn as turn:
                self._learner.turn(turn)
            else:
                del touched[key]

    def _decide(self, key: str) -> None:
        known = tuple(self._files.of_key(key))
        before, after = self._catalogue.entries.get(key), self._join(known) if known else None
        if before != after:
            self._change(before, after)

    def _last_ones(self, gone: Mapping[bytes, KnownFile]) -> tuple[bytes, ...]:
        """Return the paths of those files that are gone after which nothing of their article stands."""
        keys = {path: one.version.key for path, one in gone.items() if one.version}
        lost = {key for key in keys.values() if not self._stands(key, without=gone)}
        return tuple(path for path, key in keys.items() if key in lost)

    def _stands(self, key: str, *, without: Container[bytes] = ()) -> bool:
        """Tell whether any file of an article stands."""
        return any(not one.held_since and one.stamp.path not in without for one in self._files.of_key(key))

    def _is_mass(
        self, gone: Mapping[bytes, KnownFile], last: Sequence[bytes], held: Sequence[KnownFile]
    ) -> bool:
        """Tell whether so many articles go at once that it is no everyday thing, or all do."""
        articles = self._files.count_articles() - len(held)
        known = articles - self._learner.learnt.added
        stands = articles > sum(one.version is not None for one in gone.values())
        share = len(last) / max(1, known)
        return not stands or (known >= FEW and share >= HALF) or (len(last) > MANY and share > SHARE)

    def _is_over(self, held: KnownFile, guards: Guards) -> bool:
        since, limit = held.held_since, guards.forget_after
        return since is not None and limit is not None and self._now - since >= limit

    def _is_back(self, held: KnownFile) -> bool:
        """Tell whether the article of a file that is held stands again, in another file."""
        key = held.version.key if held.version else ""
        return key in self._learner.learnt.touched and self._stands(key)

    def _forget(self, files: Collection[KnownFile]) -> None:
        learnt = self._learner.learnt
        self._files.remove(one.stamp.path for one in files)
        learnt.removed += sum(one.version is not None for one in files)
        learnt.touched |= {one.version.key: None for one in files if one.version}

    def _join(self, known: Sequence[KnownFile]) -> Identity:
        by_path = {one.stamp.path: one for one in known}
        versions = [one.version for one in known if one.version]
        return identity.join(versions, measure=lambda version: self.measure(by_path[version.path]))

    def measure(self, known: KnownFile) -> Measure:
        """Return what a usable file is compared by. Raises: ArticleChanged, ArticleFailed, InputError."""
        assert known.version is not None  # noqa: S101  # it is usable
        if known.measure is not None:
            return known.measure
        article = self._reader.article(known.stamp, known.version.digest)
        measure = self._reader.content(article).measure
        self._files.set_measure(known.version.digest, known.version.key, measure)
        return measure

    def _change(self, before: Identity | None, after: Identity | None) -> None:
        if after is not None:
            self._catalogue.entries.put([after])
        elif before is not None:
            self._catalogue.entries.remove([before.key])
        if _shown(before) != _shown(after):
            sources = {one.source: None for one in (before, after) if one}
            names = {MAIN, *map(of_source, sources)}
            self._catalogue.documents.soil(names - self._soiled)
            self._soiled |= names
        self.changes.append(Change(before=before, after=after))


def _shown(identity: Identity | None) -> Identity | None:
    """Return what a document can tell of an entry: not in which files it stands."""
    return msgspec.structs.replace(identity, speaker=b"", versions=b"") if identity else None


def of_source(source: str) -> str:
    """Return the name of a source's feed."""
    return f"source/{slug(source)}"


def guard_ids(learnt: Learnt, catalogue: Catalogue) -> None:
    """Refuse other ids for entries that readers know. Raises: GuardError."""
    moved = {old: new for old, new in learnt.rekeyed.items() if catalogue.documents.is_member(old)}
    if not moved:
        return
    old, new = next(iter(moved.items()))
    raise GuardError(
        f"{len(moved)} published entries would get other ids, and come back as unread: {old} would be {new}; "
        "nothing was written. Restore the `key` and `slug` of the site rules; or, to have the new ids, "
        "remove the catalogue ([state] file)"
    )


def guard_updates(changes: Iterable[Change], catalogue: Catalogue) -> None:
    """Refuse to mark many entries as updated although their files stand as they did. Raises: GuardError."""
    moved = {one.after.key for one in changes if one.before and one.after and _is_odd(one.before, one.after)}
    if len(moved) <= MANY:
        return
    for document in sorted(catalogue.documents.names()):
        members = catalogue.documents.members(document)
        odd = sum(key in moved for key in members)
        if odd > MANY and odd > len(members) * SHARE:
            raise GuardError(
                f"{odd} of the {len(members)} entries of {document} would be marked as updated although "
                "their files stand unchanged; nothing was written. This is a fault of feedbridge, please "
                "report it; without the catalogue ([state] file) the feeds are made anew"
            )


def _is_odd(before: Identity, after: Identity) -> bool:
    return before.versions == after.versions and before.updated != after.updated
