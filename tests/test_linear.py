"""Linear time: of each expression and each stage, whatever an article holds.

Nothing is timed. Where Python runs, its steps are counted in two articles, one four times as long. What
runs within `re`, RE2, lxml and nh3 has no steps that can be counted: there a long text must come to its
end at all, before a guard that leaves it many times what it needs.
"""

import importlib
import inspect
import pkgutil
import re
import signal
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any

import pytest

import feedbridge
from feedbridge import parse
from feedbridge.config import load_sites
from feedbridge.identity import join
from feedbridge.model import Article, Entry, Mark, Sites
from feedbridge.normalise import Wishes, normalise
from feedbridge.render import render
from feedbridge.selection import document, entry
from feedbridge.standards.expressions import compiled
from tests import hostile
from tests.samples import spec, unmeasured

MEGABYTE = 1_000_000
FEWER = (
    20_000  # characters of the articles that stand for no stage: benchmarks/linear.py gives them a megabyte
)
HANG_S = 10.0  # of the processor's time for one test …
HANG_LONG_S = 60.0  # … and for a megabyte of elements; a quadratic stage takes hours

# Characters of the articles whose steps are compared; the small ones, too, are nested as deep as may be.
SMALL, LARGE = 5_000, 20_000
GROWTH = 6  # times as many steps, at most: 4 are linear, give or take what is bounded; 16 quadratic
FEW = 2_000  # steps in a module that any article may cost


class HangError(Exception):
    """What should have ended long ago."""


@contextmanager
def ending(seconds: float) -> Iterator[None]:
    """End what hangs. `re` and Python hear the signal at once, the other libraries when they return.

    Raises: HangError.
    """

    def give_up(*_: object) -> None:
        raise HangError

    before = signal.signal(signal.SIGPROF, give_up)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


# --- expressions -----------------------------------------------------------------------

# How those are used that have another name where they are used.
_USES = {"standards.tokens._TAG": ["match"], "standards.tokens._TAG_WITHOUT_QUOTES": ["match"]}


def _expressions() -> Iterator[tuple[str, re.Pattern[str], list[str]]]:
    """Find each expression of our own, in tables too, with its place and the methods that use it."""
    for found in pkgutil.walk_packages(feedbridge.__path__, "feedbridge."):
        module = importlib.import_module(found.name)
        source = inspect.getsource(module)
        for name, value in vars(module).items():
            place = f"{found.name.removeprefix('feedbridge.')}.{name}"
            uses = re.findall(rf"\b{name}(?:\[\w+\])?\.([a-z]+)\(", source)
            for key, one in (value if isinstance(value, dict) else {"": value}).items():
                if isinstance(one, re.Pattern):
                    yield (
                        f"{place}[{key}]" if key else place,
                        _of_text(one),
                        uses or _USES.get(place, ["search"]),
                    )


def _of_text(expression: re.Pattern[Any]) -> re.Pattern[str]:
    """Return one for bytes as the same for characters, which takes as many steps."""
    if isinstance(expression.pattern, str):
        return expression
    return re.compile(expression.pattern.decode("latin-1"), expression.flags | re.ASCII)


EXPRESSIONS = {place: (expression, uses) for place, expression, uses in _expressions()}


@pytest.mark.parametrize("place", sorted(EXPRESSIONS))
def test_an_expression_comes_to_its_end(place):
    """On a megabyte made against it, which takes a quadratic one hours."""
    expression, uses = EXPRESSIONS[place]
    with ending(HANG_S):
        _run(expression, uses)


@pytest.mark.parametrize(
    "expression",
    [
        pytest.param(r"\s+$", id="tried from each place"),
        pytest.param(r"(?s)\A<a>\s*\n(.*)</a>", id="two repeats, something between"),
        pytest.param(r"\A[0-9]+\s*(?:px)?\s*$", id="two repeats, nothing between"),
        pytest.param(r"\A(?:ab?|b)*c", id="a group that may be parted in many ways"),
        pytest.param(r"\A(?:x+x+)+y", id="nested repeats"),
        pytest.param(r"\A[a-f]*[d-z]*[0-9]", id="two repeats, some characters in both"),
        pytest.param(r"\A<!--(?:.|\n)*?-->.*?\s*!", id="two lazy repeats"),
    ],
)
def test_texts_made_against_an_expression_find_slow_ones(expression):
    """Else the test above would mean nothing."""
    with pytest.raises(HangError), ending(0.5):
        _run(re.compile(expression), ["search"])


def _run(expression: re.Pattern[str], uses: list[str]) -> None:
    for attack in hostile.against(expression):
        source = attack.of(MEGABYTE)
        for use in uses:
            if use in ("match", "search", "fullmatch"):
                getattr(expression, use)(source)
            else:
                deque(expression.finditer(source), maxlen=0)  # as findall, split and sub do


def test_the_expressions_of_rules_come_to_their_end():
    """All run in RE2, whose time is linear; each on a megabyte in which it may match often."""
    for expression in _expressions_of_rules(load_sites()):
        with ending(HANG_S):
            compiled(expression).search(expression * (MEGABYTE // len(expression)))


def _expressions_of_rules(sites: Sites) -> set[str]:
    found = {*sites.not_pictures, *sites.not_players, *(player.address for player in sites.players)}
    marks: list[Mark] = []
    for rule in (*sites.rules, sites.general):
        found |= {*rule.key, rule.date_line, rule.author, *(mend.pattern for mend in rule.dead_links)}
        marks += (*rule.caption, *rule.boilerplate)
    return (found | {text for mark in marks for text in (mark.value, mark.text)}) - {""}


# --- stages ----------------------------------------------------------------------------


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    """Import and compile what the first article needs, so that it is no step of another one."""
    for name in ("frames, known", "date lines", "front matter, tags"):
        published(hostile.ARTICLES[name](1))


@pytest.mark.parametrize("name", sorted(hostile.ARTICLES))
def test_steps_grow_with_the_article(name):
    """In no module more than it does, from parsing to the feed."""
    article = hostile.ARTICLES[name]
    with ending(HANG_S):
        small, large = (steps(partial(published, article(size))) for size in (SMALL, LARGE))
    assert grown(small, large, GROWTH) == {}


@pytest.mark.parametrize("name", ["levels with text", "cells", "one word", "entities"])
def test_steps_of_cutting_grow_with_the_article(name, monkeypatch):
    """Cutting is tried up to six times, so the articles are further apart."""

    def cut(size: int) -> Counter[str]:
        monkeypatch.setattr("feedbridge.normalise.CONTENT_LIMIT_BYTES", size // 4)
        return steps(partial(published, hostile.ARTICLES[name](size)))

    with ending(HANG_S):
        small, large = cut(SMALL // 2), cut(SMALL * 8)
    assert grown(small, large, 6 * 4.5**2) == {}


def test_steps_find_what_is_quadratic():
    """Else the tests above would mean nothing: also a loop that calls nothing is seen."""

    def quadratic(length: int) -> None:
        for outer in range(length):
            inner = outer
            while inner:
                inner -= 1

    small, large = steps(partial(quadratic, 40)), steps(partial(quadratic, 160))
    assert set(grown(small, large, GROWTH)) == {__name__}


def steps(work: Callable[[], object]) -> Counter[str]:
    """Return how many lines run in each module, in the standard library and others too."""
    counts: Counter[str] = Counter()

    def enter(frame: FrameType, _event: str, _argument: object) -> Any:
        module = frame.f_globals["__name__"]

        def step(*_: object) -> Any:
            counts[module] += 1
            return step

        return step

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        work()
    finally:
        sys.settrace(before)
    return counts


def grown(small: Counter[str], large: Counter[str], growth: float) -> dict[str, tuple[int, int]]:
    """Return the modules that take too many steps more."""
    return {
        module: (small[module], count)
        for module, count in large.items()
        if count > growth * small[module] + FEW
    }


# What each stage finds hardest to bear, of a megabyte.
STAGES = {
    "parse": "front matter, tags",
    "standards.tokens": "unclosed quotation marks, by turns",
    "standards.tame": "levels with text",
    "standards.markup": "unknown elements",
    "standards.elements": "links without addresses",
    "standards.attributes": "srcset candidates",
    "normalise.bare": "addresses, glued",
    "normalise.lines": "lines",
    "normalise.links": "long addresses",
    "normalise.boilerplate": "boilerplate by its text",
    "normalise.heading": "title again, deep",
    "normalise.pictures": "pictures in one figure",
    "normalise.captions": "pictures with small print",
    "normalise.players": "frames after links",
    "normalise.tidy": "blocks, empty, between words",
    "normalise.notices": "copyright notices",
    "normalise.cut": "headings",
    "render": "pictures with captions",
}


@pytest.mark.no_cover  # what it runs is covered elsewhere, and a tracer doubles its time
@pytest.mark.parametrize("stage", STAGES)
def test_a_megabyte_comes_to_its_end_in_each_stage(stage):
    """As below, of the article that is made against it."""
    with ending(HANG_LONG_S):
        made = published(hostile.ARTICLES[STAGES[stage]](MEGABYTE))
    assert _is_whole(made)


@pytest.mark.no_cover  # what it runs is covered elsewhere, and a tracer doubles its time
@pytest.mark.parametrize("name", sorted(hostile.ARTICLES))
def test_an_article_comes_to_its_end(name):
    """And the text behind the attack is still there, or where the entry is cut, a link to it."""
    size = MEGABYTE if name in hostile.TEXTS | hostile.HEADERS else FEWER
    with ending(HANG_S):
        made = published(hostile.ARTICLES[name](size))
    assert _is_whole(made)


def _is_whole(made: Entry) -> bool:
    return hostile.MARKER in made.content or f'<p>… <a href="{made.link}">' in made.content


def published(source: str) -> Entry:
    """Take a file through all stages, to its entry and its feed."""
    sites = load_sites()
    found = parse.parse(b"a.md", source.encode("utf-8", "surrogatepass"), sites=sites)
    assert isinstance(found, Article), found
    identity = join([found.version], measure=unmeasured)
    made = entry(normalise(found, sites=sites, wishes=Wishes(language="")), identity)
    assert render(document(spec(), [made]))
    return made
