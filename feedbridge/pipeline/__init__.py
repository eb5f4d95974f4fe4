"""The order of the stages; the only place that knows it.

    scan ─► parse ─► identity ─► selection ─► normalise ─► render ─► publish

(Where an article stands in several different files, identity asks what they say: they are normalised, too.)
Every run is stateless so far: all is derived from the articles, every time.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TypeVar

from feedbridge import publish
from feedbridge.config import Config
from feedbridge.model import Document, FeedCounts, Rendition, Report, Value
from feedbridge.pipeline.explanation import Explanation, explain_article
from feedbridge.pipeline.feeds import documents
from feedbridge.pipeline.library import ArticleChanged, Library, Progress, no_progress, open_archive
from feedbridge.standards.text import show

__all__ = ["Explanation", "Outcome", "Progress", "explain", "no_progress", "preview", "run", "survey"]

log = logging.getLogger(__name__)

_T = TypeVar("_T")


class Outcome(Value, frozen=True):
    """What a run did, or would do."""

    report: Report  # its `seconds` are for the caller to fill in
    written: tuple[str, ...] = ()  # paths below the output directory
    removed: tuple[str, ...] = ()


def run(config: Config, *, now: datetime, progress: Progress = no_progress) -> Outcome:
    """Bring the feeds up to date once.

    Raises: InputError, OutputError, LockedError; the feeds published before then still stand.
    """
    with open_archive(config) as archive, publish.locked(config.output.directory):
        output = publish.Site(config.output.directory, gzip=config.output.gzip)
        library = Library(archive, config, now=now)
        library.read_all(own=output.own_files(), progress=progress)
        outcome = _retried(lambda: _publish(library, output, config))
    _log_articles(library)
    _log_changes(outcome)
    return outcome


def preview(config: Config, *, now: datetime, progress: Progress = no_progress) -> Outcome:
    """Say what `run` would do, and write nothing.

    Raises: InputError, OutputError.
    """
    with _reading(config, now=now, progress=progress) as (library, output):
        outcome = _retried(lambda: _compare(library, output, config))
    _log_articles(library)
    return outcome


def explain(config: Config, article: str, *, now: datetime) -> Explanation:
    """Say every decision about one article, named by its file or by its entry's id.

    Raises: UsageError if there is no such article; InputError.
    """
    with _reading(config, now=now, progress=no_progress) as (library, _):
        return _retried(lambda: explain_article(library, article, documents(config, library)))


def survey(config: Config, *, now: datetime) -> tuple[Report, tuple[Document, ...]]:
    """Look at an archive: what is there, and every document that it makes.

    Raises: InputError.
    """
    with _reading(config, now=now, progress=no_progress) as (library, _):
        made = _retried(lambda: tuple(documents(config, library)))
        return _report(library, FeedCounts()), made


@contextmanager
def _reading(config: Config, *, now: datetime, progress: Progress) -> Iterator[tuple[Library, publish.Site]]:
    """Read an archive without the lock: nothing is going to be written."""
    with open_archive(config) as archive:
        output = publish.Site(config.output.directory, gzip=config.output.gzip)
        library = Library(archive, config, now=now)
        library.read_all(own=output.own_files(), progress=progress)
        yield library, output


def _retried(act: Callable[[], _T]) -> _T:
    """Do it anew as long as articles change meanwhile; `Library` gives each up after a few times."""
    while True:
        try:
            return act()
        except ArticleChanged as changed:
            log.debug("article.changed", extra={"path": show(changed.path)})


def _publish(library: Library, output: publish.Site, config: Config) -> Outcome:
    with output.stage() as stage:
        if not _offer(library, output, config, to=stage.add):
            return _untouched(library, output)
        return _outcome(library, stage.commit())


def _compare(library: Library, output: publish.Site, config: Config) -> Outcome:
    comparison = output.comparison()
    if not _offer(library, output, config, to=comparison.add):
        return _untouched(library, output)
    return _outcome(library, comparison.changes())


def _offer(
    library: Library, output: publish.Site, config: Config, *, to: Callable[[Rendition], object]
) -> bool:
    """Give every rendition to whoever compares or writes it; False if nothing may change."""
    for document in documents(config, library):
        if _is_suspect(document, output, config):
            return False
        for rendition in _renditions(document):
            to(rendition)
    return True


def _is_suspect(document: Document, output: publish.Site, config: Config) -> bool:
    """Doubt an archive without any article: more often a disk is not mounted than all articles gone."""
    if document.entries:
        return False
    has_feeds = output.has_feeds()
    what = "the feeds that stand are left alone" if has_feeds else "is this the right directory?"
    where = ", ".join(show(str(directory)) for directory in config.input.directories)
    log.warning("archive.empty", extra={"input": where, "detail": f"no usable article was found: {what}"})
    return has_feeds


def _renditions(document: Document) -> tuple[Rendition, ...]:
    from feedbridge.render import render  # noqa: PLC0415  # feedgen: 50 ms that explaining does not need

    return render(document)


def _outcome(library: Library, changes: publish.Changes) -> Outcome:
    return Outcome(report=_report(library, changes.feeds), written=changes.written, removed=changes.removed)


def _untouched(library: Library, output: publish.Site) -> Outcome:
    return Outcome(report=_report(library, FeedCounts(unchanged=output.standing_feeds())))


def _report(library: Library, feeds: FeedCounts) -> Report:
    return Report(
        articles=library.counts(),
        entries=len(library.identities()),
        feeds=feeds,
        rejected=library.rejected(),
        seconds=0.0,
    )


def _log_articles(library: Library) -> None:
    """Name what a person should look at."""
    for ignored in library.ignored():
        log.debug("article.ignored", extra={"path": show(ignored.path), "reason": ignored.reason})
    for rejected in library.rejected():
        facts = {"path": show(rejected.path), "code": rejected.code, "detail": rejected.detail}
        log.warning("article.rejected", extra=facts)


def _log_changes(outcome: Outcome) -> None:
    for path in outcome.written:
        log.info("file.written", extra={"path": path})
    for path in outcome.removed:
        log.info("file.removed", extra={"path": path})
    report = outcome.report
    counts = {
        "articles": report.articles.added,
        "rejected": report.articles.rejected,
        "entries": report.entries,
        "written": report.feeds.written,
        "removed": report.feeds.removed,
    }
    log.info("run.finished", extra=counts)
