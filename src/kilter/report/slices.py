"""Where the errors that remain lie: slices as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kilter.report.wording import counted, p_value, percent, scored, shown, value_of
from kilter.values.document import Block, Grid, Heading, Paragraph
from kilter.values.evaluation import Evaluation, Slice

MOST_EXAMPLES = 5


def slice_section(evaluation: Evaluation) -> Iterator[Block]:
    """Kinds of examples on which the model does worse than elsewhere, the clearest first; then those asked for."""
    if not evaluation.slices:
        return
    yield Heading(text="Where it errs", anchor="slices")
    found = [each for each in evaluation.slices if not each.asked]
    asked = [each for each in evaluation.slices if each.asked]
    if found:
        yield _most(evaluation, found[0])
        yield slice_grid(found, evaluation.split)
    if asked:
        yield slice_grid(asked, evaluation.split)


def _most(evaluation: Evaluation, worst: Slice) -> Paragraph:
    some = ", ".join(shown(name, 40) for name in worst.examples[:MOST_EXAMPLES])
    return Paragraph(
        text=f"{percent(worst.lost, 1)} of what was lost on the {evaluation.split} split lies in "
        f"{counted(worst.n, 'example')} where {shown(worst.said, 160)}{f'; such as {some}' if some else ''}."
    )


def slice_grid(slices: Sequence[Slice], split: str) -> Grid:
    """Slices that were all searched for, or all asked for, as a table."""
    caption = (
        f"Kinds of examples of the {split} split that were asked for, those clearest below all others first; p,"
        " corrected for all of them, is the probability that chance alone would put one as far below."
        if slices[0].asked
        else f"Each kind of example of the {split} split was tested against all others, and so were two together, which"
        " must be worse than either; p is corrected for all that were looked at, and kinds that only repeat a clearer"
        " one are left out."
    )
    return Grid(
        columns=("examples where", "how many", slices[0].inside.name, "elsewhere", "of the loss", "p"),
        rows=tuple(
            (
                shown(each.name, 120),
                f"{each.n:,}",
                scored(each.inside),
                value_of(each.outside),
                percent(each.lost, 1),
                p_value(each.p_value),
            )
            for each in slices
        ),
        caption=caption,
        numeric=(1, 2, 3, 4, 5),
    )
