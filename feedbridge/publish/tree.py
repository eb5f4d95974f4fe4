"""The output directory, in which no link is ever followed.

Every file is reached from the root's descriptor one directory at a time with O_NOFOLLOW,
so a link that somebody puts there, even during the run, leads nowhere. The root itself
may be a link. Paths are "source/dw/atom.xml"; a directory is "source/dw", the root "".
"""

import errno
import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from feedbridge.errors import RIGHTS, SPACE, OutputError
from feedbridge.model import FileId, Value
from feedbridge.standards.text import show

FILE_MODE = 0o644
_DIRECTORY_MODE = 0o755
_SECOND_NS = 1_000_000_000
_AT_ONCE = 8  # files that are made durable: 39 files of 0.7 MB cost some 20 ms so, one by one 100 to 400

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{16}\.fbtmp")

_NO_DIRECTORY = {errno.ENOTDIR, errno.ELOOP}  # which of the two a link gives depends on the system
_NO_FILE = {errno.ELOOP, errno.ENXIO, errno.EISDIR}  # a link, a socket, a directory
# Why rmdir leaves a directory alone: it is not empty (by either name), a link, a disk's root.
_KEPT = {errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR, errno.EBUSY}

_REMEDIES = {
    errno.EACCES: RIGHTS,
    errno.EPERM: RIGHTS,
    errno.EROFS: "choose an output directory on a file system that can be written to",
    errno.ENOSPC: SPACE,
    errno.EDQUOT: SPACE,
    errno.EIO: "check the disk, then run again",
    errno.ENAMETOOLONG: "choose an output directory with a shorter name",
    errno.ENOTDIR: "choose an output directory that is one",
    errno.ENOLCK: "choose an output directory on a file system that keeps locks",
}


class Temporary(Value, frozen=True):
    """A file that waits for its place, under a name that a sweep recognises."""

    place: str  # where it belongs
    path: str  # in the nearest directory above its place that exists, so on the same disk


class Tree:
    """The files below an output directory.

    All methods raise OutputError, one line that names the thing and the remedy, where the
    system fails or something that is no directory stands in the way to a file.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def name(self, path: str = "") -> str:
        """Return what people call the file: the root as configured and the path below it."""
        return show(os.fsencode(self._root / path))

    def foreign(self, path: str, what: str) -> OutputError:
        """Return the error of something at `path` that must not be touched."""
        return OutputError(
            f"{self.name(path)} is in the way: {what}; move it away, or choose another output directory"
        )

    @contextmanager
    def reporting(self, verb: str, path: str) -> Iterator[None]:
        """Turn a failure of the system into an OutputError."""
        try:
            yield
        except OSError as exc:
            reason = os.strerror(exc.errno) if exc.errno else str(exc)
            remedy = _REMEDIES.get(exc.errno or 0, "mend that, then run again")
            raise OutputError(f"cannot {verb} {self.name(path)}: {reason}; {remedy}") from exc

    # --- looking ------------------------------------------------------------------------

    def file_id(self, path: str) -> FileId | None:
        """Return which file stands at `path`, None where no regular one does."""
        status = self.status(path)
        return _id(status) if status else None

    def status(self, path: str) -> os.stat_result | None:
        """Return what the system says of the file at `path`, None where no regular one stands."""
        with self.reporting("find", path), suppress(FileNotFoundError):
            directory, name = _split(path)
            with self._directory(directory) as parent:
                status = os.stat(name, dir_fd=parent, follow_symlinks=False)
                return status if stat.S_ISREG(status.st_mode) else None
        return None

    def read(self, path: str, *, at_most: int = -1) -> bytes | None:
        """Return a file's first `at_most` bytes (by default all), None where nothing stands.

        Raises: OutputError also where something that is no regular file stands.
        """
        with (
            self.reporting("read", path),
            suppress(FileNotFoundError),
            self.opened(path, os.O_RDONLY) as descriptor,
            open(descriptor, "rb", closefd=False) as stream,
        ):
            return stream.read(at_most)
        return None

    @contextmanager
    def opened(self, path: str, flags: int) -> Iterator[int]:
        """Open a file that must prove to be regular; it may raise OSError itself."""
        directory, name = _split(path)
        with self._directory(directory) as parent:
            try:
                descriptor = os.open(name, flags | _FILE, FILE_MODE, dir_fd=parent)
            except OSError as exc:
                if exc.errno not in _NO_FILE:
                    raise
                raise self.foreign(path, "it is no regular file") from exc
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise self.foreign(path, "it is no regular file")
            yield descriptor
        finally:
            os.close(descriptor)

    def temporaries(self, directory: str) -> tuple[str, ...]:
        """Return the paths of the temporary files that a crash left in a directory."""
        with (
            self.reporting("list", directory),
            suppress(FileNotFoundError),
            self._directory(directory) as descriptor,
            os.scandir(descriptor) as entries,
        ):
            return tuple(_join(directory, entry.name) for entry in entries if _is_temporary(entry))
        return ()

    def nearest(self, directory: str) -> str:
        """Return the directory itself, else the nearest one above it that exists."""
        while directory and not self._exists(directory):
            directory, _ = _split(directory)
        return directory

    def _exists(self, directory: str) -> bool:
        with self.reporting("find", directory), suppress(FileNotFoundError), self._directory(directory):
            return True
        return False

    @contextmanager
    def _directory(self, directory: str) -> Iterator[int]:
        descriptor = os.open(self._root, _DIRECTORY)
        try:
            for depth, step in enumerate(steps := directory.split("/") if directory else []):
                try:
                    below = os.open(step, _DIRECTORY | os.O_NOFOLLOW, dir_fd=descriptor)
                except OSError as exc:
                    if exc.errno not in _NO_DIRECTORY:
                        raise
                    raise self.foreign("/".join(steps[: depth + 1]), "it is no directory") from exc
                os.close(descriptor)
                descriptor = below
            yield descriptor
        finally:
            os.close(descriptor)

    # --- changing -----------------------------------------------------------------------

    def make_root(self) -> None:
        """Make the output directory, and those above it, where they are missing."""
        with self.reporting("make", ""):
            missing = [path for path in (self._root, *self._root.parents) if not path.is_dir()]
            for path in reversed(missing):
                parent = os.open(path.parent, _DIRECTORY)
                try:
                    _make_directory(path.name, parent)
                finally:
                    os.close(parent)

    def make_directory(self, directory: str) -> None:
        """Make one directory in one that exists, durably."""
        above, name = _split(directory)
        with self.reporting("make", directory), self._directory(above) as parent:
            _make_directory(name, parent)

    def temporary(self, place: str) -> Temporary:
        """Return a fresh name for the file that is to stand at `place`; nothing is made."""
        directory, name = _split(place)
        path = _join(self.nearest(directory), f".{name}.{os.urandom(8).hex()}.fbtmp")
        return Temporary(place=place, path=path)

    def write(self, temporary: Temporary, body: bytes) -> None:
        """Make the temporary file, whole; it is not durable before `secure`."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with self.reporting("write", temporary.place), self.opened(temporary.path, flags) as descriptor:
            grant(descriptor, FILE_MODE)
            rest = memoryview(body)
            while rest:
                rest = rest[os.write(descriptor, rest) :]

    def secure(self, temporaries: Sequence[Temporary]) -> None:
        """Make temporary files durable, several at once: a disk takes them together, and waits once."""
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  # an unchanged run writes nothing

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for _ in pool.map(self._secure, temporaries):
                pass  # it raises what the system said of that file

    def _secure(self, temporary: Temporary) -> None:
        with self.reporting("write", temporary.place), self.opened(temporary.path, os.O_RDONLY) as descriptor:
            os.fsync(descriptor)

    def replace(self, temporary: Temporary) -> None:
        """Put a temporary file into its place: readers see the old bytes or the new ones, whole.

        It is younger than the old one by whole seconds: web servers tell versions apart by them (RFC 9110
        §8.8.2), and would answer "not modified" about the second one of a second for ever.
        """
        (source, name), (directory, new_name) = _split(temporary.path), _split(temporary.place)
        with (
            self.reporting("replace", temporary.place),
            self._directory(source) as here,
            self._directory(directory) as there,
        ):
            with suppress(FileNotFoundError):
                _make_younger(name, here, than=os.stat(new_name, dir_fd=there, follow_symlinks=False))
            os.replace(name, new_name, src_dir_fd=here, dst_dir_fd=there)

    def remove(self, path: str) -> None:
        """Remove a file, if it is there."""
        directory, name = _split(path)
        with (
            self.reporting("remove", path),
            suppress(FileNotFoundError),
            self._directory(directory) as parent,
        ):
            os.unlink(name, dir_fd=parent)

    def remove_directory(self, directory: str) -> None:
        """Remove a directory, if it is there and empty."""
        above, name = _split(directory)
        with (
            self.reporting("remove", directory),
            suppress(FileNotFoundError),
            self._directory(above) as parent,
        ):
            try:
                os.rmdir(name, dir_fd=parent)
            except OSError as exc:
                if exc.errno not in _KEPT:
                    raise

    def sync(self, directory: str) -> None:
        """Make what was put into a directory, or taken out of it, durable."""
        with self.reporting("write", directory), self._directory(directory) as descriptor:
            os.fsync(descriptor)


def grant(descriptor: int, mode: int) -> None:
    """Give a file of ours the rights of `mode` that the umask withheld, and only if it did."""
    granted = stat.S_IMODE(os.fstat(descriptor).st_mode)
    if granted & mode != mode:
        os.fchmod(descriptor, granted | mode)


def directories_above(path: str) -> Iterator[str]:
    """Yield the directories above a path, the nearest first, the root last."""
    while path:
        path, _ = _split(path)
        yield path


def _make_directory(name: str, parent: int) -> None:
    # The mode must be right at once: a crash before a chmod would leave a directory that nobody may read.
    umask = os.umask(0)
    try:
        os.mkdir(name, _DIRECTORY_MODE, dir_fd=parent)
    except FileExistsError:  # made meanwhile, by a run that wants the same lock
        return
    finally:
        os.umask(umask)
    os.fsync(parent)


def _is_temporary(entry: os.DirEntry[str]) -> bool:
    return _TEMPORARY.fullmatch(entry.name) is not None and entry.is_file(follow_symlinks=False)


def _split(path: str) -> tuple[str, str]:
    directory, _, name = path.rpartition("/")
    return directory, name


def _join(directory: str, name: str) -> str:
    return f"{directory}/{name}" if directory else name


def _make_younger(name: str, directory: int, *, than: os.stat_result) -> None:
    second = than.st_mtime_ns // _SECOND_NS
    if os.stat(name, dir_fd=directory).st_mtime_ns // _SECOND_NS <= second:
        moment_ns = (second + 1) * _SECOND_NS
        os.utime(name, ns=(moment_ns, moment_ns), dir_fd=directory)


def _id(status: os.stat_result) -> FileId:
    return status.st_dev, status.st_ino
