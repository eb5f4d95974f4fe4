"""What the sample articles in `seeds/` are: the archive's exact form, and something of each kind."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

SEEDS = sorted((Path(__file__).parents[1] / "seeds").iterdir())

EPOCH = re.compile(r"<!--(\d{10}000)-->")  # milliseconds, always whole seconds
TITLE_LINE = re.compile(r"\[(.+)\]\((.+)\)")
DATE_LINE = re.compile(r"<div><i>([^<]*)<br>(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)</i></div>")
PICTURE = re.compile(r'<img src="([^"]+)" width="100%">')
CAPTION = re.compile(r'<div><small style="color: #999;">([^<]*)</small></div>')
SCRIPTS = {"Hans": "[这们来时让]", "Hant": "[這們來時讓]", "Arab": "[\u0621-\u064a]"}
COMMONS = "https://images.weserv.nl/?url=upload.wikimedia.org/wikipedia/commons/"


class Seed(msgspec.Struct, frozen=True, kw_only=True):
    """One sample, split by its lines."""

    epoch: datetime
    title: str
    link: str
    body: str


def read(path: Path) -> Seed:
    """Split a sample strictly: what is not the archive's form fails."""
    comment, title_line, rule, blank, body, end = path.read_bytes().decode().split("\n")
    epoch, heading = EPOCH.fullmatch(comment), TITLE_LINE.fullmatch(title_line)
    assert epoch, comment
    assert heading, title_line
    assert (rule, blank, end) == ("------", "", "")
    return Seed(
        epoch=datetime.fromtimestamp(int(epoch[1]) / 1000, UTC), title=heading[1], link=heading[2], body=body
    )


def script(seed: Seed) -> str:
    """Name the script by characters that only one of them has."""
    for name, characters in SCRIPTS.items():
        if re.search(characters, seed.body):
            return name
    return "Latn"


@pytest.fixture(params=SEEDS, ids=lambda path: path.stem)
def seed(request):
    """Give each sample, read strictly."""
    return read(request.param)


@pytest.fixture
def seeds():
    """Give all samples."""
    return [read(path) for path in SEEDS]


@pytest.fixture
def usable(seeds):
    """Give those that can be entries."""
    return [seed for seed in seeds if urlsplit(seed.link).hostname]


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.stem)
def test_file_name_has_the_form_of_the_archive(path):
    """A number, an underscore, sixteen hexadecimal digits, `.txt`."""
    assert re.fullmatch(r"\d{3}_[0-9a-f]{16}\.txt", path.name)


def test_body_is_one_line_of_paragraphs(seed):
    """HTML in one physical line, its paragraphs closed."""
    assert seed.body.count("<p>") == seed.body.count("</p>") > 0


def test_date_line_is_minutes_or_hours_before_the_epoch(seed):
    """First published, then carried by a feed, from which the archive took it."""
    line = DATE_LINE.match(seed.body)
    if line:
        assert timedelta() < seed.epoch - datetime.fromisoformat(line[2]) < timedelta(hours=48)


def test_pictures_are_public_domain_ones_through_the_proxy(seed):
    """Every picture is a file of Wikimedia Commons, asked for as the archive does."""
    addresses = PICTURE.findall(seed.body)
    assert len(addresses) == seed.body.count("<img")
    assert all(address.startswith(COMMONS) for address in addresses)


def test_no_real_publisher_is_named_as_the_source(seed):
    """The samples are our own: their addresses lie in hosts kept for examples (RFC 2606)."""
    assert urlsplit(seed.link).hostname in {"example.org", "www.example.com", "example.net", None}


def test_scripts_are_simplified_and_traditional_chinese_arabic_and_latin(usable):
    """Each way of finding an entry's language is shown more than once."""
    assert Counter(script(seed) for seed in usable) == {"Hans": 5, "Hant": 2, "Arab": 2, "Latn": 4}


def test_three_sources_have_a_feed_each(usable):
    """The addresses of usable articles name three hosts."""
    assert len({urlsplit(seed.link).hostname for seed in usable}) == 3


def test_epochs_are_spread_over_weeks(seeds):
    """The feeds look lived-in: no two samples came at once, and years are whole."""
    epochs = sorted(seed.epoch for seed in seeds)
    assert len(set(epochs)) == len(epochs)
    assert epochs[-1] - epochs[0] > timedelta(weeks=12)
    assert {epoch.year for epoch in epochs} == {2024, 2025}


def test_one_article_stands_in_two_files(seeds):
    """A twin: the same address twice, with a later epoch, another title and a corrected text."""
    (link, count), (_, next_count) = Counter(seed.link for seed in seeds).most_common(2)
    earlier, later = sorted((s for s in seeds if s.link == link), key=lambda seed: seed.epoch)
    assert (count, next_count) == (2, 1)
    assert earlier.title != later.title
    assert earlier.body != later.body


PECULIARITIES = {
    "no-usable-link": (1, lambda seed: not urlsplit(seed.link).hostname),
    "video-without-date-line": (1, lambda seed: "<video" in seed.body and not DATE_LINE.match(seed.body)),
    "no-picture": (3, lambda seed: "<img" not in seed.body),
    "two-pictures": (1, lambda seed: len(PICTURE.findall(seed.body)) == 2),
    "empty-caption": (1, lambda seed: "" in CAPTION.findall(seed.body)),
    "brackets-in-title": (1, lambda seed: "(" in seed.title and "[" in seed.title),
    "parentheses-in-address": (1, lambda seed: "(" in seed.link),
    "ampersand-in-title": (1, lambda seed: "&" in seed.title),
    "author": (7, lambda seed: bool((line := DATE_LINE.match(seed.body)) and line[1])),
    "root-relative-link": (2, lambda seed: 'href="/' in seed.body),
    "escaped-picture-address": (2, lambda seed: any("%" in url for url in PICTURE.findall(seed.body))),
}


@pytest.mark.parametrize(("count", "is_peculiar"), PECULIARITIES.values(), ids=PECULIARITIES)
def test_peculiarity_is_represented(count, is_peculiar, seeds):
    """What makes real archives hard stands in the samples, so that a first run shows it."""
    assert sum(map(is_peculiar, seeds)) == count
