"""One look at an archive: what was learnt, what is decided, and the feeds that come of it."""

import logging
from collections.abc import Iterable
from datetime import datetime

from feedbridge import catalogue as memory
from feedbridge import publish, scan
from feedbridge.catalogue import Catalogue
from feedbridge.config import Config
from feedbridge.model import ArticleCounts, Change, FeedCounts, FeedWritten, FileId, Report, Value, Work
from feedbridge.pipeline.deciding import Decider, guard_ids, guard_updates
from feedbridge.pipeline.feeds import Feeds
from feedbridge.pipeline.learning import Learner, Progress
from feedbridge.pipeline.pairs import bind_pair
from feedbridge.pipeline.publishing import Publisher
from feedbridge.pipeline.reader import Reader, Turn
from feedbridge.pipeline.recording import Recorder
from feedbridge.pipeline.rules import Rules, doubt_versions, rules, versions
from feedbridge.pipeline.workers import Workers
from feedbridge.publish import Changes
from feedbridge.standards.text import show

log = logging.getLogger(__name__)


class Asked(Value, frozen=True):
    """What is asked of one run."""

    is_full: bool = False  # read every article again
    lets_go: bool = False  # of articles that are held
    waits: bool = False  # for the lock
    is_checked: bool = False  # whether the catalogue is sound, all of it, which takes a while
    is_guarded: bool = True  # else it is only looked at what would be
    paths: frozenset[bytes] | None = None  # look at these files only, and at young ones; None: at all


class Outcome(Value, frozen=True):
    """What a run did, or would do."""

    report: Report
    written: tuple[str, ...] = ()  # paths below the output directory
    removed: tuple[str, ...] = ()
    feeds_written: tuple[FeedWritten, ...] = ()
    feeds_removed: tuple[str, ...] = ()
    changed: int = 0  # entries
    changes: tuple[Change, ...] = ()  # the first of them


class Look:
    """An archive and its catalogue, looked at for a configuration at a moment.

    All methods raise what the rooms below raise: InputError, OutputError, StateError, GuardError, UsageError.
    """

    def __init__(  # noqa: PLR0913  # what it looks at, with whom, and how
        self,
        catalogue: Catalogue,
        archive: scan.Archive,
        config: Config,
        workers: Workers,
        *,
        now: datetime,
        asked: Asked,
    ) -> None:
        bind_pair(catalogue, config)
        self.catalogue = catalogue
        self.archive = archive
        self.config = config
        self.reader = Reader(archive, config, workers, now=now)
        self.feeds = Feeds(catalogue, self.reader, config)
        self.output = publish.Site(config.output.directory, gzip=config.output.gzip)
        self._asked = asked
        self._rules = rules(config, versions(catalogue))
        self._known_rules = known = Rules(*catalogue.runs.facts(*Rules.__struct_fields__))
        is_measured = known.cleaning == self._rules.cleaning
        self._recorder = Recorder(catalogue, self.reader, now=now, is_measured=is_measured)
        is_anew = asked.is_full or known.reading != self._rules.reading
        self._learner = Learner(
            catalogue, archive, self._recorder, self.reader, workers, now=now, is_anew=is_anew
        )
        self.decider = Decider(catalogue, self.reader, self._learner, now=now)
        self._publisher = Publisher(catalogue, self.feeds, self.output, rules=self._rules.documents)

    def learn(self, progress: Progress) -> None:
        """Learn what has changed, and decide about it, unless a guard refuses: in one transaction."""
        with self.catalogue.transaction():
            if self._asked.paths is None or self._is_renewed:
                self._learner.look(progress, own=self.own_files())
            else:
                self._learner.look_at(self._asked.paths, own=self.own_files())
            if self._asked.is_guarded:
                guard_ids(self._recorder.learnt, self.catalogue)
            if self._is_renewed:
                self._renew()
            self._settle()
            if self._asked.is_guarded:
                guard_updates(self.decider.odd, self.catalogue)
            self.catalogue.documents.soil_aged()

    def own_files(self) -> frozenset[FileId]:
        """Return what is ours below the input directories: the output and the catalogue."""
        file = self.config.state.file
        statuses = (one.stat() for one in memory.companions(file) if one.exists()) if file else ()
        return self.output.own_files() | {(status.st_dev, status.st_ino) for status in statuses}

    def prepare(self) -> None:
        """Clean what the feeds need and is not at hand, so that nothing is read any more after it."""
        is_prepared = self._is_suspect()
        while not is_prepared:
            with self.catalogue.transaction():
                turns = self._publisher.prepare()
                if turns:
                    self._settle(turns)
            is_prepared = not turns

    def reconsider(self, turn: Turn) -> None:
        """Decide anew about a file that was not what it was."""
        with self.catalogue.transaction():
            self._settle([turn])
        self.prepare()

    def publish(self) -> Outcome:
        """Put in place what has changed."""
        self._warn_of_nothing()
        if self._is_suspect():
            return self._untouched()
        with self.output.stage() as stage:
            self._publisher.offer(stage)
            changes = stage.commit()
        with self.catalogue.transaction():
            self._publisher.remember()
            if self.reader.cleaned:
                doubt_versions(self.catalogue)
        return self._outcome(changes)

    def compare(self) -> Outcome:
        """Say what `publish` would change."""
        self._warn_of_nothing()
        if self._is_suspect():
            return self._untouched()
        comparison = self.output.comparison()
        self._publisher.offer(comparison)
        return self._outcome(comparison.changes())

    def report(self, feeds: FeedCounts) -> Report:
        """Return what was seen, and done."""
        learnt, files = self._recorder.learnt, self.catalogue.files
        rejected = files.rejected()
        return Report(
            articles=ArticleCounts(
                seen=learnt.seen,
                added=learnt.added,
                changed=learnt.changed,
                removed=learnt.removed,
                ignored=learnt.ignored + files.count("ignored"),
                rejected=len(rejected),
                held=files.count_held(),
            ),
            entries=self.catalogue.entries.count(),
            feeds=feeds,
            rejected=rejected,
            work=Work(
                files_opened=self.reader.opened,
                bytes_read=self.reader.bytes_read,
                articles_parsed=self.reader.parsed,
                articles_cleaned=self.reader.cleaned,
                documents_rendered=self._publisher.rendered,
                statements_executed=self.catalogue.statements,
            ),
            seconds=0.0,
        )

    @property
    def _is_renewed(self) -> bool:
        """Whether other rules hold than before, or none did."""
        return self._known_rules != self._rules

    def _settle(self, turns: Iterable[Turn] = ()) -> None:
        self.decider.settle(turns, guards=self.config.guards, lets_go=self._asked.lets_go)

    def _renew(self) -> None:
        """Use what other rules made no longer, but for what cannot be made anew."""
        if self._known_rules.cleaning != self._rules.cleaning:
            self.catalogue.files.forget_measures()
            self.catalogue.documents.age_contents()
            # By other rules the files of an article may say the same, or something else.
            self.catalogue.files.touch_compared()
        self.catalogue.documents.soil_all()
        for name in Rules.__struct_fields__:
            self.catalogue.runs.set_fact(name, getattr(self._rules, name))

    def _has_nothing(self) -> bool:
        return not self.catalogue.entries.count() and not self._asked.lets_go

    def _is_suspect(self) -> bool:
        """Doubt an archive without any article: more often a disk is not mounted than all articles gone."""
        return self._has_nothing() and self.output.has_feeds()

    def _warn_of_nothing(self) -> None:
        if self._has_nothing():
            has_feeds = self.output.has_feeds()
            what = "the feeds that stand are left alone" if has_feeds else "is this the right directory?"
            where = ", ".join(show(str(directory)) for directory in self.config.input.directories)
            facts = {"input": where, "detail": f"no usable article was found: {what}"}
            log.warning("archive.empty", extra=facts)

    def _outcome(self, changes: Changes) -> Outcome:
        return Outcome(
            report=self.report(changes.feeds),
            written=changes.written,
            removed=changes.removed,
            feeds_written=self._publisher.written(changes.written),
            feeds_removed=self._publisher.removed(changes.removed),
            changed=self.decider.changed,
            changes=tuple(self.decider.changes),
        )

    def _untouched(self) -> Outcome:
        return Outcome(report=self.report(FeedCounts(unchanged=self.output.standing_feeds())))
