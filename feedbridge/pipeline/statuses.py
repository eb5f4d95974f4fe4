"""How things stand: what the catalogue tells of runs and feeds, and whether a person should look."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from feedbridge import publish
from feedbridge.catalogue import Catalogue, DamagedError, present, stands
from feedbridge.config import Config
from feedbridge.errors import StateError, UsageError
from feedbridge.model import DaemonState, KnownDocument, KnownFile, KnownRendition, Ran, Rejected, Value
from feedbridge.pipeline.pairs import check_pair
from feedbridge.standards.text import show

GRACE = timedelta(minutes=1)  # in which a daemon that was killed may be started again


class Feed(Value, frozen=True):
    """A feed as it was put in place."""

    document: KnownDocument
    size_bytes: int  # of all its formats; pages and packed files are not counted


class Status(Value, frozen=True):
    """How things stand."""

    last_success: Ran | None
    last_failure: Ran | None
    is_running: bool  # a run is at work now
    next_run: datetime | None  # when a daemon looks at all next; None: there is none
    articles: int  # files of the archive that are articles
    entries: int
    feeds: tuple[Feed, ...]
    rejected: tuple[Rejected, ...]
    held: tuple[KnownFile, ...]
    missing: tuple[str, ...]  # files of feeds, by their paths
    changed: tuple[str, ...]  # likewise: not as a run left them; none while one is at work
    troubles: tuple[str, ...]  # for people; healthy is who has none


def status(config: Config, *, now: datetime) -> Status:
    """Return how things stand; nothing is looked at but the catalogue and the files of the feeds.

    Raises: UsageError where nothing is remembered, or what is remembered is of other directories; StateError,
    OutputError, LockedError.
    """
    file = config.state.file
    if file is None:
        raise UsageError(
            "there is no catalogue to tell of: with --input and --output a run remembers nothing, unless "
            "--state names a file; give it here, too"
        )
    if not stands(file):
        raise UsageError(
            f"there is no catalogue {show(str(file))}: `feedbridge run` makes it, but not with --stateless; "
            "give --config, or --input, --output and --state, as they were given to it"
        )
    output = publish.Site(config.output.directory, gzip=config.output.gzip)
    try:
        return _status(file, output, config, now)
    except DamagedError as exc:
        raise StateError(
            f"{show(str(file))} is damaged ({exc}); the next run makes it anew: entries and ids stay"
        ) from exc


def _status(file: Path, output: publish.Site, config: Config, now: datetime) -> Status:
    with Catalogue(file) as catalogue:
        check_pair(catalogue, config)
        is_running = publish.is_locked(config.output.directory)
        daemon = present(file)
        held = catalogue.files.held()
        missing, changed = _compare(catalogue.documents.renditions(), output)
        return Status(
            last_success=catalogue.runs.last(failed=False),
            last_failure=catalogue.runs.last(failed=True),
            is_running=is_running,
            next_run=daemon.next_run if daemon and not daemon.is_gone else None,
            articles=catalogue.files.count("article"),
            entries=catalogue.entries.count(),
            feeds=tuple(_feeds(catalogue)),
            rejected=catalogue.files.rejected(),
            held=held,
            missing=missing,
            changed=() if is_running else changed,  # by that run
            troubles=(
                *_of_runs(catalogue),
                *_of_daemon(daemon, config.schedule.budget, now, catalogue.runs.last(failed=False)),
                *_of_held(held),
                *_of_missing(missing),
                *(() if is_running else (*_of_changed(changed), *_of_waiting(catalogue))),
            ),
        )


def _compare(
    known: Sequence[KnownRendition], output: publish.Site
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the files that are missing, and those that are not as they were put in place."""
    odd = [one.path for one in known if not output.stands(one)]
    missing = frozenset(path for path in odd if output.stamp(path) is None)
    return tuple(filter(missing.__contains__, odd)), tuple(path for path in odd if path not in missing)


def _feeds(catalogue: Catalogue) -> Iterator[Feed]:
    sizes: dict[str, int] = {}
    for one in catalogue.documents.renditions():
        sizes[one.document] = sizes.get(one.document, 0) + one.size_bytes * (one.kind == "feed")
    for document in catalogue.documents.all():
        yield Feed(document=document, size_bytes=sizes.get(document.name, 0))


def _of_runs(catalogue: Catalogue) -> Iterator[str]:
    failure = catalogue.runs.last(failed=True)
    if failure and catalogue.runs.has_failed():
        yield f"the last run failed, {_rfc3339(failure.started)}: {failure.failure}"
    elif catalogue.runs.last(failed=False) is None:
        yield "no run has come to its end yet"


def _of_daemon(
    daemon: DaemonState | None, budget: timedelta, now: datetime, last: Ran | None
) -> Iterator[str]:
    """Tell of one that hangs, or waits for what hangs; and of one that was killed, if nobody ran since."""
    if daemon is None:
        return
    since, due = daemon.running_since, daemon.next_run
    if daemon.is_gone:
        if due and now - due > GRACE and (last is None or last.started < due):
            yield f"the daemon was killed, and nobody has looked since {_rfc3339(due)}: start it again"
    elif since and now - since > budget:
        yield (
            f"a run has been at work for {ago(since, now)}, longer than [schedule] budget: it seems to hang "
            "(a disk that does not answer?); end it"
        )


def _of_held(held: tuple[KnownFile, ...]) -> Iterator[str]:
    if held:
        since = min(one.held_since for one in held if one.held_since)
        yield (
            f"{len(held)} articles were lost at once, {_rfc3339(since)}: their entries are held until their "
            "files are back; `feedbridge run --yes` lets them go"
        )


def _of_missing(paths: Sequence[str]) -> Iterator[str]:
    if len(paths) == 1:
        yield f"{paths[0]} is missing in the output directory; the next run puts it there"
    elif paths:
        yield (
            f"{len(paths)} files of feeds are missing in the output directory, {paths[0]} among them; "
            "the next run puts them there"
        )


def _of_changed(paths: Sequence[str]) -> Iterator[str]:
    if len(paths) == 1:
        yield f"{paths[0]} was changed since it was put in place; the next run puts it right"
    elif paths:
        yield (
            f"{len(paths)} files of feeds were changed since they were put in place, {paths[0]} among them; "
            "the next run puts them right"
        )


def _of_waiting(catalogue: Catalogue) -> Iterator[str]:
    """Tell of what a run left undone that was ended, or that left feeds alone on purpose."""
    waiting = catalogue.documents.dirty()
    if waiting:
        yield f"{len(waiting)} feeds wait for a run that comes to its end, {waiting[0]} among them"


def _rfc3339(moment: datetime) -> str:
    from feedbridge.standards.dates import rfc3339  # noqa: PLC0415  # with its expressions 2 ms that a run does not need

    return rfc3339(moment)


def ago(moment: datetime, now: datetime) -> str:
    """Return how long a moment is past, in its largest unit."""
    seconds = max(0, int((now - moment).total_seconds()))
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"
