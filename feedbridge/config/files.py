"""TOML files that people write: read within limits, with words for all that can be wrong with one."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from feedbridge.errors import ConfigError
from feedbridge.standards.text import show

_MAX_BYTES = 512 * 1024  # far above what a person writes, and /dev/zero still ends


def document(path: Path) -> Mapping[str, object]:
    """Return what a file says.

    Raises: OSError if it cannot be read, ConfigError if it is no TOML.
    """
    try:
        return tomllib.loads(_text(path) + "\n")  # else a mistake in the last line has no number
    except tomllib.TOMLDecodeError as exc:
        raise refusal(path, f"this is no TOML: {exc}") from exc
    except (ValueError, RecursionError) as exc:  # Python's own limits, which TOML does not have
        raise refusal(path, "a number in it is too long, or its brackets are nested too deeply") from exc


def refusal(path: Path, *mistakes: str) -> ConfigError:
    """Return the error that names a file and, a line each, the mistakes in it."""
    return ConfigError("\n".join(show(f"{path}: {mistake}") for mistake in mistakes))


def _text(path: Path) -> str:
    with path.open("rb") as file:
        written = file.read(_MAX_BYTES + 1)
    if len(written) > _MAX_BYTES:
        raise refusal(path, f"this is no configuration: it is larger than {_MAX_BYTES // 1024} KiB")
    try:
        return written.decode("utf-8-sig")  # some editors begin every file with a byte order mark
    except UnicodeDecodeError as exc:
        number = written.count(b"\n", 0, exc.start) + 1
        reason = (
            f"byte 0x{written[exc.start]:02X} in line {number} is no UTF-8; save the file in this encoding"
        )
        raise refusal(path, reason) from exc
