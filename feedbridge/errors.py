"""The errors that end a run, each with the exit code that the interface promises.

    FeedbridgeError      1   a run failed; the feeds published before it still stand
    ├── InputError       1   the archive is missing, cannot be listed, or its disk fails
    ├── OutputError      1   the output cannot be written, or a foreign file is in the way
    ├── StateError       1   the catalogue cannot be read or written
    ├── GuardError       1   the run would do what no reader should see, and did nothing
    ├── UsageError       2   the command line asks for something impossible
    │   ├── ConfigError  2   the configuration does
    │   └── NewerStateError  2  the catalogue is of a newer version
    └── LockedError     75   another run holds the lock

A bad article is none of these: it is a value, `model.Rejected`.
"""

from typing import ClassVar

# What to do, where several rooms say the same.
RIGHTS = "give the user who runs feedbridge the right to write there"
SPACE = "free some space there, then run again"


class FeedbridgeError(Exception):
    """A failure that people can act on; its text says what, where, why and what to do."""

    exit_code: ClassVar[int] = 1


class InputError(FeedbridgeError):
    """The archive cannot be read as a whole."""


class OutputError(FeedbridgeError):
    """The feeds cannot be put in place."""


class StateError(FeedbridgeError):
    """The catalogue cannot be used."""


class GuardError(FeedbridgeError):
    """A run was stopped before anything was written: its readers would have seen what cannot be right."""


class UsageError(FeedbridgeError):
    """What was asked for cannot be done."""

    exit_code = 2


class ConfigError(UsageError):
    """The configuration asks for something impossible."""


class NewerStateError(UsageError):
    """The catalogue was written by a newer version of the program."""


class LockedError(FeedbridgeError):
    """Another run is at work on the same output directory (EX_TEMPFAIL of sysexits.h)."""

    exit_code = 75
