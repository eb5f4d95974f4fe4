"""The list, in the output directory itself, of the files in it that are ours."""

import json
import re
from collections.abc import Mapping
from enum import StrEnum

from feedbridge.errors import OutputError
from feedbridge.publish.tree import Tree

MANIFEST = ".feedbridge.json"

_FORMAT = 1
# No part begins with a dot: no way up, no hidden file, neither this list nor a temporary file.
_PATH = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")


class Kind(StrEnum):
    """What a file of ours holds."""

    FEED = "feed"
    PAGE = "page"
    GZIP = "gzip"  # one of the other two, packed


Files = Mapping[str, Kind]  # by path


def read(tree: Tree) -> Files:
    """Return what is listed as ours; nothing where there is no list.

    Raises: OutputError if the list is damaged, of another format, or lists what cannot be ours.
    """
    text = tree.read(MANIFEST)
    if text is None:
        return {}
    try:
        return _parse(text)
    except (ValueError, RecursionError) as exc:
        raise OutputError(
            f"{tree.name(MANIFEST)} does not tell which files are feedbridge's: {exc}; "
            "restore it, or delete it: then only files that hold what would be written are taken as its own"
        ) from exc


def encode(files: Files) -> bytes:
    """Return the list as it stands in its file: the same files, the same bytes."""
    document = {"format": _FORMAT, "files": dict(files)}
    return json.dumps(document, indent=1, sort_keys=True).encode() + b"\n"


def check(path: str) -> str:
    """Return `path` if a file of ours may stand there. Raises: ValueError."""
    if not _PATH.fullmatch(path):
        raise ValueError(f"{path!a} is no path of a feed")
    return path


def _parse(text: bytes) -> Files:
    match json.loads(text):
        case {"format": 1, "files": dict() as files}:
            return {check(path): Kind(kind) for path, kind in files.items()}
        case {"format": int(number)}:
            raise ValueError(f"its format {number} is not known to this version")
        case _:
            raise ValueError("it has no format and files")
