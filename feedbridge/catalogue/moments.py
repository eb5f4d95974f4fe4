"""Moments as the catalogue keeps them: whole seconds since 1970, in UTC."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

_Given = TypeVar("_Given")
_Made = TypeVar("_Made")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # not of `standards.dates`: its expressions cost 2 ms
_SECOND = timedelta(seconds=1)


def seconds(moment: datetime) -> int:
    """Return a moment as it is kept; a fraction of a second is cut."""
    return (moment - _EPOCH) // _SECOND


def from_seconds(kept: int) -> datetime:
    """Return the moment that was kept."""
    return _EPOCH + kept * _SECOND


def maybe(make: Callable[[_Given], _Made], value: _Given | None) -> _Made | None:
    """Make something of a value, None of none."""
    return None if value is None else make(value)
