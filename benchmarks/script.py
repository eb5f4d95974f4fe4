"""The obvious script, for comparison: it reads every article, and writes the newest ones with feedgen.

python -m benchmarks.script ARCHIVE OUTPUT [--sources]

It is what most people would write, and no more: it remembers nothing, and minds neither what is odd nor what
is hostile. Every body is parsed by lxml, for its pictures and its text, and all of it is held in memory.
"""

import re
import sys
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dateutil import parser as dates
from feedgen.feed import FeedGenerator
from lxml import html

LIMIT = 100
SITE = "http://127.0.0.1:8000/"

_HEADER = re.compile(r"<!--(\d+)-->\n\[(.*)\]\((\S+)\)\n-+\n(.*)", re.DOTALL)
_DATE = re.compile(r"<div><i>(.*?)<br>(.*?)</i></div>")


def read(path: Path) -> dict[str, Any]:
    """Return what a file says."""
    header = _HEADER.match(path.read_text(encoding="utf-8"))
    assert header is not None  # noqa: S101  # of the archives that we make
    epoch, title, link, body = header.groups()
    date = _DATE.search(body)
    assert date is not None  # noqa: S101  # the same
    tree = html.fromstring(body)
    return {
        "title": title,
        "link": link,
        "updated": datetime.fromtimestamp(int(epoch) / 1000, UTC),
        "published": dates.isoparse(date[2]),
        "body": body.replace(date[0], "", 1),
        "images": tree.xpath("//img/@src"),
        "summary": tree.text_content()[:300],
    }


def write(directory: Path, title: str, articles: list[dict[str, Any]]) -> None:
    """Write the newest articles as Atom and RSS."""
    feed = FeedGenerator()
    feed.id(SITE)
    feed.title(title)
    feed.description(title)
    feed.link(href=SITE)
    for article in articles[:LIMIT]:
        entry = feed.add_entry(order="append")
        entry.id(article["link"])
        entry.title(article["title"])
        entry.link(href=article["link"])
        entry.published(article["published"])
        entry.updated(article["updated"])
        entry.summary(article["summary"])
        entry.content(article["body"], type="html")
        for image in article["images"]:
            entry.enclosure(image, 0, "image/jpeg")
    directory.mkdir(parents=True, exist_ok=True)
    feed.atom_file(str(directory / "atom.xml"))
    feed.rss_file(str(directory / "rss.xml"))


def main() -> None:
    """Make the main feed, and one for each source if that is asked for."""
    archive, output = Path(sys.argv[1]), Path(sys.argv[2])
    articles = [read(path) for path in archive.rglob("*.txt")]
    articles.sort(key=lambda article: article["published"], reverse=True)
    write(output, archive.name, articles)
    if "--sources" in sys.argv:
        sources = defaultdict(list)
        for article in articles:
            sources[urlsplit(article["link"]).hostname].append(article)
        for source, members in sources.items():
            write(output / "source" / source, source, members)


if __name__ == "__main__":
    main()
