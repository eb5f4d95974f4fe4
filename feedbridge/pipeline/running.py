"""What is done with an archive: its feeds brought up to date, or only looked at."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from feedbridge import catalogue as memory
from feedbridge import publish
from feedbridge.catalogue import Catalogue
from feedbridge.config import Config
from feedbridge.errors import FeedbridgeError, LockedError, StateError, UsageError
from feedbridge.model import Document, FeedCounts, Ran, Report
from feedbridge.pipeline import reports
from feedbridge.pipeline.learning import Progress, no_progress
from feedbridge.pipeline.looking import Asked, Look, Outcome
from feedbridge.pipeline.pairs import check_pair
from feedbridge.pipeline.reader import Turn, open_archive
from feedbridge.pipeline.workers import Start, Workers, none
from feedbridge.standards.text import show

if TYPE_CHECKING:
    from feedbridge.pipeline.explanation import Explanation

log = logging.getLogger(__name__)

_T = TypeVar("_T")

Clock = Callable[[], datetime]  # tells the moment, in UTC


def run(  # noqa: PLR0913  # what a caller may want to know and to lend
    config: Config,
    *,
    clock: Clock,
    asked: Asked | None = None,
    progress: Progress = no_progress,
    elapsed: Callable[[], float] = float,
    workers: Start = none,
) -> Outcome:
    """Bring the feeds up to date once; `elapsed` tells the seconds since it began, for the report.

    `workers` is called once there is much to do, and starts those who are to help.

    The clock is asked when no other run is at work any more.

    Raises: InputError, OutputError, StateError, GuardError, LockedError; the feeds published before then
    still stand. UsageError if the catalogue is not this configuration's.
    """
    asked = asked or Asked()

    def act(catalogue: Catalogue) -> Outcome:
        now = clock()
        with Workers(config, workers) as helpers:  # gone before documents are made, when most memory is held
            look = Look(catalogue, archive, config, helpers, now=now, asked=asked)
            look.learn(progress)
            look.prepare()
        outcome = reports.timed(look.publish(), elapsed())
        catalogue.runs.put(Ran(started=now, report=reports.as_record(outcome.report)))
        return outcome

    with _remembering_failure(config, clock):
        with open_archive(config):
            pass  # of a missing one it is told before the output directory is made
        with publish.locked(config.output.directory, waits=asked.waits), open_archive(config) as archive:
            outcome = _with_catalogue(config, act, is_checked=asked.is_checked)
    reports.log_outcome(outcome)
    return outcome


def preview(
    config: Config,
    *,
    now: datetime,
    asked: Asked | None = None,
    progress: Progress = no_progress,
    workers: Start = none,
) -> Outcome:
    """Say what `run` would do, and write nothing.

    Raises: InputError, OutputError, StateError, GuardError, LockedError, UsageError.
    """
    return _looking(config, Look.compare, now=now, asked=asked, progress=progress, workers=workers)


def explain(config: Config, article: str, *, now: datetime) -> "Explanation":
    """Say every decision about one article, named by its file or by its entry's id.

    Raises: UsageError if there is no such article; InputError, StateError, LockedError.
    """
    from feedbridge.pipeline.explanation import explain_article  # noqa: PLC0415  # with what it imports 3 ms

    def act(look: Look) -> "Explanation":
        while True:
            try:
                return explain_article(look, article)
            except Turn as turn:
                look.reconsider(turn)

    return _looking(config, act, now=now, asked=Asked(is_guarded=False))


def survey(config: Config, *, now: datetime) -> tuple[Report, tuple[Document, ...]]:
    """Look at an archive: what is there, and every document that it makes.

    Raises: InputError.
    """
    return _looking(config, lambda look: (look.report(FeedCounts()), tuple(look.feeds.documents())), now=now)


@contextmanager
def _remembering_failure(config: Config, clock: Clock) -> Iterator[None]:
    """Remember why a run failed; not of one that found another at work, or was asked for what cannot be."""
    try:
        yield
    except (LockedError, UsageError):
        raise
    except Exception as exc:
        reason = str(exc) if isinstance(exc, FeedbridgeError) else f"{type(exc).__name__}: {exc}"
        # The failure itself is what has to be told, whatever becomes of its record.
        with suppress(FeedbridgeError, memory.DamagedError):
            _remember(config, Ran(started=clock(), failure=reason))
        raise


def _remember(config: Config, failed: Ran) -> None:
    if config.state.file is not None:
        with Catalogue(config.state.file) as catalogue:
            check_pair(catalogue, config)
            catalogue.runs.put(failed)


def _looking(  # noqa: PLR0913  # as `run`
    config: Config,
    act: Callable[[Look], _T],
    *,
    now: datetime,
    asked: Asked | None = None,
    progress: Progress = no_progress,
    workers: Start = none,
) -> _T:
    """Look at everything as a run does, with a copy of what is remembered, and keep nothing of it."""

    def look_at(catalogue: Catalogue) -> _T:
        with open_archive(config) as archive:
            with Workers(config, workers) as helpers:
                look = Look(catalogue, archive, config, helpers, now=now, asked=asked or Asked())
                look.learn(progress)
                look.prepare()
            return act(look)

    file = config.state.file
    try:
        with Catalogue(None, source=file if file and memory.stands(file) else None) as catalogue:
            return look_at(catalogue)
    except memory.DamagedError:  # nothing is mended where nothing is to be written
        with Catalogue(None) as catalogue:
            return look_at(catalogue)


def _with_catalogue(config: Config, act: Callable[[Catalogue], _T], *, is_checked: bool) -> _T:
    """Do something with the catalogue; a damaged one is put aside, and made anew."""
    file = config.state.file
    try:
        was_left = file is not None and memory.was_left(file)
        with Catalogue(file) as catalogue:
            if was_left or is_checked:
                catalogue.demand_sound()  # else damage is noticed only where somebody looks
            return _soundly(catalogue, act)
    except memory.DamagedError as exc:
        assert file is not None  # noqa: S101  # a private one is never damaged
        aside = show(str(memory.put_aside(file)))
        detail = f"it is damaged ({exc}); it was renamed, and is made anew: entries and ids stay"
        log.warning("catalogue.damaged", extra={"path": aside, "detail": detail})
    with Catalogue(file) as catalogue:
        return act(catalogue)


def _soundly(catalogue: Catalogue, act: Callable[[Catalogue], _T]) -> _T:
    """Do something; where it fails in a way that nobody foresaw, ask whether the catalogue is damaged."""
    try:
        return act(catalogue)
    except (FeedbridgeError, memory.DamagedError) as exc:
        if isinstance(exc, StateError) and not catalogue.is_sound():
            raise memory.DamagedError(str(exc)) from exc
        raise
    except Exception as exc:
        if catalogue.is_sound():
            raise
        raise memory.DamagedError(f"{type(exc).__name__}: {exc}") from exc
