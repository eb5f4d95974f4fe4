"""A file of the output directory, read as one whole version.

It is opened one directory at a time from the root's descriptor with O_NOFOLLOW, as it is when it is
written (`publish.tree`), so no link leads out. Its stamp is taken before and after, so that no answer is
ever of two versions.
"""

import errno
import gzip
import logging
import os
import stat
import time
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

FILE_BYTES: Final = 16 * 1024 * 1024  # of one file: eight times a feed's default limit
READY: Final = 16  # answers that are remembered for one version of a file

_READY_BYTES: Final = 4096  # that one of them takes, give or take
_PACKED_FROM_BYTES: Final = 512  # what is shorter fits into one packet as it is
_LEVEL: Final = 4  # of gzip: 6 takes twice as long for three hundredths less
_TRIES: Final = 3  # to read a file that somebody changes in place meanwhile
_WARNING_S: Final = 10.0  # between two lines in the log: clients choose what is asked for, and how often

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_NOTHING: Final = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENXIO}


class Loaded(msgspec.Struct, frozen=True, kw_only=True, eq=False, weakref=True):
    """One version of a file, whole."""

    stamp: Stamp
    representation: http.Representation
    bodies: dict[http.Coding, bytes]
    ready: dict[http.Request, Ready]  # what was answered to what, so far

    @property
    def size_bytes(self) -> int:
        """Return how much memory it takes, but for trifles."""
        return sum(map(len, self.bodies.values())) + READY * _READY_BYTES

    def remember(self, request: http.Request, ready: Ready) -> None:
        """Remember the answer to a request that will come again; who else asks has the others forgotten."""
        if len(self.ready) >= READY:
            self.ready.clear()
        self.ready[request] = ready


class Unserved(msgspec.Struct, frozen=True, kw_only=True):
    """A place at which nothing is served."""

    is_directory: bool = False
    is_passing: bool = False  # something may be in a moment


class Loader:
    """Reads files below a directory; `url` is its public address, with its last slash."""

    def __init__(self, root: Path, *, url: str) -> None:
        self._root = os.fsencode(root)
        self._url = url
        self._warned_s = -_WARNING_S

    def is_present(self, place: http.Place, stamp: Stamp) -> bool:
        """Tell whether a version is the one that stands: by its path, for this is done at each request."""
        try:
            return _stamp(os.lstat(b"%s/%s" % (self._root, place.path))) == stamp
        except OSError:
            return False

    def load(self, place: http.Place) -> Loaded | Unserved:
        """Return the file at a place."""
        try:
            descriptor = _open(self._root, place)
        except OSError as exc:
            return Unserved() if exc.errno in _NOTHING else self._unreadable(place, exc)
        try:
            return self._read(descriptor, place)
        except OSError as exc:
            return self._unreadable(place, exc)
        finally:
            os.close(descriptor)

    def _unreadable(self, place: http.Place, exc: OSError) -> Unserved:
        self._warn("file.unreadable", place, reason=exc.strerror)
        return Unserved(is_passing=True)

    def _warn(self, event: str, place: http.Place, **facts: object) -> None:
        now_s = time.monotonic()
        if now_s - self._warned_s >= _WARNING_S:
            self._warned_s = now_s
            log.warning(event, extra={"file": show(place.path), **facts})

    def _read(self, descriptor: int, place: http.Place) -> Loaded | Unserved:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return Unserved(is_directory=stat.S_ISDIR(status.st_mode))
        if status.st_size > FILE_BYTES:
            self._warn("file.too_large", place, bytes=status.st_size)
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


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _is_packed(media_type: str) -> bool:
    return media_type.startswith("text/") or "xml" in media_type or "json" in media_type


def _variant(coding: http.Coding, body: bytes) -> http.Variant:
    return http.Variant(coding=coding, length_bytes=len(body), tag=http.strong_tag(body))
