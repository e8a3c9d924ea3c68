"""The command `kilter`: finds a command's file when it is asked for, and turns errors into exit codes."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from typing import Final, TextIO, final

import click

from kilter.cli.failure import exit_code_of

COMMANDS: Final = (
    "demo",
    "init",
    "describe",
    "run",
    "audit",
    "suspects",
    "check",
    "check-resume",
    "find",
    "train",
    "cooldown",
    "evaluate",
    "compare",
    "slices",
    "diagnose",
    "predict",
    "report",
)
"""In the order in which a person meets them; each is the function of that name in the file of that name.

In Python names, `_` stands for `-`.
"""


@final
class Commands(click.Group):
    """A group whose commands are imported when they are called, or listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        command: click.Command = getattr(import_module(f"kilter.cli.{name}"), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS:
            from kilter.values.validation import nearest

            raise click.UsageError(f"{args[0]!r} is no command; {nearest(args[0], COMMANDS)}", ctx)
        return super().resolve_command(ctx, args)


def _show_version(ctx: click.Context, _parameter: click.Parameter, asked: bool) -> None:  # noqa: FBT001 - click's call
    if asked and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"kilter {version('kilter')}")
        ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Show it.")
def kilter() -> None:
    """Keeps neural-network training in kilter.

    It proves a pipeline before compute is spent, finds batch size and rate, trains, evaluates against baselines,
    and says in a report what may be believed. Begin with `kilter demo`, or with
    `kilter init FILES` and `kilter run`.
    """


def _show_warning(  # noqa: PLR0917 - as the standard library calls it
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """One line on stderr, without the line of code that warned."""
    click.echo(f"{category.__name__}: {message}", err=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command line and leave with its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    # Threads that wait sleep instead of spinning: small models on a busy machine otherwise take several times as long.
    # Read when OpenMP is first loaded, with torch.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            # Outside its standalone mode click returns the exit code that a command asked for.
            asked = kilter.main(args=words, prog_name="kilter", standalone_mode=False)
        code = asked if isinstance(asked, int) else 0
    except Exception as error:  # noqa: BLE001 - the last place where an error can be said properly
        code = exit_code_of(error, words)
    except KeyboardInterrupt as error:
        code = exit_code_of(error, words)
    sys.exit(code)
