"""The archive, open: its files are read within their limits."""

import errno
import os
import stat
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from typing import Self

from feedbridge.errors import InputError
from feedbridge.model import Gone, Ignored, Rejected, Stamp
from feedbridge.scan.tree import GONE, OPENED, Directory, Root, Scope, Tree, stamp_of
from feedbridge.standards.text import show

_CHUNK_BYTES = 64 * 1024
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
# Not one file's fault: reading on would lose entries that are still there.
_ENVIRONMENT = {errno.EIO, errno.ESTALE, errno.ENOMEM, errno.EMFILE, errno.ENFILE}


class Archive:
    """The input directories, open for reading. Use it as a context manager; what stands there is its `tree`.

    Raises (on entering): InputError if an input directory is missing or unreadable.
    """

    tree: Tree  # since it was entered

    def __init__(self, roots: Iterable[Root], scope: Scope) -> None:
        self._roots = tuple(roots)
        self._scope = scope
        self._opened = ExitStack()
        self._last: tuple[Directory, int] | None = None  # the directory that was read from last, opened

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            descriptors = tuple(_opened(root, opened) for root in self._roots)
            self._opened = opened.pop_all()
        self.tree = Tree(roots=self._roots, scope=self._scope, descriptors=descriptors)
        return self

    def __exit__(self, *_: object) -> None:
        self._leave_directory()
        self._opened.close()

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
            return stamp_of(stamp.path, stamp.root, status), self._read_open(stamp, descriptor)
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
        if exc.errno in GONE:
            return Gone(path=stamp.path)
        if exc.errno in _ENVIRONMENT:
            where = self._roots[stamp.root].directory
            raise InputError(
                f"cannot read {show(stamp.path)} in {show(str(where))}: {exc.strerror}; "
                "nothing was written: see to the disk, then run again"
            ) from exc
        return Rejected(path=stamp.path, code="unreadable", detail=f"it cannot be read: {exc.strerror}")

    def _open_file(self, stamp: Stamp) -> int:
        directory, name = self.tree.parts(stamp.root, stamp.path)
        if self._last is None or self._last[0] != directory:
            self._leave_directory()
            self._last = directory, self.tree.open(directory)
        return os.open(name, _FILE, dir_fd=self._last[1])

    def _leave_directory(self) -> None:
        if self._last is not None:
            os.close(self._last[1])
            self._last = None


def _opened(root: Root, closing: ExitStack) -> int:
    try:
        descriptor = os.open(root.directory, OPENED)
    except OSError as exc:
        raise _no_input(root, exc) from exc
    closing.callback(os.close, descriptor)
    return descriptor


def _may_be_article(head: bytes) -> bool:
    from feedbridge.parse import has_sign  # noqa: PLC0415  # 6 ms that an unchanged run does not need

    return head.isspace() or has_sign(head)


def _no_input(root: Root, exc: OSError) -> InputError:
    where = show(str(root.directory))
    if exc.errno != errno.ENOENT:
        return InputError(f"cannot read the input directory {where}: {exc.strerror}")
    return InputError(
        f"the input directory {where} does not exist; make it, or name another one "
        "([input] directory in the configuration, or --input)"
    )
