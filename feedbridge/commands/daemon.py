"""`feedbridge daemon`: keep the feeds up to date."""

import functools
import os
from datetime import UTC, datetime

import click

from feedbridge.commands import options
from feedbridge.config import Config
from feedbridge.daemon import Alone, Beside, Daemon
from feedbridge.daemon.systemd import Notifier
from feedbridge.errors import UsageError

clock = functools.partial(datetime.now, UTC)


@click.command(cls=options.Command, short_help="Keep the feeds up to date, until it is stopped.")
@options.directories
@click.option(
    "--serve", "serves", is_flag=True, help="Serve them over HTTP, too, as `feedbridge serve` does."
)
@click.pass_context
def daemon(context: click.Context, *, serves: bool) -> None:
    """Keep the feeds up to date: on a schedule ([schedule]), and at once when a file changes.

    Ctrl-C or SIGTERM ends it when the run in hand is done, SIGHUP has it read its configuration again.

    \b
    Examples:
      feedbridge daemon
      feedbridge daemon --serve
      feedbridge daemon --config /etc/feedbridge.toml
    """  # noqa: D301  # click looks for the character \b
    load = functools.partial(_configured, options.of(context))
    Daemon(load, clock=clock, notifier=Notifier(os.environ), beside=_beside(serves=serves)).run()


def _configured(asked: options.Options) -> Config:
    config = options.configured(asked)
    if config.state.file is None:
        raise UsageError("a daemon remembers what it has seen: name a catalogue by --state FILE")
    return config


def _beside(*, serves: bool) -> Beside:
    if not serves:
        return Alone()
    from feedbridge.serve import Web  # noqa: PLC0415  # its server costs 0.1 s

    return Web(clock=clock)
