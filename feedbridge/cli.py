"""The command line: the group of commands, the exit codes, and the place where all errors end."""

import gc
import importlib
import logging
import os
import sys

import click

from feedbridge.commands import options
from feedbridge.errors import FeedbridgeError
from feedbridge.standards.text import show

log = logging.getLogger("feedbridge.cli")

COMMANDS = {  # imported when they are called
    "init": "feedbridge.commands.init",
    "run": "feedbridge.commands.run",
    "explain": "feedbridge.commands.explain",
    "daemon": "feedbridge.commands.daemon",
    "serve": "feedbridge.commands.serve",
    "status": "feedbridge.commands.status",
}


class Group(click.Group):
    """The commands, each in a module of its own that is imported only when it is needed."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)  # type: ignore[arg-type]  # click's own arguments
        self.params.extend(options.common())

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's own signature
        """Return the names of all commands, in the order in which a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # the same
        """Return the command of this name."""
        if cmd_name not in COMMANDS:
            return None
        command = getattr(importlib.import_module(COMMANDS[cmd_name]), cmd_name)
        assert isinstance(command, click.Command)  # noqa: S101  # the table above names commands only
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is called; for a mistaken one the error names the nearest."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as exc:
            raise click.UsageError(exc.message + _hint(args[0]), ctx) from exc


def _hint(mistaken: str) -> str:
    """Say what a word that is no command was most likely meant for."""
    import shlex  # noqa: PLC0415  # only for mistakes, both
    from difflib import get_close_matches  # noqa: PLC0415

    near = get_close_matches(mistaken, COMMANDS, n=1)
    if os.path.isdir(mistaken):  # noqa: PTH112  # a Path's method fails where this says no
        return f" Did you mean `feedbridge run --input {shlex.quote(mistaken)} --output DIR`?"
    return f" Did you mean {near[0]!r}?" if near else ""


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="feedbridge", message="%(prog)s %(version)s")
def feedbridge() -> None:
    """Turn a directory of archived articles into Atom and RSS feeds for any reader.

    \b
    First steps:
      feedbridge init ~/archive        writes a config.toml that you can edit
      feedbridge run                   writes the feeds; run it again whenever you like
      feedbridge explain FILE          says what became of one article, and why
      feedbridge status                says how things stand
      feedbridge daemon                keeps the feeds up to date
      feedbridge serve                 serves them over HTTP

    Completion for bash (zsh and fish likewise, with zsh_source and fish_source):

      eval "$(_FEEDBRIDGE_COMPLETE=bash_source feedbridge)"

    Exit codes: 0 up to date, 1 failed (the feeds published before still stand), 2 wrong usage or
    configuration, 3 --strict and an article was rejected, or `status` found trouble,
    75 another run is at work.
    """  # noqa: D301  # click looks for the character \b


def main() -> None:
    """Run the program; every error ends here, as one line and an exit code."""
    gc.freeze()  # what was imported stays: to collect it, while we run and at the end, takes 12 ms
    sys.exit(_main())


def _main() -> int:
    try:
        exit_code = feedbridge.main(prog_name="feedbridge", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as exc:
        exc.show()
        return exc.exit_code
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has gone: nothing is left to say
        return 1
    except (Exception, KeyboardInterrupt) as exc:  # noqa: BLE001  # the last line of defence
        return _fail(*_reason(exc))
    return exit_code or 0


def _reason(exc: BaseException) -> tuple[str, int]:
    """Return what to say of an error, and the exit code."""
    match exc:
        case FeedbridgeError():
            return str(exc), exc.exit_code
        case click.UsageError():
            command = exc.ctx.command_path if exc.ctx else "feedbridge"
            message = exc.format_message()
            stop = "" if message.endswith((".", "?", "!")) else "."
            return f"{message}{stop} See `{command} --help`.", exc.exit_code
        case click.Abort() | KeyboardInterrupt():
            return "interrupted; the feeds published before still stand", 1
    log.debug("program.failed", exc_info=exc)
    fault = f"{type(exc).__name__}: {exc}"
    return f"{fault}; this is a fault of feedbridge, please report it (-v shows where)", 1


def _fail(message: str, exit_code: int) -> int:
    for line in message.splitlines() or [""]:
        click.echo(f"feedbridge: {show(line)}", err=True)
    return exit_code
