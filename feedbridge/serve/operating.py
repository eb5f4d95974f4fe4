"""Answers for the operator: /healthz and /metrics."""

import asyncio
from collections.abc import Callable
from typing import Final

from feedbridge.serve import metrics
from feedbridge.serve.answers import Asked, Fields, Ready, said, written
from feedbridge.serve.counts import Counts
from feedbridge.serve.health import Health, as_json

_HEALTH: Final = b"/healthz"
_METRICS: Final = b"/metrics"
_READING: Final = {"GET", "HEAD"}


class Operator:
    """Answers how things stand; `look` finds it out, in a thread of its own."""

    def __init__(self, look: Callable[[], Health], counts: Counts) -> None:
        self._look = look
        self._counts = counts
        self._looking: asyncio.Task[Health] | None = None

    @staticmethod
    def knows(path: bytes) -> bool:
        """Tell whether a path is one of the operator's."""
        return path in {_HEALTH, _METRICS}

    def at_hand(self, method: str, path: bytes, fields: Fields) -> Ready | None:  # noqa: ARG002  # an answerer's
        """Return nothing: how things stand is found out each time."""
        return None

    async def answer(self, asked: Asked) -> Ready:
        """Return how things stand, with 503 where a person should look, or what was counted."""
        if not self.knows(asked.path):
            return said(asked.method, 404, "There are /healthz and /metrics.\n")
        if asked.method not in _READING:
            return said(asked.method, 405, "This can only be read.\n")
        found = await self._found()
        if asked.path == _HEALTH:
            status = 503 if found.troubles else 200
            return written(asked.method, status, as_json(found), type="application/json", is_kept=False)
        body = metrics.exposition(self._counts, found)
        if body is None:
            return said(asked.method, 501, metrics.MISSING)
        return written(asked.method, 200, body, type=metrics.TYPE, is_kept=False)

    async def _found(self) -> Health:
        """Look, once for all who ask meanwhile."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.ensure_future(asyncio.to_thread(self._look))
        return await asyncio.shield(self._looking)  # one who goes away leaves the others waiting
