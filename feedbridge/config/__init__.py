"""`config.toml` and the site rules, checked whole, as one frozen `Config`.

    kinds       what a value may be: one reading function a kind
    schema      the table of all keys: kind and default; and the values that come of it
    reading     a file or a command line to a `Config`; all mistakes are reported at once
    rules       the site rules, shipped and one's own, to a `model.Sites`
    rule_forms  what those may hold: the kinds of all their keys
    forms       a table to its values, by the kinds of its keys
    files       a file to TOML's values
    words       a value, and a right name, in a message

The configuration is read once, at the start; nothing below this room ever sees it whole.
"""

from feedbridge.config.kinds import DEFAULT_PORT, DEFAULT_URL
from feedbridge.config.reading import (
    for_directories,
    load,
    locate,
    with_address,
    with_directories,
    with_state,
)
from feedbridge.config.rules import load_sites
from feedbridge.config.schema import KEYS, Config, Feeds, Images, Input, Output, Schedule, Serve, Site, State

__all__ = [
    "DEFAULT_PORT",
    "DEFAULT_URL",
    "KEYS",
    "Config",
    "Feeds",
    "Images",
    "Input",
    "Output",
    "Schedule",
    "Serve",
    "Site",
    "State",
    "for_directories",
    "load",
    "load_sites",
    "locate",
    "with_address",
    "with_directories",
    "with_state",
]
