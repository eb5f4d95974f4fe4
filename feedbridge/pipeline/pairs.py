"""A catalogue belongs to one archive and one output directory."""

import json
import os

from feedbridge.catalogue import Catalogue
from feedbridge.config import Config
from feedbridge.errors import UsageError
from feedbridge.pipeline.rules import Rules
from feedbridge.standards.text import show

_FACT = "pair"


def check_pair(catalogue: Catalogue, config: Config) -> str:
    """Return the pair of a configuration. Raises: UsageError if the catalogue knows another one.

    Directories are told apart by their names as configured, relative to the catalogue: all may move together,
    and a link may lead elsewhere tomorrow.
    """
    pair = _pair(config)
    known = catalogue.runs.fact(_FACT)
    if config.state.file is None or known in ("", pair) or not catalogue.documents.renditions():
        return pair  # or nothing was ever put in place
    raise UsageError(
        f"the catalogue {show(str(config.state.file))} belongs to another input and output, {show(known)}, "
        f"not {show(pair)}: give the directories as they were, or name another file by [state] file, --state"
    )


def bind_pair(catalogue: Catalogue, config: Config) -> None:
    """Bind a catalogue to the archive and output of a configuration; what it saw of others is forgotten.

    Raises: as `check_pair`.
    """
    pair, known = check_pair(catalogue, config), catalogue.runs.fact(_FACT)
    if known == pair:
        return
    with catalogue.transaction():
        if known:
            catalogue.forget()
            for name in Rules.__struct_fields__:
                catalogue.runs.set_fact(name, "")  # so that all is read
        catalogue.runs.set_fact(_FACT, pair)


def _pair(config: Config) -> str:
    file = config.state.file
    if file is None:
        return ""
    directories = (*config.input.directories, config.output.directory)
    return json.dumps([os.path.relpath(one, file.parent) for one in directories])
