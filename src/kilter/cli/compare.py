"""`kilter compare`: runs against each other, on the same examples."""

from __future__ import annotations

import click

from kilter.cli.options import Options, shared_options


@click.command(short_help="Test runs against each other on the same examples.")
@click.argument("runs", nargs=-1, required=True, metavar="RUN RUN...")
@click.option("--split", default="test", show_default=True, help="The split on which they are compared.")
@click.option("--against", multiple=True, metavar="RUN", help="A run of the other side, whose seeds differ; repeat it.")
@click.option(
    "--correction",
    type=click.Choice(["Holm", "Benjamini-Hochberg"]),
    help="Of p-values, for all comparisons made together; by default Holm.",
)
@shared_options
def compare(
    *, runs: tuple[str, ...], split: str, against: tuple[str, ...], correction: str | None, options: Options
) -> None:
    """Test the first RUN against each of the others, pair by pair on the same examples.

    A difference counts where its interval does not hold 0 and the test bears it out; with several
    others, p-values are corrected for all comparisons made together.

    With --against, all RUNs are trainings of one way with several seeds, and those named by it are
    of another: the ways are compared, beyond what seeds and examples make of it.

    Each comparison on a held-out split is counted in the runs' folders as a look at it.
    """
    options.refuse_overrides("compare", "runs are compared as they are; nothing can be set")
    from kilter.cli.result import finish, paper, result
    from kilter.project.rivals import compare_runs
    from kilter.report.design import design_lines
    from kilter.report.rivals import scores_of
    from kilter.values.document import Document, Paragraph
    from kilter.values.json_form import to_json

    rivals = compare_runs(runs, against=against, split=split, correction=correction)
    document = result(
        "compare", split=split, comparisons=to_json(rivals.comparisons), evaluations=to_json(rivals.evaluations)
    )
    lines = tuple(
        Paragraph(text=" ".join((f"{comparison}.", *design_lines(comparison)))) for comparison in rivals.comparisons
    )
    many = len(runs) + len(against)
    blocks = (*scores_of(rivals.evaluations), *lines)
    finish(options, document, paper(Document(title=f"{many} runs on {split}", blocks=blocks)))
