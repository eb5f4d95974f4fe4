"""Random histories of an archive, each told by its number, and what a catalogue is to remember of one.

The memory here is written by the letter of the plan, not by the code: what a file says is known from the
words that were written into it, and an edit in place is real where those differ.
"""

import os
import random
import shutil
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from itertools import product
from pathlib import Path
from typing import Any

import msgspec

from feedbridge import config, identity, parse
from feedbridge.config import Config
from feedbridge.model import Article, Measure, Value, Version
from feedbridge.normalise import Wishes, normalise
from feedbridge.standards.dates import rfc822
from tests.samples import EPOCH, NOW

MIB = 1024 * 1024
YOUNG = timedelta(seconds=2)
AHEAD = timedelta(days=1)

_ADDRESSES = {
    "dw": "https://{host}/zh/a-title-{slug}/a-{number}",
    "bbc": "https://www.bbc.com/zhongwen/simp/world-5{number:07}",
    "example": "https://example.org/{number}",
    "youtube": "https://www.youtube.com/watch?v=abcdef{number:05}",
}
_TONGUES = ("Plain words.", "这们来时让说", "這們來時讓說", "كلمات")
_FOOTER = '<br><hr><div>获取更多RSS：<br><a href="https://feedx.net">https://feedx.net</a></div>'
_SHARE_BAR = '<div class="sharedaddy"><a href="https://example.org/share">Share</a></div>'


# --- what a file says ------------------------------------------------------------------------


class Words(Value, frozen=True):
    """What stands in one file of an article."""

    site: str
    number: int  # of the article: files with the same site and number are one entry
    title: str
    text: str
    epoch: int | None  # seconds; None: only the feed's date stands there
    dated: int  # the feed's date, seconds
    pictures: int = 0
    has_promotion: bool = False  # a paragraph that one of the rules takes away; no edit changes it
    # What is no real change:
    noise: int = 0
    slug: int = 0
    is_proxied: bool = False

    @property
    def says(self) -> tuple[object, ...]:
        """What moves `updated` when it changes."""
        return self.title, self.text, self.pictures

    @property
    def article(self) -> str:
        """Which article it is of."""
        return f"{self.site} {self.number}"

    @property
    def link(self) -> str:
        """Where the article stands; its host and slug do not make its id."""
        host = "m.dw.com" if self.slug % 3 == 1 else "www.dw.com"
        return _ADDRESSES[self.site].format(host=host, slug=self.slug, number=self.number)

    def raw(self) -> bytes:
        """Return the bytes of the file."""
        header = self._front() if self.site == "youtube" else ""
        comment = "" if self.epoch is None else f"<!--{self.epoch * 1000}-->\n"
        date = f"日期：{rfc822(_moment(self.dated))}\n" if self.epoch is None else ""
        return f"{header}{comment}[{self.title}]({self.link})\n------\n{date}\n{self._body()}\n".encode()

    def _front(self) -> str:
        return (
            f'---\ntitle: "{self.title}"\nfrom: {self.link}\ncategories: [ Channel {self.number % 2} ]\n---\n'
        )

    def _body(self) -> str:
        written = _moment(self.dated - 700).isoformat().replace("+00:00", ".000Z")
        date_line = f"<div><i>Somebody<br>{written}</i></div>" if self.site == "dw" else ""
        pictures = "".join(map(self._picture, range(self.pictures)))
        promotion = '<p class="promotion">Read this, too.</p>' if self.has_promotion else ""
        return f"{date_line}<p>{self.text}</p>{pictures}{promotion}{self._noise()}"

    def _picture(self, number: int) -> str:
        address = f"static.example.org/{self.number}/{number}.jpg"
        source = f"https://images.weserv.nl/?url={address}" if self.is_proxied else f"https://{address}"
        caption = f'<div><small style="color: #999;">Picture {number}</small></div>'
        return f'<img src="{source}" width="100%">{caption}'

    def _noise(self) -> str:
        nonce = (
            f'<!--{self.noise}--><script type="{self.noise}-text/javascript"></script>' if self.noise else ""
        )
        return nonce + (_FOOTER if self.noise & 1 else "") + (_SHARE_BAR if self.noise & 2 else "")


class File(msgspec.Struct):
    """One file of the archive as it was written last; without words it is no usable article."""

    raw: bytes
    words: Words | None
    is_pending: bool = True  # no run has seen it so to its end
    past: tuple[Words, ...] = ()


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


# --- what happens to an archive ----------------------------------------------------------------


class History:
    """An archive to which things happen, and the configuration by which it is published."""

    def __init__(self, number: int, base: Path) -> None:
        self.chance = random.Random(number)  # noqa: S311  # histories, no secrets
        self.now = NOW
        self.version = 1  # of the rules
        self.journal: list[str] = []
        self.files: dict[str, File] = {}
        self.base, self.input = base, base / "in"
        self.has_lost_catalogue = False
        self.attempts: tuple[datetime, ...] = ()  # moments of the runs that may have seen what is pending
        self._count = 0
        self._folders = self._make_folders(number)
        self.config = _configured(base, self._folders, is_within=number % 7 == 3)
        for _ in range(25 if number % 50 == 9 else self.chance.choice((3, 3, 3, 3, 4, 6))):
            self._add()

    def happen(self, *, count: int, without: frozenset[str] = frozenset()) -> None:
        """Let some things happen, but none of certain kinds."""
        happenings = {name: weight for name, weight in _HAPPENINGS.items() if name not in without}
        for name in self.chance.choices(tuple(happenings), tuple(happenings.values()), k=count):
            if self.journal and len(self.files) > 30 and name in ("add", "twin", "copy"):
                continue
            getattr(self, f"_{name}")()

    def attempt(self) -> None:
        """Note that a run begins."""
        self.attempts = (*self.attempts, self.now)

    def pass_time(self) -> None:
        """Let time pass until the next run."""
        self.now += self.chance.choice(
            (
                timedelta(seconds=10),
                timedelta(minutes=5),
                timedelta(hours=1),
                timedelta(days=1),
                timedelta(days=3),
            )
        )

    def settle(self) -> None:
        """Take what stands as seen."""
        for file in self.files.values():
            file.is_pending = False
        self.has_lost_catalogue = False
        self.attempts = ()

    def place(self, path: str) -> Path:
        """Return where a file stands."""
        return self.input / path

    def _make_folders(self, number: int) -> tuple[str, ...]:
        roots = ("one/", "two/") if number % 5 == 2 else ("",)
        for root in roots:
            (self.input / root).mkdir(parents=True)
        return tuple(root + folder for root in roots for folder in ("", "a/", "a/b/", "archived/"))

    # --- writing --------------------------------------------------------------------------

    def _tell(self, what: str, *facts: object) -> None:
        self.journal.append(" ".join(map(str, (what, *facts))))

    def _write(self, path: str, raw: bytes, words: Words | None, *, mtime: datetime | None = None) -> None:
        place, before = self.place(path), self.files.get(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        written = place
        if self.chance.random() < 0.5:  # as many editors do it
            written = place.parent / ".writing"
        written.write_bytes(raw)
        self._count += 1
        moment = mtime or self.now - timedelta(seconds=self.chance.randrange(60, 40_000))
        stamp = _seconds(moment) * 10**9 + self._count
        os.utime(written, ns=(stamp, stamp))
        written.replace(place)
        past = (*before.past, before.words) if before and before.words else ()
        self.files[path] = File(raw=raw, words=words, past=past)
        self._tell("  wrote", path, moment.isoformat(), words or raw)

    def _put(self, path: str, words: Words, *, mtime: datetime | None = None) -> None:
        self._write(path, words.raw(), words, mtime=mtime)

    def _fresh(self, suffix: str = "") -> str:
        self._count += 1
        return f"{self.chance.choice(self._folders)}{self._count:04}{suffix}.txt"

    def _some(self, *, usable: bool = True) -> str | None:
        """Choose a file that the last run has seen as it is."""
        paths = [
            path for path, file in self.files.items() if not file.is_pending and (file.words or not usable)
        ]
        return self.chance.choice(sorted(paths)) if paths else None

    def _words_of(self, path: str) -> Words:
        words = self.files[path].words
        assert words is not None
        return words

    def _text(self) -> str:
        length = self.chance.choice((0, 2, 2, 2, 40))
        return f"{self.chance.choice(_TONGUES)} {self.chance.randrange(10**6)}{' and more' * length}"

    def _epoch(self) -> int:
        return _seconds(EPOCH) + 3600 * self.chance.randrange(400)

    # --- what can happen ------------------------------------------------------------------

    def _add(self) -> None:
        self._count += 1
        epoch = self._epoch()
        words = Words(
            site=self.chance.choice(tuple(_ADDRESSES)),
            number=self._count,
            title=f"Number {self._count}",
            text=self._text(),
            epoch=epoch if self.chance.random() < 0.9 else None,
            dated=epoch,
            pictures=self.chance.choice((0, 0, 1, 2)),
            has_promotion=self.chance.random() < 0.3,
            noise=self.chance.choice((0, 0, 1, 2)),
        )
        self._tell("add")
        self._put(self._fresh(), words)

    def _add_ahead(self) -> None:
        self._add()
        path = next(reversed(self.files))
        ahead = _seconds(self.now + timedelta(hours=self.chance.choice((20, 30, 60))))
        self._put(path, msgspec.structs.replace(self._words_of(path), epoch=ahead, dated=ahead))

    def _add_bad(self) -> None:
        self._tell("add bad")
        bad = self.chance.choice(
            (b"", b"Nothing to see.", b"<!--1706716023000-->\nno title\n", b"[T](about:)\n---\n")
        )
        path = self._some() if self.chance.random() < 0.3 else None
        self._write(path or self._fresh(), bad, None)

    def _mend_bad(self) -> None:
        bad = sorted(
            path for path, file in self.files.items() if file.past and not file.words and not file.is_pending
        )
        for path in bad[:1]:
            self._tell("mend", path)
            self._put(path, msgspec.structs.replace(self.files[path].past[-1], text=self._text()))

    def _twin(self) -> None:
        path = self._some()
        if path:
            self._tell("twin of", path)
            changed = self.chance.choice((self._changed, self._changed, self._noised))(self._words_of(path))
            promotion = self.chance.random() < 0.3
            twin = msgspec.structs.replace(changed, epoch=self._epoch(), has_promotion=promotion)
            self._put(self._fresh(), twin)

    def _changed(self, words: Words) -> Words:
        change = self.chance.choice(("title", "text", "text", "pictures", "all"))
        changes: dict[str, dict[str, Any]] = {
            "title": {"title": f"{words.title.split(',')[0]}, {self.chance.randrange(10**6)}"},
            "text": {"text": self._text()},
            "pictures": {"pictures": words.pictures + 1},
            "all": {
                "text": self._text(),
                "pictures": words.pictures + 1,
                "noise": words.noise + 1,
                "slug": 1,
            },
        }
        return msgspec.structs.replace(words, **changes[change])

    def _noised(self, words: Words) -> Words:
        changes = self.chance.choice(
            (
                {"noise": words.noise + 1},
                {"slug": words.slug + 1},
                {"is_proxied": not words.is_proxied, "noise": 4},
            )
        )
        return msgspec.structs.replace(words, **changes)

    def _edit_later(self) -> None:
        path = self._some()
        if path:
            self._tell("edit later", path)
            words = self._words_of(path)
            later = max(words.epoch or 0, words.dated) + 3600 * self.chance.randrange(1, 60)
            dated = self.chance.choice((words.dated, later))
            self._put(path, msgspec.structs.replace(self._changed(words), epoch=later, dated=dated))

    def _edit_in_place(self) -> None:
        path = self._some()
        if path:
            self._tell("edit in place", path)
            changed = self._changed(self._words_of(path))
            if changed.epoch is not None and self.chance.random() < 0.15:
                epoch = self.chance.choice((None, changed.epoch - 3600))
                changed = msgspec.structs.replace(changed, epoch=epoch)
            self._put(path, changed, mtime=self._edit_time())

    def _edit_time(self) -> datetime | None:
        return self.chance.choice(
            (
                None,
                None,
                None,
                None,
                EPOCH - timedelta(days=400),
                self.now - timedelta(seconds=1),
                self.now + timedelta(minutes=30),
            )
        )

    def _edit_again(self) -> None:
        """Go back to what the file said before."""
        paths = sorted(
            path for path, file in self.files.items() if file.past and file.words and not file.is_pending
        )
        if paths:
            path = self.chance.choice(paths)
            self._tell("edit back", path)
            self._put(path, self.chance.choice(self.files[path].past))

    def _no_edit(self) -> None:
        path = self._some()
        if path:
            self._tell("no real change", path)
            self._put(path, self._noised(self._words_of(path)))

    def _edit_unstamped(self) -> None:
        """Change a file of which the last run saw that it was young, without a trace in its stamp."""
        for path, file in sorted(self.files.items()):
            status = self.place(path).stat()
            if file.words and not file.is_pending and self._was_young(status.st_mtime_ns):
                words = msgspec.structs.replace(file.words, text=file.words.text[:-1] + "x")
                self._tell("edit unstamped", path, words)
                self.place(path).write_bytes(words.raw())
                os.utime(self.place(path), ns=(status.st_mtime_ns, status.st_mtime_ns))
                self.files[path] = File(raw=words.raw(), words=words, past=(*file.past, file.words))
                return

    def _was_young(self, mtime_ns: int) -> bool:
        return is_young(mtime_ns, self.last)

    @property
    def last(self) -> datetime:
        """When the last whole run was."""
        return self._last

    _last = NOW - timedelta(days=1000)

    def ran(self) -> None:
        """Note that a whole run was."""
        self._last = self.now
        self.settle()

    def _touch(self) -> None:
        path = self._some(usable=False)
        if path:
            self._tell("touch", path)
            self._count += 1
            stamp = _seconds(self.now - timedelta(seconds=100)) * 10**9 + self._count
            os.utime(self.place(path), ns=(stamp, stamp))

    def _move(self) -> None:
        path = self._some(usable=False)
        if path:
            suffix = self.chance.choice(("", "-copy"))
            self._rename(path, self._fresh(suffix))

    def _move_over(self) -> None:
        path, other = self._some(), self._some()
        if path and other and path != other:
            self._rename(path, other)

    def _move_and_edit(self) -> None:
        path = self._some()
        if path:
            new = self._fresh()
            self._rename(path, new)
            self._put(new, self._changed(self._words_of(new)))

    def _swap(self) -> None:
        path, other = self._some(), self._some()
        if path and other and path != other:
            between = f"{other}.between"
            self._rename(path, between)
            self._rename(other, path)
            self._rename(between, other)

    def _rename(self, path: str, new: str) -> None:
        self._tell("rename", path, new)
        self.place(new).parent.mkdir(parents=True, exist_ok=True)
        self.place(path).replace(self.place(new))
        self.files[new] = self.files.pop(path)
        self.files[new].is_pending = True

    def _move_folder(self) -> None:
        folder = self.chance.choice(
            [name for name in self._folders if not name.endswith(("one/", "two/")) and name]
        )
        inside = [path for path in self.files if path.startswith(folder)]
        self._count += 1
        above, _, name = folder.rstrip("/").rpartition("/")
        new = f"{above}/{name}{self._count}/" if above else f"{name}{self._count}/"
        if inside:
            self._tell("rename folder", folder, new)
            self.place(folder).rename(self.place(new))
            for path in inside:
                self.files[new + path.removeprefix(folder)] = self.files.pop(path)
                self.files[new + path.removeprefix(folder)].is_pending = True

    def _copy(self) -> None:
        path = self._some()
        if path:
            self._tell("copy", path)
            words = self._words_of(path)
            self._put(self._fresh("-copy"), self.chance.choice((words, words, self._noised(words))))

    def _delete(self) -> None:
        path = self._some(usable=False)
        if path:
            self._tell("delete", path)
            self.place(path).unlink()
            del self.files[path]

    def _delete_folder(self) -> None:
        folder = self.chance.choice(
            [name for name in self._folders if not name.endswith(("one/", "two/")) and name]
        )
        inside = [path for path in self.files if path.startswith(folder)]
        if inside:
            self._tell("delete folder", folder)
            shutil.rmtree(self.place(folder))
            for path in inside:
                del self.files[path]

    def _spoil_output(self) -> None:
        """Lose or spoil something of what stands; it is not for us to trust."""
        output = self.config.output.directory
        feeds = sorted(path for path in output.rglob("*") if path.is_file() and not path.name.startswith("."))
        if feeds:
            spoilt = self.chance.choice(feeds)
            self._tell("spoil", spoilt.relative_to(output))
            if self.chance.random() < 0.5:
                spoilt.unlink()
            else:
                spoilt.write_bytes(b"spoilt")

    def _lose_output(self) -> None:
        self._tell("lose output")
        shutil.rmtree(self.config.output.directory, ignore_errors=True)

    def _lose_catalogue(self) -> None:
        self._tell("lose catalogue")
        for path in self.base.glob("state.sqlite3*"):
            path.unlink()
        self.has_lost_catalogue = True

    def _configure(self) -> None:
        section, name, values = self.chance.choice(_CONFIGURATIONS)
        value = self.chance.choice(values)
        self._tell("configure", section, name, value)
        changed = msgspec.structs.replace(getattr(self.config, section), **{name: value})
        self.config = msgspec.structs.replace(self.config, **{section: changed})

    def _upgrade(self) -> None:
        self.version = self.chance.choice((1, 2, 3))
        self._tell("upgrade", self.version)

    def _change_sites(self) -> None:
        own = self.chance.choice(tuple(_OWN_RULES))
        self._tell("change sites", own)
        directory = self.base / f"sites-{own}"
        directory.mkdir(exist_ok=True)
        for name, written in _OWN_RULES[own].items():
            (directory / name).write_text(written)
        self.config = msgspec.structs.replace(self.config, sites=config.load_sites(own=directory))


_HAPPENINGS = {
    "add": 8,
    "add_ahead": 1,
    "add_bad": 2,
    "mend_bad": 1,
    "twin": 6,
    "edit_later": 5,
    "edit_in_place": 10,
    "edit_again": 3,
    "edit_unstamped": 4,
    "no_edit": 5,
    "touch": 3,
    "move": 5,
    "move_over": 1,
    "move_and_edit": 1,
    "swap": 1,
    "move_folder": 2,
    "copy": 4,
    "delete": 4,
    "delete_folder": 1,
    "spoil_output": 1,
    "lose_output": 0.3,
    "lose_catalogue": 0.3,
    "configure": 7,
    "upgrade": 1,
    "change_sites": 2,
}

_CONFIGURATIONS: tuple[tuple[str, str, tuple[object, ...]], ...] = (
    ("feeds", "limit", (1, 2, 3, 5, 100)),
    ("feeds", "max_bytes", (2600, 6000, 2 * MIB)),
    ("feeds", "by", ((), ("source",), ("source",))),
    ("feeds", "formats", (("atom",), ("rss",), ("atom", "rss"), ("atom", "rss"))),
    ("feeds", "content", ("full", "summary")),
    ("images", "urls", ("keep", "unwrap")),
    ("images", "enclosures", ("all", "lead", "none")),
    ("site", "language", ("", "zh", "en")),
    ("site", "title", ("A site", "Another <site>")),
    ("output", "gzip", (True, False)),
    ("input", "exclude", ((), ("a",), ("*-copy*",), ("*archived/*",))),
    ("input", "max_bytes", (8 * MIB, 8 * MIB, 700)),
)

_PROMOTION = (
    '[[boilerplate]]\nwhat = "promotion"\nelements = ["p"]\nattribute = "class"\nvalue = "^promotion$"\n'
)
_OWN_RULES = {
    "none": {},
    "dw": {"dw.toml": f'name = "The Wave"\n{_PROMOTION}'},
    "example": {
        "example.toml": f'name = "Example"\nhosts = ["example.org"]\nlanguage = "en"\n{_PROMOTION}',
        "bbc.toml": _PROMOTION,
    },
}


def _configured(base: Path, folders: Iterable[str], *, is_within: bool) -> Config:
    roots = ("one", "two") if "one/" in folders else ("",)
    output = base / "in" / "public" if is_within and roots == ("",) else base / "out"
    shipped = config.for_directories(input=base / "in", output=output)
    directories = tuple(base / "in" / root for root in roots)
    labels = tuple(root or str(base / "in") for root in roots)
    read = msgspec.structs.replace(shipped.input, directories=directories, labels=labels)
    site = msgspec.structs.replace(shipped.site, title="A site", named_after_input=())
    configured = msgspec.structs.replace(shipped, input=read, site=site)
    return config.with_state(configured, file=base / "state.sqlite3")


# --- what a catalogue is to remember -----------------------------------------------------------

Since = datetime | None
_SAYS_NOTHING: frozenset[Since] = frozenset({None})


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A file as the last whole run saw it."""

    stamp: tuple[int, int, int]
    words: Words | None
    version: Version | None  # None: it was no usable article
    is_young: bool  # so that the next run reads it again


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What the memory of what files say goes by."""

    reading: tuple[object, ...]
    cleaning: tuple[object, ...]


class Memory:
    """Which articles were edited in place without a later epoch, and when.

    Where the plan leaves it open whether an edit counts (nobody had seen the entry, or the rules by which it
    would be judged changed with it), both moments are kept, and what the run took holds from then on.
    """

    def __init__(self) -> None:
        self.seen: dict[str, Seen] = {}
        self.edits: dict[str, frozenset[Since]] = {}  # of each file that is seen
        self.members: frozenset[str] = frozenset()  # guids of entries that stood in any document
        self._rules: Rules | None = None
        self._measures: dict[tuple[object, ...], Measure] = {}
        self._articles: dict[tuple[object, ...], Article | None] = {}

    def forget(self) -> None:
        """Lose the catalogue."""
        self.seen, self.edits, self._rules = {}, {}, None

    def look(self, history: History) -> None:
        """See what a run sees."""
        rules = _rules_of(history)
        is_anew = self._rules is None or self._rules.reading != rules.reading
        is_judged = self._rules is not None and self._rules.cleaning == rules.cleaning
        paths = [path for path in history.files if is_in_scope(path, history.config)]
        before, known = self.seen, self.edits
        self.seen = {path: self._see(history, path, is_anew=is_anew) for path in paths}
        self.edits, self._rules = {}, rules
        standing = [path for path in paths if _is_same(before.get(path), self.seen[path])]
        for path in standing:
            old, new = before[path], self.seen[path]
            self.edits[path] = self._since(old, new, known[path], history.attempts, is_judged=is_judged)
        for path in set(paths) - set(standing):
            self.edits[path] = _SAYS_NOTHING
        gone = before.keys() - set(standing)
        now = [(self.seen[path], self.edits[path]) for path in standing]
        now += [(before[path], known[path]) for path in gone]
        then = [(seen, known[path]) for path, seen in before.items()]
        for path in paths:
            for others in (now, then) if path not in standing else (then,):
                self._inherit(path, before.get(path), others, is_new=path not in standing and others is now)

    def _inherit(
        self, path: str, before: Seen | None, others: Iterable[tuple[Seen, frozenset[Since]]], *, is_new: bool
    ) -> None:
        """Let what was moved or copied keep its moment.

        Where a file was moved over another one of its article, or was edited when it had been copied, it may.
        """
        mine = self.seen[path].version
        same = [
            edits
            for seen, edits in others
            if mine and seen.version and (seen.version.key, seen.version.digest) == (mine.key, mine.digest)
        ]
        if not same or (before and before.version and mine and before.version.digest == mine.digest):
            return
        told = frozenset(min(filter(None, chosen), default=None) for chosen in product(*same))
        self.edits[path] = told if is_new else self.edits[path] | told

    def versions(self) -> dict[str, list[Version]]:
        """Return the usable files of each article, by its key."""
        found: dict[str, list[Version]] = {}
        for seen in self.seen.values():
            if seen.version:
                found.setdefault(seen.version.key, []).append(seen.version)
        return found

    def read_again(self, history: History) -> int:
        """Return how many files the next run parses even if nothing happens."""
        limit = history.config.input.max_bytes
        return sum(
            seen.is_young and len(history.files[path].raw) <= limit for path, seen in self.seen.items()
        )

    def updates(self, versions: list[Version], history: History) -> dict[datetime, list[tuple[Since, ...]]]:
        """Return each moment that an entry's `updated` may be, with what its files' edits then are."""
        found: dict[datetime, list[tuple[Since, ...]]] = {}
        for chosen in product(*(self.edits[version.path.decode()] for version in versions)):
            edited = zip(versions, chosen, strict=True)
            joined = identity.join(
                [msgspec.structs.replace(version, edited=since) for version, since in edited],
                measure=lambda version: self._measure(version, history),
            )
            found.setdefault(joined.updated, []).append(chosen)
        return found

    def narrow(self, versions: list[Version], chosen: list[tuple[Since, ...]]) -> None:
        """Keep of what was open what the run took."""
        for version, taken in zip(versions, zip(*chosen, strict=True), strict=True):
            self.edits[version.path.decode()] = frozenset(taken)

    @property
    def is_plain(self) -> bool:
        """Whether no edit in place is remembered, so that nothing but the archive counts."""
        return all(since == _SAYS_NOTHING for since in self.edits.values())

    def _see(self, history: History, path: str, *, is_anew: bool) -> Seen:
        status, before, file = history.place(path).stat(), self.seen.get(path), history.files[path]
        stamp = (status.st_size, status.st_mtime_ns, status.st_ino)
        is_read = is_anew or before is None or before.stamp != stamp or before.is_young
        return Seen(
            stamp=stamp,
            words=file.words,
            version=self._version(history, path, file),
            is_young=is_young(stamp[1], history.now) if is_read or before is None else before.is_young,
        )

    def _version(self, history: History, path: str, file: File) -> Version | None:
        if len(file.raw) > history.config.input.max_bytes:
            return None
        article = self._article(history, path, file.raw)
        if article is None or parse.dated_ahead(article, now=history.now):
            return None
        return article.version

    def _article(self, history: History, path: str, raw: bytes) -> Article | None:
        key = (path, raw, id(history.config.sites))
        if key not in self._articles:
            parsed = parse.parse(path.encode(), raw, sites=history.config.sites)
            self._articles[key] = parsed if isinstance(parsed, Article) else None
        return self._articles[key]

    def _measure(self, version: Version, history: History) -> Measure:
        rules = _rules_of(history).cleaning
        key = (version.digest, *rules)
        if key not in self._measures:
            path = version.path.decode()
            article = self._article(history, path, history.files[path].raw)
            assert article is not None
            wishes = Wishes(language=history.config.site.language, image_urls=history.config.images.urls)
            self._measures[key] = normalise(article, sites=history.config.sites, wishes=wishes).measure
        return self._measures[key]

    def _since(
        self,
        before: Seen,
        now: Seen,
        carried: frozenset[Since],
        moments: Iterable[datetime],
        *,
        is_judged: bool,
    ) -> frozenset[Since]:
        """Return since when a file of the same article may say what it says, beside its epoch."""
        old, new = before.version, now.version
        assert old and new and before.words and now.words  # noqa: PT018
        if old.digest == new.digest:
            return carried
        if new.epoch is not None and (old.epoch is None or new.epoch > old.epoch):
            return _SAYS_NOTHING
        since: frozenset[Since] = carried
        is_member = identity.guid(old.key) in self.members
        if before.words.says != now.words.says and not before.is_young:
            edited = {_moment(min(now.stamp[1] // 10**9, _seconds(one))) for one in moments}
            since = frozenset(max(one, new.epoch or one) for one in edited)
            if not (is_member and is_judged):
                since |= carried
        return since if is_member else since | _SAYS_NOTHING


def _is_same(before: Seen | None, now: Seen) -> bool:
    """Tell whether a file is of the article of which it was."""
    return bool(before and before.version and now.version and before.version.key == now.version.key)


def _rules_of(history: History) -> Rules:
    configured = history.config
    reading = (history.version, repr(configured.sites), configured.input.max_bytes)
    cleaning = (*reading, configured.site.language, configured.images.urls)
    return Rules(reading=reading, cleaning=cleaning)


def is_young(mtime_ns: int, now: datetime) -> bool:
    """Tell whether a file may still be written to without its stamp telling."""
    return (now - YOUNG).timestamp() < mtime_ns / 10**9 < (now + AHEAD).timestamp()


def is_in_scope(path: str, configured: Config) -> bool:
    """Tell whether a file is looked at, by [input] exclude."""
    root = f"{path.partition('/')[0]}/" if len(configured.input.directories) > 1 else ""
    steps = path.removeprefix(root).split("/")
    return not any(
        fnmatchcase("/".join(steps[:depth]) if "/" in pattern else steps[depth - 1], pattern)
        for depth in range(1, len(steps) + 1)
        for pattern in configured.input.exclude
    )


# --- runs that do not come to their end -----------------------------------------------------------


def failing(chance: random.Random) -> tuple[str, Callable[..., object]]:
    """Return a function that fails at its n-th call, then perhaps for ever, and which one of `os` it is."""
    name = chance.choice(
        ("replace", "replace", "fsync", "fsync", "open", "open", "write", "unlink", "mkdir", "rmdir")
    )
    remaining = chance.choice((1, 2, 3, 5, 8, 13, 21, 34, 55))
    lasts = chance.random() < 0.5
    error: BaseException = chance.choice((OSError(28, "No space left on device"), KeyboardInterrupt()))
    whole = getattr(os, name)

    def fail(*arguments: object, **options: object) -> object:
        nonlocal remaining
        remaining -= 1
        if remaining == 0 or (remaining < 0 and lasts):
            raise error
        return whole(*arguments, **options)

    return name, fail
