"""`kilter suspects`: labels that are probably wrong."""

from __future__ import annotations

import os
from pathlib import Path

import click

from kilter.cli.options import Options, shared_options
from kilter.values.errors import UsageError


@click.command(short_help="List training rows whose label is probably wrong.")
@click.argument("project", default="kilter.yaml")
@click.option(
    "--with",
    "by",
    default="auto",
    metavar="NAME",
    help="What answers: a baseline, or network; by default the best of the project's baselines.",
)
@click.option("--folds", type=click.IntRange(min=2), default=5, show_default=True, help="How many models are fitted.")
@click.option("--cleanlab", is_flag=True, help="Let the package cleanlab pick the suspects.")
@click.option("--out", "target", metavar="FILE", help="Where all suspects are written as CSV.")
@shared_options
def suspects(*, project: str, by: str, folds: int, cleanlab: bool, target: str | None, options: Options) -> None:
    """List the training rows of PROJECT whose label is probably wrong, the most suspicious first.

    Each row is answered by a model that was fitted on the other folds, and labels are judged by
    confident learning; with --with network the network is trained once for each fold. Rows of one
    group and rows with equal inputs stand in one fold. Nothing is changed.
    """
    from kilter.project.reading import read_project

    read = read_project(project, options.overrides)  # faults of the file are said before torch is imported
    table = None if target is None else writable(target)
    from kilter.cli.progress import make_progress
    from kilter.cli.result import finish, paper, result
    from kilter.project.folder import write_text
    from kilter.project.suspecting import find_label_noise
    from kilter.report.suspects import suspects_document, suspects_table, without_inputs
    from kilter.values.json_form import to_json

    noise = find_label_noise(read, by=by, folds=folds, cleanlab=cleanlab, told=make_progress(options).began)
    if read.file.report.hide_texts:
        noise = without_inputs(noise)
    if table is not None:
        write_text(table, suspects_table(noise))
    whole = f"all are in {table}" if table is not None else "`--out FILE` writes all of them"
    document = result(
        "suspects",
        scores=(noise.rate, noise.agreement),
        suspects=to_json(noise.suspects),
        answered_by=noise.answered_by,
        found_by=noise.found_by,
        folds=noise.folds,
        unjudged=dict(noise.unjudged),
        table=target,
    )
    finish(options, document, paper(suspects_document(noise, f"labels of {read.name}", whole=whole)))


def writable(target: str) -> Path:
    """Where a table is to be written; asked before time is spent.

    Raises:
        UsageError: another ending, or a folder that cannot be written.
    """
    path = Path(target)
    if path.suffix != ".csv":
        raise UsageError(f"--out {path}", legal="the table is CSV", remedy=f"name it {path.stem or 'suspects'}.csv")
    if not os.access(path.parent, os.W_OK):
        raise UsageError(f"{path.parent} cannot be written", legal="a folder that is there", remedy="name another")
    return path
