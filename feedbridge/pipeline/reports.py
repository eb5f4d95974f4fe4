"""What a run tells: its report as JSON, and its lines in the log."""

import logging

import msgspec

from feedbridge.model import Report
from feedbridge.pipeline.looking import Outcome
from feedbridge.standards.text import show

log = logging.getLogger(__name__)


def timed(outcome: Outcome, seconds: float) -> Outcome:
    """Return an outcome with the time that it took."""
    report = msgspec.structs.replace(outcome.report, seconds=round(seconds, 3))
    return msgspec.structs.replace(outcome, report=report)


def as_json(report: Report) -> str:
    """Return the report as the interface promises it; control and bidi characters are escaped."""
    shown = msgspec.to_builtins(msgspec.structs.replace(report, rejected=()))
    shown["rejected"] = [
        {"path": show(rejected.path), "code": rejected.code, "detail": show(rejected.detail)}
        for rejected in report.rejected
    ]
    return msgspec.json.encode(shown).decode()


def as_record(report: Report) -> str:
    """Return the report as it is remembered: the rejected files are known by themselves."""
    return as_json(msgspec.structs.replace(report, rejected=()))


def log_outcome(outcome: Outcome) -> None:
    """Say what was done."""
    for feed in outcome.feeds_written:
        facts = {"feed": feed.name, "entries": feed.entries, "bytes": feed.size_bytes}
        log.info("feed.published", extra=facts)
    for name in outcome.feeds_removed:
        log.info("feed.removed", extra={"feed": name})
    report = outcome.report
    counts = {
        "articles": report.articles.added,
        "rejected": report.articles.rejected,
        "held": report.articles.held,
        "entries": report.entries,
        "written": report.feeds.written,
        "removed": report.feeds.removed,
        "seconds": report.seconds,
    }
    log.info("run.finished", extra=counts)
