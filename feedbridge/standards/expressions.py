"""Regular expressions that come from rules and from people: RE2's, which take linear time on any text.

Python's own would let one careless expression hold up a run for ever. What RE2 lacks for that
(looking ahead and behind, back-references) is refused when the rule is read.
"""

from collections.abc import Mapping
from functools import cache
from typing import Protocol

import re2


class ExpressionError(ValueError):
    """An expression that cannot be used; it says why."""


class Match(Protocol):
    """Where an expression matches, as `re.Match`."""

    def __getitem__(self, group: int | str) -> str | None:
        """Return the text of a group, None for one that takes no part."""

    def groupdict(self) -> dict[str, str | None]:
        """Return the texts of the named groups."""

    def start(self, group: int = 0) -> int:
        """Return where a group begins."""

    def end(self, group: int = 0) -> int:
        """Return where a group ends."""

    def expand(self, template: str) -> str:
        r"""Return a template with \1 and the like replaced by the groups."""


class Expression(Protocol):
    """A compiled expression, as `re.Pattern`."""

    groups: int
    groupindex: Mapping[str, int]

    def search(self, text: str, pos: int = 0) -> Match | None:
        """Return the first match from a place on."""

    def fullmatch(self, text: str) -> Match | None:
        """Return the match of the whole text."""


@cache
def compiled(pattern: str) -> Expression:
    """Compile an expression, once.

    Raises: ExpressionError if it is none.
    """
    options = re2.Options()
    options.log_errors = False  # they are raised; RE2 would print them, too
    try:
        expression: Expression = re2.compile(pattern, options)
    except re2.error as exc:
        reason: bytes = exc.args[0]
        raise ExpressionError(reason.decode("utf-8", "replace")) from exc
    return expression
