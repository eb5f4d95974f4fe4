"""config: what the file may say, what is refused and in which words, and where the file is."""

import os
import re
import tomllib
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedbridge import config
from feedbridge.config.kinds import Refused
from feedbridge.config.schema import Derived
from feedbridge.config.words import shown
from feedbridge.errors import ConfigError
from feedbridge.model import Address, Guards
from feedbridge.standards import crontab

DOCS = (Path(__file__).parents[1] / "docs" / "configuration.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"^```(toml|text)\n(.*?)^```$", DOCS, re.DOTALL | re.MULTILINE))
SIZES = 'a size of at most 1 GiB such as "1.5 MiB" (units: B, kB, MB, GB, KiB, MiB, GiB) is needed'
NAMES = 'a list without doubles of at least one of "atom", "rss" is needed'
PATTERNS = 'a list without doubles of patterns such as "*.txt" is needed'
SOURCES = 'an empty list or one without doubles of "source" is needed'
REFERENCE = "an http or https address, absolute or relative to url is needed"
DIRECTORIES = "the path of a directory, or a list of paths of which none lies within another is needed"
ADDRESS = "an absolute http or https address with a host and without user name, query and fragment is needed"


def written(directory: Path, text: str | bytes) -> Path:
    """Return the path of a configuration that says this."""
    file = directory / "config.toml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def loaded(directory: Path, text: str) -> config.Config:
    """Return what a configuration says."""
    return config.load(written(directory, text))


def mistakes(directory: Path, text: str | bytes) -> list[str]:
    """Return the lines that refuse a configuration, without the file's path before each."""
    file = written(directory, text)
    with pytest.raises(ConfigError) as caught:
        config.load(file)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(f"{file}: ") for line in lines)
    return [line.removeprefix(f"{file}: ") for line in lines]


# --- what it says ------------------------------------------------------------------------


def test_an_empty_file_means_the_defaults(tmp_path):
    """No key is obligatory."""
    found = loaded(tmp_path, "")
    assert found == config.Config(
        site=config.Site(
            title="seeds",
            url="http://127.0.0.1:8000/",
            description="seeds",
            author="seeds",
            icon="",
            language="",
            named_after_input=("title", "description", "author"),
        ),
        input=config.Input(
            directories=(tmp_path / "seeds",), labels=("seeds",), include=(), exclude=(), max_bytes=8 * 2**20
        ),
        output=config.Output(directory=tmp_path / "public", gzip=False),
        images=config.Images(enclosures="all", urls="keep"),
        feeds=config.Feeds(
            formats=("atom", "rss"), by=("source",), limit=100, max_bytes=2 * 2**20, content="full"
        ),
        state=config.State(file=tmp_path / ".feedbridge" / "catalogue.sqlite3"),
        guards=Guards(forget_after=None),
        schedule=config.Schedule(
            every=timedelta(minutes=5), cron=None, timezone="UTC", watch=True, budget=timedelta(minutes=30)
        ),
        serve=config.Serve(host="127.0.0.1", port=8000, operator=None),
        sites=config.load_sites(),
    )


def test_every_key_is_carried_over(tmp_path):
    """What the documentation's example says arrives, as values that we go on with."""
    (tmp_path / "sites").mkdir()
    found = loaded(tmp_path, BLOCKS["toml"])
    assert found == config.Config(
        site=config.Site(
            title="气候新闻 · Climate news",
            url="https://feeds.example.org/climate/",
            description="What the archive has on the climate",
            author="The archive",
            icon="https://feeds.example.org/climate/icon.png",
            language="zh",
            named_after_input=(),
        ),
        input=config.Input(
            directories=(tmp_path / "articles", tmp_path / "archived"),
            labels=("articles", "archived"),
            include=("*.txt", "*.md"),
            exclude=("drafts", "archived/2019-*", "*.bak"),
            max_bytes=8 * 2**20,
        ),
        output=config.Output(directory=tmp_path / "public", gzip=True),
        images=config.Images(enclosures="lead", urls="unwrap"),
        feeds=config.Feeds(
            formats=("atom", "rss"), by=("source",), limit=200, max_bytes=3 * 2**19, content="summary"
        ),
        state=config.State(file=tmp_path / "state" / "catalogue.sqlite3"),
        guards=Guards(forget_after=timedelta(days=30)),
        schedule=config.Schedule(
            every=timedelta(minutes=15),
            cron=crontab.parse("*/5 * * * 1-5"),
            timezone="Europe/Berlin",
            watch=False,
            budget=timedelta(hours=1),
        ),
        serve=config.Serve(host="::", port=8080, operator=Address(host="127.0.0.1", port=9100)),
        sites=config.load_sites(),
    )


def test_paths_are_relative_to_the_file(tmp_path, monkeypatch):
    """A configuration means the same wherever the command runs, also when its own path is relative."""
    written(tmp_path, '[input]\ndirectory = "../archive"\n[output]\ndirectory = "/srv/feeds"')
    monkeypatch.chdir(tmp_path.parent)
    found = config.load(Path(tmp_path.name) / "config.toml")
    assert found.input.directories == (tmp_path / ".." / "archive",)
    assert found.output.directory == Path("/srv/feeds")


def test_paths_are_relative_to_the_name_of_the_file(tmp_path):
    """A link to a configuration is as good as a copy of it."""
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "link.toml").symlink_to(written(tmp_path, ""))
    assert config.load(tmp_path / "here" / "link.toml").input.directories == (tmp_path / "here" / "seeds",)


def test_a_limit_may_be_larger_than_any_archive(tmp_path):
    """Whoever wants all entries in one feed may say so."""
    assert loaded(tmp_path, f"[feeds]\nlimit = {10**40}").feeds.limit == 10**40


@pytest.mark.parametrize(
    ("directory", "title"),
    [
        pytest.param("/srv/news archive/", "news archive", id="its-own-name"),
        pytest.param("/srv/a/../b", "b", id="dots"),
        pytest.param("/", "feedbridge", id="root-has-none"),
        pytest.param("/srv/a\\u001B[31m\\nb\\u0085", "a[31m b", id="controls-go"),
        pytest.param("/srv/\\u200B\\u200E", "feedbridge", id="invisible"),
        pytest.param("/srv/\\u202Eabc", "\u202eabc\u202c", id="bidi-closed"),
    ],
)
def test_the_title_is_the_directorys_name_by_default(directory, title, tmp_path):
    """Without a title the first input directory's name is shown to people, cleaned."""
    site = loaded(tmp_path, f'[input]\ndirectory = "{directory}"').site
    assert (site.title, site.description, site.author) == (title, title, title)


def test_of_several_directories_the_first_names_the_title(tmp_path):
    """As configured: the order is the file's."""
    assert loaded(tmp_path, '[input]\ndirectory = ["z", "a"]').site.title == "z"


def test_description_and_author_follow_the_title(tmp_path):
    """A feed always has a description and an author (emission rule 19)."""
    site = loaded(tmp_path, '[site]\ntitle = " Climate  news\u3000"').site
    assert (site.title, site.description, site.author) == ("Climate news",) * 3


@pytest.mark.parametrize(
    ("url", "address"),
    [
        pytest.param("https://feeds.example.org", "https://feeds.example.org/", id="host-alone"),
        pytest.param("https://feeds.example.org/a", "https://feeds.example.org/a/", id="last-slash-added"),
        pytest.param("http://[::1]:8000/a/", "http://[::1]:8000/a/", id="as-it-stands"),
        pytest.param("https://example.org/新闻/", "https://example.org/%E6%96%B0%E9%97%BB/", id="as-a-uri"),
    ],
)
def test_url_is_a_directorys_address(url, address, tmp_path):
    """Addresses of feeds are made by putting names behind it."""
    assert loaded(tmp_path, f'[site]\nurl = "{url}"').site.url == address


@pytest.mark.parametrize(
    ("icon", "address"),
    [
        pytest.param("icon.png", "https://example.org/news/icon.png", id="relative"),
        pytest.param("/icon.png", "https://example.org/icon.png", id="from-the-root"),
        pytest.param("https://cdn.example.net/i.png?v=2", "https://cdn.example.net/i.png?v=2", id="absolute"),
    ],
)
def test_icon_becomes_absolute(icon, address, tmp_path):
    """An icon beside the feeds is named as simply as it stands there."""
    assert loaded(tmp_path, f'[site]\nicon = "{icon}"\nurl = "https://example.org/news"').site.icon == address


@pytest.mark.parametrize(
    ("size", "size_bytes"),
    [
        pytest.param("1 B", 1, id="B"),
        pytest.param("2kB", 2000, id="kB"),
        pytest.param("2 MB", 2 * 10**6, id="MB"),
        pytest.param("1 GB", 10**9, id="GB"),
        pytest.param("0.3 KiB", 307, id="KiB-rounded-down"),
        pytest.param("1.5 MiB", 3 * 2**19, id="MiB"),
        pytest.param("1 GiB", 2**30, id="GiB-the-largest"),
    ],
)
def test_sizes_are_numbers_with_units(size, size_bytes, tmp_path):
    """Powers of 1000 and of 1024 are told apart by their standard names."""
    assert loaded(tmp_path, f'[feeds]\nmax_bytes = "{size}"').feeds.max_bytes == size_bytes


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('[input]\ndirectory = "a"\n[output]\ndirectory = "a"', id="the-same"),
        pytest.param('[input]\ndirectory = "a"\n[output]\ndirectory = "a/public"', id="output-within-input"),
        pytest.param('[input]\ndirectory = "a/b"\n[output]\ndirectory = "a"', id="input-within-output"),
    ],
)
def test_output_and_input_may_lie_within_each_other(text, tmp_path):
    """A repository whose root is served holds both; our own files are never taken for articles."""
    assert loaded(tmp_path, text).output.directory.is_relative_to(tmp_path / "a")


def test_a_directory_that_does_not_exist_is_no_mistake(tmp_path):
    """Whether the archive is there is found by the run, which then fails with exit code 1."""
    assert loaded(tmp_path, '[input]\ndirectory = "nowhere"').input.labels == ("nowhere",)


def test_inputs_may_stand_beside_each_other(tmp_path):
    """A name that begins like another's is not within it."""
    found = loaded(tmp_path, '[input]\ndirectory = ["a", "ab", "b/a"]')
    assert found.input.labels == ("a", "ab", "b/a")


def test_a_byte_order_mark_is_passed_over(tmp_path):
    """Some editors begin every file with one."""
    assert config.load(written(tmp_path, b"\xef\xbb\xbf[feeds]\nlimit = 7")).feeds.limit == 7


# --- what it refuses ---------------------------------------------------------------------

FILE = "[state] file = {}: the path of a file is needed"
NEVER = (
    "[guards] forget_after = {}: "
    '"never" or a time of at most 10 years such as "30 d" (units: s, min, h, d) is needed'
)
TIME = '[schedule] {} = {}: a time of at most 10 years such as "5 min" (units: s, min, h, d) is needed'
IMPOSSIBLE = {
    # files and times
    "state-no-text": ("[state]\nfile = 3", FILE.format(3)),
    "state-empty": ('[state]\nfile = " "', FILE.format('" "') + "; it is empty"),
    "time-number": ("[guards]\nforget_after = 30", NEVER.format(30)),
    "time-no-unit": ('[guards]\nforget_after = "30"', NEVER.format('"30"') + "; it has no unit"),
    "time-unit": ('[guards]\nforget_after = "30 D"', NEVER.format('"30 D"') + '; did you mean "d"?'),
    "time-negative": ('[guards]\nforget_after = "-1 d"', NEVER.format('"-1 d"')),
    "time-nothing": ('[guards]\nforget_after = "0 s"', NEVER.format('"0 s"')),
    "time-too-long": ('[guards]\nforget_after = "3661 d"', NEVER.format('"3661 d"')),
    "time-word": ('[guards]\nforget_after = "Never"', NEVER.format('"Never"')),
    "every-word": ('[schedule]\nevery = "never"', TIME.format("every", '"never"')),
    "every-negative": ('[schedule]\nevery = "-5 min"', TIME.format("every", '"-5 min"')),
    "budget-nothing": ('[schedule]\nbudget = "0 min"', TIME.format("budget", '"0 min"')),
    "cron-number": ("[schedule]\ncron = 5", "[schedule] cron = 5: five fields of crontab(5) such as"),
    "cron-fields": ('[schedule]\ncron = "* *"', "is needed; a time has five fields (minute hour day"),
    "cron-minute": ('[schedule]\ncron = "60 * * * *"', "'60' is no minute: a number from 0 to 59"),
    "host-number": (
        "[serve]\nhost = 1",
        '[serve] host = 1: a host name or an IP address such as "127.0.0.1"',
    ),
    "host-empty": ('[serve]\nhost = ""', '[serve] host = "": a host name'),
    "host-address": ('[serve]\nhost = "http://a"', '[serve] host = "http://a": a host name'),
    "host-empty-label": ('[serve]\nhost = "a..b"', '[serve] host = "a..b": a host name'),
    "host-long-label": (f'[serve]\nhost = "{"a" * 64}.b"', "a host name or an IP address such as"),
    "host-with-port": ('[serve]\nhost = "a:80"', '[serve] host = "a:80": a host name'),
    "port-large": (
        "[serve]\nport = 65536",
        "[serve] port = 65536: a whole number of at most 65535 is needed",
    ),
    "port-negative": ("[serve]\nport = -1", "[serve] port = -1: a whole number of at most 65535 is needed"),
    "port-text": ('[serve]\nport = "80"', '[serve] port = "80": a whole number'),
    "port-flag": ("[serve]\nport = true", "[serve] port = true: a whole number"),
    "operator-port": ("[serve]\noperator = 9100", "[serve] operator = 9100: a host and a port such as"),
    "operator-host": ('[serve]\noperator = "localhost"', '[serve] operator = "localhost": a host and a port'),
    "operator-large": ('[serve]\noperator = "a:65536"', '[serve] operator = "a:65536": a host and a port'),
    "operator-odd": ('[serve]\noperator = "a:９"', '[serve] operator = "a:９": a host and a port'),
    "zone": ('[schedule]\ntimezone = "Mars"', '[schedule] timezone = "Mars": the name of a time zone'),
    "watch": ('[schedule]\nwatch = "yes"', '[schedule] watch = "yes": true or false is needed'),
    # texts
    "title-no-text": ("[site]\ntitle = 3", "[site] title = 3: a line of text is needed"),
    "title-empty": (
        '[site]\ntitle = ""',
        '[site] title = "": a line of text is needed; there is nothing to see in it',
    ),
    "title-white-space": (
        '[site]\ntitle = "\u00a0\u3000\\t"',
        '[site] title = "\u00a0\u3000\\t": a line of text is needed; it holds a control character',
    ),
    "title-only-spaces": (
        '[site]\ntitle = "   "',
        '[site] title = "   ": a line of text is needed; there is nothing to see in it',
    ),
    "title-invisible": (
        '[site]\ntitle = "\\u200B"',
        "a line of text is needed; there is nothing to see in it",
    ),
    "title-control": (
        '[site]\ntitle = "a\\u001B[31mb"',
        '[site] title = "a\\u001b[31mb": a line of text is needed; it holds a control character',
    ),
    "description-lines": (
        '[site]\ndescription = """a\nb"""',
        '[site] description = "a\\nb": a line of text is needed; it holds a control character',
    ),
    "author-forbidden-by-xml": (
        '[site]\nauthor = "a\\uFFFEb"',
        '[site] author = "a\ufffeb": a line of text is needed; it holds a control character',
    ),
    # addresses
    "url-no-scheme": (
        '[site]\nurl = "feeds.example.org"',
        f'[site] url = "feeds.example.org": {ADDRESS}',
    ),
    "url-other-scheme": (
        '[site]\nurl = "ftp://example.org/"',
        f'[site] url = "ftp://example.org/": {ADDRESS}',
    ),
    "url-no-host": ('[site]\nurl = "https:///feeds"', f'[site] url = "https:///feeds": {ADDRESS}'),
    "url-query": ('[site]\nurl = "http://h.example/?"', f'[site] url = "http://h.example/?": {ADDRESS}'),
    "url-fragment": ('[site]\nurl = "http://h.example/#a"', f'[site] url = "http://h.example/#a": {ADDRESS}'),
    "url-user": (
        '[site]\nurl = "http://me:secret@h.example/"',
        f'[site] url = "http://me:secret@h.example/": {ADDRESS}',
    ),
    "url-empty": ('[site]\nurl = ""', f'[site] url = "": {ADDRESS}; there is nothing to see in it'),
    "url-no-text": ("[site]\nurl = true", f"[site] url = true: {ADDRESS}"),
    "icon-scheme": (
        '[site]\nicon = "data:image/png;base64,AA"',
        f'[site] icon = "data:image/png;base64,AA": {REFERENCE}',
    ),
    "icon-mail": (
        '[site]\nicon = "mailto:me@example.org"',
        f'[site] icon = "mailto:me@example.org": {REFERENCE}',
    ),
    "language-no-tag": (
        '[site]\nlanguage = "zh_CN"',
        '[site] language = "zh_CN": a language tag of BCP 47 such as "zh" or "zh-Hans" is needed',
    ),
    "language-empty": (
        '[site]\nlanguage = ""',
        '[site] language = "": a language tag of BCP 47 such as "zh" or "zh-Hans" is needed',
    ),
    # directories and patterns
    "input-no-text": ("[input]\ndirectory = 1", f"[input] directory = 1: {DIRECTORIES}"),
    "input-empty": ('[input]\ndirectory = ""', f'[input] directory = "": {DIRECTORIES}; it is empty'),
    "input-empty-list": ("[input]\ndirectory = []", f"[input] directory = []: {DIRECTORIES}; it is empty"),
    "input-empty-in-list": (
        '[input]\ndirectory = ["a", " "]',
        f'[input] directory = ["a", " "]: {DIRECTORIES}; it is empty',
    ),
    "input-nul": (
        '[input]\ndirectory = "a\\u0000b"',
        f'[input] directory = "a\\u0000b": {DIRECTORIES}; it holds U+0000',
    ),
    "input-twice": (
        '[input]\ndirectory = ["a", "b", "./a/"]',
        f'[input] directory = ["a", "b", "./a/"]: {DIRECTORIES}; "a" is or lies within "./a/"',
    ),
    "input-within-another": (
        '[input]\ndirectory = ["a", "a/b"]',
        f'[input] directory = ["a", "a/b"]: {DIRECTORIES}; "a/b" is or lies within "a"',
    ),
    "include-no-list": (
        '[input]\ninclude = "*.txt"',
        f'[input] include = "*.txt": {PATTERNS}',
    ),
    "include-twice": (
        '[input]\ninclude = ["*.txt", "*.txt"]',
        f'[input] include = ["*.txt", "*.txt"]: {PATTERNS}; "*.txt" stands there more than once',
    ),
    "exclude-empty": (
        '[input]\nexclude = [""]',
        f'[input] exclude = [""]: {PATTERNS}; it is empty',
    ),
    "exclude-never-matches": (
        '[input]\nexclude = ["drafts/"]',
        f'[input] exclude = ["drafts/"]: {PATTERNS}; "drafts/" can match nothing: no path ',
    ),
    "output-nul": (
        '[output]\ndirectory = "\\u0000"',
        '[output] directory = "\\u0000": the path of a directory is needed; it holds U+0000',
    ),
    "output-list": (
        '[output]\ndirectory = ["a"]',
        '[output] directory = ["a"]: the path of a directory is needed',
    ),
    "gzip-number": ("[output]\ngzip = 1", "[output] gzip = 1: true or false is needed"),
    "gzip-text": ('[output]\ngzip = "true"', '[output] gzip = "true": true or false is needed'),
    # sizes and numbers
    "size-no-unit": ("[input]\nmax_bytes = 8", f"[input] max_bytes = 8: {SIZES}; it has no unit"),
    "size-fraction-no-unit": (
        "[feeds]\nmax_bytes = 1.5",
        f"[feeds] max_bytes = 1.5: {SIZES}; it has no unit",
    ),
    "size-text-no-unit": ('[feeds]\nmax_bytes = "2"', f'[feeds] max_bytes = "2": {SIZES}; it has no unit'),
    "size-other-unit": (
        '[feeds]\nmax_bytes = "2 Mib"',
        f'[feeds] max_bytes = "2 Mib": {SIZES}; did you mean "MiB"?',
    ),
    "size-no-such-unit": ('[feeds]\nmax_bytes = "2 pages"', f'[feeds] max_bytes = "2 pages": {SIZES}'),
    "size-no-number": ('[feeds]\nmax_bytes = "MiB"', f'[feeds] max_bytes = "MiB": {SIZES}'),
    "size-other-digits": ('[feeds]\nmax_bytes = "２ MiB"', f'[feeds] max_bytes = "２ MiB": {SIZES}'),
    "size-zero": (
        '[feeds]\nmax_bytes = "0 B"',
        f'[feeds] max_bytes = "0 B": {SIZES}; it must be at least 1 B',
    ),
    "size-below-one": (
        '[feeds]\nmax_bytes = "0.9 B"',
        f'[feeds] max_bytes = "0.9 B": {SIZES}; it must be at least 1 B',
    ),
    "size-negative": (
        '[feeds]\nmax_bytes = "-2 MiB"',
        f'[feeds] max_bytes = "-2 MiB": {SIZES}; it must be at least 1 B',
    ),
    "size-too-large": (
        '[input]\nmax_bytes = "1.1 GiB"',
        f'[input] max_bytes = "1.1 GiB": {SIZES}; it is too large',
    ),
    "size-bool": ("[feeds]\nmax_bytes = true", f"[feeds] max_bytes = true: {SIZES}"),
    "limit-zero": ("[feeds]\nlimit = 0", "[feeds] limit = 0: a whole number of at least 1 is needed"),
    "limit-negative": ("[feeds]\nlimit = -1", "[feeds] limit = -1: a whole number of at least 1 is needed"),
    "limit-fraction": ("[feeds]\nlimit = 1.0", "[feeds] limit = 1.0: a whole number of at least 1 is needed"),
    "limit-bool": ("[feeds]\nlimit = true", "[feeds] limit = true: a whole number of at least 1 is needed"),
    "limit-text": ('[feeds]\nlimit = "9"', '[feeds] limit = "9": a whole number of at least 1 is needed'),
    "limit-date": (
        "[feeds]\nlimit = 2024-01-31",
        '[feeds] limit = "2024-01-31": a whole number of at least 1 is needed',
    ),
    # choices
    "content-near": (
        '[feeds]\ncontent = "Full"',
        '[feeds] content = "Full": one of "full", "summary" is needed; did you mean "full"?',
    ),
    "content-list": (
        '[feeds]\ncontent = ["full"]',
        '[feeds] content = ["full"]: one of "full", "summary" is needed',
    ),
    "enclosures": (
        '[images]\nenclosures = "first"',
        '[images] enclosures = "first": one of "all", "lead", "none" is needed',
    ),
    "urls": (
        '[images]\nurls = "unwarp"',
        '[images] urls = "unwarp": one of "keep", "unwrap" is needed; did you mean "unwrap"?',
    ),
    "formats-empty": (
        "[feeds]\nformats = []",
        f"[feeds] formats = []: {NAMES}; it is empty",
    ),
    "formats-twice": (
        '[feeds]\nformats = ["atom", "atom"]',
        f'[feeds] formats = ["atom", "atom"]: {NAMES}; "atom" stands there more than once',
    ),
    "formats-not-built-yet": (
        '[feeds]\nformats = ["atom", "json"]',
        f'[feeds] formats = ["atom", "json"]: {NAMES}',
    ),
    "formats-no-list": (
        '[feeds]\nformats = "atom"',
        f'[feeds] formats = "atom": {NAMES}',
    ),
    "by-other": (
        '[feeds]\nby = ["author"]',
        f'[feeds] by = ["author"]: {SOURCES}',
    ),
    "by-near": (
        '[feeds]\nby = ["sources"]',
        f'[feeds] by = ["sources"]: {SOURCES}; did you mean "source"?',
    ),
    "sites-list": (
        '[sites]\ndirectory = ["a"]',
        '[sites] directory = ["a"]: the path of a directory is needed',
    ),
    "sites-empty": (
        '[sites]\ndirectory = ""',
        '[sites] directory = "": the path of a directory is needed; it is empty',
    ),
    "sites-nowhere": (
        '[sites]\ndirectory = "nowhere"',
        '[sites] directory = "nowhere": the path of a directory is needed; there is no such directory',
    ),
    "sites-file": (
        '[sites]\ndirectory = "config.toml"',
        '[sites] directory = "config.toml": the path of a directory is needed; there is no such directory',
    ),
    # names
    "key-near": ('[site]\ntitel = "x"', '[site] titel = "x": unknown key; did you mean "title"?'),
    "key-elsewhere": ("[feeds]\ngzip = true", "[feeds] gzip = true: unknown key; it belongs to [output]"),
    "key-in-three-others": (
        '[site]\ndirectory = "a"',
        '[site] directory = "a": unknown key; it belongs to [input] or [output] or [sites]',
    ),
    "key-not-built-yet": (
        "[feeds]\narchives = []",
        '[feeds] archives = []: unknown key; known are "formats", "by", "limit", "max_bytes", "content"',
    ),
    "key-table": ("[site.title]\na = 1", '[site] title = {"a": 1}: a line of text is needed'),
    "key-outside": ('title = "x"', 'title = "x": unknown key outside any section; it belongs to [site]'),
    "key-outside-unknown": (
        "size = 5",
        'size = 5: unknown key outside any section; known are "site", "input", "output", "images", "feeds"',
    ),
    "section-unknown": (
        '[site_rules]\ndirectory = "sites"',
        '[site_rules]: unknown section; known are "site", "input"',
    ),
    "section-not-built-yet": (
        "[check]\nurl = true",
        (
            '[check]: unknown section; known are "site", "input", "output", "images", "feeds", '
            '"state", "guards", "schedule", "serve", "sites"'
        ),
    ),
    "section-list": (
        '[[feed]]\nname = "climate"',
        '[feed]: unknown section; did you mean "feeds"?',
    ),
    "section-no-table": (
        "feeds = 100",
        "feeds = 100: a table is needed, which begins with the line [feeds]",
    ),
    "section-doubled": (
        "[[feeds]]\nlimit = 1",
        'feeds = [{"limit": 1}]: a table is needed, which begins with the line [feeds]',
    ),
    "name-escaped": ('[site]\n"\\u001B" = 1', '[site] \\x1b = 1: unknown key; known are "title", "url"'),
}


@pytest.mark.parametrize(("text", "message"), IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_impossible_values_are_refused(text, message, tmp_path):
    """A line names the key, the value and what is allowed, and the right name where one is near."""
    [line] = mistakes(tmp_path, text)
    assert message in line


def test_every_key_has_an_impossible_value():
    """The table above leaves no key out."""
    refused = {
        (section, name)
        for _, line in IMPOSSIBLE.values()
        for section, name in re.findall(r"^\[(\w+)\] (\w+)", line)
    }
    assert {(key.section, key.name) for key in config.KEYS} <= refused


def test_all_mistakes_are_reported_at_once(tmp_path):
    """Whoever mends a file wants to do it once: first each value, then what they are together."""
    text = """
        feeds.limit = 0
        feeds.limits = 1
        site.url = "x"
        input.directory = ["a", "a"]
        check.url = 1
    """
    starts = [
        "[feeds] limit = 0: ",
        "[feeds] limits = 1: ",
        '[site] url = "x": ',
        "[check]: ",
        "[input] directory = ",
    ]
    lines = mistakes(tmp_path, text)
    assert len(lines) == len(starts)
    assert all(line.startswith(start) for line, start in zip(lines, starts, strict=True))


def test_inputs_that_overlap_through_links_are_refused(tmp_path):
    """Else every article would be there twice."""
    (tmp_path / "real" / "below").mkdir(parents=True)
    (tmp_path / "link").symlink_to("real/below")
    [line] = mistakes(tmp_path, '[input]\ndirectory = ["link", "real"]')
    assert line == f'[input] directory = ["link", "real"]: {DIRECTORIES}; "link" is or lies within "real"'


def test_a_loop_of_links_is_no_overlap(tmp_path):
    """Whether a directory can be read is found by the run."""
    (tmp_path / "loop").symlink_to("loop")
    assert loaded(tmp_path, '[input]\ndirectory = ["loop", "a"]').input.labels == ("loop", "a")


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        pytest.param('[site]\nlanguage = "' + "x " * 5000 + '"', 300, id="text"),
        pytest.param("[output]\ngzip = 0x" + "F" * 9000, 300, id="number"),
        pytest.param('[site]\nurl = "' + "\u202e" * 90 + '"', 300, id="escapes"),
        pytest.param("[feeds]\nlimit = " + "[" * 90 + "]" * 90, 300, id="brackets"),
        pytest.param("[site]\n" + "a." * 5000 + "b = 1", 300, id="tables"),
        pytest.param("[site]\n" + "k" * 9000 + " = 1", 300, id="name"),
        pytest.param("[feeds]\nformats = [" + '"rs", ' * 5000 + "]", 300, id="list"),
    ],
)
def test_values_are_shown_shortened(text, limit, tmp_path):
    """A message is read on a terminal."""
    [line] = mistakes(tmp_path, text)
    assert len(line) < limit


@pytest.mark.parametrize("hidden", ["\u202e", "\u2066", "\u009b"], ids=["override", "isolate", "csi"])
def test_values_are_shown_escaped(hidden, tmp_path):
    """Nothing in a file becomes active on a terminal."""
    [line] = mistakes(tmp_path, f'[feeds]\ncontent = "{hidden}"')
    assert hidden not in line


plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.binary(max_size=8)
values = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=40, deadline=None)
@given(value=values)
def test_no_value_crashes_a_kind(value):
    """Whatever a key is given, it is read or refused."""
    for key in config.KEYS:
        try:
            key.kind.read(value)
        except Refused:
            assert "\n" not in shown(value)


# --- rules of one's own --------------------------------------------------------------------


def test_rules_of_ones_own_stand_beside_the_shipped(tmp_path):
    """Their directory is relative to the file; a shipped rule keeps what one's own does not name."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "dw.toml").write_text('zone = "Asia/Shanghai"')
    (tmp_path / "mine" / "here.toml").write_text('name = "Here"\nhosts = ["here.example"]')
    shipped = {rule.slug: rule for rule in config.load_sites().rules}
    own = {rule.slug: rule for rule in loaded(tmp_path, '[sites]\ndirectory = "mine"').sites.rules}
    assert own.keys() - shipped.keys() == {"here"}
    assert own["dw"] == msgspec.structs.replace(shipped["dw"], zone="Asia/Shanghai")


def test_rules_are_read_again_with_every_configuration(tmp_path):
    """What was mended in the meantime counts."""
    (tmp_path / "mine").mkdir()
    rule = tmp_path / "mine" / "dw.toml"
    for name in ("One", "Two"):
        rule.write_text(f'name = "{name}"')
        sites = loaded(tmp_path, '[sites]\ndirectory = "mine"').sites
        assert [site.name for site in sites.rules if site.slug == "dw"] == [name]


def test_a_mistake_in_a_rule_names_its_file(tmp_path):
    """With the key, the value, what is allowed and the nearest right name."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "dw.toml").write_text('zone = "Paris"\nlanguage = "zh_CN"\ndate_lin = "x"')
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, '[sites]\ndirectory = "mine"')
    assert str(caught.value).replace(str(tmp_path), "DIR").splitlines() == [
        'DIR/mine/dw.toml: zone = "Paris": the name of a time zone such as "Europe/Paris" is needed',
        'DIR/mine/dw.toml: language = "zh_CN": a language tag of BCP 47 such as "zh" or "zh-Hans" is needed',
        'DIR/mine/dw.toml: date_lin = "x": unknown key; did you mean "date_line"?',
    ]


# --- the file itself ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("[site]\ntitle = \n", "(at line 2, column 9)", id="syntax"),
        pytest.param("[site]\nurl = 1\nurl = 2", "(at line 3, column 8)", id="key-twice"),
        pytest.param(
            b'[site]\n\ntitle = "\xb2"',
            "byte 0xB2 in line 3 is no UTF-8; save the file in this encoding",
            id="encoding",
        ),
        pytest.param("[feeds]\nlimit = " + "9" * 5000, "a number in it is too long", id="number"),
        pytest.param("[feeds]\nlimit = " + "[" * 5000, "nested too deeply", id="brackets"),
        pytest.param("#" * 600_000, "this is no configuration: it is larger than 512 KiB", id="size"),
    ],
)
def test_what_cannot_be_read_is_refused(text, message, tmp_path):
    """A file that is no TOML says where it is none."""
    [line] = mistakes(tmp_path, text)
    assert message in line


def test_a_missing_file_is_refused_with_its_remedy(tmp_path):
    """A newcomer who has no file yet learns how to get one."""
    with pytest.raises(ConfigError) as caught:
        config.load(tmp_path / "none.toml")
    assert str(caught.value) == (
        f"{tmp_path}/none.toml: there is no such file; "
        "`feedbridge init` writes one, or name the directories: `--input DIR --output DIR`"
    )


def test_a_directory_is_refused_with_its_remedy(tmp_path):
    """`--config` names a file."""
    with pytest.raises(
        ConfigError, match=r": this is a directory; name the file in it, such as .*/config\.toml$"
    ):
        config.load(tmp_path)


def test_a_file_that_cannot_be_read_is_refused_with_its_remedy(tmp_path):
    """The system's reason is passed on."""
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot be read: Not a directory; `feedbridge init` writes one"):
        config.load(tmp_path / "file" / "config.toml")


def test_a_files_name_is_shown_escaped(tmp_path):
    """Nor does its name become active."""
    with pytest.raises(ConfigError) as caught:
        config.load(tmp_path / os.fsdecode(b"\xff\x1b.toml"))
    assert "/\\xff\\x1b.toml: there is no such file" in str(caught.value)


def test_a_configuration_can_come_through_a_pipe():
    """As from a shell's <(…): the size is no fact of the directory."""
    reader, writer = os.pipe()
    os.write(writer, b"[feeds]\nlimit = 5")
    os.close(writer)
    assert config.load(Path(f"/dev/fd/{reader}")).feeds.limit == 5
    os.close(reader)


# --- which file ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "environment", "name"),
    [
        pytest.param("o.toml", {"FEEDBRIDGE_CONFIG": "e.toml"}, "o.toml", id="option"),
        pytest.param(None, {"FEEDBRIDGE_CONFIG": "e.toml"}, "e.toml", id="environment"),
        pytest.param(None, {"FEEDBRIDGE_CONFIG": ""}, "config.toml", id="environment-empty"),
        pytest.param(None, {}, "config.toml", id="folder"),
    ],
)
def test_the_file_is_found(option, environment, name, tmp_path):
    """The option goes before the environment, and this before the folder."""
    for file in ("o.toml", "e.toml", "config.toml"):
        (tmp_path / file).touch()
    found = config.locate(option=option and Path(option), environment=environment, here=tmp_path)
    assert found == tmp_path / name


def test_no_file_is_refused_with_its_remedy(tmp_path):
    """Without any configuration it is said how to write one and how to do without."""
    with pytest.raises(
        ConfigError, match=r"no such file; `feedbridge init` writes one, .*`--input DIR --output DIR`"
    ):
        config.locate(option=None, environment={}, here=tmp_path)


def test_a_file_that_cannot_be_reached_is_refused(tmp_path):
    """The system's reason is not lost on the way."""
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot be read: Not a directory"):
        config.locate(option=Path("file/config.toml"), environment={}, here=tmp_path)


# --- directories of the command line ---------------------------------------------------------


def test_directories_alone_give_the_defaults(tmp_path, monkeypatch):
    """No file is needed; the title is the archive's name."""
    monkeypatch.chdir(tmp_path)
    found = config.for_directories(input=Path("archive"), output=Path("out"))
    assert found.input.directories == (tmp_path / "archive",)
    assert found.input.labels == ("archive",)
    assert found.output.directory == tmp_path / "out"
    assert (found.site.title, found.site.description, found.site.author) == ("archive",) * 3
    assert found.feeds == loaded(tmp_path, "").feeds
    assert found.sites == config.load_sites()


def test_directories_go_before_the_files(tmp_path, monkeypatch):
    """All else that the file says stays; names that follow the archive's follow the new one."""
    monkeypatch.chdir(tmp_path)
    before = loaded(tmp_path, '[site]\nauthor = "Me"\n[input]\ndirectory = ["a", "b"]\ninclude = ["*.txt"]')
    after = config.with_directories(before, input=Path("c"), output=Path("d"))
    assert after.input.directories == (tmp_path / "c",)
    assert after.input.include == ("*.txt",)
    assert after.output.directory == tmp_path / "d"
    assert (after.site.title, after.site.description, after.site.author) == ("c", "c", "Me")


def test_a_configured_title_stays(tmp_path):
    """Only names that nothing else gives follow the archive."""
    before = loaded(tmp_path, '[site]\ntitle = "seeds"')
    assert config.with_directories(before, input=Path("/c"), output=None).site == before.site


def test_no_directories_change_nothing(tmp_path):
    """Options that are not given."""
    before = loaded(tmp_path, "")
    assert config.with_directories(before, input=None, output=None) == before


def test_a_name_that_is_no_utf_8_is_no_title():
    """The command line can name what no feed can say."""
    found = config.for_directories(input=Path(os.fsdecode(b"/srv/\xff")), output=Path("/out"))
    assert found.site.title == "feedbridge"


# --- the documentation -----------------------------------------------------------------------


@pytest.mark.parametrize("key", config.KEYS, ids=lambda key: f"{key.section}.{key.name}")
def test_every_key_is_documented(key):
    """Its section's table says what is allowed, the default and the meaning."""
    [section] = re.findall(rf"^## \[{key.section}\]$(.*?)(?=^## )", DOCS, re.DOTALL | re.MULTILINE)
    default = key.default_shown() if isinstance(key.default, Derived) else f"`{key.default_shown()}`"
    start = f"| `{key.name}` | {key.kind.allowed} | {default} | "
    assert [row for row in section.splitlines() if row.startswith(start)]


def test_nothing_else_is_documented():
    """A key that is gone leaves the documentation too."""
    assert len(re.findall(r"^\| `", DOCS, re.MULTILINE)) == len(config.KEYS)


def test_the_example_has_every_key():
    """It loads, as is seen above."""
    example = tomllib.loads(BLOCKS["toml"])
    assert [(section, name) for section, table in example.items() for name in table] == [
        (key.section, key.name) for key in config.KEYS
    ]


def test_documented_mistakes_are_what_is_said(tmp_path):
    """The lines shown in the documentation are those that a file with these mistakes gives."""
    text = '[site]\ntitel = "News"\n[feeds]\nformats = ["atom", "rs"]\nlimit = 0\nmax_bytes = 2'
    assert [f"config.toml: {line}" for line in mistakes(tmp_path, text)] == BLOCKS["text"].splitlines()
