"""How things stand, as whoever watches over a service asks."""

from datetime import datetime

import msgspec

from feedbridge import pipeline, publish
from feedbridge.config import Config
from feedbridge.errors import FeedbridgeError
from feedbridge.model import Value
from feedbridge.standards.dates import rfc3339
from feedbridge.standards.text import show


class Health(Value, frozen=True):
    """Whether a person should look, and why."""

    troubles: tuple[str, ...]  # for people; healthy is who has none
    status: pipeline.Status | None = None  # None where it cannot be told, or nothing is remembered


def health(config: Config, *, now: datetime) -> Health:
    """Return how things stand, by the same means as `feedbridge status`."""
    try:
        if config.state.file is None:
            output = publish.Site(config.output.directory, gzip=config.output.gzip)
            return Health(troubles=() if output.has_feeds() else ("there are no feeds yet",))
        found = pipeline.status(config, now=now)
    except FeedbridgeError as exc:
        return Health(troubles=(str(exc),))
    return Health(troubles=found.troubles, status=found)


def as_json(found: Health) -> bytes:
    """Return it as one JSON object, of which every part stands in `feedbridge status --json`, too."""
    status = found.status
    last = status.last_success if status else None
    shown = {
        "healthy": not found.troubles,
        "troubles": list(map(show, found.troubles)),
        "running": status.is_running if status else False,
        "next_run": rfc3339(status.next_run) if status and status.next_run else None,
        "last_success": {"started": rfc3339(last.started)} if last else None,
    }
    return msgspec.json.encode(shown)
