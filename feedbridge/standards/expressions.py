"""Regular expressions that come from rules and from people: RE2's, which take linear time on any text.

Python's own would let one careless expression hold up a run for ever. What RE2 lacks for that
(looking ahead and behind, back-references) is refused when the rule is read.
"""

from collections.abc import Mapping
from functools import cache, cached_property
from typing import Protocol

import re2


class ExpressionError(ValueError):
    """An expression that cannot be used; it says why."""


class _Found(Protocol):
    """Where RE2 matches the UTF-8 of a text."""

    string: bytes

    def __getitem__(self, group: int) -> bytes | None:
        """Return the bytes of a group."""

    def start(self, group: int) -> int:
        """Return the place of its first byte, -1 if it takes no part."""

    def end(self, group: int) -> int:
        """Return the place after its last byte."""

    def expand(self, template: bytes) -> bytes:
        """Fill a template."""


class Match:
    """Where an expression matches, as `re.Match`."""

    __slots__ = ("_found", "_names")

    def __init__(self, found: _Found, names: Mapping[str, int]) -> None:
        self._found = found
        self._names = names

    def __getitem__(self, group: int | str) -> str | None:
        """Return the text of a group, None for one that takes no part."""
        held = self._found[self._names[group] if isinstance(group, str) else group]
        return None if held is None else _decoded(held)

    def groupdict(self) -> dict[str, str | None]:
        """Return the texts of the named groups."""
        return {name: self[group] for name, group in self._names.items()}

    def start(self, group: int = 0) -> int:
        """Return where a group begins."""
        return self._characters(self._found.start(group))

    def end(self, group: int = 0) -> int:
        """Return where a group ends."""
        return self._characters(self._found.end(group))

    def expand(self, template: str) -> str:
        r"""Return a template with \1 and the like replaced by the groups."""
        return _decoded(self._found.expand(template.encode()))

    def _characters(self, place: int) -> int:
        return len(_decoded(self._found.string[:place])) if place > 0 else place


class Expression:
    """A compiled expression, as `re.Pattern`.

    Texts go to RE2 as bytes, and only what is asked for comes back as text: that halves the time of RE2's own
    way with texts, which counts the characters before every group and reads the names of groups each time.
    """

    def __init__(self, pattern: str) -> None:
        options = re2.Options()
        options.log_errors = False  # they are raised; RE2 would print them, too
        self._regexp = re2.compile(pattern.encode(), options)

    @cached_property
    def groups(self) -> int:
        """How many groups it has."""
        groups: int = self._regexp.groups
        return groups

    @cached_property
    def groupindex(self) -> Mapping[str, int]:
        """The numbers of the groups that have a name."""
        return {name.decode(): group for name, group in self._regexp.groupindex.items()}

    def search(self, text: str, pos: int = 0) -> Match | None:
        """Return the first match from a place on."""
        found = self._regexp.search(text.encode(), len(text[:pos].encode()) if pos else 0)
        return Match(found, self.groupindex) if found else None

    def fullmatch(self, text: str) -> Match | None:
        """Return the match of the whole text."""
        found = self._regexp.fullmatch(text.encode())
        return Match(found, self.groupindex) if found else None


@cache
def compiled(pattern: str) -> Expression:
    """Compile an expression, once.

    Raises: ExpressionError if it is none.
    """
    try:
        return Expression(pattern)
    except re2.error as exc:
        reason: bytes = exc.args[0]
        raise ExpressionError(reason.decode("utf-8", "replace")) from exc


@cache
def any_of(patterns: tuple[str, ...]) -> Expression:
    """Compile the expression that is found where any of some, one or more, is; its groups mean nothing.

    To look for all in one go takes a twentieth of the time of looking for twenty.

    Raises: ExpressionError if one of them is none, or if two have a group of the same name.
    """
    return compiled("|".join(f"(?:{pattern})" for pattern in patterns))


def _decoded(held: bytes) -> str:
    return held.decode("utf-8", "replace")  # an empty match may lie between the bytes of a character
