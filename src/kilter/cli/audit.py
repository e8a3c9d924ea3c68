"""`kilter audit`: what the data say before anything is made of them."""

from __future__ import annotations

import click

from kilter.cli.options import Options, shared_options


@click.command(short_help="Look at the data only.")
@click.argument("project", default="kilter.yaml")
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    default=1,
    metavar="N",
    help="Trainings planned on each side of a comparison: what they could show is said, too.",
)
@click.option(
    "--seed-deviation",
    type=click.FloatRange(min=0),
    metavar="X",
    help="How much scores vary from seed to seed (standard deviation), where you know; by default 0.01, one point of"
    " accuracy.",
)
@shared_options
def audit(*, project: str, seeds: int, seed_deviation: float | None, options: Options) -> None:
    """Look at the data: leaks, duplicates, contradictions, broken columns.

    Its last lines say what difference between two models, or between two ways of training over several seeds, the rows
    that judge could show at all.
    """
    from kilter.project.reading import read_project

    read = read_project(project, options.overrides)  # faults of the file are said before torch is imported
    from kilter.cli.result import examination_result, examination_text, finish
    from kilter.project.flow import survey_project

    examination, design = survey_project(read, seeds=seeds, seed_deviation=seed_deviation)
    document = {**examination_result("audit", examination, read.file.gate.fail_on), "design": design or None}
    text = examination_text(f"audit of {read.name}", examination)
    finish(options, document, "\n\n".join(filter(None, (text.rstrip("\n"), design))))
