"""The options that every command takes, before its name or after it, and those that name directories."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

import click
import msgspec

from feedbridge import config as configuration
from feedbridge.commands import logs
from feedbridge.config import Config
from feedbridge.errors import ConfigError, UsageError

_F = TypeVar("_F", bound=Callable[..., object])


class _Place(click.Path):
    """A path with a name: an empty one is a variable that was not set, not this folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401  # click's own signature
        if not os.fspath(value):
            self.fail("the name is empty", param, ctx)
        return super().convert(value, param, ctx)


# The room that reads or writes a directory says best what is wrong with it, and with which exit code.
DIRECTORY = _Place(path_type=Path, file_okay=False, readable=False)
_FILE = _Place(path_type=Path, dir_okay=False)
_STATE_DEFAULT = "Default: [state] file of the configuration."


class Options(msgspec.Struct, kw_only=True):
    """What was asked for on the command line, for all commands; filled in while it is read."""

    config: Path | None = None
    input: Path | None = None
    output: Path | None = None
    state: Path | None = None
    is_verbose: bool = False
    is_quiet: bool = False
    log_format: Literal["auto", "console", "json"] = "auto"


def of(context: click.Context) -> Options:
    """Return the options of this call of the program."""
    options = context.find_root().ensure_object(Options)
    assert isinstance(options, Options)  # noqa: S101  # click knows only that it is an object
    return options


class Command(click.Command):
    """A command with the common options, which sets up the logs before it starts."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # click's own signature
        super().__init__(*args, **kwargs)
        self.params.extend(common())

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; of a stray directory the error says how it is named."""
        given = [*args]  # click takes them away one by one
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as exc:
            hint = self._hint(ctx, given) if type(exc) is click.UsageError else ""
            if not hint:
                raise
            raise click.UsageError(f"{exc.message}: {hint}", ctx) from exc

    def _hint(self, ctx: click.Context, given: list[str]) -> str:
        if not any(parameter.name == "input" for parameter in self.params):
            return ""
        _, strays, _ = self.make_parser(ctx).parse_args(given)
        return _meant(strays, of(ctx), command=self.name)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  # click's own signature
        """Run the command."""
        options = of(ctx)
        if options.is_verbose and options.is_quiet:
            raise UsageError("--verbose and --quiet exclude each other: leave one out")
        logs.set_up(format=options.log_format, is_verbose=options.is_verbose, is_quiet=options.is_quiet)
        return super().invoke(ctx)


def common() -> list[click.Parameter]:
    """Return the common options anew: click binds each to one command."""
    return [
        click.Option(
            ["--config"],
            type=click.Path(path_type=Path, dir_okay=False),
            metavar="FILE",
            help="Configuration. Default: $FEEDBRIDGE_CONFIG, else ./config.toml.",
            expose_value=False,
            callback=_keep,
        ),
        click.Option(
            ["-v", "--verbose", "is_verbose"],
            is_flag=True,
            help="Log each article too, also the ignored ones.",
            expose_value=False,
            callback=_keep,
        ),
        click.Option(
            ["-q", "--quiet", "is_quiet"],
            is_flag=True,
            help="Log warnings and errors only, and print no report.",
            expose_value=False,
            callback=_keep,
        ),
        click.Option(
            ["--log-format"],
            type=click.Choice(["auto", "console", "json"]),
            default=None,
            help="Form of the log on stderr. auto (the default): console.",
            expose_value=False,
            callback=_keep,
        ),
    ]


def directories(function: _F) -> _F:
    """Give a command the options by which `configured` is told of an archive, its feeds and their memory."""
    declared = (
        _naming("--input", DIRECTORY, "DIR", "The archive: a directory of articles, one file each."),
        _naming("--output", DIRECTORY, "DIR", "Where the feeds go; a run makes it if it is missing."),
        _naming("--state", _FILE, "FILE", "The catalogue, which remembers what was seen. " + _STATE_DEFAULT),
    )
    for option in reversed(declared):  # click turns their order round
        function = option(function)
    return function


def _naming(flag: str, kind: click.Path, metavar: str, words: str) -> Callable[[_F], _F]:
    return click.option(flag, type=kind, metavar=metavar, help=words, expose_value=False, callback=_keep)


def _keep(context: click.Context, parameter: click.Parameter, value: object) -> None:
    if value and parameter.name:
        setattr(of(context), parameter.name, value)


def locate(asked: Options) -> Path:
    """Return the configuration that the options, the environment or this folder names.

    Raises: ConfigError if there is none.
    """
    return configuration.locate(option=asked.config, environment=os.environ, here=Path.cwd())


def configured(asked: Options) -> Config:
    """Return the configuration with the directories and the catalogue that the command line names.

    With --input and --output together no file is read unless --config names one.

    Raises: ConfigError; UsageError where one of the directories is named and there is no configuration.
    """
    config = _configuration(asked)
    return configuration.with_state(config, file=asked.state) if asked.state else config


def _configuration(asked: Options) -> Config:
    if asked.input and asked.output and asked.config is None:
        return configuration.for_directories(input=asked.input, output=asked.output)
    try:
        path = locate(asked)
    except ConfigError as exc:
        raise _alone(exc, asked) from exc
    config = configuration.load(path)
    return configuration.with_directories(config, input=asked.input, output=asked.output)


def _alone(missing: ConfigError, asked: Options) -> UsageError:
    """Say what whoever gives only one of the directories most likely meant."""
    given, other = ("--input", "--output") if asked.input else ("--output", "--input")
    if not (asked.input or asked.output):
        return missing
    return UsageError(f"{given} alone needs a configuration: give {other} too, or see to this: {missing}")


def _meant(strays: Sequence[str], asked: Options, *, command: str | None) -> str:
    """Say how to give the directories that were given without an option; "" where that cannot be told."""
    if not (strays and os.path.isdir(strays[0])):  # noqa: PTH112  # a Path's method fails where this says no
        return ""
    import shlex  # noqa: PLC0415  # only for mistakes

    others = "--output DIR" if command == "run" else "--output and --state as `feedbridge run` had them"
    match [shlex.quote(stray) for stray in strays], asked.input, asked.output:
        case [name], None, None if not asked.config and _has_configuration(strays[0]):
            words = f"give its configuration by --config {Path(name, 'config.toml')}"
        case [name], None, _ if command == "serve":
            words = f"give the directory of the feeds by --output {name}"
        case [name], None, None:
            words = f"give the archive by --input {name} (and {others})"
        case [name], None, _:
            words = f"give the archive by --input {name}"
        case [name], _, None:
            words = f"give the directory of the feeds by --output {name}"
        case [name, other], None, None:
            words = f"give the archive and where its feeds go by --input {name} --output {other}"
        case _:
            words = ""
    return words


def _has_configuration(directory: str) -> bool:
    return os.path.isfile(os.path.join(directory, "config.toml"))  # noqa: PTH113, PTH118  # as above
