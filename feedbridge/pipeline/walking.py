"""What stands in the directories of an archive, compared with what was seen of them last.

What is known of some hundred files is a digest. It is compared where they are listed, and only what differs
is given: so several processes can list directories, and send each other no stamps by the hundred thousand.
"""

import hashlib
import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from feedbridge.catalogue import Parts, part_of
from feedbridge.config import Config
from feedbridge.model import FileId, Ignored, Stamp, Value
from feedbridge.pipeline.workers import Work, Workers
from feedbridge.scan import Directory, Tree

MANY = 15_000  # articles: from then on it pays that others list some of their directories

UNSETTLED = b"unsettled"  # for the digest of a part: like no other, so that it is looked at

_STAMP = struct.Struct("<qqQ")


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


class _Asked(Value, frozen=True):
    tree: Tree
    own: frozenset[FileId]
    directory: Directory
    known: Mapping[int, bytes]  # the digests of its parts, as they were seen last


def walk(
    tree: Tree, known: Mapping[tuple[int, bytes], Parts], workers: Workers, *, own: frozenset[FileId]
) -> Iterator[Seen]:
    """Look at every directory, but for what is `own`: our output and state. Raises: InputError.

    Others help with those of which something is known: of the rest all would have to be sent.
    """
    level = tree.tops()
    while level:
        asked = [
            _Asked(tree=tree, own=own, directory=one, known=known[one].digests if one in known else {})
            for one in level
        ]
        here = (_see(one) for one in asked if not _weight(one))
        shared = sorted(filter(_weight, asked), key=_weight, reverse=True)  # those that take longest first
        below: list[Directory] = []
        for seen in chain(workers.map(_SEEING, shared), here):
            below += seen.below
            yield seen
            del seen  # what it holds may be much
        level = tuple(below)


def _see(asked: _Asked) -> Seen:
    listing = asked.tree.listing(asked.directory, own=asked.own)
    found = {part: Part(digest=_digest(stamps), stamps=stamps) for part, stamps in _parts(listing.stamps)}
    return Seen(
        directory=asked.directory,
        files=len(listing.stamps),
        ignored=listing.ignored,
        changed={number: part for number, part in found.items() if part.digest != asked.known.get(number)},
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
    """Return in how many parts there is, most likely, nothing to tell."""
    return sum(digest != UNSETTLED for digest in asked.known.values())


def _see_for(_: Config, asked: _Asked) -> Seen:
    return _see(asked)


_SEEING = Work(_see_for, _weight, together=16, heavy=16, alone=0)
