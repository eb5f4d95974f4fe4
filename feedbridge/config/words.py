"""How people are told what stands in a file, and what should."""

import json
from collections.abc import Iterable

from feedbridge.standards.text import shorten, show

_SHOWN_CHARACTERS = 80  # of a value in a message: one line of a terminal, with the key before it
_NEAR = 0.7  # of difflib's ratio: "feed" is near "feeds", "state" is not near "site"


def shown(value: object) -> str:
    """Write a TOML value for a message: nearly as in the file, escaped, on one line, shortened."""
    try:
        written = json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):  # a number of thousands of digits, tables thousands deep
        written = "…"
    return shown_name(written)


def shown_name(name: str) -> str:
    """Write a name for a message: escaped and shortened."""
    return shorten(show(name), _SHOWN_CHARACTERS)


def nearest(name: str, names: Iterable[str]) -> str:
    """Return the question whether the nearest right name is meant, "" where none is near."""
    from difflib import get_close_matches  # noqa: PLC0415  # only for mistakes

    by_lower = {right.lower(): right for right in names}
    return "".join(
        f'did you mean "{by_lower[near]}"?'
        for near in get_close_matches(name.lower(), by_lower, n=1, cutoff=_NEAR)
    )


def listed(names: Iterable[object]) -> str:
    """Write what there is to choose from."""
    return ", ".join(shown(name) for name in names)


def known(names: Iterable[str]) -> str:
    """Return the advice for a name that is near none."""
    return f"known are {listed(names)}"
