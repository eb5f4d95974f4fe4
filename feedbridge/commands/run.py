"""`feedbridge run`: bring the feeds up to date once."""

from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import click
import msgspec

from feedbridge import config as configuration
from feedbridge import pipeline
from feedbridge.commands import options, terminal
from feedbridge.config import Config
from feedbridge.errors import ConfigError, UsageError
from feedbridge.model import Report
from feedbridge.standards.text import show

STRICT_EXIT = 3


@click.command(cls=options.Command, short_help="Bring the feeds up to date once.")
@click.option(
    "--input",
    "input_",
    type=options.DIRECTORY,
    metavar="DIR",
    help="The archive: a directory of articles, one file each.",
)
@click.option(
    "--output", type=options.DIRECTORY, metavar="DIR", help="Where the feeds go; made if it is missing."
)
@click.option(
    "--stateless", is_flag=True, help="Remember nothing between runs. Every run is stateless so far; for CI."
)
@click.option("--dry-run", is_flag=True, help="Say what would change; write nothing.")
@click.option("--strict", is_flag=True, help="Exit with 3 if an article was rejected.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object.")
@click.pass_context
def run(  # noqa: PLR0913  # one argument an option
    context: click.Context,
    *,
    input_: Path | None,
    output: Path | None,
    stateless: bool,  # noqa: ARG001  # accepted: it is what every run does
    dry_run: bool,
    strict: bool,
    as_json: bool,
) -> None:
    """Bring the feeds up to date once and exit: for cron, for CI, by hand.

    Reads every article of the archive and writes the feeds that are not up to date. What
    did not change is not touched. With --input and --output together no configuration
    is read unless --config names one; the site's title is then the archive's name.

    \b
    Examples:
      feedbridge run
      feedbridge run --input ~/archive --output ~/public
      feedbridge run --dry-run
    """  # noqa: D301  # click looks for the character \b
    asked = options.of(context)
    config = _configuration(asked, input_, output)
    started = perf_counter()
    act = pipeline.preview if dry_run else pipeline.run
    with terminal.progress(is_quiet=asked.is_quiet) as progress:
        outcome = act(config, now=datetime.now(UTC), progress=progress)
    report = msgspec.structs.replace(outcome.report, seconds=round(perf_counter() - started, 3))
    if as_json:
        terminal.say(as_json_text(report))
    elif not asked.is_quiet:
        terminal.say(_plan(outcome) if dry_run else _summary(report, config))
    if strict and report.rejected:
        context.exit(STRICT_EXIT)


def _configuration(asked: options.Options, input_: Path | None, output: Path | None) -> Config:
    if input_ and output and asked.config is None:
        return configuration.for_directories(input=input_, output=output)
    try:
        path = options.locate(asked)
    except ConfigError as exc:
        raise _alone(exc, input_, output) from exc
    config = configuration.load(path)
    return configuration.with_directories(config, input=input_, output=output)


def _alone(missing: ConfigError, input_: Path | None, output: Path | None) -> UsageError:
    """Say what whoever gives only one of the directories most likely meant."""
    given, other = ("--input", "--output") if input_ else ("--output", "--input")
    if not (input_ or output):
        return missing
    return UsageError(f"{given} alone needs a configuration: give {other} too, or see to this: {missing}")


def as_json_text(report: Report) -> str:
    """Return the report as the interface promises it; control and bidi characters are escaped."""
    shown = msgspec.to_builtins(msgspec.structs.replace(report, rejected=()))
    shown["rejected"] = [
        {"path": show(rejected.path), "code": rejected.code, "detail": show(rejected.detail)}
        for rejected in report.rejected
    ]
    return msgspec.json.encode(shown).decode()


def _plan(outcome: pipeline.Outcome) -> str:
    lines = [f"would write {show(path)}" for path in outcome.written]
    lines += [f"would remove {show(path)}" for path in outcome.removed]
    feeds = outcome.report.feeds
    lines.append(f"{_seen(outcome.report)}\nfeeds that would change: {feeds.written + feeds.removed}")
    return "\n".join(lines)


def _summary(report: Report, config: Config) -> str:
    feeds = report.feeds
    return (
        f"{_seen(report)}\nfeeds in {show(str(config.output.directory))}: "
        f"{feeds.written} written, {feeds.unchanged} unchanged, {feeds.removed} removed"
    )


def _seen(report: Report) -> str:
    articles = report.articles
    return (
        f"{articles.seen} files: {articles.added} articles, {articles.ignored} ignored, "
        f"{articles.rejected} rejected; {report.entries} entries"
    )
