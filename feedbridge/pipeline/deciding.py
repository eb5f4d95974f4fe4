"""What becomes of the articles that changed, and whether a run may do it: the guards.

All of it happens in the caller's transaction: a guard that refuses takes everything back.
"""

import logging
from collections.abc import Container, Sequence
from datetime import datetime

import msgspec

from feedbridge import identity
from feedbridge.catalogue import Catalogue
from feedbridge.errors import GuardError
from feedbridge.model import Change, Group, Guards, Identity, KnownFile, Measure
from feedbridge.pipeline.learning import Learner
from feedbridge.pipeline.reader import Reader, Turn
from feedbridge.pipeline.recording import Learnt
from feedbridge.standards.urls import slug

log = logging.getLogger(__name__)

MAIN = "main"  # the feed of all entries

FEW = 5  # articles: when fewer are known, their going is an everyday thing
MANY = 50  # articles: that so many go at once is none …
HALF = 0.5  # of all that are known …
SHARE = 0.2  # … if they are also more than this share

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
        self._let_go = 0  # files with which an article went, so far
        self.odd: set[str] = set()  # published keys whose files stand as they did, and that would be updated
        self.changed = 0  # entries
        self.changes: list[Change] = []  # the first of them

    def part(self, *, guards: Guards, lets_go: bool) -> None:
        """Let go of the articles that are lost, or hold them if too many are lost at once."""
        files, learnt = self._files, self._learner.learnt
        if not files.has_lost():
            return
        last = files.count_last()
        if not lets_go and self._catalogue.is_lasting and self._is_mass(last):
            files.hold_last(self._now)
            detail = "too many are lost at once: they are held until their files are back; --yes lets them go"
            log.warning("articles.held", extra={"articles": last, "detail": detail})
            last = 0
        self._let_go += last
        learnt.removed += files.let_go_of_all() if lets_go else self._let_go_of_some(guards)

    def decide(self) -> None:
        """Join the files of the touched articles anew, and mark the documents that it concerns.

        What is touched meanwhile, since a file proved to be another one than it was, is decided, too.
        """
        self._soiled.clear()
        for key in self._files.touched.take():
            assert isinstance(key, str)  # noqa: S101  # as it was put there
            try:
                self._decide(key)
            except Turn as turn:
                self._files.touched.add([key])
                self._learner.turn(turn)

    def _decide(self, key: str) -> None:
        known = tuple(self._files.of_key(key))
        before, after = self._catalogue.entries.get(key), self._join(known) if known else None
        if before != after:
            self._change(before, after)

    def _is_mass(self, last: int) -> bool:
        """Tell whether so many articles are lost at once that it is no everyday thing, or all are."""
        files = self._files
        if not last:
            return False
        lost = last + self._let_go
        known = files.count_articles() + self._let_go - files.count_held() - self._learner.learnt.added
        is_most = known >= FEW and lost / known >= HALF
        return is_most or (lost > MANY and lost / known > SHARE) or not files.has_standing()

    def _let_go_of_some(self, guards: Guards) -> int:
        """Let go of what was lost and is not held, of what is back elsewhere, and of what is held too long.

        Where nothing stands at all no time counts: a disk may be away for longer.
        """
        files = self._files
        removed = files.let_go_of_new() + files.let_go_of_doubles()
        if guards.forget_after is not None and files.has_standing():
            removed += files.let_go_of_old(self._now - guards.forget_after)
        return removed

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
        self._catalogue.entries.change(before, after)
        if _shown(before) != _shown(after):
            names = {feed_of(group) for one in (before, after) if one for group in one.groups}
            self._catalogue.documents.soil(names - self._soiled)
            self._soiled |= names
        if before and after and _is_odd(before, after) and self._catalogue.documents.is_member(after.key):
            self.odd.add(after.key)
        self.changed += 1
        if len(self.changes) < KEPT:
            self.changes.append(Change(before=before, after=after))


def _shown(identity: Identity | None) -> Identity | None:
    """Return what a document can tell of an entry: not in which files it stands."""
    return msgspec.structs.replace(identity, speaker=b"", versions=b"") if identity else None


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


def guard_losses(learnt: Learnt, catalogue: Catalogue) -> None:
    """Refuse feeds that would lose many entries since their articles cannot be made any more.

    Raises: GuardError.
    """
    lost, published = learnt.dropped, catalogue.documents.count_members()
    if (published >= FEW and lost >= published * HALF) or (lost > MANY and lost > published * SHARE):
        raise GuardError(
            f"{lost} of {published} published articles cannot be made anew (-v names each); nothing was "
            "written. If they went away meanwhile, run again; else this is a fault of feedbridge: please "
            "report it, and use the version before"
        )


def _is_odd(before: Identity, after: Identity) -> bool:
    return before.versions == after.versions and before.updated != after.updated
