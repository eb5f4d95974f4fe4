"""What a table of a site rule may hold: the kinds of its keys, and the forms of the tables within it."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from feedbridge.config.kinds import Kind, Refused, checked
from feedbridge.config.words import known, nearest, shown, shown_name

Table = Mapping[str, object]


def _nothing(_: Table) -> Iterable[str]:
    return ()


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """What a table may hold."""

    kinds: Mapping[str, Kind]
    tables: Mapping[str, "Form"] = {}  # of its lists of tables
    obligatory: tuple[str, ...] = ()
    contradictions: Callable[[Table], Iterable[str]] = _nothing  # of values that are right one by one


def read_table(table: Table, form: Form) -> tuple[dict[str, object], list[str]]:
    """Return the values of a table, and all its mistakes, in the table's order."""
    values: dict[str, object] = {}
    mistakes = []
    for name, written in table.items():
        values[name], found = _read(name, written, form)
        mistakes += found
    mistakes += [f"{name}: it is missing" for name in form.obligatory if name not in table]
    return values, mistakes or list(form.contradictions(values))


def _read(name: str, written: object, form: Form) -> tuple[object, list[str]]:
    if name in form.tables and isinstance(written, list) and all(isinstance(part, dict) for part in written):
        return _parts(name, written, form.tables[name])
    try:
        return checked(_kind(name, form), written), []
    except Refused as refused:
        return None, [f"{shown_name(name)} = {shown(written)}: {refused}"]


def _kind(name: str, form: Form) -> Kind:
    if name in form.tables:
        raise Refused(f"a list of tables is needed, each of which begins with the line [[{name}]]")
    if name not in form.kinds:
        names = [*form.kinds, *form.tables]
        raise Refused(f"unknown key; {nearest(name, names) or known(names)}")
    return form.kinds[name]


def _parts(name: str, tables: Sequence[Table], form: Form) -> tuple[object, list[str]]:
    parts = [read_table(table, form) for table in tables]
    mistakes = [
        f"[[{name}]] number {number}: {mistake}"
        for number, (_, found) in enumerate(parts, start=1)
        for mistake in found
    ]
    return [values for values, _ in parts], mistakes
