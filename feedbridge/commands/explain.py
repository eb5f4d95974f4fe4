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
from feedbridge.errors import ConfigError
from feedbridge.model import Decision
from feedbridge.standards.text import show

log = logging.getLogger(__name__)


@click.command(cls=options.Command, short_help="Say what became of one article, and why.")
@click.argument("article", metavar="FILE|GUID")
@click.pass_context
def explain(context: click.Context, *, article: str) -> None:
    """Say every decision about one article: shape, dates, id, pictures, feeds, or why it is none.

    FILE is a file of the archive; GUID is an entry's id as it stands in a feed (urn:uuid:…).
    Where there is no configuration, the folder of FILE is taken for the archive.

    \b
    Examples:
      feedbridge explain archive/000_18f163f2d70655d2.txt
      feedbridge explain urn:uuid:0a2c6fcb-9ab3-5b3e-9b7b-0d6b2d7f9a11
    """  # noqa: D301  # click looks for the character \b
    config = _configuration(options.of(context), article)
    explanation = pipeline.explain(config, article, now=datetime.now(UTC))
    lines = [f"{show(explanation.path)}: {explanation.verdict}", *map(_line, explanation.decisions)]
    terminal.say("\n".join(lines))


def _configuration(asked: options.Options, article: str) -> Config:
    try:
        return configuration.load(options.locate(asked))
    except ConfigError:
        if asked.config or os.environ.get("FEEDBRIDGE_CONFIG") or Path("config.toml").exists():
            raise
        folder = Path(article).absolute().parent
        if not folder.is_dir() or article.startswith("urn:"):
            raise
        detail = "there is no configuration, so the file's folder is taken for the archive"
        log.warning("archive.assumed", extra={"input": show(str(folder)), "detail": detail})
        return configuration.for_directories(input=folder, output=folder / "public")


def _line(decision: Decision) -> str:
    reason = f"  ({show(decision.reason)})" if decision.reason else ""
    return f"  {decision.rule}: {show(decision.outcome)}{reason}"
