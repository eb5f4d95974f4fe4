"""What the files of the site rules may say; the names are those of the fields in `model`."""

import re
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from feedbridge.config.forms import Form, Table
from feedbridge.config.kinds import FLAG, LANGUAGE, TEXT, ZONE, Kind, Refused, any_of, list_of, one_of
from feedbridge.config.words import shown
from feedbridge.standards import urls

if TYPE_CHECKING:
    from feedbridge.standards.expressions import Expression

_SLUG = re.compile(r"[a-z0-9-]+")
_ELEMENT = re.compile(r"[a-z][a-z0-9-]*")
_ATTRIBUTE = re.compile(r"[a-z_][a-z0-9_-]*")
_PARAMETER = re.compile(r"[^*&=#]+")
_TRACKING_KEY = re.compile(r"[^*&=#]+\*?")
# ASCII, since RE2's package garbles other letters here; \1 before a digit would be \10; what else a backslash
# could begin has a meaning of its own.
_TEMPLATE = re.compile(r"(?:[!-\[\]-~]|\\[1-9](?![0-9]))+")
_GROUP = re.compile(r"\\([1-9])")


# --- kinds -------------------------------------------------------------------------------


def _worded(allowed: str, form: re.Pattern[str]) -> Kind:
    return Kind(allowed=allowed, read=partial(_matching, form=form))


def _matching(value: object, form: re.Pattern[str]) -> object:
    if not isinstance(value, str) or not form.fullmatch(value):
        raise Refused
    return value


def _slug(value: object) -> object:
    if value == "url":
        raise Refused("this one begins the keys of sites without a rule")
    return _matching(value, _SLUG)


def _host(value: object) -> object:
    if not isinstance(value, str) or not value or urls.host(f"http://{value}/") != value:
        raise Refused
    return value


def _compiled(value: object) -> "Expression":
    from feedbridge.standards.expressions import ExpressionError, compiled  # noqa: PLC0415  # RE2: 2 ms that few need

    if not isinstance(value, str):
        raise Refused
    try:
        return compiled(value)
    except ExpressionError as exc:
        raise Refused(str(exc)) from exc


def _expression(value: object) -> object:
    _compiled(value)
    return value


def _telling(value: object) -> object:
    if _compiled(value).search(""):
        raise Refused("it fits every address")
    return value


def _with_one_group(value: object) -> object:
    groups = _compiled(value).groups
    if groups != 1:
        raise Refused(f"it has {groups}")
    return value


def _author(value: object) -> object:
    return value if value == "" else _with_one_group(value)


def _language(value: object) -> object:
    return value if value == "" else LANGUAGE.read(value)


def _date_line(value: object) -> object:
    if value != "" and not {"date"} <= _compiled(value).groupindex.keys() <= {"date", "author"}:
        raise Refused
    return value


_HOSTS = list_of(_host, 'hosts in lower case, without "www." and port')
_EXPRESSION = Kind(allowed="an expression", read=_expression)
_EXPRESSIONS = list_of(_telling, "expressions")
_TEMPLATES = _worded(r"an address in ASCII, in which \1 stands for the first group,", _TEMPLATE)


# --- forms -------------------------------------------------------------------------------


def _in_mark(values: Table) -> Iterator[str]:
    if not values.keys() & {"elements", "attribute", "text"}:
        yield "elements, an attribute or a text is needed: else every element bears this mark"
    if "value" in values and "attribute" not in values:
        yield f"value = {shown(values['value'])}: an attribute is needed whose value this is"


def _in_proxy(values: Table) -> Iterator[str]:
    if (values["form"] == "parameter") != ("parameter" in values):
        yield f'form = {shown(values["form"])}: a parameter is needed with "parameter", and only there'


def _in_dead_link(values: Table) -> Iterator[str]:
    yield from _in_templates(values, expression="pattern", templates=("replacement",))


def _in_player(values: Table) -> Iterator[str]:
    yield from _in_templates(values, expression="address", templates=("page", "thumbnail"))


def _in_templates(values: Table, *, expression: str, templates: tuple[str, ...]) -> Iterator[str]:
    groups = _compiled(values[expression]).groups
    for name in templates:
        for number in _GROUP.findall(str(values.get(name, ""))):
            if int(number) > groups:
                yield f"{name} = {shown(values[name])}: {expression} has no group {number}"


_MARK = {
    "elements": list_of(partial(_matching, form=_ELEMENT), "names of elements in lower case"),
    "attribute": _worded("the name of an attribute in lower case", _ATTRIBUTE),
    "value": _EXPRESSION,
    "text": _EXPRESSION,
}
_TABLES = {
    "caption": Form(kinds=_MARK, contradictions=_in_mark),
    "boilerplate": Form(
        kinds={**_MARK, "what": TEXT, "takes": one_of("element", "beginning", "pictures", "rest")},
        obligatory=("what",),
        contradictions=_in_mark,
    ),
    "dead_links": Form(
        kinds={"pattern": _EXPRESSION, "replacement": _TEMPLATES},
        obligatory=("pattern", "replacement"),
        contradictions=_in_dead_link,
    ),
}
_OF_EVERY_SITE = {
    "has_many_sources": FLAG,
    "date_line": Kind(
        allowed='an expression with a group named "date", and perhaps one named "author",', read=_date_line
    ),
    "date_order": one_of("", "day-month-year", "month-day-year"),
    "zone": ZONE,
    "author": Kind(allowed="an expression with exactly one group", read=_author),
    "language": Kind(allowed=LANGUAGE.allowed, read=_language),
    "captions": any_of("figcaption", "small-print", "bold-lead"),
}
_OF_ONE_SITE = {
    "slug": Kind(allowed="the file's name, of letters a to z, digits and hyphens,", read=_slug),
    "name": TEXT,
    "hosts": _HOSTS,
    "key": list_of(_with_one_group, "expressions with exactly one group each"),
}
OF_NO_SITE = {
    "tracking_keys": list_of(
        partial(_matching, form=_TRACKING_KEY), "names of a query's keys, perhaps with a * at the end"
    ),
    "not_pictures": _EXPRESSIONS,
    "not_players": _EXPRESSIONS,
}

GENERAL = Form(kinds={**_OF_EVERY_SITE, **OF_NO_SITE}, tables=_TABLES, obligatory=("tracking_keys",))
SITE = Form(kinds={**_OF_ONE_SITE, **_OF_EVERY_SITE}, tables=_TABLES, obligatory=("name", "hosts"))
CHANGE = msgspec.structs.replace(SITE, obligatory=())  # of a site that has a rule
PROXIES = Form(
    kinds={},
    tables={
        "proxy": Form(
            kinds={
                "hosts": _HOSTS,
                "form": one_of("parameter", "path", "encoded"),
                "parameter": _worded("the name of a query's key", _PARAMETER),
            },
            obligatory=("hosts", "form"),
            contradictions=_in_proxy,
        )
    },
    obligatory=("proxy",),
)
PLAYERS = Form(
    kinds={},
    tables={
        "player": Form(
            kinds={"name": TEXT, "address": _EXPRESSION, "page": _TEMPLATES, "thumbnail": _TEMPLATES},
            obligatory=("name", "address", "page"),
            contradictions=_in_player,
        )
    },
    obligatory=("player",),
)
