"""`kilter cooldown`: anneal a copy of a run into a finished run."""

from __future__ import annotations

import click

from kilter.cli.options import Options, shared_options


@click.command(short_help="Anneal a run at a constant rate into a finished one.")
@click.argument("run")
@click.option(
    "--from", "place", default="last", metavar="step:N", help="The checkpoint to begin from.  [default: the newest]"
)
@click.option(
    "--for",
    "length",
    default="20%",
    show_default=True,
    metavar="LENGTH",
    help="How long: a share of the whole run that it ends, or 500st, 2ep.",
)
@click.option(
    "--shape",
    type=click.Choice(["one_minus_sqrt", "linear"]),
    default="one_minus_sqrt",
    show_default=True,
    help="Of the way down to nothing.",
)
@click.option("--runs", metavar="FOLDER", help="Where the new run's folder is made; by default beside RUN.")
@shared_options
def cooldown(*, run: str, place: str, length: str, shape: str, runs: str | None, options: Options) -> None:
    """Anneal a copy of a run at a constant rate into a finished run, in a folder of its own.

    It is, to the last bit, the run that `schedule: wsd` of that length would have been; RUN stays
    as it is, and can go on (`kilter train --extend`) or be annealed from elsewhere.

    RUN is the folder of a run with `schedule: constant`, or with wsd before its cooldown.
    """
    options.refuse_overrides("cooldown", "a cooldown is its run's, but for the rate; nothing else can be set")
    from kilter.cli.progress import make_progress
    from kilter.cli.result import finish, run_result, run_text
    from kilter.project.branching import cooldown as anneal
    from kilter.project.branching import read_step

    step = read_step(place)
    ended = anneal(run, step=step, length=length, shape=shape, runs=runs, progress=make_progress(options))
    finish(options, run_result("cooldown", ended), run_text(ended))
