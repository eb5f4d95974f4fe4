"""One look at an archive: what was learnt, what is decided, and the feeds that come of it."""

import json
import logging
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from feedbridge import catalogue as memory
from feedbridge import publish, scan
from feedbridge.catalogue import Catalogue
from feedbridge.config import Config
from feedbridge.errors import UsageError
from feedbridge.model import ArticleCounts, Change, FeedCounts, Report, Value, Work
from feedbridge.pipeline.deciding import Decider, guard_ids, guard_updates
from feedbridge.pipeline.feeds import Feeds
from feedbridge.pipeline.learning import Learner, Progress
from feedbridge.pipeline.publishing import Publisher, Target
from feedbridge.pipeline.reader import Reader, Turn
from feedbridge.pipeline.rules import Rules, rules, versions
from feedbridge.publish import Changes
from feedbridge.standards.text import show

log = logging.getLogger(__name__)


class Asked(Value, frozen=True):
    """What is asked of one run."""

    is_full: bool = False  # read every article again
    lets_go: bool = False  # of articles that are held
    waits: bool = False  # for the lock


class Outcome(Value, frozen=True):
    """What a run did, or would do."""

    report: Report
    written: tuple[str, ...] = ()  # paths below the output directory
    removed: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()  # of entries


class Look:
    """An archive and its catalogue, looked at for a configuration at a moment.

    All methods but `publish` happen in the caller's transactions. All raise what the rooms below raise:
    InputError, OutputError, StateError, GuardError, UsageError.
    """

    def __init__(
        self, catalogue: Catalogue, archive: scan.Archive, config: Config, *, now: datetime, asked: Asked
    ) -> None:
        self.catalogue = catalogue
        self.archive = archive
        self.config = config
        self.reader = Reader(archive, config, now=now)
        self.feeds = Feeds(catalogue, self.reader, config)
        self.output = publish.Site(config.output.directory, gzip=config.output.gzip)
        self.learner = Learner(catalogue, self.reader, now=now)
        self.decider = Decider(catalogue, self.reader, self.learner, now=now)
        self._asked = asked
        self._rules = rules(config, versions(catalogue))
        self._rendered = 0

    def learn(self, progress: Progress) -> None:
        """Learn what has changed, and decide about it, unless a guard refuses."""
        self._check_pair()
        known = Rules(*self.catalogue.runs.facts(*Rules.__struct_fields__))
        self.learner.look(
            self.listings(),
            anew=self._asked.is_full or known.reading != self._rules.reading,
            measured=known.cleaning == self._rules.cleaning,
            progress=progress,
        )
        self.decider.part(guards=self.config.guards, lets_go=self._asked.lets_go)
        if known != self._rules:
            self._renew(known)
        guard_ids(self.learner.learnt, self.catalogue)
        self.decider.decide()
        guard_updates(self.decider.changes, self.catalogue)

    def listings(self) -> Iterator[scan.Listing]:
        """List every directory of the archive, without what is our own."""
        return self.archive.walk(own=self._own_files())

    def reconsider(self, turn: Turn) -> None:
        """Learn what a file is that was not what it was, and decide about its articles."""
        log.debug("article.changed", extra={"path": show(turn.path)})
        self.learner.turn(turn)
        self.decider.decide()

    def publish(self) -> Outcome:
        """Put in place what has changed. Raises: reader.Turn if a file is not what it was.

        What entries say is remembered before anybody can read it: else an edit of it might go unnoticed.
        """
        with self.output.stage() as stage:
            with self.catalogue.transaction():
                publisher = self._offer(stage)
            if publisher is None:
                return self._untouched()
            changes = stage.commit()
        with self.catalogue.transaction():
            publisher.remember()
        return self._outcome(changes)

    def compare(self) -> Outcome:
        """Say what `publish` would change."""
        comparison = self.output.comparison()
        if self._offer(comparison) is None:
            return self._untouched()
        return self._outcome(comparison.changes())

    def report(self, feeds: FeedCounts) -> Report:
        """Return what was seen, and done."""
        learnt, files = self.learner.learnt, self.catalogue.files
        rejected = files.rejected()
        return Report(
            articles=ArticleCounts(
                seen=learnt.seen,
                added=learnt.added,
                changed=learnt.changed,
                removed=learnt.removed,
                ignored=learnt.ignored + files.count("ignored"),
                rejected=len(rejected),
                held=len(files.held()),
            ),
            entries=self.catalogue.entries.count(),
            feeds=feeds,
            rejected=rejected,
            work=Work(
                files_opened=self.reader.opened,
                bytes_read=self.reader.bytes_read,
                articles_parsed=self.reader.parsed,
                articles_cleaned=self.reader.cleaned,
                documents_rendered=self._rendered,
                statements_executed=self.catalogue.statements,
            ),
            seconds=0.0,
        )

    def _check_pair(self) -> None:
        """Refuse a catalogue that knows another archive or output. Paths are relative to it: all may move."""
        if self.config.state.file is None:
            return
        place = Path(os.path.realpath(self.config.state.file.parent))
        directories = (*self.config.input.directories, self.config.output.directory)
        pair = json.dumps([os.path.relpath(os.path.realpath(one), place) for one in directories])
        known = self.catalogue.runs.fact("pair")
        if not known:
            self.catalogue.runs.set_fact("pair", pair)
        elif known != pair and not self.catalogue.documents.renditions():
            self.catalogue.runs.set_fact("pair", pair)  # nothing was ever put in place
        elif known != pair:
            file = show(str(self.config.state.file))
            raise UsageError(
                f"the catalogue {file} belongs to another input and output, {show(known)}, not {show(pair)}: "
                "name another file by [state] file or --state, or do without by --stateless"
            )

    def _renew(self, known: Rules) -> None:
        """Forget what other rules made, but for what is held: its files are gone."""
        if known.cleaning != self._rules.cleaning:
            self.catalogue.files.forget_measures()
            self.catalogue.documents.forget_contents()
            # By other rules the files of an article may say the same, or something else.
            self.learner.learnt.touched |= dict.fromkeys(self.catalogue.files.compared_keys())
        self.catalogue.documents.soil_all()
        for name in Rules.__struct_fields__:
            self.catalogue.runs.set_fact(name, getattr(self._rules, name))

    def _own_files(self) -> frozenset[scan.FileId]:
        file = self.config.state.file
        statuses = (one.stat() for one in memory.companions(file) if one.exists()) if file else ()
        return self.output.own_files() | {(status.st_dev, status.st_ino) for status in statuses}

    def _offer(self, target: Target) -> Publisher | None:
        """Give the target all documents, in their order; None if nothing may change."""
        if self._is_suspect():
            return None
        publisher = Publisher(self.catalogue, self.feeds, self.output, rules=self._rules.documents)
        publisher.offer(target)
        self._rendered = publisher.rendered
        return publisher

    def _is_suspect(self) -> bool:
        """Doubt an archive without any article: more often a disk is not mounted than all articles gone."""
        if self.catalogue.entries.count() or self._asked.lets_go:
            return False
        has_feeds = self.output.has_feeds()
        what = "the feeds that stand are left alone" if has_feeds else "is this the right directory?"
        where = ", ".join(show(str(directory)) for directory in self.config.input.directories)
        log.warning("archive.empty", extra={"input": where, "detail": f"no usable article was found: {what}"})
        return has_feeds

    def _outcome(self, changes: Changes) -> Outcome:
        return Outcome(
            report=self.report(changes.feeds),
            written=changes.written,
            removed=changes.removed,
            changes=tuple(self.decider.changes),
        )

    def _untouched(self) -> Outcome:
        return Outcome(report=self.report(FeedCounts(unchanged=self.output.standing_feeds())))
