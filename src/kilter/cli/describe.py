"""`kilter describe`: one example followed through, from the file to the decision."""

from __future__ import annotations

from pathlib import Path

import click

from kilter.cli.options import Options, shared_options


@click.command(short_help="Follow one example from the file to the decision.")
@click.argument("project", default="kilter.yaml")
@click.option("--row", metavar="ID", help="The example, by its id; by default the first row of the split.")
@click.option("--split", metavar="NAME", help="train, valid or test; by default the first that is held out.")
@shared_options
def describe(*, project: str, row: str | None, split: str | None, options: Options) -> None:
    """Follow one real example of PROJECT through, from the file to the decision.

    Text, tokens, ids, the shape after each layer, logits, probabilities, label; then the
    parameters, and N = batch × steps.

    PROJECT is a project file, or the folder of a run, whose best weights then answer.
    """
    from kilter.project.folder import STATUS

    if (Path(project) / STATUS).is_file():
        options.refuse_overrides("describe RUN", "a run is described as it was; nothing can be set")
        from kilter.project.describing import describe_run

        walkthrough = describe_run(project, row=row, split=split)
        name = Path(project).name
    else:
        from kilter.project.reading import read_project

        read = read_project(project, options.overrides)  # faults of the file are said before torch is imported
        from kilter.project.describing import describe_project

        walkthrough = describe_project(read, row=row, split=split)
        name = read.name
    from kilter.cli.result import finish, paper, result
    from kilter.report.walkthrough import walkthrough_document
    from kilter.values.json_form import to_json

    document = result("describe", walkthrough=to_json(walkthrough))
    finish(options, document, paper(walkthrough_document(walkthrough, f"one example of {name}")))
