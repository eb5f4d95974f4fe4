"""What is made to take long: texts for every expression, bodies and whole files, each in any size."""

import importlib
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import permutations
from typing import Any, NamedTuple

from tests.samples import text

MARKER = "MARKER"  # stands behind each attack: the text there must not be lost
LINK = "https://www.dw.com/zh/a/a-1"  # of each article, but for those whose link is the attack
MARKED = f"\n<p>{MARKER}</p>\n"

PICTURE = "https://example.org/a.jpg"


class Attack(NamedTuple):
    """Something that is repeated, perhaps with a number in it, and what stands around it."""

    unit: str
    before: str = ""
    after: str = ""

    def of(self, size: int) -> str:
        """Return the attack with about so many characters."""
        count = max(1, size // len(self.unit))
        if "{n}" not in self.unit:
            return self.before + self.unit * count + self.after
        return self.before + "".join(self.unit.replace("{n}", str(n)) for n in range(count)) + self.after


# --- expressions -----------------------------------------------------------------------

_grammar: Any = importlib.import_module("re._parser")  # what `re` itself reads expressions with …
_compiler: Any = importlib.import_module("re._compiler")  # … and compiles parts of them with
_Node = Any  # a part of an expression: a sequence of one operation with its argument

_OF_ONE_CHARACTER = ("LITERAL", "NOT_LITERAL", "ANY", "IN")
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
_MANY = 500  # repeats: so many are as bad as any number
_PAIRED = 4  # kinds of characters of which pairs are made: of more there would be thousands
_OTHERS = "aA0 \n<-\0\u4e2d"  # characters that may be none of an expression's own
_MISFIT = "\0"  # no expression wants it at the end


def against(expression: re.Pattern[str]) -> Sequence[Attack]:
    """Return the texts on which an expression is slow if it is slow on any: they follow from its parts.

    An expression takes more than linear time where what repeats is tried from many places, or can be
    parted in many ways. So for each repeat: what leads to it, once and each time, then many of each kind of
    character that the expression tells apart, and at last one that it does not want.
    """
    tree = _grammar.parse(expression.pattern, expression.flags)
    kinds = _kinds(tree)
    attacks = {
        attack: None
        for lead, body in _repeats(tree, kinds)
        for unit in _units(body, kinds)
        for attack in (Attack(unit, before=lead, after=_MISFIT), Attack(lead + unit, after=_MISFIT))
    }
    return tuple(attacks)


def _kinds(tree: _Node) -> Sequence[str]:
    """Return one of all characters that no part of an expression tells from each other."""
    tests = _tests(tree)
    characters = dict.fromkeys((*_named(tree), *_OTHERS))
    kinds: dict[tuple[bool, ...], str] = {}
    for character in characters:
        kinds.setdefault(tuple(test.fullmatch(character) is not None for test in tests), character)
    return tuple(kinds.values())


def _units(body: _Node, kinds: Sequence[str]) -> Iterator[str]:
    """Give what may be repeated, and in a group that may have several parts each two in a row."""
    tests = _tests(body)
    wanted = [kind for kind in kinds if any(test.fullmatch(kind) for test in tests)]
    yield from wanted
    yield _sample(body, kinds) or _MISFIT
    if _operation(body) not in _OF_ONE_CHARACTER or len(body) > 1:
        yield from map("".join, permutations(wanted[:_PAIRED], 2))


def _tests(nodes: _Node) -> Sequence[re.Pattern[str]]:
    return [_compiler.compile(node) for node in _walk(nodes) if _operation(node) in _OF_ONE_CHARACTER]


def _repeats(nodes: _Node, kinds: Sequence[str], before: str = "") -> Iterator[tuple[str, _Node]]:
    """Find what is repeated without a near bound, and a text that leads there."""
    for node in _parts(nodes):
        if _operation(node) in _REPEATS and node[0][1][1] >= _MANY:
            yield before, _inner(node)[0]
        for inner in _inner(node):
            yield from _repeats(inner, kinds, before)
        before += _sample(node, kinds)


def _sample(nodes: _Node, kinds: Sequence[str]) -> str:
    """Return a short text that a part of an expression matches; assertions are not looked at."""
    return "".join(_sample_of(node, kinds) for node in _parts(nodes))


def _sample_of(node: _Node, kinds: Sequence[str]) -> str:
    name = _operation(node)
    if name in _OF_ONE_CHARACTER:
        test = _compiler.compile(node)
        return next(filter(test.fullmatch, kinds), "")
    times = node[0][1][0] if name in _REPEATS else 1
    return "".join(_sample(inner, kinds) for inner in _inner(node)[:1]) * times


def _named(nodes: _Node) -> Iterator[str]:
    """Find the characters that stand in an expression."""
    for node in _walk(nodes):
        operation, argument = node[0]
        for name, value in argument if str(operation) == "IN" else ((operation, argument),):
            if str(name) in ("LITERAL", "NOT_LITERAL"):
                yield chr(value)
            elif str(name) == "RANGE":
                yield chr(value[0])


def _walk(nodes: _Node) -> Iterator[_Node]:
    for node in _parts(nodes):
        yield node
        for inner in _inner(node):
            yield from _walk(inner)


def _inner(node: _Node) -> Sequence[_Node]:
    argument = node[0][1]
    match _operation(node):
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return [argument[2]]
        case "SUBPATTERN":
            return [argument[3]]
        case "ATOMIC_GROUP":
            return [argument]
        case "BRANCH":
            return list(argument[1])
        case _:
            return []


def _parts(nodes: _Node) -> Sequence[_Node]:
    return [nodes[place : place + 1] for place in range(len(nodes))]


def _operation(node: _Node) -> str:
    return str(node[0][0])


# --- bodies ----------------------------------------------------------------------------


def _unclosed(name: str) -> Attack:
    return Attack(f"<{name}>word ")


MARKUP = {
    # elements
    "levels": Attack("<font>"),
    "levels with text": Attack("<div>a "),
    "levels, then closed": Attack("<div><b>a</b><i>b</i></div>", before="<div>" * 150),
    "inline levels around blocks": Attack("<p>a</p>", before="<b>" * 150),
    "unknown elements": Attack("<x{n}>"),
    "end tags": Attack("</div>"),
    "end tags of paragraphs": Attack("</p>a"),
    "line breaks": Attack("<br>"),
    "line breaks and words": Attack("a<br>"),
    "paragraphs, empty": Attack("<p></p>"),
    "paragraphs, blank": Attack("<p>&nbsp;</p>\n"),
    "spans, empty": Attack("a <span></span>"),
    "blocks, empty, between words": Attack("a<div></div>"),
    "rules": Attack("<p><hr></p>"),
    "tables in tables": Attack("<table><tr><td>a"),
    "tables without cells": Attack("<table>a<tr>b"),
    "cells": Attack("<td>a<td>", before="<table>"),
    "cells, empty": Attack("<tr><td></td></tr>", before="<table>"),
    "lists in lists": Attack("<ul><li>a"),
    "items": Attack("<li>a", before="<ul>"),
    "links in links": Attack('<a href="/{n}">a'),
    "links without addresses": Attack("<a>a"),
    "headings": Attack("<h1>a"),
    # never closed
    **{
        f"unclosed {name}": _unclosed(name)
        for name in (
            "figure",
            "picture",
            "small",
            "b",
            "video",
            "object",
            "select",
            "noscript",
            "svg",
            "title",
        )
    },
    "unclosed figcaption": Attack("<figure><img src=/{n}.jpg><figcaption>word "),
    "scripts in a script": Attack("<script>", after="</script>"),
    "unclosed comment": Attack("<!--"),
    "unclosed quotation marks": Attack('<a href="x>'),
    "unclosed quotation marks, by turns": Attack("<p a=\"'b='\" c='>"),
    "unclosed processing instructions": Attack("<?a"),
    "unclosed declarations": Attack("<![CDATA["),
    # attributes
    "attributes": Attack("a{n}=1 ", before="<p ", after=">"),
    "attributes without values": Attack(" a", before="<p", after=">"),
    "attributes over many tags": Attack("<p " + " ".join(f"a{n}=1" for n in range(50)) + ">a"),
    "slashes in a tag": Attack("/", before="<p ", after=">"),
    "blank sizes": Attack(f'<img src="{PICTURE}" width="9{" " * 4_000}x">'),
    "styles": Attack('<p style="' + "; display " * 150 + '">a</p>'),
    "hidden": Attack("<p hidden>a</p>b"),
    "srcset candidates": Attack("a{n}.jpg 1x, ", before=f'<img src="{PICTURE}" srcset="', after='">'),
    "srcsets": Attack(f'<img src="{PICTURE}" srcset="' + "a.jpg 1x, " * 150 + '">'),
    "srcsets of commas": Attack(f'<img src="{PICTURE}" srcset="' + "a ," * 500 + '">'),
    "data: addresses": Attack(f'<img src="data:image/png;base64,{"A" * 50_000}">'),
    "data: addresses, short": Attack(f'<img src="data:image/png;base64,{"A" * 50}">'),
    "long addresses": Attack('<a href="' + "../a/" * 300 + '">a</a>'),
    "addresses within addresses": Attack('<img src="' + "https://images.weserv.nl/?url=" * 300 + '{n}.jpg">'),
    # pictures, players
    "pictures, the same": Attack(f'<img src="{PICTURE}">'),
    "pictures, different": Attack("<img src=/{n}.jpg>"),
    "pictures with captions": Attack(
        "<figure><img src=/{n}.jpg><figcaption>Caption {n}</figcaption></figure>"
    ),
    "pictures with small print": Attack("<img src=/{n}.jpg><div><small>Caption {n}</small></div>"),
    "pictures with bold leads": Attack("<p><img src=/{n}.jpg><strong>Caption</strong>: a</p>"),
    "pictures in one figure": Attack("<img src=/{n}.jpg>a ", before="<figure>"),
    "pictures in one paragraph": Attack("<img src=/{n}.jpg> a ", before="<p>"),
    "pictures in many wrappers": Attack("<span><p><img src=/{n}.jpg></p></span>"),
    "pictures deep in a line": Attack("<img src=/{n}.jpg>", before="<p>" + "<b>" * 150),
    "pictures that are none": Attack("<p>a<img src=/pixel.gif width=1 height=1></p>"),
    "emoji": Attack('<img src=/e.png class=emoji alt="\U0001f600">a'),
    "picture sources": Attack('<source srcset="a{n}.jpg">', before="<picture>", after="<img></picture>"),
    "frames": Attack('<iframe src="https://example.org/{n}"></iframe>'),
    "frames, known": Attack('<iframe src="https://www.youtube.com/embed/a{n}"></iframe>'),
    "frames in attributes": Attack('<p data-iframe="<iframe src=/{n}>">a</p>'),
    "frames in one paragraph": Attack('a <iframe src="https://example.org/{n}"></iframe>', before="<p>"),
    "frames deep in a line": Attack(
        '<iframe src="https://example.org/{n}"></iframe>', before="<p>" + "<b>" * 150
    ),
    "frames after links": Attack(
        '<p><a href="https://example.org/{n}">a</a></p><iframe src="https://example.org/{n}"></iframe>'
    ),
    "videos": Attack("<video src=/{n}.mp4>a</video>"),
    "video sources": Attack("<source src=/{n}.mp4>a", before="<video>", after="</video>"),
    "objects in objects": Attack("<object data=/{n}><embed src=/{n}></object>"),
    # what rules look for
    "boilerplate": Attack('<div class="addtoany_share_save_container">a</div>b'),
    "boilerplate in boilerplate": Attack(
        '<div class="addtoany_share_save_container">a ', after="</div>" * 200
    ),  # of what is open within it, the text behind it would be a part
    "boilerplate by its text": Attack("<div><p>Share</p></div>"),
    "copyright notices": Attack("<p>Copyright 2024 a</p>"),
}

TEXTS = {
    "opening brackets": Attack("<"),
    "opening brackets and letters": Attack("<a "),
    "closing brackets": Attack(">"),
    "ampersands": Attack("&"),
    "entities": Attack("&amp;"),
    "entities without an end": Attack("&amp"),
    "entities, numeric": Attack("&#x26;#38;"),
    "entity, endless": Attack("9", before="&#"),
    "one word": Attack("a"),
    "words": Attack("word "),
    "spaces": Attack(" "),
    "spaces of all kinds": Attack("\u3000\u00a0\n"),
    "lines": Attack("a\n"),
    "lines, blank": Attack("a\n\n"),
    "addresses, glued": Attack("https://e.org/{n}"),
    "address, long": Attack("a", before="https://e.org/"),
    "address of brackets": Attack("(", before="https://e.org/"),
    "address and dashes": Attack("-", before="https://e.org/"),
    "addresses begun": Attack("https://"),
    "at signs": Attack("@"),
    "dashes": Attack("-"),
    "dates": Attack("2024-01-31 "),
    "Chinese": Attack("\u4e2d\u570b"),
    "scripts by turns": Attack("a\u4e2d\u0431"),
    "bidi controls": Attack("\u202e\u2066"),
    "null characters": Attack("\0"),
}


# --- whole files -----------------------------------------------------------------------

_EPOCH = "<!--1706716023000-->\n"
_TITLE_LINE = f"[T]({LINK})\n------\n"
_FRONT = f"---\nfrom: {LINK}\n"
_DAY = "date: 2024-01-31\n"


def _in_body(attack: Attack) -> Attack:
    head, tail = text(url=LINK, body=f"BODY{MARKED}").split("BODY")
    return Attack(attack.unit, head + attack.before, attack.after + tail)


def _in_front(attack: Attack) -> Attack:
    return Attack(attack.unit, _FRONT + attack.before, attack.after + f"\n---\n{_EPOCH}{_TITLE_LINE}{MARKED}")


def _in_title(attack: Attack) -> Attack:
    return Attack(attack.unit, f"{_EPOCH}[{attack.before}", f"{attack.after}]({LINK})\n------\n{MARKED}")


def _in_link(attack: Attack) -> Attack:
    return Attack(attack.unit, f"{_EPOCH}[T]({attack.before}", f"{attack.after})\n------\n{MARKED}")


HEADERS = {
    # front matter
    "front matter, a long title": _in_front(Attack("a", before="title: ")),
    "front matter, escapes": _in_front(Attack('\\"', before='title: "', after='"')),
    "front matter, surrogates": _in_front(Attack("\\ud83d", before='title: "', after='"')),
    "front matter, authors": _in_front(Attack("a{n},", before="author: ")),
    "front matter, brackets in an author": _in_front(Attack("<", before="author: ")),
    "front matter, tags": _in_front(Attack("a{n},", before="tags: [", after="]")),
    "front matter, commas": _in_front(Attack(",", before="tags: [", after="]")),
    "front matter, blank tags": _in_front(Attack(" ", before="tags: [a", after="b]")),
    "front matter, quotation marks": _in_front(Attack('"a,', before="tags: [", after="]")),
    "front matter, backslashes": _in_front(Attack('"\\', before="tags: [", after="]")),
    "front matter, a long date": _in_front(Attack("2024-01-31 ", before="date: ")),
    "front matter, keys": _in_front(Attack("a{n}: b\n", before=_DAY)),
    "front matter, items": _in_front(Attack("- a{n}\n", before=f"{_DAY}tags:\n")),
    "front matter, no end": Attack("a: b\n", _FRONT + _DAY, f"{_EPOCH}{_TITLE_LINE}{MARKED}"),
    "front matter, blank body": Attack(
        "\n", f"{_FRONT}---\n{_EPOCH}{_TITLE_LINE}<div>", f"{MARKED}</div>, and no more"
    ),
    "front matter, a body of brackets": Attack("<", f"{_FRONT}---\n{_EPOCH}{_TITLE_LINE}<div>\n", MARKED),
    # title lines
    "title, long": _in_title(Attack("a")),
    "title, words": _in_title(Attack("a b ")),
    "title over lines": _in_title(Attack("a b ", before="a\n" * 30)),
    "title over more than 40 lines": Attack(
        "a\n", f"{_FRONT}{_DAY}---\n{_EPOCH}[", f"]({LINK})\n---\n{MARKED}"
    ),
    "title of title lines": _in_title(Attack("](")),
    "title of brackets": _in_title(Attack("[")),
    "title of entities": _in_title(Attack("&amp;")),
    "title of bidi controls": _in_title(Attack("\u202e\u2066")),
    "title of dashes": _in_title(Attack(" - ")),
    "title lines": Attack(f"[a]({LINK})\n", _EPOCH + _TITLE_LINE, MARKED),
    "dashes below the title": Attack("-", f"{_EPOCH}[T]({LINK})\n", MARKED),
    "lines of dashes": Attack("---\n", f"{_EPOCH}[T]({LINK})\n", MARKED),
    "blank lines": Attack("\n", _EPOCH, _TITLE_LINE + MARKED),
    # addresses
    "link, long": _in_link(Attack("a", before="https://e.org/")),
    "link of escapes": _in_link(Attack("abcd%", before="https://e.org/")),
    "link of keys": _in_link(Attack("/a-1", before="https://www.dw.com")),
    "link of keys in a query": _in_link(Attack("v=abcdefghijk&", before="https://www.youtube.com/watch?")),
    "link of tracking keys": _in_link(Attack("utm_a=1&", before="https://e.org/?")),
    "link of slashes": _in_link(Attack("/", before="https://e.org/")),
    "link of backslashes": _in_link(Attack("\\", before="https://e.org/")),
    # shapes and dates
    "shape D, a long date": Attack("1", f"{_EPOCH}{_TITLE_LINE}\u65e5\u671f\uff1a", MARKED),
    "shape C": Attack("word ", f"{_FRONT}title: a\n---\n{_EPOCH}", MARKED),
    "shape B-NaN": Attack("word ", f"{_FRONT}date: 2024-01-31\n---\n<!--NaN-->\n{_TITLE_LINE}", MARKED),
    "shape D": Attack("word ", f"{_TITLE_LINE}\u65e5\u671f\uff1aWed, 31 Jan 2024 15:47:03 +0000\n", MARKED),
    "date lines": _in_body(Attack("2024-01-31 15:47 ", before="<p>")),
    "carriage returns": _in_body(Attack("\r")),
}


def _relative_to_a_long_link(size: int) -> str:
    """Return an article whose links are relative to an address that is as long as they together."""
    half = size // 2
    body = Attack('<a href="{n}">a</a>').of(half)
    return text(url=Attack("a/", before="https://e.org/").of(half), body=f"{body}{MARKED}")


def _title_again(size: int) -> str:
    """Return an article whose long title stands once more below many elements."""
    title = Attack("a b ").of(size).strip()
    return text(title=title, url=LINK, body=f"{'<div>' * 150}{title}{'</div>' * 150}{MARKED}")


ARTICLES: dict[str, Callable[[int], str]] = {
    **{name: _in_body(attack).of for name, attack in (MARKUP | TEXTS).items()},
    **{name: attack.of for name, attack in HEADERS.items()},
    "title again, deep": _title_again,
    "relative to a long link": _relative_to_a_long_link,
}
