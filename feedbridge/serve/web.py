"""All that a configuration wants served, and the change from one configuration to another."""

import functools
import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from datetime import datetime

from feedbridge.config import DEFAULT_PORT, DEFAULT_URL, Config
from feedbridge.errors import UsageError
from feedbridge.model import Address
from feedbridge.serve.answers import Answerer
from feedbridge.serve.counts import Counts
from feedbridge.serve.files import Files
from feedbridge.serve.health import health
from feedbridge.serve.loading import FILE_BYTES
from feedbridge.serve.operating import Operator
from feedbridge.serve.published import Published
from feedbridge.serve.server import Server

log = logging.getLogger(__name__)


class Web:
    """Serves from the first `configure` to `stop`; each in threads of its own.

    What is served is the output directory as it is, for everybody who can reach its address; how things
    stand is told to programs on this machine, or at the operator's own address.
    """

    def __init__(self, *, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._counts = Counts()
        self._files: Files | None = None
        self._servers: Mapping[Address, Server] = {}

    def configure(self, config: Config) -> None:
        """Serve what a configuration wants from now on; who is connected stays so.

        Raises: UsageError if an address cannot be had; then nothing has changed.
        """
        files = Files(config.output.directory, url=config.site.url)
        answerers = self._answerers(config, files)
        new = {at: one for at, one in answerers.items() if at not in self._servers}
        try:
            started = self._start(new)
        except UsageError as exc:
            raise self._understood(exc, new) from exc
        for at, server in self._servers.items():
            if at in answerers:
                server.exchange(answerers[at])
            else:
                server.stop()
        self._servers = {at: started.get(at) or self._servers[at] for at in answerers}
        self._files = files  # those before are needed as long as an answer is on its way
        _warn(config)

    def ran(self, seconds: float, *, has_failed: bool) -> None:
        """Count a run that was made beside."""
        self._counts.ran(seconds, has_failed=has_failed)

    def stop(self) -> None:
        """End; what is on its way is finished, within a few seconds."""
        for server in self._servers.values():
            server.stop()
        if self._files:
            self._files.close()

    def _answerers(self, config: Config, files: Files) -> Mapping[Address, Answerer]:
        """Return who answers at which address."""
        serve = config.serve
        operator = Operator(lambda: health(config, now=self._clock()), self._counts)
        public = functools.partial(Published, files, missing=_missing(config), now=self._clock)
        if serve.operator is None:
            return {serve.address: public(operator=operator)}
        if serve.operator == serve.address:
            raise UsageError(
                f"[serve] operator = {serve.operator}: the feeds are served there; name another port, or "
                "none: then programs on this machine may ask there"
            )
        return {serve.address: public(operator=None), serve.operator: operator}

    def _understood(self, exc: UsageError, new: Iterable[Address]) -> UsageError:
        """Say it where it is we ourselves who are in the way."""
        if {at.port for at in new}.isdisjoint(at.port for at in self._servers):
            return exc
        return UsageError(f"{exc}; this very process does: to change the host alone, restart it")

    def _start(self, answerers: Mapping[Address, Answerer]) -> Mapping[Address, Server]:
        with ExitStack() as undo:
            started = {}
            for at, answerer in answerers.items():
                counter = self._counts.of_server()
                server = Server(answerer, host=at.host, port=at.port, counter=counter)
                started[at] = undo.enter_context(server)
                log.info("server.started", extra={"address": _shown(server)})
            undo.pop_all()
        return started


def _missing(config: Config) -> str:
    feeds = [f"{config.site.url}{name}.xml" for name in config.feeds.formats]
    return "".join(f"{line}\n" for line in ("There is nothing here. The feeds are:", *feeds, config.site.url))


def _shown(server: Server) -> str:
    host, port = server.address
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def _warn(config: Config) -> None:
    """Say what readers would stumble over later."""
    if config.site.url == DEFAULT_URL and config.serve.port != DEFAULT_PORT:
        detail = (
            f"the feeds say that they are at {DEFAULT_URL}: write [site] url as readers are to reach them"
        )
        log.warning("address.differs", extra={"port": config.serve.port, "detail": detail})
    if config.feeds.max_bytes > FILE_BYTES:
        detail = f"files of more than {FILE_BYTES} bytes are not served: lower [feeds] max_bytes"
        log.warning("feeds.too_large", extra={"max_bytes": config.feeds.max_bytes, "detail": detail})
