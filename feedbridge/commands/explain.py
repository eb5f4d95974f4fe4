"""`feedbridge explain`: every decision about one article."""

import logging
import os
from datetime import UTC, datetime
from pathlib import Path

import click

from feedbridge import config as configuration
from feedbridge import pipeline
from feedbridge.commands import options, terminal
from feedbridge.config import Config
from feedbridge.errors import ConfigError, UsageError
from feedbridge.model import Decision
from feedbridge.standards.text import show

log = logging.getLogger(__name__)

_NAMES = "one file of the archive, or an entry's id as it stands in a feed (urn:uuid:…)"


@click.command(cls=options.Command, short_help="Say what became of one article, and why.")
@click.argument("article", metavar="FILE|GUID", default="")
@options.directories
@click.pass_context
def explain(context: click.Context, *, article: str) -> None:
    """Say every decision about one article: shape, dates, id, pictures, feeds, or why it is none.

    FILE is a file of the archive; GUID is an entry's id as it stands in a feed (urn:uuid:…).
    Where there is no configuration, the folder of FILE is taken for the archive.

    \b
    Examples:
      feedbridge explain archive/000_18f163f2d70655d2.txt
      feedbridge explain --input ~/archive --output ~/public ~/archive/000_18f163f2d70655d2.txt
      feedbridge explain urn:uuid:0a2c6fcb-9ab3-5b3e-9b7b-0d6b2d7f9a11
    """  # noqa: D301  # click looks for the character \b
    if not article or os.path.isdir(article):  # noqa: PTH112  # a Path's method fails where this says no
        what = f"{show(article)} is a directory" if article else "no article was named"
        raise click.UsageError(f"{what}: name {_NAMES}.", context)
    config = _configuration(options.of(context), article)
    explanation = pipeline.explain(config, article, now=datetime.now(UTC))
    lines = [f"{show(explanation.path)}: {explanation.verdict}", *map(_line, explanation.decisions)]
    terminal.say("\n".join(lines))


def _configuration(asked: options.Options, article: str) -> Config:
    try:
        return options.configured(asked)
    except ConfigError as missing:
        if _is_anything_named(asked):
            raise
        if not os.path.lexists(article):
            raise UsageError(
                f"there is no file {show(article)}; to find an id see to this: {missing}"
            ) from missing
    folder = Path(article).absolute().parent
    detail = "there is no configuration, so the file's folder is taken for the archive"
    log.warning("archive.assumed", extra={"input": show(str(folder)), "detail": detail})
    return configuration.for_directories(input=folder, output=folder / "public")


def _is_anything_named(asked: options.Options) -> bool:
    """Tell whether there is, or should be, a configuration or a catalogue to go by."""
    named = asked.config or asked.state or os.environ.get("FEEDBRIDGE_CONFIG")
    return bool(named) or Path("config.toml").exists()


def _line(decision: Decision) -> str:
    reason = f"  ({show(decision.reason)})" if decision.reason else ""
    return f"  {decision.rule}: {show(decision.outcome)}{reason}"
