"""What stands in the directories of an archive, compared with what was seen of them last.

What is known of some hundred files is a digest. It is compared where they are listed, and only what differs
is given: so several processes can list directories, and send each other no stamps by the hundred thousand.
"""

import hashlib
import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from feedbridge.catalogue import Parts, part_of
from feedbridge.config import Config
from feedbridge.model import FileId, Ignored, Stamp, Value
from feedbridge.pipeline.workers import Work, Workers
from feedbridge.scan import Directory, Tree

_STAMP = struct.Struct("<qqQ")
UNKNOWN = Parts(0, {})


class Part(Value, frozen=True):
    """The files that stand in one part of a directory."""

    digest: bytes  # equal for equal stamps, in any order
    stamps: tuple[Stamp, ...]


class Seen(Value, frozen=True):
    """What stands in one directory."""

    directory: Directory
    files: int  # but for the ignored ones
    ignored: tuple[Ignored, ...]
    changed: Mapping[int, Part]  # by its number: what is not as it was seen last
    emptied: frozenset[int]  # the parts in which nothing stands any more
    below: tuple[Directory, ...]


class Seeing(Value, frozen=True):
    """How directories are looked at."""

    tree: Tree
    own: frozenset[FileId]  # what is ours, and none of the archive
    is_anew: bool  # whether everything counts as changed


class _Asked(Value, frozen=True):
    directory: Directory
    known: Mapping[int, bytes]  # the digests of its parts, as they were seen last
    how: Seeing


def walk(how: Seeing, known: Mapping[Directory, Parts], workers: Workers) -> Iterator[Seen]:
    """Look at every directory, those of which most is known first. Raises: InputError."""
    level = how.tree.tops()
    while level:
        asked = (_Asked(directory=one, known=known.get(one, UNKNOWN).digests, how=how) for one in level)
        below: list[Directory] = []
        for seen in workers.map(_SEEING, sorted(asked, key=_weight, reverse=True)):
            below += seen.below
            yield seen
            del seen  # before the next directory is listed
        level = tuple(below)


def _see(_: Config, asked: _Asked) -> Seen:
    listing = asked.how.tree.listing(asked.directory, own=asked.how.own)
    found = {part: Part(digest=_digest(stamps), stamps=stamps) for part, stamps in _parts(listing.stamps)}
    changed = {
        number: part
        for number, part in found.items()
        if asked.how.is_anew or part.digest != asked.known.get(number)
    }
    return Seen(
        directory=asked.directory,
        files=len(listing.stamps),
        ignored=listing.ignored,
        changed=changed,
        emptied=frozenset(asked.known.keys() - found.keys()),
        below=listing.below,
    )


def _parts(stamps: Iterable[Stamp]) -> Iterable[tuple[int, tuple[Stamp, ...]]]:
    found: defaultdict[int, list[Stamp]] = defaultdict(list)
    for stamp in stamps:
        found[part_of(stamp)].append(stamp)
    return ((part, tuple(members)) for part, members in found.items())


def _digest(stamps: Iterable[Stamp]) -> bytes:
    rows = sorted(_STAMP.pack(one.size_bytes, one.mtime_ns, one.inode) + one.path for one in stamps)
    return hashlib.blake2b(b"\0".join(rows), digest_size=16).digest()


def _weight(asked: _Asked) -> int:
    return max(1, len(asked.known))


_SEEING = Work(_see, _weight, together=64, heavy=16, alone=0)
