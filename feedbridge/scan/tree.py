"""What stands below the input directories; nothing of it is read."""

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from feedbridge.errors import InputError
from feedbridge.model import INTEGER_MAX, FileId, Gone, Ignored, Stamp, Value
from feedbridge.standards.text import show

OPENED = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC  # how a directory is
# Moved, or replaced by a link, since it was listed; or no name at all.
GONE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG})


class Root(Value, frozen=True):
    """One input directory, and what stands before its files' names (b"" where it is the only one)."""

    directory: Path
    prefix: bytes = b""


class Scope(Value, frozen=True):
    """Which files below the input directories are looked at.

    A pattern without "/" is held against the name alone, one with it against the path
    below the input directory; "*" stands for any characters, also for "/".
    """

    max_bytes: int
    include: tuple[str, ...] = ()  # empty: all
    exclude: tuple[str, ...] = ()  # files, and directories with all that is in them


class Directory(NamedTuple):
    """One directory: in which of the input directories it lies, and its path there, b"" for that itself."""

    root: int
    path: bytes


class Listing(Value, frozen=True):
    """What stands in one directory, in the order in which the system names it."""

    directory: Directory
    stamps: tuple[Stamp, ...]  # of its files
    ignored: tuple[Ignored, ...]
    below: tuple[Directory, ...]  # those in it that are to be listed, too


class Tree(Value, frozen=True):
    """The input directories, open: in this process, and in those that are forked from it.

    All methods raise InputError if a directory cannot be listed or its disk fails.
    """

    roots: tuple[Root, ...]
    scope: Scope
    descriptors: tuple[int, ...]  # of the roots, so that everything is seen in the same tree

    def tops(self) -> tuple[Directory, ...]:
        """Return the input directories themselves."""
        return tuple(Directory(number, b"") for number in range(len(self.roots)))

    def listing(self, directory: Directory, *, own: frozenset[FileId] = frozenset()) -> Listing:
        """List a directory, without what is `own`: our output and state. One that is gone is empty."""
        root, path = directory
        before = path + b"/" if path else b""
        stamps: list[Stamp] = []
        ignored: list[Ignored] = []
        below: list[Directory] = []
        with self._entries(directory) as entries:
            for entry in entries:
                found = self._look_at(root, before + os.fsencode(entry.name), entry, own)
                if isinstance(found, Stamp):
                    stamps.append(found)
                elif isinstance(found, Ignored):
                    ignored.append(found)
                elif found is not None:
                    below.append(found)
        return Listing(directory=directory, stamps=tuple(stamps), ignored=tuple(ignored), below=tuple(below))

    def look_at(self, path: bytes, *, own: frozenset[FileId] = frozenset()) -> Stamp | Ignored | Gone:
        """Return what one file is, as `listing` would find it."""
        root = next((at for at, root in enumerate(self.roots) if path.startswith(root.prefix)), None)
        if root is None or b"\0" in path:
            return Gone(path=path)
        directory, name = self.parts(root, path)
        try:
            status = self._status(directory, name)
        except OSError as exc:
            if exc.errno in GONE:
                return Gone(path=path)
            raise self._unlistable(directory, exc) from exc
        if stat.S_ISDIR(status.st_mode):
            return Ignored(path=path, reason="a directory")
        if not self._is_reached(directory.path):
            return Ignored(path=path, reason="in a directory that is left out")
        return self._found(root, _join(directory.path, name), os.fsdecode(name), status, own)

    def parts(self, root: int, path: bytes) -> tuple[Directory, bytes]:
        """Return the directory and the name of a file."""
        directory, _, name = path.removeprefix(self.roots[root].prefix).rpartition(b"/")
        return Directory(root, directory), name

    def path_of(self, file: Path) -> bytes | None:
        """Return the path by which a file below an input directory goes here; None for any other file."""
        place = file.parent.resolve() / file.name  # a link that is asked about is not followed itself
        for root in self.roots:
            directory = root.directory.resolve()
            if place.is_relative_to(directory):
                return root.prefix + os.fsencode(place.relative_to(directory))
        return None

    def open(self, directory: Directory) -> int:
        """Open a directory one step at a time, so that no step can be a link. Raises: OSError."""
        descriptor = root = self.descriptors[directory.root]
        for step in directory.path.split(b"/") if directory.path else (b".",):
            try:
                below = os.open(step, OPENED | os.O_NOFOLLOW, dir_fd=descriptor)
            finally:
                if descriptor != root:
                    os.close(descriptor)
            descriptor = below
        return descriptor

    @contextmanager
    def _entries(self, directory: Directory) -> Iterator[Iterator[os.DirEntry[str]]]:
        """List a directory; its descriptor stays open as long as its entries are looked at."""
        try:
            descriptor = self.open(directory)
        except OSError as exc:
            if directory.path and exc.errno in GONE:
                yield iter(())
                return
            raise self._unlistable(directory, exc) from exc
        try:
            with os.scandir(descriptor) as entries:
                yield entries
        except OSError as exc:
            raise self._unlistable(directory, exc) from exc
        finally:
            os.close(descriptor)

    def _look_at(
        self, root: int, relative: bytes, entry: os.DirEntry[str], own: frozenset[FileId]
    ) -> Stamp | Ignored | Directory | None:
        """Return a directory that is to be listed; None for what is passed over unseen."""
        try:
            status = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return None
        if stat.S_ISDIR(status.st_mode):
            is_own = (status.st_dev, status.st_ino) in own
            return (
                Directory(root, relative) if not is_own and self._is_entered(relative, entry.name) else None
            )
        return self._found(root, relative, entry.name, status, own)

    def _found(
        self, root: int, relative: bytes, name: str, status: os.stat_result, own: frozenset[FileId]
    ) -> Stamp | Ignored:
        path = self.roots[root].prefix + relative
        is_own = (status.st_dev, status.st_ino) in own
        reason = "our own output" if is_own else self._why_ignored(relative, name, status.st_mode)
        if reason:
            return Ignored(path=path, reason=reason)
        return stamp_of(path, root, status)

    def _status(self, directory: Directory, name: bytes) -> os.stat_result:
        descriptor = self.open(directory)
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
        return not name.startswith(".") and not _matches(self.scope.exclude, relative, name)

    def _why_ignored(self, relative: bytes, name: str, mode: int) -> str:
        if not stat.S_ISREG(mode):
            link = "a symbolic link: links below the input directory are not followed"
            return link if stat.S_ISLNK(mode) else "no regular file"
        if name.startswith("."):
            return "hidden"
        if _matches(self.scope.exclude, relative, name):
            return "excluded by [input] exclude"
        if self.scope.include and not _matches(self.scope.include, relative, name):
            return "not included by [input] include"
        return ""

    def _unlistable(self, directory: Directory, exc: OSError) -> InputError:
        place = show(_join(os.fsencode(self.roots[directory.root].directory), directory.path))
        return InputError(
            f"cannot list {place}: {exc.strerror}; nothing was written: "
            "make it readable, or leave it out by [input] exclude"
        )


def stamp_of(path: bytes, root: int, status: os.stat_result) -> Stamp:
    """Return the stamp of a file."""
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


def _join(directory: bytes, name: bytes) -> bytes:
    return b"/".join(filter(None, (directory, name)))


def _matches(patterns: Sequence[str], relative: bytes, name: str) -> bool:
    if not patterns:
        return False
    path = os.fsdecode(relative)
    return any(fnmatchcase(path if "/" in pattern else name, pattern) for pattern in patterns)
