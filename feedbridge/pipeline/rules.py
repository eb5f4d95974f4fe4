"""By which rules something was made, so that a memory of it is used no longer than they hold."""

import hashlib
import importlib.util
import os
import sys

import msgspec

from feedbridge.catalogue import Catalogue
from feedbridge.config import Config

# Raised when parse, sites, identity, normalise or render come to make something else of the same article;
# tests/test_rules.py notices when that is forgotten.
VERSION = 1

# What is made depends on them.
_PACKAGES = ("feedbridge", "lxml", "nh3", "re2", "dateutil", "feedgen", "msgspec")
_DISTRIBUTIONS = {"re2": "google-re2", "dateutil": "python-dateutil"}  # where they have another name

_FACT = "environment"  # the stamps of packages, and below them their versions


class Rules(msgspec.Struct, frozen=True):
    """Fingerprints of all that a stage goes by, but for the articles."""

    reading: str  # of files
    cleaning: str  # of articles
    documents: str


def rules(config: Config, versions: str) -> Rules:
    """Return the rules that a configuration and versions of packages make."""
    reading = _hash(VERSION, versions, config.sites, config.input.max_bytes)
    cleaning = _hash(reading, config.site.language, config.images.urls)
    documents = _hash(cleaning, config.site, config.feeds, config.images, config.output.gzip)
    return Rules(reading, cleaning, documents)


def versions(catalogue: Catalogue) -> str:
    """Return the versions of the packages that make feeds; they are asked only after an installation."""
    stamp, _, known = catalogue.runs.fact(_FACT).partition("\n")
    standing = _hash(*map(_stamp, _PACKAGES))
    if stamp == standing:
        return known
    found = _versions()
    catalogue.runs.set_fact(_FACT, f"{standing}\n{found}")
    return found


def doubt_versions(catalogue: Catalogue) -> None:
    """Have the next run ask the versions again if libxml2 is another: a system may bring one by itself.

    For runs that have cleaned something, and so have loaded it.
    """
    if _libxml2() not in catalogue.runs.fact(_FACT):
        catalogue.runs.set_fact(_FACT, "")


def _libxml2() -> str:
    from feedbridge.standards.markup import LIBXML2  # noqa: PLC0415  # lxml: 40 ms that not every run needs

    return f"libxml2 {LIBXML2}"


def _versions() -> str:
    from importlib.metadata import version  # noqa: PLC0415  # 37 ms that an unchanged run does not need

    packages = (f"{name} {version(_DISTRIBUTIONS.get(name, name))}" for name in _PACKAGES)
    return f"Python {sys.version}, {_libxml2()}, {', '.join(packages)}"


def _stamp(package: str) -> tuple[object, ...]:
    """Return what an installation changes, without importing anything."""
    spec = importlib.util.find_spec(package)
    assert spec is not None and spec.origin  # noqa: S101, PT018  # all of them are installed with us
    status = os.stat(spec.origin)  # noqa: PTH116  # pathlib would cost an import
    return (sys.version, spec.origin, status.st_size, status.st_mtime_ns)


def _hash(*parts: object) -> str:
    return hashlib.blake2b(msgspec.msgpack.encode(parts, enc_hook=str), digest_size=16).hexdigest()
