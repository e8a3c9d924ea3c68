"""Where the errors that remain lie: slices as a table."""

from __future__ import annotations

from collections.abc import Iterator

from kilter.report.wording import counted, p_value, percent, scored, shown, value_of
from kilter.values.document import Block, Grid, Heading, Paragraph
from kilter.values.evaluation import Evaluation

MOST_EXAMPLES = 5


def slice_section(evaluation: Evaluation) -> Iterator[Block]:
    """Kinds of examples on which the model does worse than elsewhere, the clearest first; nothing without any."""
    slices = evaluation.slices
    if not slices:
        return
    worst = slices[0]
    yield Heading(text="Where it errs", anchor="slices")
    some = ", ".join(shown(name, 40) for name in worst.examples[:MOST_EXAMPLES])
    yield Paragraph(
        text=f"{percent(worst.lost, 1)} of what was lost on the {evaluation.split} split lies in "
        f"{counted(worst.n, 'example')} where {shown(worst.said, 160)}{f'; such as {some}' if some else ''}."
    )
    yield Grid(
        columns=("examples where", "how many", worst.inside.name, "elsewhere", "of the loss", "p"),
        rows=tuple(
            (
                shown(each.name),
                f"{each.n:,}",
                scored(each.inside),
                value_of(each.outside),
                percent(each.lost, 1),
                p_value(each.p_value),
            )
            for each in slices
        ),
        caption="Each kind of example was tested against all others; p is corrected for all kinds that were looked"
        " at, and kinds that only repeat a clearer one are left out.",
        numeric=(1, 2, 3, 4, 5),
    )
