"""`kilter find`: a batch size, a learning rate."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import click

from kilter.cli.options import Options, shared_options

if TYPE_CHECKING:
    from kilter.values.batch_suggestion import BatchSuggestion
    from kilter.values.document import Block
    from kilter.values.pipeline import Pipeline
    from kilter.values.program import Program
    from kilter.values.rate_suggestion import RateSuggestion


@click.group(short_help="Find a batch size, or a learning rate.")
def find() -> None:
    """Find a number of a training by trying it, in processes of their own: nothing here changes.

    `kilter run` does the same where a project file says `batch: auto` or `lr: auto`.
    """


@find.command(name="batch-size", short_help="The batch size that fits and is quick.")
@click.argument("project", default="kilter.yaml")
@click.option(
    "--memory", metavar="SIZE", help="What the training may hold in all, such as 4GiB.  [default: what is free]"
)
@click.option("--effective", type=click.IntRange(min=1), metavar="N", help="Examples a step that are wanted.")
@click.option("--devices", type=click.IntRange(min=1), default=1, show_default=True, help="That share such a step.")
@click.option("--most", type=click.IntRange(min=1), metavar="N", help="The largest batch that is of interest.")
@click.option("--no-speed", is_flag=True, help="Suggest the largest that fits; time nothing, and no noise.")
@click.option("--seed", type=click.IntRange(min=0), help="Of weights and data.  [default: that of the project, or 0]")
@shared_options
def batch_size(
    *,
    project: str,
    memory: str | None,
    effective: int | None,
    devices: int,
    most: int | None,
    no_speed: bool,
    seed: int | None,
    options: Options,
) -> None:
    """Suggest a batch size: it fits, tried on the widest examples, and none is quicker to the same loss.

    PROJECT is a project file or its folder; or a person's own training, as train.py:NAME (see
    `kilter check --help`). Each size is tried in a process of its own, which may be killed for it.
    """

    def sought(subject: Pipeline | Program, told: Callable[[str], None]) -> BatchSuggestion:
        from kilter.project.finding import find_batch_size

        return find_batch_size(
            subject,
            memory=memory,
            effective=effective,
            devices=devices,
            most=most,
            speed=not no_speed,
            seed=seed,
            told=told,
        )

    from kilter.report.found import batch_blocks, batch_line

    _find("batch-size", project, sought, lambda found: (batch_line(found), batch_blocks(found)), options)


@find.command(name="learning-rate", short_help="The learning rate of the whole training.")
@click.argument("project", default="kilter.yaml")
@click.option(
    "--cost",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    help="The most that may be spent, in whole trainings.",
)
@click.option("--seed", type=click.IntRange(min=0), help="Of weights and data.  [default: that of the project, or 0]")
@shared_options
def learning_rate(*, project: str, cost: float, seed: int | None, options: Options) -> None:
    """Suggest a learning rate for the whole training, told from short ones that end as the whole one does.

    PROJECT is a project file or its folder; or a person's own training, as train.py:NAME (see
    `kilter check --help`).
    """

    def sought(subject: Pipeline | Program, told: Callable[[str], None]) -> RateSuggestion:
        from kilter.project.finding import find_learning_rate

        return find_learning_rate(subject, cost=cost, seed=seed, told=told)

    from kilter.report.found import rate_blocks, rate_line

    _find("learning-rate", project, sought, lambda found: (rate_line(found), rate_blocks(found)), options)


def _find(
    what: str,
    named: str,
    sought: Callable[[Pipeline | Program, Callable[[str], None]], Any],
    say: Callable[[Any], tuple[str, Iterable[Block]]],
    options: Options,
) -> None:
    """Find a number for what is named, and say it; findings that would stop a way stop here, too."""
    from kilter.project.own_program import is_own_program
    from kilter.project.reading import read_project

    fail_on, others = options.gate()
    given: Any
    if is_own_program(named):
        why = "a program of one's own has no project file whose values could be set"
        others.refuse_overrides(f"find {what} {named}", why)
        given = title = named
    else:
        given = read_project(named, options.overrides)  # faults of the file are said before torch is imported
        fail_on, title = given.file.gate.fail_on, given.name
    from kilter.cli.result import finish, paper, result
    from kilter.project.finding import subject_of
    from kilter.project.gate import stopping
    from kilter.values.document import Alerts, Document, Paragraph
    from kilter.values.json_form import to_json

    suggestion = sought(subject_of(given), lambda line: None if options.quiet else click.echo(line, err=True))
    document = result(
        "find",
        status="gated" if stopping(suggestion.findings, fail_on) else "done",
        findings=suggestion.findings,
        sought=what,
        suggestion={key: value for key, value in to_json(suggestion).items() if key != "findings"},
    )
    line, blocks = say(suggestion)
    alerts = (Alerts(findings=suggestion.findings),) if suggestion.findings else ()
    page = (Paragraph(text=f"{line}.", lead=True), *blocks, *alerts)
    heading = f"{what.replace('-', ' ')} of {title}"
    finish(options, document, "" if options.json else paper(Document(title=heading, blocks=page)))
