"""`feedbridge serve`: the output directory over HTTP."""

import functools
import logging
import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime

import click

from feedbridge import config as configuration
from feedbridge.commands import options
from feedbridge.config import Config
from feedbridge.daemon.systemd import Notifier
from feedbridge.errors import ConfigError, UsageError
from feedbridge.serve import Web
from feedbridge.standards.text import show

log = logging.getLogger(__name__)

WAKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@click.command(cls=options.Command, short_help="Serve the feeds over HTTP, until it is stopped.")
@options.directories
@click.option("--host", metavar="HOST", help="Address to listen at. Default: [serve] host, 127.0.0.1.")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Default: [serve] port, 8000; 0: any that is free."
)
@click.pass_context
def serve(context: click.Context, *, host: str | None, port: int | None) -> None:
    """Serve the output directory over HTTP, for feed readers and browsers on this machine or elsewhere.

    It makes no feeds: that is done by `feedbridge run`, or by `feedbridge daemon`, which can serve, too
    (--serve). New versions of files are served at once. Ctrl-C or SIGTERM ends it, SIGHUP has it read its
    configuration again.

    \b
    Examples:
      feedbridge serve
      feedbridge serve --port 8080
      feedbridge serve --output ~/public
      feedbridge serve --host 0.0.0.0
    """  # noqa: D301  # click looks for the character \b
    asked = options.of(context)

    def load() -> Config:
        return configuration.with_address(_configured(asked), host=host, port=port)

    _serve(load, Notifier(os.environ))


def _configured(asked: options.Options) -> Config:
    """Return the configuration; a directory of feeds alone is enough, whatever they were made of."""
    if asked.output and not asked.input and not _is_located(asked):
        return configuration.for_directories(input=asked.output, output=asked.output)
    return options.configured(asked)


def _is_located(asked: options.Options) -> bool:
    try:
        options.locate(asked)
    except ConfigError:
        return False
    return True


def _serve(load: Callable[[], Config], notifier: Notifier) -> None:
    """Serve until a signal ends it. They are blocked, so that they wait for us, in all threads."""
    signal.pthread_sigmask(signal.SIG_BLOCK, WAKING)
    web = Web(clock=functools.partial(datetime.now, UTC))
    try:
        config = load()
        web.configure(config)
        if not config.output.directory.is_dir():
            detail = "there are none yet: `feedbridge run` makes them"
            log.warning(
                "feeds.missing", extra={"output": show(str(config.output.directory)), "detail": detail}
            )
        notifier.tell("READY=1")
        while signal.sigwait(WAKING) == signal.SIGHUP:
            _reload(load, web)
        notifier.tell("STOPPING=1")
    finally:
        web.stop()


def _reload(load: Callable[[], Config], web: Web) -> None:
    try:
        web.configure(load())
    except UsageError as exc:
        detail = f"the one before stays: {exc}"
        log.error("configuration.refused", extra={"detail": detail})  # noqa: TRY400  # nobody needs a traceback
    else:
        log.info("configuration.read")
