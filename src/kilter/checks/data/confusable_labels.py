"""Labels that nothing in the inputs seems to tell apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.data.labelled import training_labels
from kilter.checks.data.simple_answers import simple_answers
from kilter.checks.data.targets import each_target
from kilter.checks.wording import agreeing, counted, percent
from kilter.metrics.intervals import wilson
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.table import Dataset

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Pair(NamedTuple):
    """Two labels: the share of their rows, decided for one of the two, that is right, each label counting half."""

    one: str
    other: str
    right: float
    high: float  # the upper end of its interval
    rows: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ConfusableLabels(Check[Dataset]):
    """Two frequent labels that a simple model takes for one another as if it tossed a coin, though it knows the rest.

    **What it proves.** Of training rows of the two labels that a simple model decides for one of the two, no more are
    right than a coin would be, give or take `apart` at the upper end of the interval. The two may mean the same, may
    have been given without a rule, or depend on what the inputs do not say.

    **How.** A simple model (naive Bayes on words, or ridge regression) answers each row from the other four fifths of
    the rows. Of each two labels, recall within the pair is averaged over both, so that a rare one counts as much.

    **When it stays silent.** Each pair is told apart, or the interval is too wide to say; the model is right on less
    than `witness` of all rows, so that confusing two labels says nothing; or there are only two labels. It is a note.

    **What it costs.** Five small fits: a second for `rows` texts.

    **Source.** Confusion as a sign of overlapping classes: Godbole, Sarawagi and Chakrabarti 2002, Scaling multi-class
    support vector machines using inter-class confusion (KDD).
    """

    code: ClassVar[str] = "D127"
    name: ClassVar[str] = "confusable-labels"
    apart: float = 0.15  # above one half, the upper end of the interval of what is right within the pair
    witness: float = 0.6  # of all rows, right
    few: int = 25  # rows of a label, decided within the pair
    rows: int = 6_000
    fewest: int = 300  # labelled training rows
    most_labels: int = 200

    def examine(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        yield from each_target(subject, self._of_one_target)

    def _of_one_target(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        drawn = training_labels(subject, rows=(self.fewest, self.rows), labels=(3, self.most_labels))
        if isinstance(drawn, str):
            yield Skipped(name=self.name, reason=drawn)
            return
        table, names, labels = drawn
        decided = simple_answers(table, subject.schema.inputs, labels).decided
        if float((decided == labels).mean()) < self.witness:
            yield Skipped(name=self.name, reason="a simple model knows too little of the labels to be a witness")
            return
        pairs = sorted(self._pairs(labels, decided, names), key=lambda pair: pair.right)
        if not pairs:
            return
        said = "; ".join(
            f"{pair.one!r} and {pair.other!r} ({percent(pair.right)} right of {pair.rows})" for pair in pairs[:5]
        )
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.NOTE,
            strength=Strength.SUSPECTED,
            seen=f"{counted(len(pairs), 'pair')} of labels {agreeing(len(pairs), 'is', 'are')} told apart no better"
            f" than by a coin, by a simple model that is right on {percent(float((decided == labels).mean()))} of"
            f" all rows: {said}.",
            advice="Read rows of both; join the labels if they mean the same, or give the input that tells them apart.",
            causes=("label_noise", "data_anomaly"),
            where=tuple(dict.fromkeys(name for pair in pairs for name in (pair.one, pair.other))),
            evidence={"pairs": [[pair.one, pair.other, pair.right, pair.high, pair.rows] for pair in pairs]},
        )

    def _pairs(self, labels: NDArray[np.int64], decided: NDArray[np.int64], names: list[str]) -> Iterator[Pair]:
        counts = np.zeros((len(names), len(names)), np.int64)
        np.add.at(counts, (labels, decided), 1)
        for i in range(len(names)):
            for j in range(i + 1, len(names)):
                sizes = (counts[i, i] + counts[i, j], counts[j, i] + counts[j, j])
                if min(sizes) < self.few:
                    continue
                right = (counts[i, i] / sizes[0] + counts[j, j] / sizes[1]) / 2
                rows = int(2 * min(sizes))  # as many as the rarer one allows, so that the interval is not too narrow
                high = wilson(round(float(right) * rows), rows).high
                if high <= 0.5 + self.apart:
                    yield Pair(names[i], names[j], float(right), high, int(sum(sizes)))
