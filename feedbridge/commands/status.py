"""`feedbridge status`: how things stand."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import click
import msgspec

from feedbridge import pipeline
from feedbridge.commands import options, terminal
from feedbridge.model import Ran
from feedbridge.standards.dates import rfc3339
from feedbridge.standards.text import show

UNHEALTHY_EXIT = 3
SHOWN = 20  # rejected and held articles each


@click.command(
    cls=options.Command, short_help="Say how things stand: runs, feeds, rejected and held articles."
)
@options.directories
@click.option("--json", "as_json", is_flag=True, help="Print it as one JSON object.")
@click.pass_context
def status(context: click.Context, *, as_json: bool) -> None:
    """Say when the last run was and how it ended, what feeds there are, and what a person should look at.

    Exits with 3 when something is wrong: the last run failed, none has come to its end yet, one takes longer
    than it may, a daemon was killed and nobody has looked since, feeds wait for a run that comes to its end,
    articles are held since too many were lost at once, or a file of a feed is missing or was changed in the
    output directory.

    \b
    Examples:
      feedbridge status
      feedbridge status --json
      feedbridge status --input ~/archive --output ~/public --state ~/catalogue.sqlite3
    """  # noqa: D301  # click looks for the character \b
    now = datetime.now(UTC)
    found = pipeline.status(options.configured(options.of(context)), now=now)
    terminal.say(_json(found) if as_json else "\n".join(_lines(found, now)))
    if found.troubles:
        context.exit(UNHEALTHY_EXIT)


def _lines(found: pipeline.Status, now: datetime) -> Iterator[str]:
    yield "healthy" if not found.troubles else "unhealthy"
    yield from (f"  {show(trouble)}" for trouble in found.troubles)
    yield f"last success: {_when(found.last_success, now)}"
    if found.last_failure:
        yield f"last failure: {_when(found.last_failure, now)}: {show(found.last_failure.failure or '')}"
    yield f"a run is at work: {'yes' if found.is_running else 'no'}"
    if found.next_run:
        yield f"next run: {rfc3339(found.next_run)}, by a daemon"
    yield f"feeds: {len(found.feeds)}"
    for feed in found.feeds:
        document = feed.document
        newest = f"newest {pipeline.ago(document.updated, now)} ago" if document.entries else "empty"
        waits = ", waits for the next run" if document.is_dirty else ""
        yield f"  {document.name}: {document.entries} entries, {newest}, {feed.size_bytes} bytes{waits}"
    yield from _listed(
        "rejected", [f"{show(one.path)}: {one.code}: {show(one.detail)}" for one in found.rejected]
    )
    yield from _listed("held", [show(one.stamp.path) for one in found.held])


def _when(ran: Ran | None, now: datetime) -> str:
    return f"{rfc3339(ran.started)}, {pipeline.ago(ran.started, now)} ago" if ran else "never"


def _listed(what: str, lines: list[str]) -> Iterator[str]:
    yield f"{what}: {len(lines)}"
    yield from (f"  {line}" for line in lines[:SHOWN])
    if len(lines) > SHOWN:
        yield f"  … and {len(lines) - SHOWN} more; --json names all"


def _json(found: pipeline.Status) -> str:
    shown: dict[str, Any] = {
        "healthy": not found.troubles,
        "troubles": list(map(show, found.troubles)),
        "running": found.is_running,
        "next_run": rfc3339(found.next_run) if found.next_run else None,
        "last_success": _ran(found.last_success),
        "last_failure": _ran(found.last_failure),
        "feeds": [
            {
                "name": feed.document.name,
                "entries": feed.document.entries,
                "updated": rfc3339(feed.document.updated),
                "bytes": feed.size_bytes,
                "waiting": feed.document.is_dirty,
            }
            for feed in found.feeds
        ],
        "rejected": [
            {"path": show(one.path), "code": one.code, "detail": show(one.detail)} for one in found.rejected
        ],
        "held": [show(one.stamp.path) for one in found.held],
        "missing": found.missing,
        "changed": found.changed,
    }
    if isinstance(report := (shown["last_success"] or {}).get("report"), dict):
        report["rejected"] = shown["rejected"]  # they are remembered by themselves
    return msgspec.json.encode(shown).decode()


def _ran(ran: Ran | None) -> dict[str, object] | None:
    if ran is None:
        return None
    told = {"reason": show(ran.failure)} if ran.failure else {"report": json.loads(ran.report or "{}")}
    return {"started": rfc3339(ran.started), **told}
