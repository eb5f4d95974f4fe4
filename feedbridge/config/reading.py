"""From a file, or a command line, to a checked `Config`."""

import os
from collections.abc import Mapping, Sequence
from itertools import permutations
from pathlib import Path

import msgspec

from feedbridge.config.files import document, refusal
from feedbridge.config.kinds import DIRECTORIES, DIRECTORY, HOST, Refused, checked, line, needed
from feedbridge.config.rules import load_sites
from feedbridge.config.schema import KEYS, Config
from feedbridge.config.words import known, nearest, shown, shown_name
from feedbridge.errors import ConfigError
from feedbridge.standards import urls

_FILE = "config.toml"
_REMEDY = "`feedbridge init` writes one, or name the directories: `--input DIR --output DIR`"
_KEYS = {(key.section, key.name): key for key in KEYS}
_NAMES = {section: [key.name for key in KEYS if key.section == section] for section, _ in _KEYS}

_Values = dict[str, dict[str, object]]  # of this module only: section, name, checked value


def locate(*, option: Path | None, environment: Mapping[str, str], here: Path) -> Path:
    """Return the file that configures this run: the option's, $FEEDBRIDGE_CONFIG, or ./config.toml.

    Raises: ConfigError if there is none.
    """
    path = here / (option or environment.get("FEEDBRIDGE_CONFIG") or _FILE)
    try:
        path.stat()
    except OSError as exc:
        raise _unreadable(path, exc) from exc
    return path


def load(path: Path) -> Config:
    """Return what the file says, with the defaults where it is silent.

    Paths in the file are relative to the directory in which it stands.

    Raises: ConfigError with a line for each mistake.
    """
    return _config(_document(path), file=path)


def for_directories(*, input: Path, output: Path) -> Config:  # noqa: A002  # the option's name
    """Return the defaults for these directories, without any file; nothing is remembered."""
    return with_state(with_directories(_config({}, file=Path(_FILE)), input=input, output=output), file=None)


def with_directories(config: Config, *, input: Path | None, output: Path | None) -> Config:  # noqa: A002  # as above
    """Return the configuration with other directories; relative ones are so to where the command runs."""
    replace = msgspec.structs.replace
    if input is not None:
        named = dict.fromkeys(config.site.named_after_input, _own_name(input))
        directories = {"directories": (input.absolute(),), "labels": (str(input),)}
        config = replace(
            config, site=replace(config.site, **named), input=replace(config.input, **directories)
        )
    if output is not None:
        config = replace(config, output=replace(config.output, directory=output.absolute()))
    return config


def with_state(config: Config, *, file: Path | None) -> Config:
    """Return the configuration with another catalogue, or without one; a relative path is as above."""
    state = msgspec.structs.replace(config.state, file=file.absolute() if file else None)
    return msgspec.structs.replace(config, state=state)


def with_address(config: Config, *, host: str | None, port: int | None) -> Config:
    """Return the configuration with another place to serve at.

    Raises: ConfigError if the host is none.
    """
    try:
        given = {} if host is None else {"host": checked(HOST, host)}
    except Refused as refused:
        raise ConfigError(f"--host {shown(host)}: {refused}") from None
    given |= {} if port is None else {"port": port}
    return msgspec.structs.replace(config, serve=msgspec.structs.replace(config.serve, **given))


# --- the file --------------------------------------------------------------------------


def _document(path: Path) -> Mapping[str, object]:
    try:
        return document(path)
    except OSError as exc:
        raise _unreadable(path, exc) from exc


def _unreadable(path: Path, exc: OSError) -> ConfigError:
    if isinstance(exc, IsADirectoryError):
        return refusal(path, f"this is a directory; name the file in it, such as {path / _FILE}")
    if isinstance(exc, FileNotFoundError):
        return refusal(path, f"there is no such file; {_REMEDY}")
    return refusal(path, f"cannot be read: {exc.strerror}; {_REMEDY}")


# --- its values ------------------------------------------------------------------------


def _config(written: Mapping[str, object], *, file: Path) -> Config:
    values, mistakes = _read(written)
    base = file.absolute().parent
    labels = msgspec.convert(values["input"]["directory"], tuple[str, ...])
    own_rules = str(values["sites"]["directory"])
    mistakes += [*_overlaps(labels, base), *_missing(own_rules, base)]
    if mistakes:
        raise refusal(file, *mistakes)
    values["site"] = _site(values["site"], directory=base / labels[0])
    values["input"] |= {"directories": tuple(base / label for label in labels), "labels": labels}
    values["output"]["directory"] = base / str(values["output"]["directory"])
    values["schedule"]["cron"] = values["schedule"]["cron"] or None
    values["serve"]["operator"] = values["serve"]["operator"] or None
    values["state"]["file"] = base / str(values["state"]["file"])
    sites = load_sites(own=base / own_rules if own_rules else None)
    return msgspec.convert({**values, "sites": sites}, Config)


def _read(written: Mapping[str, object]) -> tuple[_Values, list[str]]:
    """Read every value of the file over the defaults; mistakes come in the file's order."""
    values: _Values = {section: {} for section in _NAMES}
    for key in KEYS:
        values[key.section][key.name] = key.unset()
    mistakes = []
    for section, table in written.items():
        if section not in _NAMES or not isinstance(table, dict):
            mistakes.append(_no_section(section, table))
            continue
        for name, value in table.items():
            try:
                values[section][name] = _value(section, name, value)
            except Refused as refused:
                mistakes.append(f"[{section}] {shown_name(name)} = {shown(value)}: {refused}")
    return values, mistakes


def _value(section: str, name: str, value: object) -> object:
    key = _KEYS.get((section, name))
    if key is None:
        names = _NAMES[section]
        raise Refused(f"unknown key; {nearest(name, names) or _home(name) or known(names)}")
    return checked(key.kind, value)


def _no_section(name: str, value: object) -> str:
    if name in _NAMES:
        return f"{name} = {shown(value)}: a table is needed, which begins with the line [{name}]"
    if isinstance(value, dict | list):
        return f"[{shown_name(name)}]: unknown section; {nearest(name, _NAMES) or known(_NAMES)}"
    advice = _home(name) or known(_NAMES)
    return f"{shown_name(name)} = {shown(value)}: unknown key outside any section; {advice}"


def _home(name: str) -> str:
    homes = [f"[{section}]" for section, names in _NAMES.items() if name in names]
    return f"it belongs to {' or '.join(homes)}" if homes else ""


def _overlaps(labels: Sequence[str], base: Path) -> list[str]:
    """Two names of one directory would give every article twice: links are followed to find out."""
    real = [(label, Path(os.path.realpath(base / label))) for label in labels]
    for (label, path), (other, around) in permutations(real, 2):
        if path.is_relative_to(around):
            reason = f"{shown(label)} is or lies within {shown(other)}"
            written = shown(list(labels))
            return [f"[input] directory = {written}: {needed(DIRECTORIES, reason)}"]
    return []


def _missing(own_rules: str, base: Path) -> list[str]:
    """Rules that are not there would change the ids of a whole archive: no run goes on without them."""
    if not own_rules or (base / own_rules).is_dir():
        return []
    reason = "there is no such directory"
    return [f"[sites] directory = {shown(own_rules)}: {needed(DIRECTORY, reason)}"]


def _site(given: Mapping[str, object], *, directory: Path) -> dict[str, object]:
    """Fill what the file leaves open: names follow the title, the title follows the directory."""
    title = given["title"] or _own_name(directory)
    unnamed = tuple(name for name in ("title", "description", "author") if not given[name])
    return {
        **given,
        **dict.fromkeys(unnamed, title),
        "icon": given["icon"] and urls.absolute(str(given["icon"]), str(given["url"])),
        "named_after_input": () if given["title"] else unnamed,
    }


def _own_name(directory: Path) -> str:
    return line(Path(os.path.abspath(directory)).name) or "feedbridge"  # noqa: PTH100  # "..", not through links
