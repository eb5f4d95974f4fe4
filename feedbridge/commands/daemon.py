"""`feedbridge daemon`: keep the feeds up to date."""

import functools
import os
from datetime import UTC, datetime

import click

from feedbridge.commands import options
from feedbridge.daemon import Daemon
from feedbridge.daemon.systemd import Notifier
from feedbridge.errors import UsageError


@click.command(cls=options.Command, short_help="Keep the feeds up to date, until it is stopped.")
@options.directories
@click.pass_context
def daemon(context: click.Context) -> None:
    """Keep the feeds up to date: on a schedule ([schedule]), and at once when a file changes.

    Ctrl-C or SIGTERM ends it when the run in hand is done, SIGHUP has it read its configuration again.

    \b
    Examples:
      feedbridge daemon
      feedbridge daemon --config /etc/feedbridge.toml
    """  # noqa: D301  # click looks for the character \b
    asked = options.of(context)
    load = functools.partial(options.configured, asked)
    if load().state.file is None:
        raise UsageError("a daemon remembers what it has seen: name a catalogue by --state FILE")
    Daemon(load, clock=functools.partial(datetime.now, UTC), notifier=Notifier(os.environ)).run()
