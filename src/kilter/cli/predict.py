"""`kilter predict`: what a run's model says of new rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from kilter.cli.options import Options, shared_options

if TYPE_CHECKING:
    from kilter.engine.generating import Manner


@click.command(short_help="Answer for new rows, prepared as in training.")
@click.argument("run")
@click.argument("file")
@click.option(
    "--to", "target", metavar="FILE", help="Where rows are written, .csv or .jsonl; by default stdout as CSV."
)
@click.option("--longest", type=click.IntRange(min=1), help="Tokens of a written text at most.")
@click.option("--beams", type=click.IntRange(min=1), help="Texts that are followed side by side; 1 is greedy.")
@click.option("--temperature", type=click.FloatRange(min=0, min_open=True), help="Draw tokens, at this temperature.")
@click.option("--seed", type=click.IntRange(min=0), help="Of the draws.")
@shared_options
def predict(*, run: str, file: str, target: str | None, options: Options, **writing: float | None) -> None:
    """Let the best weights of RUN answer for the rows of FILE, prepared as in training.

    Each row has its id, what was decided and, for classes, the probability of each. A tagger
    answers each word, a language model goes on from the text of each row.
    """
    options.refuse_overrides("predict", "rows are prepared as in training; nothing can be set")
    from pathlib import Path

    from kilter.cli.result import finish, result
    from kilter.export.writing import as_csv, refuse_target, write_answers
    from kilter.project.answering import answer_file

    if target is not None:
        refuse_target(Path(target))
    given = {name: value for name, value in writing.items() if value is not None}
    answers = answer_file(run, file, _manner(given) if given else None)
    if target is not None:
        write_answers(Path(target), answers)
    said = {"predictions": target} if target else {"predictions": [answer.form() for answer in answers]}
    document = result("predict", run=Path(run), n=len(answers), **said)
    text = f"{len(answers):,} answers in {target}" if target else as_csv(answers)
    finish(options, document, text)


def _manner(given: Mapping[str, Any]) -> Manner:
    """How texts are written."""
    from kilter.engine.generating import Manner
    from kilter.values.errors import UsageError

    if "seed" in given and "temperature" not in given:
        raise UsageError("--seed without --temperature", legal="only draws have a seed", remedy="leave it out")
    return Manner(**given)
