"""`kilter check-resume`: does a training that is killed go on as if nothing had happened?"""

from __future__ import annotations

from typing import Final

import click

from kilter.cli.options import Options, shared_options

_EQUAL: Final = """\
k + k steps equal 2k steps to the last bit: weights, optimizer, random state, data and losses.
"""


@click.command(name="check-resume", short_help="Prove that a killed training goes on exactly.")
@click.argument("project", default="kilter.yaml")
@click.option(
    "--steps", type=click.IntRange(min=1), metavar="K", help="Steps before the kill, and after it.  [default: about 20]"
)
@shared_options
def check_resume(*, project: str, steps: int | None, options: Options) -> None:
    """Prove that K steps, a kill -9 and K steps more equal 2K steps, to the last bit.

    Three short trainings, each in a process of its own, with the seed, data and rates of the real
    one. What differs is named: weights, optimizer, random state, data, or what a module keeps
    outside its state_dict.

    PROJECT is a project file or its folder; or train.py:NAME of a kilter.Pipeline.
    """
    from kilter.cli.result import examination_result, examination_text, finish

    fail_on, others = options.gate()
    from kilter.project.resumption import check_resume as prove

    examination = prove(
        project,
        steps=steps,
        overrides=others.overrides,
        told=lambda line: None if options.quiet else click.echo(line, err=True),
    )
    text = _EQUAL if not examination.findings else examination_text(f"going on with {project}", examination)
    finish(options, examination_result("check-resume", examination, fail_on), text)
