"""What a command says on stdout, and the count and estimate of a long run on stderr."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any

import click

from feedbridge.errors import OutputError
from feedbridge.pipeline import Progress, no_progress

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

PATIENCE_S = 1.0  # a shorter run shows nothing
STEPS = 200  # how often a bar is drawn anew


def say(words: str) -> None:
    """Write a result to stdout.

    Raises: OutputError if it cannot be written; BrokenPipeError if nobody reads it any more.
    """
    try:
        click.echo(words)
    except BrokenPipeError:
        raise
    except OSError as exc:
        raise OutputError(f"cannot write to stdout: {exc.strerror}; what was to be done is done") from exc


@contextmanager
def progress(*, is_quiet: bool) -> Iterator[Progress]:
    """Give a bar to a person who watches; in a pipe and when quiet, nothing."""
    if is_quiet or not (sys.stderr and sys.stderr.isatty()):
        yield no_progress
        return
    with ExitStack() as cleared:  # a bar hides the cursor and must show it again, whatever happens
        yield _Bar(cleared)


class _Bar:
    """A line that says how far reading has come; it appears once a run proves to be long."""

    def __init__(self, cleared: ExitStack) -> None:
        self._started = monotonic()
        self._cleared = cleared
        self._done = 0
        self._bar: ProgressBar[Any] | None = None

    def __call__(self, done: int, total: int) -> None:
        if self._bar is None:
            if done == total or monotonic() - self._started < PATIENCE_S:
                return
            self._bar = self._cleared.enter_context(
                click.progressbar(
                    length=total,
                    label="reading articles",
                    show_pos=True,
                    update_min_steps=max(1, total // STEPS),
                    file=sys.stderr,
                )
            )
        self._bar.update(done - self._done)
        self._done = done
