"""`kilter check`: is the pipeline right, before compute is spent?"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import click

from kilter.cli.options import Options, shared_options

if TYPE_CHECKING:
    from kilter.values.finding import Examination


class Asked(TypedDict):
    """What is asked for, as `kilter.check` takes it."""

    effort: str
    prove: bool
    rehearse: bool
    rehearsal_seconds: float | None


@click.command(short_help="Probe the pipeline before a long run.")
@click.argument("project", default="kilter.yaml")
@click.option(
    "--effort",
    type=click.Choice(["quick", "full"]),
    help="quick: seconds; full: short trainings with one thing changed, some times the training's own length."
    "  [default: quick; full with --rehearse]",
)
@click.option("--rehearse", is_flag=True, help="Train a copy as it is, too, and join what its curves say.")
@click.option(
    "--rehearsal-seconds",
    type=click.FloatRange(min=0, min_open=True),
    help="When that training is cut, and judged by what was recorded.  [default: 600]",
)
@click.option("--prove", is_flag=True, help="Apply the first advice to a fresh copy, train it, say what came of it.")
@shared_options
def check(
    *,
    project: str,
    effort: str | None,
    rehearse: bool,
    rehearsal_seconds: float | None,
    prove: bool,
    options: Options,
) -> None:
    """Question a pipeline before compute is spent: losses, gradients, inputs.

    PROJECT is a project file or its folder; or a person's own training, as train.py:NAME,
    where NAME is what kilter.Pipeline.from_loop gave, a function that returns it, or a
    function make(seed) that returns (model, optimizer, loss_fn, train_loader, valid_loader).
    """
    from kilter.project.own_program import is_own_program

    effort = effort or ("full" if rehearse else "quick")
    asked: Asked = {
        "effort": effort,
        "prove": prove,
        "rehearse": rehearse,
        "rehearsal_seconds": rehearsal_seconds,
    }
    if is_own_program(project):
        _check_program(project, asked, options)
        return
    from kilter.project.reading import read_project

    read = read_project(project, options.overrides)  # faults of the file are said before torch is imported
    from kilter.project.front import check as examine

    _finish(options, f"preflight of {read.name}", examine(read, **asked), read.file.gate.fail_on, asked)


def _check_program(named: str, asked: Asked, options: Options) -> None:
    from kilter.project.front import check as examine
    from kilter.project.own_program import read_own_program

    fail_on, others = options.gate()
    others.refuse_overrides(f"check {named}", "a program of one's own has no project file whose values could be set")
    _finish(options, f"check of {named}", examine(read_own_program(named), **asked), fail_on, asked)


def _finish(options: Options, title: str, examination: Examination, fail_on: str, asked: Asked) -> None:
    from kilter.cli.result import examination_result, examination_text, finish

    document = examination_result("check", examination, fail_on)
    text = "" if options.json else examination_text(title, examination, told=True)
    finish(options, {**document, "effort": asked["effort"], "rehearsed": asked["rehearse"]}, text)
