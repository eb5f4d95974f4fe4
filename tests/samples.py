"""Articles in the user's form, made for tests."""

from datetime import UTC, datetime
from pathlib import Path

from feedbridge.identity import join
from feedbridge.model import Entry, FeedSpec, Identity, Measure, Version

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CHECKOUT = Path(__file__).parent.parent
SHARED = CHECKOUT.parent / "shared"
USERS_ARTICLE = SHARED / "seeds" / "000_18f163f2d70655d2.txt"

EPOCH = datetime(2024, 1, 31, 15, 47, 3, tzinfo=UTC)


def milliseconds(moment: datetime) -> int:
    """Return a moment as an epoch comment has it."""
    return int(moment.timestamp() * 1000)


def text(
    *,
    title: str = "A title",
    url: str = "https://www.dw.com/zh/a-title/a-1",
    epoch: datetime | str | None = EPOCH,
    body: str = "<p>Words.</p>",
) -> str:
    """Return the text of one article of shape A; `epoch` as it stands in the comment, None for no comment."""
    written = milliseconds(epoch) if isinstance(epoch, datetime) else epoch
    comment = "" if written is None else f"<!--{written}-->\n"
    return f"{comment}[{title}]({url})\n------\n\n{body}\n"


def raw(**parts: object) -> bytes:
    """Return the bytes of one article; the arguments are those of `text`."""
    return text(**parts).encode()  # type: ignore[arg-type]  # passed on as they are


def archive(directory: Path, *, count: int, host: str = "example.org") -> Path:
    """Fill a directory with articles an hour apart, the first one the oldest."""
    directory.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        moment = datetime.fromtimestamp(milliseconds(EPOCH) / 1000 + 3600 * number, UTC)
        body = f"<p>Text of number {number}.</p>"
        article = raw(title=f"Number {number}", url=f"https://{host}/{number}", epoch=moment, body=body)
        (directory / f"{number:05}.txt").write_bytes(article)
    return directory


def version(**changes: object) -> Version:
    """Return the facts of a file, as ordinary as can be but for the changes."""
    facts: dict[str, object] = {
        "path": b"a.txt",
        "digest": b"0" * 16,
        "key": "dw/1",
        "epoch": EPOCH,
        "published": EPOCH,
        "source": "dw",
        "source_name": "DW",
    }
    return Version(**{**facts, **changes})  # type: ignore[arg-type]  # checked where they are used


def identity(**changes: object) -> Identity:
    """Return an article of one file, as ordinary as can be but for the changes."""
    return join([version(**changes)], measure=unmeasured)


def unmeasured(_: Version) -> Measure:
    """Stand for measuring where every article has one file, so that nothing is measured."""
    raise AssertionError


def entry(**changes: object) -> Entry:
    """Return an entry, as ordinary as can be but for the changes."""
    facts: dict[str, object] = {
        "guid": "urn:uuid:cc1e495d-0752-5739-9a77-41a551152f49",
        "link": "https://www.dw.com/zh/a-1",
        "title": "A title",
        "author": "",
        "published": EPOCH,
        "updated": EPOCH,
        "language": "en",
        "direction": "ltr",
        "summary": "Words.",
        "content": '<div lang="en" dir="ltr"><p>Words.</p></div>',
        "images": (),
        "lead": None,
        "categories": (),
        "measure": Measure(fingerprint="0" * 32, length=6),
        "source": "dw",
        "source_name": "DW",
    }
    return Entry(**{**facts, **changes})  # type: ignore[arg-type]  # checked where they are used


def spec(**changes: object) -> FeedSpec:
    """Return a main feed with the default limits, but for the changes."""
    facts: dict[str, object] = {
        "name": "main",
        "directory": "",
        "url": "https://feeds.example.org/",
        "title": "A site",
        "description": "A site",
        "author": "A site",
        "icon": "",
        "language": "",
        "source": "",
        "source_feeds_url": "https://feeds.example.org/source/",
        "formats": ("atom", "rss"),
        "limit": 100,
        "max_bytes": 2 * 1024 * 1024,
        "content": "full",
        "enclosures": "all",
    }
    return FeedSpec(**{**facts, **changes})  # type: ignore[arg-type]  # checked where they are used


def snapshot(directory: Path) -> dict[str, tuple[bytes, int, int]]:
    """Return every file's bytes, mtime and inode, by its path below the directory."""
    return {
        str(path.relative_to(directory)): (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino)
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


def contents(directory: Path) -> dict[str, bytes]:
    """Return every file's bytes, by its path below the directory."""
    return {path: body for path, (body, _, _) in snapshot(directory).items()}
