"""`feedbridge run`: bring the feeds up to date once."""

import functools
from collections.abc import Iterator
from datetime import UTC, datetime
from time import perf_counter

import click

from feedbridge import config as configuration
from feedbridge import pipeline
from feedbridge.commands import options, terminal
from feedbridge.config import Config
from feedbridge.errors import UsageError
from feedbridge.model import Change, Identity, Report
from feedbridge.standards.dates import rfc3339
from feedbridge.standards.text import show

STRICT_EXIT = 3
SHOWN = 50  # entries, in what --dry-run says


@click.command(cls=options.Command, short_help="Bring the feeds up to date once.")
@options.directories
@click.option(
    "--stateless",
    is_flag=True,
    help="Remember nothing: for CI and static hosting. The default with --input and --output.",
)
@click.option("--full", is_flag=True, help="Read every article again; ids and dates stay.")
@click.option("--dry-run", is_flag=True, help="Say what would change; write nothing.")
@click.option(
    "--yes", is_flag=True, help="Let the entries go that are held since too many articles were lost."
)
@click.option("--wait", is_flag=True, help="Wait for the end of another run instead of giving up.")
@click.option("--strict", is_flag=True, help="Exit with 3 if an article was rejected.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object.")
@click.pass_context
def run(  # noqa: PLR0913  # one argument an option
    context: click.Context,
    *,
    stateless: bool,
    full: bool,
    dry_run: bool,
    yes: bool,
    wait: bool,
    strict: bool,
    as_json: bool,
) -> None:
    """Bring the feeds up to date once and exit: for cron, for CI, by hand.

    Reads the articles that are new or changed and writes the feeds that are not up to date. What
    did not change is not touched. With --input and --output together no configuration
    is read unless --config names one; the site's title is then the archive's name.

    \b
    Examples:
      feedbridge run
      feedbridge run --input ~/archive --output ~/public
      feedbridge run --dry-run
    """  # noqa: D301  # click looks for the character \b
    common = options.of(context)
    config = _configured(common, stateless=stateless)
    asked = pipeline.Asked(is_full=full, lets_go=yes, waits=wait)
    started, clock = perf_counter(), functools.partial(datetime.now, UTC)
    with terminal.progress(is_quiet=common.is_quiet) as progress:
        if dry_run:
            outcome = pipeline.preview(config, now=clock(), asked=asked, progress=progress)
        else:
            elapsed = lambda: perf_counter() - started  # noqa: E731  # a line
            outcome = pipeline.run(config, clock=clock, asked=asked, progress=progress, elapsed=elapsed)
    if as_json:
        terminal.say(pipeline.as_json(outcome.report))
    elif not common.is_quiet:
        terminal.say(plan(outcome) if dry_run else summary(outcome.report, config))
    if strict and outcome.report.rejected:
        context.exit(STRICT_EXIT)


def _configured(asked: options.Options, *, stateless: bool) -> Config:
    """Choose what remembers: what the command line names, else what the configuration does."""
    if asked.state and stateless:
        raise UsageError("--state and --stateless exclude each other: leave one out")
    config = options.configured(asked)
    return configuration.with_state(config, file=None) if stateless else config


def plan(outcome: pipeline.Outcome) -> str:
    """Say what a run would do: to which entries and why, and to which files."""
    lines = list(map(_line, outcome.changes[:SHOWN]))
    more = outcome.changed - SHOWN
    lines += [f"… and {more} more entries"] if more > 0 else []
    lines += [f"would write {show(path)}" for path in outcome.written]
    lines += [f"would remove {show(path)}" for path in outcome.removed]
    feeds = outcome.report.feeds
    lines.append(f"{_seen(outcome.report)}\nfeeds that would change: {feeds.written + feeds.removed}")
    return "\n".join(lines)


def _line(change: Change) -> str:
    before, after = change.before, change.after
    if after is None:
        assert before is not None  # noqa: S101  # else nothing changes
        return f"would be gone: {before.guid} ({show(before.speaker)}: no file of it can be used any more)"
    if before is None:
        return f"would be new: {after.guid} ({show(after.speaker)})"
    what = "updated" if before.updated != after.updated else "changed"
    return f"would be {what}: {after.guid} ({show(after.speaker)}: {', '.join(_reasons(before, after))})"


def _reasons(before: Identity, after: Identity) -> Iterator[str]:
    if before.versions != after.versions:
        yield "other files"
    if before.speaker != after.speaker:
        yield f"until now {show(before.speaker)} spoke"
    for name in ("published", "updated"):
        if getattr(before, name) != getattr(after, name):
            yield f"{name} {rfc3339(getattr(after, name))}"
    if before.source != after.source:
        yield f"source {show(after.source)}"


def summary(report: Report, config: Config) -> str:
    """Say what a run did."""
    feeds = report.feeds
    counts = f"{feeds.written} written, {feeds.unchanged} unchanged, {feeds.removed} removed"
    lines = [_seen(report), f"feeds in {show(str(config.output.directory))}: {counts}"]
    if report.articles.held:
        lines.append(
            f"{report.articles.held} articles were lost at once: their entries are held until the files are "
            "back; `feedbridge run --yes` lets them go"
        )
    return "\n".join(lines)


def _seen(report: Report) -> str:
    articles = report.articles
    changes = ((articles.added, "added"), (articles.changed, "changed"), (articles.removed, "removed"))
    return (
        f"{articles.seen} files: "
        + "".join(f"{count} {what}, " for count, what in changes)
        + f"{articles.ignored} ignored, {articles.rejected} rejected; {report.entries} entries"
    )
