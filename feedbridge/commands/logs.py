"""The log on stderr: one line an event, for people or as JSON."""

import json
import logging
import sys
from typing import Literal

from feedbridge.standards.text import show

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class ConsoleFormatter(logging.Formatter):
    """`WARNING article.rejected path=a.txt code=no-link`: what comes from files is escaped."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the event on one line; a traceback follows it where there is one."""
        facts = (f"{name}={_shown(value)}" for name, value in vars(record).items() if name not in _STANDARD)
        line = " ".join([record.levelname.lower(), record.getMessage(), *facts])
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def set_up(*, format: Literal["auto", "console", "json"], is_verbose: bool, is_quiet: bool) -> None:  # noqa: A002
    """Send the events of this program to stderr."""
    sink = logging.StreamHandler(sys.stderr)
    sink.setFormatter(_json_formatter() if format == "json" else ConsoleFormatter())
    logger = logging.getLogger("feedbridge")
    logger.handlers[:] = [sink]
    logger.propagate = False
    logger.setLevel(logging.DEBUG if is_verbose else logging.WARNING if is_quiet else logging.INFO)


def _json_formatter() -> logging.Formatter:
    from pythonjsonlogger.json import JsonFormatter  # noqa: PLC0415  # only when asked for

    return JsonFormatter("{asctime}{levelname}{name}{message}", style="{", datefmt="%Y-%m-%dT%H:%M:%S%z")


def _shown(value: object) -> str:
    if isinstance(value, (int, float)):
        return str(value)
    words = show(str(value))
    return words if words and not set(words) & set(' "=') else json.dumps(words, ensure_ascii=False)
