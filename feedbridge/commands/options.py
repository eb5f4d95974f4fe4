"""The options that every command takes, before its name or after it."""

import os
from pathlib import Path
from typing import Any, Literal

import click
import msgspec

from feedbridge import config as configuration
from feedbridge.commands import logs
from feedbridge.errors import UsageError

# The room that reads or writes a directory says best what is wrong with it, and with which exit code.
DIRECTORY = click.Path(path_type=Path, file_okay=False, readable=False)


class Options(msgspec.Struct, kw_only=True):
    """What was asked for on the command line, for all commands; filled in while it is read."""

    config: Path | None = None
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


def _keep(context: click.Context, parameter: click.Parameter, value: object) -> None:
    if value and parameter.name:
        setattr(of(context), parameter.name, value)


def locate(options: Options) -> Path:
    """Return the configuration that the options, the environment or this folder names.

    Raises: ConfigError if there is none.
    """
    return configuration.locate(option=options.config, environment=os.environ, here=Path.cwd())
