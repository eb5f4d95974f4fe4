"""`feedbridge run`: bring the feeds up to date once."""

import functools
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from time import perf_counter

import click

from feedbridge import config as configuration
from feedbridge import pipeline
from feedbridge.commands import options, terminal
from feedbridge.config import Config
from feedbridge.errors import UsageError
from feedbridge.model import Change, Report
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
            outcome = pipeline.preview(
                config, now=clock(), asked=asked, progress=progress, workers=pipeline.forked
            )
        else:
            elapsed = lambda: perf_counter() - started  # noqa: E731  # a line
            outcome = pipeline.run(
                config,
                clock=clock,
                asked=asked,
                progress=progress,
                elapsed=elapsed,
                workers=pipeline.forked,
            )
    if as_json:
        terminal.say(plan_as_json(outcome) if dry_run else pipeline.as_json(outcome.report))
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
    lines += _held(outcome.report)
    return "\n".join(lines)


def plan_as_json(outcome: pipeline.Outcome) -> str:
    """Say the same as one JSON object: the report, and what would change."""
    plan = {
        "entries": outcome.changed,
        "changes": list(map(_change, outcome.changes)),
        "written": list(map(show, outcome.written)),
        "removed": list(map(show, outcome.removed)),
    }
    return json.dumps({**json.loads(pipeline.as_json(outcome.report)), "plan": plan}, ensure_ascii=False)


def _change(change: Change) -> dict[str, object]:
    entry = change.after or change.before
    assert entry is not None  # noqa: S101  # else nothing changes
    return {
        "guid": entry.guid,
        "path": show(entry.speaker),
        "what": _what(change),
        "reasons": list(_reasons(change)),
    }


def _line(change: Change) -> str:
    entry = change.after or change.before
    assert entry is not None  # noqa: S101  # else nothing changes
    reasons = "".join(f": {reason}" for reason in [", ".join(_reasons(change))] if reason)
    return f"would be {_what(change)}: {entry.guid} ({show(entry.speaker)}{reasons})"


def _what(change: Change) -> str:
    if change.before is None:
        return "new"
    if change.after is None:
        return "gone"
    return "updated" if change.before.updated != change.after.updated else "changed"


def _reasons(change: Change) -> Iterator[str]:
    from feedbridge.standards.dates import rfc3339  # noqa: PLC0415  # its expressions: 2 ms

    before, after = change.before, change.after
    if before is None:
        return
    if after is None:
        yield "no file of it can be used any more"
        return
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
    where = show(str(config.output.directory))
    return "\n".join((_seen(report), f"feeds in {where}: {counts}", *_held(report)))


def _held(report: Report) -> Iterator[str]:
    if report.articles.held:
        yield (
            f"{report.articles.held} articles were lost at once: their entries are held until the files are "
            "back; `feedbridge run --yes` lets them go"
        )


def _seen(report: Report) -> str:
    articles = report.articles
    changes = ((articles.added, "added"), (articles.changed, "changed"), (articles.removed, "removed"))
    return (
        f"{articles.seen} files: "
        + "".join(f"{count} {what}, " for count, what in changes)
        + f"{articles.ignored} ignored, {articles.rejected} rejected; {report.entries} entries"
    )
