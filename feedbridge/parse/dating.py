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
    decisions: tuple[Decision, ...]


class _Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """One date of a file."""

    name: str
    written: str
    found: datetime | None
    is_day: bool = False


def settle(header: Header, line: DateLine | None, *, rule: SiteRule, name: str) -> Dated:
    """Read every date of a file and choose; `name` is the file's, without its directories."""
    epoch = dates.parse_epoch(header.epoch or "")
    in_body = _read("date line", line.date if line else "", rule)
    others = (
        _read("front matter", header.front.date, None),
        _read("feed's date", header.feed_date, None),
        *((in_body,) if in_body.is_day else ()),
        _Candidate(name="file name", written=name, found=dates.day_in_name(name), is_day=True),
    )
    published, why = _chosen(epoch, None if in_body.is_day else in_body.found, others)
    outcome = dates.rfc3339(published) if published else "none"
    candidates = (in_body, *(other for other in others if other is not in_body and other.written))
    return Dated(
        epoch=epoch,
        published=published,
        decisions=(
            Decision(rule="epoch", outcome=_when(epoch), reason=_epoch_reason(header.epoch, epoch)),
            *(_found(candidate, rule) for candidate in candidates),
            Decision(rule="published (this file)", outcome=outcome, reason=why),
        ),
    )


def _read(name: str, written: str, rule: SiteRule | None) -> _Candidate:
    zone, order = (rule.zone, rule.date_order) if rule else ("UTC", "")
    moment = dates.parse_moment(written, zone=zone, order=order)
    if moment is not None:
        return _Candidate(name=name, written=written, found=moment)
    day = dates.parse_day(written, order=order)
    return _Candidate(name=name, written=written, found=day, is_day=day is not None)


def _chosen(
    epoch: datetime | None, moment: datetime | None, others: tuple[_Candidate, ...]
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


def _without_epoch(others: tuple[_Candidate, ...]) -> Iterator[tuple[datetime, str]]:
    for candidate in others:
        if candidate.found is not None:
            day = ", a day alone: its midnight in UTC" if candidate.is_day else ""
            yield candidate.found, f"the {candidate.name}: there is no epoch{day}"


def _epoch_reason(written: str | None, epoch: datetime | None) -> str:
    if written is None:
        return "there is no epoch comment"
    if epoch is None:
        return f"the epoch comment says {text.shorten(written, 40)!r}: no time from 1990 to 2100"
    return f"the epoch comment says {written}"


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
