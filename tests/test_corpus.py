"""Real articles with expected values. They belong to their publishers, so they are read where they lie."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from feedbridge import parse
from feedbridge.config import load_sites
from feedbridge.model import Article, Content
from feedbridge.normalise import Wishes, normalise
from feedbridge.standards.dates import rfc3339
from feedbridge.standards.text import fold
from tests.samples import SHARED

CORPUS = SHARED / "corpus"
SITES = load_sites()

# Pictures that the table counts and the rules leave out, by the number in the file's name.
LEFT_OUT = {
    "1037248": 1,  # the magnifying glass of a site: rule 18, no button
    "1047552": 1,  # the same
    "1042134": 1,  # a podcast's advertisement, boilerplate too
    "1026987": 2,  # the unrelated gallery of a site, which is boilerplate
}


def rows() -> Iterator[Mapping[str, str]]:
    """Give the rows of the table; where there is none, one that says so."""
    if not (CORPUS / "expected.tsv").exists():
        yield {"file": ""}
        return
    with (CORPUS / "expected.tsv").open(encoding="utf-8", newline="") as table:
        yield from csv.DictReader(table, delimiter="\t")


def files() -> list[str]:
    """Give the paths of all articles; where there are none, one that says so."""
    found = sorted(str(path.relative_to(CORPUS)) for path in (CORPUS / "articles").rglob("*.md"))
    return found or [""]


def read(file: str) -> tuple[Article, Content]:
    """Read one article of the corpus as the pipeline does."""
    if not file:
        pytest.skip(f"there is no corpus at {CORPUS.relative_to(SHARED.parent)} beside the checkout")
    path = CORPUS / file
    article = parse.explain(bytes(Path(file)), path.read_bytes(), sites=SITES)
    assert isinstance(article, Article), article
    return article, normalise(article, sites=SITES, wishes=Wishes(language="zh"))


@pytest.mark.parametrize("row", [pytest.param(row, id=row["file"]) for row in rows()])
def test_expected_values(row):
    """Title, address, dates and pictures of every row; white space in titles is folded by rule 6."""
    article, content = read(row["file"])
    assert content.title == fold(row["title"])
    assert article.link == row["url"]
    assert rfc3339(article.version.published) == row["published_iso_utc"]
    epoch = article.version.epoch
    assert (rfc3339(epoch) if epoch else "") == row["epoch_comment_utc"]
    won = next(one.reason for one in article.decisions if one.rule == "published (this file)")
    assert won.startswith({"body": "the date line", "epoch": "the epoch"}[row["published_source"]])
    number = Path(row["file"]).name.split("_")[0].removesuffix(".md")
    assert len(content.images) == int(row["content_images"]) - LEFT_OUT.get(number, 0)


@pytest.mark.parametrize("file", files())
def test_nothing_of_a_page_is_left(file):
    """No real article keeps its date line, a share bar, an advertisement or the feed service's footer."""
    _, content = read(file)
    for left in (
        "获取更多RSS",
        "feedx",
        "广告",
        "addtoany",
        "whatsapp",
        "CDT 档案卡",
        "分钟前",
        "相关图集",
        "icon-zoom",
    ):
        assert left not in content.content
