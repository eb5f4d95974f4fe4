"""The files of the output directory as they are now, in memory as long as they stay so.

What was read is good as long as a `stat` at each request finds its stamp again: a file that was replaced is
served at once. Versions that are no longer kept live on in answers on their way, so these have a limit, too.
"""

import asyncio
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final
from weakref import WeakSet

from feedbridge.serve.loading import Loaded, Loader, Unserved
from feedbridge.standards import http

KEPT_BYTES: Final = 64 * 1024 * 1024  # of all files that wait to be asked for, packed ones included
LIVE_BYTES: Final = 256 * 1024 * 1024  # of these and those that are being sent
WAITING: Final = 256  # files that are to be read

_READERS: Final = 2  # threads: a small file need not wait for a large one


class Files:
    """The files below a directory, for one event loop; `url` is its public address."""

    def __init__(
        self, root: Path, *, url: str, kept_bytes: int = KEPT_BYTES, live_bytes: int = LIVE_BYTES
    ) -> None:
        self._loader = Loader(root, url=url)
        self._kept_bytes = kept_bytes
        self._live_bytes = live_bytes
        self._size_bytes = 0
        self._kept: OrderedDict[bytes, Loaded] = OrderedDict()  # the one used last at the end
        self._live: WeakSet[Loaded] = WeakSet()
        self._loading: dict[bytes, asyncio.Future[Loaded | Unserved]] = {}
        self._readers = ThreadPoolExecutor(_READERS, "feedbridge-read")

    def close(self) -> None:
        """Let go of the threads that read; what they have in hand they finish."""
        self._readers.shutdown(wait=False)

    def at_hand(self, place: http.Place) -> Loaded | None:
        """Return the file at a place if its present version is in memory."""
        loaded = self._kept.get(place.path)
        if loaded is None:
            return None
        if self._loader.is_present(place, loaded.stamp):
            self._kept.move_to_end(place.path)
            return loaded
        self._drop(place.path)
        return None

    async def find(self, place: http.Place) -> Loaded | Unserved:
        """Return the present version of the file at a place; all who ask meanwhile wait for one reading."""
        path = place.path
        if path not in self._loading:
            if len(self._loading) >= WAITING or self._is_full():
                return Unserved(is_passing=True)
            loop = asyncio.get_running_loop()
            self._loading[path] = loop.run_in_executor(self._readers, self._loader.load, place)
            self._loading[path].add_done_callback(lambda found: self._keep(path, found))
        return await asyncio.shield(self._loading[path])  # one who goes away leaves the others waiting

    def _is_full(self) -> bool:
        return sum(loaded.size_bytes for loaded in self._live) > self._live_bytes

    def _keep(self, path: bytes, found: "asyncio.Future[Loaded | Unserved]") -> None:
        del self._loading[path]
        if found.cancelled() or found.exception() or not isinstance(loaded := found.result(), Loaded):
            return
        self._live.add(loaded)
        self._drop(path)
        self._kept[path] = loaded
        self._size_bytes += loaded.size_bytes
        while self._size_bytes > self._kept_bytes:
            self._drop(next(iter(self._kept)))

    def _drop(self, path: bytes) -> None:
        if path in self._kept:
            self._size_bytes -= self._kept.pop(path).size_bytes
