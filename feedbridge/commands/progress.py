"""Count and estimate of a long run, for a person at a terminal."""

import sys
from time import monotonic
from typing import TYPE_CHECKING, Any

import click

from feedbridge.pipeline import Progress, no_progress

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

PATIENCE_S = 1.0  # a shorter run shows nothing


class Bar:
    """A line on stderr that says how far reading has come; it appears once a run proves to be long."""

    def __init__(self) -> None:
        self._started = monotonic()
        self._bar: ProgressBar[Any] | None = None

    def __call__(self, done: int, total: int) -> None:
        """Show that `done` of `total` files are read."""
        if self._bar is None:
            if done == total or monotonic() - self._started < PATIENCE_S:
                return
            self._bar = click.progressbar(
                length=total, label="reading articles", show_pos=True, file=sys.stderr
            ).__enter__()
        self._bar.update(done - self._bar.pos)
        if done == total:
            self._bar.render_finish()


def for_terminal(*, is_quiet: bool) -> Progress:
    """Return a bar for a person who watches; in a pipe and when quiet, nothing."""
    return Bar() if sys.stderr.isatty() and not is_quiet else no_progress
