"""`kilter predict`: what a run's model says of new rows."""

from __future__ import annotations

import click

from kilter.cli.options import Options, shared_options


@click.command(short_help="Answer for new rows, prepared as in training.")
@click.argument("run")
@click.argument("file")
@click.option(
    "--to", "target", metavar="FILE", help="Where rows are written, .csv or .jsonl; by default stdout as CSV."
)
@shared_options
def predict(*, run: str, file: str, target: str | None, options: Options) -> None:
    """Let the best weights of RUN answer for the rows of FILE, prepared as in training.

    Each row has its id, what was decided and, for classes, the probability of each.
    """
    options.refuse_overrides("predict", "rows are prepared as in training; nothing can be set")
    from pathlib import Path

    from kilter.cli.result import finish, result
    from kilter.export.writing import as_csv, refuse_target, write_answers
    from kilter.project.answering import answer_file

    if target is not None:
        refuse_target(Path(target))
    answers = answer_file(run, file)
    if target is not None:
        write_answers(Path(target), answers)
    said = {"predictions": target} if target else {"predictions": [answer.form() for answer in answers]}
    document = result("predict", run=Path(run), n=len(answers), **said)
    text = f"{len(answers):,} answers in {target}" if target else as_csv(answers)
    finish(options, document, text)
