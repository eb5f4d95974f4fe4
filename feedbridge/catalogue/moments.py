"""Moments as the catalogue keeps them: whole seconds since 1970, in UTC."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from feedbridge.standards.dates import EPOCH

_Given = TypeVar("_Given")
_Made = TypeVar("_Made")

_SECOND = timedelta(seconds=1)


def seconds(moment: datetime) -> int:
    """Return a moment as it is kept; a fraction of a second is cut."""
    return (moment - EPOCH) // _SECOND


def from_seconds(kept: int) -> datetime:
    """Return the moment that was kept."""
    return EPOCH + kept * _SECOND


def maybe(make: Callable[[_Given], _Made], value: _Given | None) -> _Made | None:
    """Make something of a value, None of none."""
    return None if value is None else make(value)
