"""Which class was taken for which, with examples: what the page shows of a confusion table, and the JSON document."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import final

from kilter.values.evaluation import Evaluation, Mistake


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Confused:
    """A cell of a confusion table that should be empty.

    Attributes:
        truth: the class they are of.
        decided: the class they were taken for.
        row: of the cell.
        column: of the cell.
        count: how many examples.
        of: how many examples are of that class.
        examples: the most costly of them, as far as they were kept.
    """

    truth: str
    decided: str
    row: int
    column: int
    count: int
    of: int
    examples: tuple[Mistake, ...] = ()


def confused(evaluation: Evaluation) -> tuple[Confused, ...]:
    """Each pair of classes of which one was taken for the other, the most frequent first; none where none are decided.

    >>> from kilter.values.evaluation import Confusion, Measures
    >>> table = Confusion(labels=("ham", "spam"), counts=((5, 0), (2, 3)))
    >>> (pair,) = confused(Evaluation(model="model", split="test", measures=Measures(scores=(), confusion=table)))
    >>> pair.truth, pair.decided, pair.count, pair.of
    ('spam', 'ham', 2, 5)
    """
    table = evaluation.measures.confusion
    if table is None:
        return ()
    examples: dict[tuple[str, str], list[Mistake]] = defaultdict(list)
    for mistake in evaluation.mistakes:
        examples[mistake.target, mistake.decided].append(mistake)
    pairs = (
        Confused(
            truth=table.labels[row],
            decided=table.labels[column],
            row=row,
            column=column,
            count=count,
            of=sum(counts),
            examples=tuple(examples.get((table.labels[row], table.labels[column]), ())),
        )
        for row, counts in enumerate(table.counts)
        for column, count in enumerate(counts)
        if count and row != column
    )
    return tuple(sorted(pairs, key=lambda pair: (-pair.count, pair.row, pair.column)))
