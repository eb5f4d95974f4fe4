"""Answers for the operator: /healthz and /metrics."""

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from feedbridge.serve import metrics
from feedbridge.serve.answers import Asked, Plain, Ready, ready, said, written
from feedbridge.serve.counts import Counts
from feedbridge.serve.health import Health, as_json
from feedbridge.standards import http

_HEALTH: Final = b"/healthz"
_METRICS: Final = b"/metrics"
LONGEST_S: Final = 5.0  # that somebody waits to hear how things stand

log = logging.getLogger(__name__)


class Operator:
    """Answers how things stand; `look` finds it out, in a thread of its own."""

    def __init__(self, look: Callable[[], Health], counts: Counts, *, longest_s: float = LONGEST_S) -> None:
        self._look = look
        self._longest_s = longest_s
        self._counts = counts
        self._looking: asyncio.Future[Health] | None = None

    @staticmethod
    def knows(path: bytes) -> bool:
        """Tell whether a path is one of the operator's."""
        return path in {_HEALTH, _METRICS}

    def at_hand(self, asked: Plain) -> Ready | None:  # noqa: ARG002  # an answerer's
        """Return nothing: how things stand is found out each time."""
        return None

    async def answer(self, asked: Asked) -> Ready:
        """Return how things stand, with 503 where a person should look, or what was counted."""
        if not self.knows(asked.path):
            return said(asked.method, 404, "There are /healthz and /metrics.\n")
        if asked.method not in {"GET", "HEAD"}:
            return ready(http.refused("GET, HEAD"), b"")
        found = await self._found()
        if asked.path == _HEALTH:
            status = 503 if found.troubles else 200
            return written(asked.method, status, as_json(found), type="application/json")
        body = metrics.exposition(self._counts, found)
        if body is None:
            return said(asked.method, 501, metrics.MISSING)
        return written(asked.method, 200, body, type=metrics.TYPE)

    async def _found(self) -> Health:
        """Look, once for all who ask meanwhile; they do not wait for ever."""
        if self._looking is None or self._looking.done():
            self._looking = _in_thread(self._look)
        try:
            return await asyncio.wait_for(asyncio.shield(self._looking), self._longest_s)
        except TimeoutError:
            return Health(troubles=(f"to find out how things stand takes more than {self._longest_s:g} s",))


def _in_thread(look: Callable[[], Health]) -> asyncio.Future[Health]:
    """Look in a thread that the end of the program does not wait for."""
    loop = asyncio.get_running_loop()
    looking: asyncio.Future[Health] = loop.create_future()

    def work() -> None:
        try:
            found = look()
        except Exception as exc:  # whoever watches is to hear of it
            log.exception("health.failed")
            found = Health(troubles=(f"{type(exc).__name__}: {exc}",))
        with suppress(RuntimeError):  # the server has ended meanwhile
            loop.call_soon_threadsafe(looking.set_result, found)

    threading.Thread(target=work, name="feedbridge-health", daemon=True).start()
    return looking
