"""Mutated articles through parse, normalise and render: none may crash, take over a second, or spoil a feed.

    python -m tests.fuzzing --cases 200000 --jobs 2

Every case comes from its number alone, so one that fails can be repeated: `--first N --cases 1`.
"""

import argparse
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from typing import NamedTuple

from lxml import etree, html

from feedbridge import parse
from feedbridge.config import load_sites
from feedbridge.identity import join
from feedbridge.model import Article, Document, Measure
from feedbridge.normalise import CONTENT_LIMIT_BYTES, Wishes, normalise
from feedbridge.render import render
from feedbridge.selection import document, entry
from tests.samples import CHECKOUT, EPOCH, SHARED, spec, text

_SAFE = re.compile("https?:|mailto:", re.IGNORECASE)

LONGEST_S = 1.0  # of the processor's time
SHOWN = 20  # failures
CHUNK = 500  # cases that a worker takes at once

HOSTS = (
    "www.dw.com/zh/x/a-1",
    "www.bbc.com/zhongwen/simp/x-68266835",
    "chinadigitaltimes.net/chinese/1.html",
)
HEADERS = (
    '---\nlayout: post\ntitle: "T"\ndate: 2024-01-31T15:47:03Z\nfrom: https://{host}\ntags: [ a b ]\n---\n',
    "<!--1706716023000-->\n[T](https://{host})\n------\n\n",
    "<!--NaN-->\n[T\nu](https://{host})\n------\n\n",
    "[T](https://{host})\n------\n日期：Wed, 31 Jan 2024 15:47:03 +0000\n\n",
)
# What has hurt programs that read markup, addresses and dates, and what our rules look for.
FRAGMENTS = (
    "<",
    ">",
    "&",
    '"',
    "'",
    "</",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?",
    "<a",
    "<p ",
    "\0",
    "\x08",
    "\ufeff",
    "\ufffe",
    "\u202e",
    "\u2066",
    "\u200d",
    "\U0001f468\u200d\U0001f469",
    "\r",
    "\n",
    "\u3000",
    "\u00a0",
    "&#8;",
    "&#xD800;",
    "&#99999999999;",
    "&lt;script&gt;",
    "&amp;amp;",
    "&nbsp",
    "<script>alert(1)</script>",
    "<style>",
    "<noscript><img src=a.jpg></noscript>",
    "<svg><title>x",
    "<math><annotation>",
    "<template>",
    "<plaintext>",
    "<textarea>",
    "<xmp>",
    "<table><tr><td>",
    "<td>",
    "</table>",
    "<li>",
    "<dl><dd>",
    "<h3>相关图集：",
    '<img src="">',
    "<img>",
    '<img src="data:image/gif;base64,R0lGOD" data-src="https://e.org/a.jpg">',
    '<img src="https://images.weserv.nl/?url=e.org/a.jpg" width="100%">',
    '<img src="//e.org/a b.png?x=é">',
    '<img srcset="a.jpg 1x, b.jpg 2x, , c 0w, d -1x" sizes="(min-width: 1px) 1px">',
    "<img src=x onerror=alert(1)>",
    '<img src="https://i0.wp.com/images.weserv.nl/?url=e.org/a.jpg&ssl=1">',
    '<img width="1" height="1" src="/p">',
    '<picture><source srcset="a.webp 1x"><img></picture>',
    "<figure>",
    "<figcaption>x",
    "</figure>",
    '<div><small style="color: #999;">',
    "<b>x</b>：y",
    '<iframe src="https://www.youtube.com/embed/abcdefghijk?&&&">',
    '<iframe src="javascript:alert(1)">',
    '<embed src="//e.org/x.swf">',
    '<object data="x">',
    "<video controls>",
    '<video poster="p.jpg" src="v.mp4">',
    "<audio><source src=a.mp3>",
    '<a href="javascript:x">',
    "<a href=>",
    '<a href="http://[::1">',
    '<a href="//a@b:99999/">',
    '<a href="mailto:a@e.org">',
    "https://e.org/a欢迎(b)",
    '<section aria-label="广告 2">',
    '<div class="addtoany_share_save_container">',
    "获取更多RSS：",
    "CDT 档案卡",
    '<time dateTime="2024-02-11">',
    "<div><i>A,A<br>2020-10-13 09:46:43</i></div>",
    "<div>25/09/2023 - 22:28</div>",
    "<div hidden>",
    '<p style="display:none">',
    "<br><br><br>",
    "<hr>",
    "<p></p>",
    "<div><div><div>",
    "</div>",
    "------\n",
    "[a](b)\n------\n",
    "<!--1706716023000-->\n",
    "日期：",
    "---\n",
    "from: http://e.org/\n",
)


class Failure(NamedTuple):
    """A case that did what none may do."""

    number: int
    what: str


def case(number: int) -> bytes:
    """Make the article of a number: one of the samples, or a made one, and some changes to it."""
    chance = random.Random(number)  # noqa: S311  # no secret: it has to be the same every time
    article = chance.choice((_made, _sample))(chance)
    for _ in range(chance.choice((1, 1, 2, 3, 5, 8))):
        article = chance.choice(_CHANGES)(article, chance)
    return article


def check(raw: bytes) -> str:
    """Take a file through all stages; the answer is what became of it.

    Raises: whatever a stage raises; AssertionError if a feed is not what it has to be.
    """
    found = parse.parse(b"a.md", raw, sites=load_sites())
    if not isinstance(found, Article):
        return type(found).__name__
    identity = join([found.version], measure=_unmeasured)
    made = entry(normalise(found, sites=load_sites(), wishes=Wishes(language="")), identity)
    _check_document(document(spec(), [made]))
    return found.shape


def _check_document(made: Document) -> None:
    for rendition in render(made):
        if rendition.kind == "feed":
            root = etree.fromstring(rendition.body)
            grammar = _grammar() if rendition.path == "atom.xml" else None
            assert grammar is None or grammar.validate(root), grammar.error_log
    check_content(made.entries[0].content)


def check_content(content: str) -> None:
    """Look at what readers are to show.

    Raises: AssertionError if something in it is alive, or if it is too long.
    """
    assert not any(map(_is_alive, html.fragment_fromstring(content).iter())), content
    assert len(content.encode()) <= CONTENT_LIMIT_BYTES


def _is_alive(element: html.HtmlElement) -> bool:
    """Tell whether an element could do anything in a reader but show and lead."""
    if element.tag in ("script", "style", "iframe", "object", "embed", "form", "svg", "base", "meta"):
        return True
    links = (element.get(name, "https:") for name in ("href", "src", "poster", "cite"))
    return any(name.startswith("on") for name, _ in element.items()) or not all(map(_SAFE.match, links))


@cache
def _grammar() -> etree.RelaxNG | None:
    file = SHARED / "schemas" / "atom.rng"
    return etree.RelaxNG(file=file) if file.exists() else None


def _unmeasured(_: object) -> Measure:
    raise AssertionError


# --- how cases are made ---------------------------------------------------------------


@cache
def _samples() -> Sequence[bytes]:
    return [file.read_bytes() for file in sorted((CHECKOUT / "seeds").iterdir())]


def _sample(chance: random.Random) -> bytes:
    return chance.choice(_samples())


def _made(chance: random.Random) -> bytes:
    body = "".join(
        chance.choice((*FRAGMENTS, "word ", "<p>A sentence.</p>")) for _ in range(chance.randrange(40))
    )
    header = chance.choice(HEADERS).format(host=chance.choice(HOSTS))
    return (header + body).encode("utf-8", "surrogatepass")


def _slice(article: bytes, chance: random.Random) -> tuple[int, int]:
    start = chance.randrange(len(article) + 1)
    return start, min(len(article), start + int(chance.expovariate(1 / 40)))


def _delete(article: bytes, chance: random.Random) -> bytes:
    start, end = _slice(article, chance)
    return article[:start] + article[end:]


def _repeat(article: bytes, chance: random.Random) -> bytes:
    start, end = _slice(article, chance)
    return article[:end] + article[start:end] * chance.choice((1, 2, 300)) + article[end:]


def _insert(article: bytes, chance: random.Random) -> bytes:
    start, _ = _slice(article, chance)
    written = chance.choice(FRAGMENTS).encode("utf-8", "surrogatepass")
    return article[:start] + written * chance.choice((1, 1, 1, 2, 1000)) + article[start:]


def _flip(article: bytes, chance: random.Random) -> bytes:
    changed = bytearray(article)
    for _ in range(chance.choice((1, 4, 30)) if changed else 0):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _move(article: bytes, chance: random.Random) -> bytes:
    start, end = _slice(article, chance)
    rest = article[:start] + article[end:]
    place = chance.randrange(len(rest) + 1)
    return rest[:place] + article[start:end] + rest[place:]


def _splice(article: bytes, chance: random.Random) -> bytes:
    other = _sample(chance)
    return article[: chance.randrange(len(article) + 1)] + other[chance.randrange(len(other) + 1) :]


def _retitle(article: bytes, chance: random.Random) -> bytes:
    title = "".join(chance.choice(FRAGMENTS) for _ in range(4)).replace("\n", " ")
    made = text(title=title, url=f"https://{chance.choice(HOSTS)}", epoch=EPOCH, body="")
    return made.encode("utf-8", "surrogatepass") + article


_CHANGES: Sequence[Callable[[bytes, random.Random], bytes]] = (
    _delete,
    _repeat,
    _insert,
    _insert,
    _flip,
    _move,
    _splice,
    _retitle,
)


# --- many of them -----------------------------------------------------------------------


class Summary(NamedTuple):
    """What became of some cases."""

    outcomes: Counter[str]
    slowest_s: float
    failures: list[Failure]


def run(numbers: Sequence[int], *, longest_s: float) -> Summary:
    """Check these cases; one that takes longer than that on the processor fails, too."""
    outcomes: Counter[str] = Counter()
    slowest_s = 0.0
    failures: list[Failure] = []
    for number in numbers:
        begun = time.process_time()
        try:
            outcomes[check(case(number))] += 1
        except Exception as exc:  # noqa: BLE001  # any is a failure
            failures.append(Failure(number, f"{type(exc).__name__}: {str(exc)[:300]}"))
        taken_s = time.process_time() - begun
        slowest_s = max(slowest_s, taken_s)
        if taken_s > longest_s:
            failures.append(Failure(number, f"it took {taken_s:.2f} s"))
    return Summary(outcomes, slowest_s, failures)


def _chunks(first: int, count: int) -> Iterator[range]:
    for start in range(first, first + count, CHUNK):
        yield range(start, min(start + CHUNK, first + count))


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    asked = parser.parse_args()
    outcomes: Counter[str] = Counter()
    slowest_s = 0.0
    failures: list[Failure] = []
    with ProcessPoolExecutor(asked.jobs) as workers:
        for summary in workers.map(partial(run, longest_s=LONGEST_S), _chunks(asked.first, asked.cases)):
            outcomes += summary.outcomes
            slowest_s = max(slowest_s, summary.slowest_s)
            for failure in summary.failures[: max(0, SHOWN - len(failures))]:
                print(f"case {failure.number}: {failure.what}", flush=True)  # noqa: T201  # what it is for
            failures += summary.failures
    print(f"{sum(outcomes.values())} well, {len(failures)} not; slowest {slowest_s:.2f} s; {dict(outcomes)}")  # noqa: T201  # as above
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
