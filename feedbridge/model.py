"""Frozen values that pass between the stages; nothing else.

The order below is the order in which they come to be. Every moment is an aware
`datetime` in UTC with whole seconds. A `path` is the bytes of a file's name below its
input directory (where there are several, the directory as configured stands before it).
"""

from datetime import datetime, timedelta
from typing import Literal, NamedTuple

import msgspec


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """A value: equal by content, never changed."""


# --- what is known of sites, before any article is read -------------------------------


class LinkMend(Value, frozen=True):
    """A kind of dead link and how to mend it."""

    pattern: str  # expression that matches the whole absolute address
    replacement: str  # a page's address; \1 stands for the pattern's first group


class Mark(Value, frozen=True):
    """By what an element of a body is known: all that is given must hold."""

    elements: tuple[str, ...] = ()  # names of elements; empty: any
    attribute: str = ""  # the name of one that the element has
    value: str = ""  # expression searched in the attribute's value
    text: str = ""  # expression that matches the whole text that people see, folded


class Boilerplate(Mark, frozen=True, kw_only=True):
    """Something that a site, or a service, sets beside its articles."""

    what: str  # for people: "share bar", "advertisement"
    # Of the element all, or only the words before the first one in it; or also those with pictures after it,
    # or all after it.
    takes: Literal["element", "beginning", "pictures", "rest"] = "element"


class SiteRule(Value, frozen=True):
    """What is true of one site only."""

    slug: str  # [a-z0-9-]+; it stands in keys, so it never changes
    name: str  # for people
    hosts: tuple[str, ...]  # lower case, without "www."; the first one is the canonical one
    has_many_sources: bool = False  # each author or channel is a source of its own, by its category
    key: tuple[str, ...] = ()  # expressions over path and query; the first that fits has it as its one group
    date_line: str = ""  # expression over the beginning of a body; groups: date, perhaps author
    zone: str = "UTC"  # of a date line that names none
    date_order: Literal["", "day-month-year", "month-day-year"] = ""  # of 03/04/2024; "": it is not guessed
    author: str = ""  # expression over a body; its one group is the author
    language: str = ""  # of its articles, where their characters do not tell
    captions: tuple[Literal["figcaption", "small-print", "bold-lead"], ...] = ()
    caption: tuple[Mark, ...] = ()  # elements right after a picture that hold its caption
    boilerplate: tuple[Boilerplate, ...] = ()
    dead_links: tuple[LinkMend, ...] = ()


class ImageProxy(Value, frozen=True):
    """A service that fetches a picture from the address inside its own."""

    hosts: tuple[str, ...]
    form: Literal["parameter", "path", "encoded"]  # after `?url=`, the path, or its last part
    parameter: str = ""


class Player(Value, frozen=True):
    """A service whose players stand in frames."""

    name: str  # for people
    address: str  # expression that matches the whole absolute address of a frame
    page: str  # the address of its page for people; \1 stands for the first group
    thumbnail: str = ""  # the address of its still picture; empty: there is none


class Sites(Value, frozen=True):
    """All that is known of sites."""

    rules: tuple[SiteRule, ...]
    general: SiteRule  # for every site without a rule; its slug and hosts are empty
    proxies: tuple[ImageProxy, ...]
    tracking_keys: tuple[str, ...]  # of queries; a trailing * stands for any ending
    not_pictures: tuple[str, ...] = ()  # expressions over addresses: trackers, buttons, spacers
    players: tuple[Player, ...] = ()
    not_players: tuple[str, ...] = ()  # expressions over addresses of frames: advertisements, buttons


# --- what a scan finds -----------------------------------------------------------------

FileId = tuple[int, int]  # st_dev and st_ino: what a file is, whatever it is called

INTEGER_MAX = 2**63 - 1  # what a database holds: an inode may be larger, and a time later


class Stamp(Value, frozen=True):
    """Where a file is and what its directory says of it; only a hint where to look."""

    path: bytes
    root: int  # which of the input directories
    size_bytes: int
    mtime_ns: int
    inode: int


class Decision(Value, frozen=True):
    """One thing that a stage decided about an article, for `explain`."""

    rule: str  # what was decided: "published", "picture dropped", …
    outcome: str
    reason: str = ""


class Ignored(Value, frozen=True):
    """A file that is no article, and why."""

    path: bytes
    reason: str


class Gone(Value, frozen=True):
    """A file that was listed, or known, and stands no more."""

    path: bytes


class Rejected(Value, frozen=True):
    """A file that should be an article but cannot be one: bad input, as a value."""

    path: bytes
    code: str  # empty, unreadable, too-large, no-link, no-date, future-date, failed
    detail: str
    decisions: tuple[Decision, ...] = ()  # as far as it was read
    due: datetime | None = None  # when it is to be looked at again


# --- what an article is ----------------------------------------------------------------


class Version(Value, frozen=True):
    """The cheap facts of one file: all that membership, order, id and dates depend on."""

    path: bytes
    digest: bytes  # of the whole file
    key: str  # what makes the id: "dw/68136197" or "url/" and a hash
    epoch: datetime | None
    published: datetime
    source: str  # a rule's slug or a host
    source_name: str  # for people
    edited: datetime | None = None  # since when it says what it says, where no epoch tells (an edit in place)

    @property
    def since(self) -> datetime | None:
        """Since when it says what it says, as far as its epoch or our memory tells."""
        return self.edited or self.epoch


class Article(Value, frozen=True):
    """One file, parsed."""

    version: Version
    shape: Literal["A", "B", "B-NaN", "C", "D", "E"]
    title: str  # plain text, perhaps empty
    link: str  # as written
    author: str  # plain text, perhaps empty
    categories: tuple[str, ...]  # plain texts
    body: str  # HTML or bare text as it stands in the file, without the date line
    decisions: tuple[Decision, ...]


class Header(Value, frozen=True):
    """What a file says of its article before any of it is cleaned: feeds are chosen by it."""

    title: str
    link: str
    author: str
    categories: tuple[str, ...]


class Measure(Value, frozen=True):
    """What the files of one article are compared by."""

    fingerprint: str  # equal for two that say the same
    length: int  # characters of the text that people see


class KnownFile(Value, frozen=True):
    """What the catalogue remembers of a file."""

    stamp: Stamp
    found: Version | Ignored | Rejected | Gone  # what it proved to be when it was looked at last
    version: (
        Version | None
    )  # the facts of its article; whoever cannot be read or used keeps those that it had
    header: Header | None = None  # of its article, likewise
    measure: Measure | None = None  # None until it is needed
    is_read_again: bool = False  # by the next run, whatever its stamp says: it was young, or unreadable
    due: datetime | None = None  # when it is to be read again: it is dated ahead of the clock
    held_since: datetime | None = None  # when its article was found to be lost, with too many others

    @property
    def path(self) -> bytes:
        """The path of its file, also where another article has taken its place there."""
        return self.stamp.path.partition(b"\0")[0]

    @property
    def is_readable(self) -> bool:
        """Whether its article can be read."""
        return isinstance(self.found, Version)

    @property
    def is_comparable(self) -> bool:
        """Whether what it says is known, or can be read."""
        return self.measure is not None or self.is_readable


class Group(NamedTuple):
    """Entries of which a feed is made: all, or those of one source."""

    family: str = ""  # "" or "source"
    name: str = ""


class Identity(Value, frozen=True):
    """One article, of one or several files: which one speaks, and its id and dates."""

    key: str
    guid: str
    speaker: bytes  # the path of the file that speaks
    digest: bytes  # of the whole file that speaks
    versions: bytes  # a digest of the contents of all its files
    published: datetime
    updated: datetime
    arrived: datetime
    source: str  # of the file that speaks
    source_name: str

    @property
    def groups(self) -> tuple[Group, ...]:
        """The groups to which it belongs."""
        return Group(), Group("source", self.source)


class Sizes(Value, frozen=True):
    """How long the cleaned content of a file is."""

    content_bytes: int
    summary_bytes: int


class Candidate(Value, frozen=True):
    """An entry that a feed may hold."""

    identity: Identity
    sizes: Sizes | None  # of its content; None: it is to be cleaned
    generation: int  # of the rules by which that was made


class Change(Value, frozen=True):
    """What becomes of one entry: None before it comes, None after it goes."""

    before: Identity | None
    after: Identity | None


class Image(Value, frozen=True):
    """A picture of an entry, at the address that stands everywhere."""

    url: str  # absolute, percent-encoded
    type: str  # media type by the inner address, "" if unknown
    caption: str  # plain text, perhaps empty
    width: int | None = None  # pixels
    height: int | None = None


class Content(Value, frozen=True):
    """What one file of an article says, normalised: all of an entry but its id and dates."""

    link: str  # absolute, percent-encoded
    title: str  # plain text, never empty
    author: str  # plain text, perhaps empty
    categories: tuple[str, ...]  # plain texts
    language: str  # BCP 47, "und" if unknown
    direction: Literal["ltr", "rtl"]
    summary: str  # plain text of at most 300 characters, perhaps empty
    content: str  # sanitised HTML within one <div lang dir>, never empty
    images: tuple[Image, ...]  # in reading order
    lead: Image | None  # one of them
    measure: Measure
    decisions: tuple[Decision, ...] = ()


class Entry(Content, frozen=True, kw_only=True):
    """A normalised article, ready for every format."""

    guid: str
    published: datetime
    updated: datetime
    source: str
    source_name: str


# --- what a feed is --------------------------------------------------------------------


class FeedSpec(Value, frozen=True):
    """What one feed is: its place, its words, its limits."""

    name: str  # "main" or "source/dw"
    directory: str  # below the output directory: "" or "source/dw/"
    url: str  # public address of that directory, with its last slash
    title: str
    description: str
    author: str
    icon: str  # an address, perhaps empty
    language: str  # as configured; empty: found from the entries
    source: str  # the one source that it holds; empty: all
    source_feeds_url: str  # below which each source has its feed; empty: none has
    formats: tuple[Literal["atom", "rss"], ...]
    limit: int  # entries
    max_bytes: int
    content: Literal["full", "summary"]
    enclosures: Literal["all", "lead", "none"]


class Document(Value, frozen=True):
    """What one file of a feed holds, in order."""

    spec: FeedSpec
    language: str  # BCP 47, "und" if unknown
    updated: datetime
    entries: tuple[Entry, ...]


class KnownDocument(Value, frozen=True):
    """What the catalogue remembers of a document."""

    name: str
    fingerprint: bytes  # of all that its bytes depend on
    updated: datetime
    is_dirty: bool = False  # it has to be looked at
    entries: int = 0


class KnownRendition(Value, frozen=True):
    """A file of a document as it was put in place."""

    path: str  # below the output directory
    document: str
    kind: Literal["feed", "page", "gzip"]
    size_bytes: int
    mtime_ns: int
    inode: int


class Rendition(Value, frozen=True):
    """A document's bytes in one form, and where they belong."""

    path: str  # below the output directory
    kind: Literal["feed", "page"]
    body: bytes


class Guards(Value, frozen=True):
    """How long the entries of articles that vanished in bulk are held; None: until they are let go."""

    forget_after: timedelta | None


# --- what a run did --------------------------------------------------------------------


class ArticleCounts(Value, frozen=True):
    """Counts of files."""

    seen: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    ignored: int = 0
    rejected: int = 0
    held: int = 0


class FeedCounts(Value, frozen=True):
    """Counts of renditions of feeds."""

    written: int = 0
    unchanged: int = 0
    removed: int = 0


class Work(Value, frozen=True):
    """What a run had to do, counted."""

    files_opened: int = 0
    bytes_read: int = 0
    articles_parsed: int = 0
    articles_cleaned: int = 0
    documents_rendered: int = 0
    statements_executed: int = 0  # of SQL, each row that was written counted


class FeedWritten(Value, frozen=True):
    """A feed of which a run put files in place."""

    name: str
    entries: int
    size_bytes: int  # of all its formats; pages and packed files are not counted


class Ran(Value, frozen=True):
    """A run that ended."""

    started: datetime
    failure: str | None = None  # why it failed, None if it did not
    report: str | None = None  # as JSON, None if it failed


class Address(Value, frozen=True):
    """Where a server listens."""

    host: str  # a name or an address, without brackets
    port: int

    def __str__(self) -> str:
        return f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


class DaemonState(Value, frozen=True):
    """What a daemon is about."""

    next_run: datetime | None  # when it looks at all next, None if it never does
    running_since: datetime | None = None  # its run in hand, or another's for which it waits
    is_gone: bool = False  # it ended without a word


class Report(Value, frozen=True):
    """What a run saw and did."""

    articles: ArticleCounts
    entries: int
    feeds: FeedCounts
    rejected: tuple[Rejected, ...]
    work: Work
    seconds: float
