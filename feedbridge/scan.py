"""Walk the archive and read its files: no link is followed, nothing is read past its limit.

Below an input directory every file is opened relative to the descriptor of its directory
with O_NOFOLLOW and O_NONBLOCK and must prove to be regular, so that neither a link that is
put there during the run nor a FIFO can lead the reader astray or make it wait. The input
directory itself may be a link.
"""

import errno
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Self

import msgspec

from feedbridge.errors import InputError
from feedbridge.model import INTEGER_MAX, FileId, Gone, Ignored, Rejected, Stamp
from feedbridge.standards.text import show

_CHUNK_BYTES = 64 * 1024
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
# Moved, or replaced by a link, since it was listed; or no name at all.
_GONE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG}
# Not one file's fault: reading on would lose entries that are still there.
_ENVIRONMENT = {errno.EIO, errno.ESTALE, errno.ENOMEM, errno.EMFILE, errno.ENFILE}


class Root(msgspec.Struct, frozen=True, kw_only=True):
    """One input directory, and what stands before its files' names (b"" where it is the only one)."""

    directory: Path
    prefix: bytes = b""


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """Which files below the input directories are looked at.

    A pattern without "/" is held against the name alone, one with it against the path
    below the input directory; "*" stands for any characters, also for "/".
    """

    include: tuple[str, ...] = ()  # empty: all
    exclude: tuple[str, ...] = ()  # files, and directories with all that is in them
    max_bytes: int


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """The files that stand in one directory, in the order in which the system names them."""

    root: int  # which of the input directories it lies in
    directory: bytes  # its path there; b"" for the input directory itself
    stamps: tuple[Stamp, ...]
    ignored: tuple[Ignored, ...]


class Archive:
    """The input directories, open for reading. Use it as a context manager.

    Raises (on entering): InputError if an input directory is missing or unreadable.
    """

    def __init__(self, roots: Sequence[Root], scope: Scope) -> None:
        self._roots = roots
        self._scope = scope
        self._opened: list[int] = []  # a descriptor for each root, so that all is read from the same tree
        # The one that was read from last: root, path, descriptor.
        self._directory: tuple[int, bytes, int] | None = None

    def __enter__(self) -> Self:
        for root in self._roots:
            try:
                self._opened.append(os.open(root.directory, _DIRECTORY))
            except OSError as exc:
                self.__exit__()
                raise _no_input(root, exc) from exc
        return self

    def __exit__(self, *_: object) -> None:
        self._leave_directory()
        while self._opened:
            os.close(self._opened.pop())

    def walk(self, *, own: frozenset[FileId] = frozenset()) -> Iterator[Listing]:
        """List every directory below the input directories, but for what is `own`: our output and state.

        Raises: InputError if a directory cannot be listed or its disk fails.
        """
        for number in range(len(self._roots)):
            yield from self._walk_root(number, own)

    def look_at(self, path: bytes, *, own: frozenset[FileId] = frozenset()) -> Stamp | Ignored | Gone:
        """Return what one file is, as `walk` would find it.

        Raises: InputError if its disk fails.
        """
        number = next((at for at, root in enumerate(self._roots) if path.startswith(root.prefix)), None)
        if number is None or b"\0" in path:
            return Gone(path=path)
        directory, name = self._parts(number, path)
        try:
            status = self._status(number, directory, name)
        except OSError as exc:
            if exc.errno in _GONE:
                return Gone(path=path)
            raise _unlistable(self._roots[number].directory, directory, exc) from exc
        if stat.S_ISDIR(status.st_mode):
            return Ignored(path=path, reason="a directory")
        if not self._is_reached(directory):
            return Ignored(path=path, reason="in a directory that is left out")
        return self._found(number, _join(directory, name), os.fsdecode(name), status, own)

    def directory_of(self, stamp: Stamp) -> bytes:
        """Return the path of the directory in which a file stands, below its input directory."""
        return self._parts(stamp.root, stamp.path)[0]

    def path_of(self, file: Path) -> bytes | None:
        """Return the path by which a file below an input directory goes here; None for any other file."""
        place = file.parent.resolve() / file.name  # a link that is asked about is not followed itself
        for root in self._roots:
            directory = root.directory.resolve()
            if place.is_relative_to(directory):
                return root.prefix + os.fsencode(place.relative_to(directory))
        return None

    def read(self, stamp: Stamp) -> tuple[Stamp, bytes | Ignored | Rejected | Gone]:
        """Read one file whole, or say why not; with the stamp that it has while it is read.

        Only files that look like an article are read to their end.

        Raises: InputError if the disk fails: reading on would make articles seem gone.
        """
        try:
            descriptor = self._open_file(stamp)
        except OSError as exc:
            return stamp, self._unreadable(stamp, exc)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return stamp, Ignored(path=stamp.path, reason="no regular file")
            return _stamp(stamp.path, stamp.root, status), self._read_open(stamp, descriptor)
        except OSError as exc:
            return stamp, self._unreadable(stamp, exc)
        finally:
            os.close(descriptor)

    def expect(self, stamp: Stamp) -> None:
        """Have the system fetch a file that will be read soon, if it can; whatever fails, `read` says so."""
        with suppress(OSError, AttributeError):  # not every system has posix_fadvise
            descriptor = self._open_file(stamp)
            try:
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_WILLNEED)
            finally:
                os.close(descriptor)

    def _read_open(self, stamp: Stamp, descriptor: int) -> bytes | Ignored | Rejected:
        """Read to the end or to the limit, however much the file grows meanwhile."""
        chunks = [os.read(descriptor, _CHUNK_BYTES)]
        size_bytes = len(chunks[0])
        is_long = size_bytes >= min(_CHUNK_BYTES, self._scope.max_bytes + 1)  # parse asks it of all others
        if is_long and not _may_be_article(chunks[0]):
            return Ignored(path=stamp.path, reason="no sign of an article in its first 4 KiB")
        while chunks[-1] and size_bytes <= self._scope.max_bytes:
            chunks.append(os.read(descriptor, _CHUNK_BYTES))
            size_bytes += len(chunks[-1])
        if size_bytes > self._scope.max_bytes:
            detail = f"it is over the limit of {self._scope.max_bytes} bytes ([input] max_bytes)"
            return Rejected(path=stamp.path, code="too-large", detail=detail)
        return b"".join(chunks)

    def _unreadable(self, stamp: Stamp, exc: OSError) -> Gone | Rejected:
        if exc.errno in _GONE:
            return Gone(path=stamp.path)
        if exc.errno in _ENVIRONMENT:
            where = self._roots[stamp.root].directory
            raise InputError(
                f"cannot read {show(stamp.path)} in {show(str(where))}: {exc.strerror}; "
                "nothing was written: see to the disk, then run again"
            ) from exc
        return Rejected(path=stamp.path, code="unreadable", detail=f"it cannot be read: {exc.strerror}")

    def _open_file(self, stamp: Stamp) -> int:
        directory, name = self._parts(stamp.root, stamp.path)
        if self._directory is None or self._directory[:2] != (stamp.root, directory):
            self._leave_directory()
            self._directory = (stamp.root, directory, _open_below(self._opened[stamp.root], directory))
        return os.open(name, _FILE, dir_fd=self._directory[2])

    def _leave_directory(self) -> None:
        if self._directory is not None:
            os.close(self._directory[2])
            self._directory = None

    def _walk_root(self, number: int, own: frozenset[FileId]) -> Iterator[Listing]:
        waiting = [b""]
        while waiting:
            # Not kept here: a large one takes memory that whoever takes it may want for something else.
            yield self._list(number, waiting.pop(), waiting, own)

    def _list(self, number: int, directory: bytes, below: list[bytes], own: frozenset[FileId]) -> Listing:
        """List one directory; add the directories in it to those that are to be listed."""
        before = directory + b"/" if directory else b""
        stamps: list[Stamp] = []
        ignored: list[Ignored] = []
        with self._listing(number, directory) as entries:
            for entry in entries:
                found = self._look_at(number, before + os.fsencode(entry.name), entry, own)
                if isinstance(found, Stamp):
                    stamps.append(found)
                elif isinstance(found, Ignored):
                    ignored.append(found)
                elif found is not None:
                    below.append(found)
        return Listing(root=number, directory=directory, stamps=tuple(stamps), ignored=tuple(ignored))

    @contextmanager
    def _listing(self, number: int, directory: bytes) -> Iterator[Iterable[os.DirEntry[str]]]:
        """List a directory; its descriptor stays open as long as its entries are looked at."""
        where = self._roots[number].directory
        try:
            descriptor = _open_below(self._opened[number], directory)
        except OSError as exc:
            if directory and exc.errno in _GONE:
                yield ()
                return
            raise _unlistable(where, directory, exc) from exc
        try:
            with os.scandir(descriptor) as entries:
                yield entries
        except OSError as exc:
            raise _unlistable(where, directory, exc) from exc
        finally:
            os.close(descriptor)

    def _look_at(
        self, number: int, relative: bytes, entry: os.DirEntry[str], own: frozenset[FileId]
    ) -> Stamp | Ignored | bytes | None:
        """Return a directory's path as bytes, to be walked; None for what is passed over unseen."""
        try:
            status = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return None
        if stat.S_ISDIR(status.st_mode):
            is_own = (status.st_dev, status.st_ino) in own
            return relative if not is_own and self._is_entered(relative, entry.name) else None
        return self._found(number, relative, entry.name, status, own)

    def _found(
        self, number: int, relative: bytes, name: str, status: os.stat_result, own: frozenset[FileId]
    ) -> Stamp | Ignored:
        path = self._roots[number].prefix + relative
        is_own = (status.st_dev, status.st_ino) in own
        reason = "our own output" if is_own else self._why_ignored(relative, name, status.st_mode)
        if reason:
            return Ignored(path=path, reason=reason)
        return _stamp(path, number, status)

    def _parts(self, number: int, path: bytes) -> tuple[bytes, bytes]:
        """Return the directory and the name of a file, below its input directory."""
        directory, _, name = path.removeprefix(self._roots[number].prefix).rpartition(b"/")
        return directory, name

    def _status(self, number: int, directory: bytes, name: bytes) -> os.stat_result:
        descriptor = _open_below(self._opened[number], directory)
        try:
            return os.stat(name, dir_fd=descriptor, follow_symlinks=False)
        finally:
            os.close(descriptor)

    def _is_reached(self, directory: bytes) -> bool:
        """Tell whether a walk would come to a directory."""
        steps = directory.split(b"/") if directory else []
        return all(
            self._is_entered(b"/".join(steps[: depth + 1]), os.fsdecode(step))
            for depth, step in enumerate(steps)
        )

    def _is_entered(self, relative: bytes, name: str) -> bool:
        return not name.startswith(".") and not _matches(self._scope.exclude, relative, name)

    def _why_ignored(self, relative: bytes, name: str, mode: int) -> str:
        if not stat.S_ISREG(mode):
            link = "a symbolic link: links below the input directory are not followed"
            return link if stat.S_ISLNK(mode) else "no regular file"
        if name.startswith("."):
            return "hidden"
        if _matches(self._scope.exclude, relative, name):
            return "excluded by [input] exclude"
        if self._scope.include and not _matches(self._scope.include, relative, name):
            return "not included by [input] include"
        return ""


def _stamp(path: bytes, root: int, status: os.stat_result) -> Stamp:
    mtime_ns = status.st_mtime_ns
    if abs(mtime_ns) > INTEGER_MAX:
        mtime_ns = INTEGER_MAX if mtime_ns > 0 else -INTEGER_MAX
    return Stamp(
        path=path,
        root=root,
        size_bytes=status.st_size,
        mtime_ns=mtime_ns,
        inode=status.st_ino & INTEGER_MAX,
    )


def _may_be_article(head: bytes) -> bool:
    from feedbridge.parse import has_sign  # noqa: PLC0415  # 6 ms that an unchanged run does not need

    return head.isspace() or has_sign(head)


def _open_below(root: int, directory: bytes) -> int:
    """Open a directory one step at a time, so that no step can be a link."""
    descriptor = root
    for step in directory.split(b"/") if directory else (b".",):
        try:
            below = os.open(step, _DIRECTORY | os.O_NOFOLLOW, dir_fd=descriptor)
        finally:
            if descriptor != root:
                os.close(descriptor)
        descriptor = below
    return descriptor


def _no_input(root: Root, exc: OSError) -> InputError:
    where = show(str(root.directory))
    if exc.errno != errno.ENOENT:
        return InputError(f"cannot read the input directory {where}: {exc.strerror}")
    return InputError(
        f"the input directory {where} does not exist; make it, or name another one "
        "([input] directory in the configuration, or --input)"
    )


def _unlistable(where: Path, directory: bytes, exc: OSError) -> InputError:
    place = show(os.fsencode(where) + (b"/" + directory if directory else b""))
    return InputError(
        f"cannot list {place}: {exc.strerror}; nothing was written: "
        "make it readable, or leave it out by [input] exclude"
    )


def _join(directory: bytes, name: bytes) -> bytes:
    return directory + b"/" + name if directory else name


def _matches(patterns: Sequence[str], relative: bytes, name: str) -> bool:
    if not patterns:
        return False
    path = os.fsdecode(relative)
    return any(fnmatchcase(path if "/" in pattern else name, pattern) for pattern in patterns)
