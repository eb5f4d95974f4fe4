"""The table of all keys, and the values that come of it.

The table is the only place that knows a key's kind and default: the reading, the
documentation's test and the template of `feedbridge init` all go by it.
"""

from datetime import timedelta
from pathlib import Path
from typing import Literal

import msgspec

from feedbridge.config.kinds import (
    ADDRESS,
    COUNT,
    CRONTAB,
    DEFAULT_PORT,
    DEFAULT_URL,
    DIRECTORIES,
    DIRECTORY,
    DURATION,
    DURATION_OR_NEVER,
    FILE,
    FLAG,
    HOST,
    HOST_AND_PORT,
    LANGUAGE,
    PATTERNS,
    PORT,
    REFERENCE,
    SIZE,
    TEXT,
    UTC,
    ZONE,
    Kind,
    any_of,
    one_of,
    some_of,
)
from feedbridge.config.words import shown
from feedbridge.model import Address, Guards, Sites, Value
from feedbridge.standards.crontab import Crontab


class Derived(Value, frozen=True):
    """A default that is found from something else, in words; without the key the value is empty."""

    words: str


class Key(msgspec.Struct, frozen=True):
    """One key of the file."""

    section: str
    name: str
    kind: Kind
    default: object  # as TOML has it, or Derived

    def unset(self) -> object:
        """Return the value that stands where the file does not have the key."""
        return "" if isinstance(self.default, Derived) else self.kind.read(self.default)

    def default_shown(self) -> str:
        """Write the default for people."""
        return self.default.words if isinstance(self.default, Derived) else shown(self.default)


KEYS = (
    Key("site", "title", TEXT, Derived(words="the name of the input directory, of several the first")),
    Key("site", "url", ADDRESS, DEFAULT_URL),
    Key("site", "description", TEXT, Derived(words="the title")),
    Key("site", "author", TEXT, Derived(words="the title")),
    Key("site", "icon", REFERENCE, Derived(words="none")),
    Key("site", "language", LANGUAGE, Derived(words="the commonest of the entries")),
    Key("input", "directory", DIRECTORIES, "seeds"),
    Key("input", "include", PATTERNS, []),
    Key("input", "exclude", PATTERNS, []),
    Key("input", "max_bytes", SIZE, "8 MiB"),
    Key("output", "directory", DIRECTORY, "public"),
    Key("output", "gzip", FLAG, False),  # noqa: FBT003  # TOML's value, not a flag of ours
    Key("images", "enclosures", one_of("all", "lead", "none"), "all"),
    Key("images", "urls", one_of("keep", "unwrap"), "keep"),
    Key("feeds", "formats", some_of("atom", "rss"), ["atom", "rss"]),
    Key("feeds", "by", any_of("source"), ["source"]),
    Key("feeds", "limit", COUNT, 100),
    Key("feeds", "max_bytes", SIZE, "2 MiB"),
    Key("feeds", "content", one_of("full", "summary"), "full"),
    Key("state", "file", FILE, ".feedbridge/catalogue.sqlite3"),
    Key("guards", "forget_after", DURATION_OR_NEVER, "never"),
    Key("schedule", "every", DURATION, "5 min"),
    Key("schedule", "cron", CRONTAB, Derived(words="none")),
    Key("schedule", "timezone", ZONE, UTC),
    Key("schedule", "watch", FLAG, True),  # noqa: FBT003  # as above
    Key("schedule", "budget", DURATION, "30 min"),
    Key("serve", "host", HOST, "127.0.0.1"),
    Key("serve", "port", PORT, DEFAULT_PORT),
    Key("serve", "operator", HOST_AND_PORT, Derived(words="none")),
    Key("sites", "directory", DIRECTORY, Derived(words="none")),
)


class Site(Value, frozen=True):
    """What is published, in words."""

    title: str  # never empty, like description and author
    url: str  # public address of the output directory, as a URI, with its last slash
    description: str
    author: str
    icon: str  # absolute, as a URI; perhaps empty
    language: str  # BCP 47; empty: found from the entries
    named_after_input: tuple[Literal["title", "description", "author"], ...]  # since nothing else names them


class Input(Value, frozen=True):
    """Where the articles are."""

    directories: tuple[Path, ...]  # absolute; none is or lies within another
    labels: tuple[str, ...]  # the directories as configured, in the same order
    include: tuple[str, ...]  # patterns; empty: all files
    exclude: tuple[str, ...]
    max_bytes: int  # of one article


class Output(Value, frozen=True):
    """Where the feeds go; it may lie within an input directory, or the other way round."""

    directory: Path  # absolute
    gzip: bool


class State(Value, frozen=True):
    """Where the catalogue is."""

    file: Path | None  # absolute; None: nothing is remembered


class Images(Value, frozen=True):
    """How pictures are carried."""

    enclosures: Literal["all", "lead", "none"]
    urls: Literal["keep", "unwrap"]


class Feeds(Value, frozen=True):
    """What every feed is like."""

    formats: tuple[Literal["atom", "rss"], ...]
    by: tuple[Literal["source"], ...]
    limit: int  # entries
    max_bytes: int
    content: Literal["full", "summary"]


class Schedule(Value, frozen=True):
    """When a daemon looks at all."""

    every: timedelta
    cron: Crontab | None  # instead of `every`
    timezone: str  # of `cron`: a name of IANA
    watch: bool  # it looks at what changes at once, too
    budget: timedelta  # a run that takes longer hangs


class Serve(Value, frozen=True):
    """Where the output directory is served."""

    host: str
    port: int  # 0: any that is free
    operator: Address | None  # where how things stand is told; None: at the same place, to this machine only

    @property
    def address(self) -> Address:
        """Return where the feeds are served."""
        return Address(host=self.host, port=self.port)


class Config(Value, frozen=True):
    """All that can be configured, checked."""

    site: Site
    input: Input
    output: Output
    images: Images
    feeds: Feeds
    state: State
    guards: Guards
    schedule: Schedule
    serve: Serve
    sites: Sites
