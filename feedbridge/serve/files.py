"""The files below the output directory: each as one whole version, as it is now.

A file is opened one directory at a time from the root's descriptor with O_NOFOLLOW, as it is when it
is written (`publish.tree`), so no link leads out. What was read is kept with the stamp of its file and
is good as long as a `stat` at each request finds the same stamp: a file that was replaced is served at
once, and an answer is never of two versions, since all its bytes are in memory before it begins.
"""

import asyncio
import gzip
import logging
import os
import stat
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import quote_from_bytes

import msgspec

from feedbridge.serve.answers import Ready
from feedbridge.standards import http
from feedbridge.standards.dates import EPOCH
from feedbridge.standards.text import show

log = logging.getLogger(__name__)

Stamp = tuple[int, int, int, int, int]

KEPT_BYTES: Final = 64 * 1024 * 1024  # of all files together, packed ones included
FILE_BYTES: Final = 16 * 1024 * 1024  # of one file: eight times a feed's default limit

_PACKED_FROM_BYTES: Final = 512  # what is shorter fits into one packet as it is
_LEVEL: Final = 6  # of gzip: 9 takes twice as long for a hundredth less
_TRIES: Final = 3  # to read a file that somebody changes in place meanwhile

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a file, whole."""

    stamp: Stamp
    representation: http.Representation
    bodies: dict[http.Coding, bytes]
    ready: dict[http.Request, Ready]  # what was answered to what, so far

    @property
    def size_bytes(self) -> int:
        """Return how much memory it takes, but for trifles."""
        return sum(map(len, self.bodies.values()))


class Unserved(msgspec.Struct, frozen=True, kw_only=True):
    """A place at which nothing is served."""

    is_directory: bool = False
    is_passing: bool = False  # something may be in a moment


class Files:
    """The files below a directory, as they are now, for one event loop."""

    def __init__(self, root: Path, *, url: str, kept_bytes: int = KEPT_BYTES) -> None:
        self._root = os.fsencode(root)
        self._url = url
        self._kept_bytes = kept_bytes
        self._size_bytes = 0
        self._kept: OrderedDict[bytes, Loaded] = OrderedDict()  # the one used last at the end
        self._loading: dict[bytes, asyncio.Future[Loaded | Unserved]] = {}
        self._reader = ThreadPoolExecutor(1, "feedbridge-read")  # one: it bounds memory, and gzip a core

    def close(self) -> None:
        """Let go of the thread that reads; what it has in hand it finishes."""
        self._reader.shutdown(wait=False)

    def at_hand(self, place: http.Place) -> Loaded | None:
        """Return the file at a place if its present version is in memory."""
        path = place.path
        loaded = self._kept.get(path)
        if loaded is None:
            return None
        # By its path: should a link stand there by now, then what it leads to has another stamp.
        if _stamp_at(b"%s/%s" % (self._root, path)) == loaded.stamp:
            self._kept.move_to_end(path)
            return loaded
        self._drop(path)
        return None

    async def find(self, place: http.Place) -> Loaded | Unserved:
        """Return the present version of the file at a place; all who ask meanwhile wait for one reading."""
        path = place.path
        if path not in self._loading:
            loop = asyncio.get_running_loop()
            self._loading[path] = loop.run_in_executor(self._reader, self._load, place)
            self._loading[path].add_done_callback(lambda found: self._keep(path, found))
        return await asyncio.shield(self._loading[path])  # one who goes away leaves the others waiting

    def _keep(self, path: bytes, found: "asyncio.Future[Loaded | Unserved]") -> None:
        del self._loading[path]
        if found.cancelled() or found.exception() or not isinstance(loaded := found.result(), Loaded):
            return
        self._drop(path)
        self._kept[path] = loaded
        self._size_bytes += loaded.size_bytes
        while self._size_bytes > self._kept_bytes:
            self._drop(next(iter(self._kept)))

    def _drop(self, path: bytes) -> None:
        if path in self._kept:
            self._size_bytes -= self._kept.pop(path).size_bytes

    def _load(self, place: http.Place) -> Loaded | Unserved:
        try:
            descriptor = _open(self._root, place)
        except OSError:  # it is missing, a link, not ours to read: no reader needs to know which
            return Unserved()
        try:
            return self._read(descriptor, place)
        except OSError as exc:
            log.warning("file.unreadable", extra={"file": show(place.path), "reason": exc.strerror})
            return Unserved(is_passing=True)
        finally:
            os.close(descriptor)

    def _read(self, descriptor: int, place: http.Place) -> Loaded | Unserved:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return Unserved(is_directory=stat.S_ISDIR(status.st_mode))
        if status.st_size > FILE_BYTES:
            log.warning("file.too_large", extra={"file": show(place.path), "bytes": status.st_size})
            return Unserved()
        for _ in range(_TRIES):
            stamp = _stamp(os.fstat(descriptor))
            body = _read_whole(descriptor)
            if _stamp(os.fstat(descriptor)) == stamp and len(body) == stamp[2]:
                return self._loaded(place, stamp, body)
        return Unserved(is_passing=True)

    def _loaded(self, place: http.Place, stamp: Stamp, body: bytes) -> Loaded:
        media_type, kind = http.type_of(place.name)
        bodies: dict[http.Coding, bytes] = {"identity": body}
        if _is_packed(media_type) and len(body) >= _PACKED_FROM_BYTES:
            bodies["gzip"] = gzip.compress(body, _LEVEL, mtime=0)
        representation = http.Representation(
            type=media_type,
            kind=kind,
            modified=EPOCH + timedelta(seconds=stamp[3] // 1_000_000_000),
            identity=_variant("identity", body),
            gzip=_variant("gzip", bodies["gzip"]) if "gzip" in bodies else None,
            address=self._url + quote_from_bytes(place.path) if kind == "feed" else "",
            policy=http.page_policy(body) if kind == "page" else "",
        )
        return Loaded(stamp=stamp, representation=representation, bodies=bodies, ready={})


def _open(root: bytes, place: http.Place) -> int:
    """Open a file one directory at a time, so that no step can be a link."""
    steps = [(step, _DIRECTORY | os.O_NOFOLLOW) for step in place.directories]
    descriptor = os.open(root, _DIRECTORY)
    for step, flags in (*steps, (place.name, _FILE)):
        try:
            below = os.open(step, flags, dir_fd=descriptor)
        finally:
            os.close(descriptor)
        descriptor = below
    return descriptor


def _read_whole(descriptor: int) -> bytes:
    os.lseek(descriptor, 0, os.SEEK_SET)
    with open(descriptor, "rb", closefd=False) as stream:
        return stream.read(FILE_BYTES + 1)  # however much it grows meanwhile


def _stamp_at(path: bytes) -> Stamp | None:
    try:
        return _stamp(os.stat(path, follow_symlinks=False))  # noqa: PTH116  # 40,000 times a second
    except OSError:
        return None


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _is_packed(media_type: str) -> bool:
    return media_type.startswith("text/") or "xml" in media_type or "json" in media_type


def _variant(coding: http.Coding, body: bytes) -> http.Variant:
    return http.Variant(coding=coding, length_bytes=len(body), tag=http.strong_tag(body))
