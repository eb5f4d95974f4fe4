"""When an article was published: every date that a file holds, and which of them counts (emission rule 2)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from feedbridge.model import Decision, SiteRule
from feedbridge.parse.headers import Header
from feedbridge.sites.apply import DateLine
from feedbridge.standards import dates, text

EARLIEST_BEFORE_EPOCH = timedelta(hours=48)  # a feed carries what is at most two days old …
LATEST_AFTER_EPOCH = timedelta(minutes=5)  # … and nothing that is still to come, clocks apart

_WINDOW = "it lies within 48 h before and 5 min after the epoch"


class Dated(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says of its time."""

    epoch: datetime | None
    published: datetime | None  # None: it says nothing
    why: str  # this date


class _Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """One date of a file."""

    name: str
    written: str
    found: datetime | None
    is_day: bool = False


def settle(header: Header, line: DateLine | None, *, rule: SiteRule, name: str) -> Dated:
    """Choose among the dates of a file, and read no more of them than that takes.

    `name` is the file's, without its directories.
    """
    epoch = dates.parse_epoch(header.epoch or "")
    moment = _moment(line.date if line else "", rule)
    published, why = _chosen(epoch, moment, _others(header, line, rule=rule, name=name))
    return Dated(epoch=epoch, published=published, why=why)


def decisions(header: Header, line: DateLine | None, *, rule: SiteRule, name: str) -> Iterator[Decision]:
    """Read every date of a file, and say which counts, and why."""
    dated = settle(header, line, rule=rule, name=name)
    in_body = _read("date line", line.date if line else "", rule)
    others = [other for other in _others(header, line, rule=rule, name=name) if other.name != in_body.name]
    yield Decision(rule="epoch", outcome=_when(dated.epoch), reason=epoch_reason(header.epoch, dated.epoch))
    for candidate in (in_body, *(other for other in others if other.written)):
        yield _found(candidate, rule)
    yield Decision(rule="published (this file)", outcome=_when(dated.published), reason=dated.why)


def epoch_reason(written: str | None, epoch: datetime | None) -> str:
    """Say what became of the epoch comment."""
    if written is None:
        return "there is no epoch comment"
    if epoch is None:
        return f"the epoch comment says {text.shorten(written, 40)!r}: no time from 1990 to 2100"
    return f"the epoch comment says {written}"


def _others(header: Header, line: DateLine | None, *, rule: SiteRule, name: str) -> Iterator[_Candidate]:
    """Give the dates that count where neither epoch nor date line gives a time, in their order."""
    yield _read("front matter", header.front.date, None)
    yield _read("feed's date", header.feed_date, None)
    in_body = _read("date line", line.date if line else "", rule)
    if in_body.is_day:
        yield in_body
    yield _Candidate(name="file name", written=name, found=dates.day_in_name(name), is_day=True)


def _read(name: str, written: str, rule: SiteRule | None) -> _Candidate:
    moment = _moment(written, rule)
    if moment is not None:
        return _Candidate(name=name, written=written, found=moment)
    day = dates.parse_day(written, order=rule.date_order if rule else "")
    return _Candidate(name=name, written=written, found=day, is_day=day is not None)


def _moment(written: str, rule: SiteRule | None) -> datetime | None:
    zone, order = (rule.zone, rule.date_order) if rule else ("UTC", "")
    return dates.parse_moment(written, zone=zone, order=order) if written else None


def _chosen(
    epoch: datetime | None, moment: datetime | None, others: Iterator[_Candidate]
) -> tuple[datetime | None, str]:
    if epoch is None:
        if moment is not None:
            return moment, "the date line: there is no epoch"
        return next(_without_epoch(others), (None, "no date was found"))
    if moment is None:
        return epoch, "the epoch: the body has no date line that gives a time"
    if epoch - EARLIEST_BEFORE_EPOCH <= moment <= epoch + LATEST_AFTER_EPOCH:
        return moment, f"the date line: {_WINDOW}"
    return epoch, f"the epoch: the date line says {dates.rfc3339(moment)}, too far from it"


def _without_epoch(others: Iterator[_Candidate]) -> Iterator[tuple[datetime, str]]:
    for candidate in others:
        if candidate.found is not None:
            day = ", a day alone: its midnight in UTC" if candidate.is_day else ""
            yield candidate.found, f"the {candidate.name}: there is no epoch{day}"


def _found(candidate: _Candidate, rule: SiteRule) -> Decision:
    if not candidate.written:
        return Decision(rule=candidate.name, outcome="none")
    zone = rule.zone if candidate.name == "date line" else "UTC"
    reason = "a day alone" if candidate.is_day else f"read in {zone} where it names no zone"
    if candidate.found is None:
        return Decision(rule=candidate.name, outcome="none", reason=f"no date in {candidate.written!r}")
    return Decision(
        rule=candidate.name, outcome=dates.rfc3339(candidate.found), reason=f"{candidate.written!r}; {reason}"
    )


def _when(moment: datetime | None) -> str:
    return dates.rfc3339(moment) if moment else "none"
