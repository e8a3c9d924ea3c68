"""The options that every command takes."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, Final, final

import click

from kilter.values.errors import UsageError

_GATE: Final = "gate.fail_on="


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What was asked for on the command line, whatever the command.

    Attributes:
        json: one JSON document on stdout, nothing else.
        quiet: no progress on stderr.
        overrides: `key.sub=value`, the gate's among them.
    """

    json: bool
    quiet: bool
    overrides: tuple[str, ...]

    def refuse_overrides(self, command: str, why: str) -> None:
        """Say that nothing can be set.

        Raises:
            UsageError: something was set.
        """
        if self.overrides:
            raise UsageError(
                f"`kilter {command}` with {', '.join(self.overrides)}", legal=why, remedy="leave --set and the gate out"
            )

    def gate(self) -> tuple[str, Options]:
        """The mildest finding that stops the way, as the gate's options say it, and the options without it."""
        said = [text for text in self.overrides if text.startswith(_GATE)]
        rest = tuple(text for text in self.overrides if not text.startswith(_GATE))
        return said[-1].removeprefix(_GATE) if said else "failure", replace(self, overrides=rest)


def shared_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that all have, gathered in its argument `options`."""

    @click.option("--json", "as_json", is_flag=True, help="Write exactly one JSON document to stdout.")
    @click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Set a value: train.seed=3.")
    @click.option("--quiet", is_flag=True, help="Show no progress.")
    @click.option("--gate", type=click.Choice(["on", "off"]), help="Whether findings stop the way.")
    @click.option("--fail-on", type=click.Choice(["failure", "warning"]), help="The mildest finding that stops it.")
    @wraps(command)
    def gathered(
        *,
        as_json: bool,
        overrides: tuple[str, ...],
        quiet: bool,
        gate: str | None,
        fail_on: str | None,
        **others: Any,
    ) -> None:
        if gate == "off" and fail_on is not None:
            raise UsageError(f"--gate off and --fail-on {fail_on}", legal="one of them", remedy="leave one out")
        threshold = "off" if gate == "off" else fail_on
        if threshold is not None:
            overrides = (*overrides, f"{_GATE}{threshold}")
        command(options=Options(json=as_json, quiet=quiet, overrides=overrides), **others)

    return gathered


def wants_colour(stream: Any) -> bool:
    """Whether a stream is a terminal of somebody who has not asked for plain text (https://no-color.org)."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and bool(stream.isatty())
