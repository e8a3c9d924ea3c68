"""Rows whose label is probably wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.data.labelled import training_labels
from kilter.checks.data.simple_answers import simple_answers
from kilter.checks.data.targets import each_target
from kilter.checks.wording import percent
from kilter.metrics.contingency import binomial_p_value
from kilter.metrics.intervals import wilson
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.table import Dataset


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LabelNoise(Check[Dataset]):
    """Training labels that contradict what all other rows say clearly: the suspects for a look by eye.

    **What it proves.** Errors of a model grow rare as its answers grow clear, where labels are right: hard rows are
    hard because two labels are close. Wrong labels are wrong anywhere, so that the rate of contradictions levels off
    instead. Here it does: among the clearest three tenths of answers it is more than `decline` times what it is among
    the fifth to seventh tenth, beyond chance. The contradictions among the clear ones are named, the clearest first.

    **How.** A simple model (naive Bayes on words, or ridge regression) answers each training row from the other four
    fifths of the rows; answers are ordered by how far the best label is ahead of the next.

    **When it stays silent.** Contradictions die out as answers grow clear, or even the clearest answers are wrong more
    than a `witness` of the time that always answering the most frequent label is, so that the model is no witness. It
    is a note: a strong column that is right nineteen times of twenty
    looks the same as one label in twenty that is wrong, and only a look at the rows tells.

    **What it costs.** Five small fits: a second for 10,000 texts, some more for images; of at most `rows` rows.

    **Source.** After Northcutt, Jiang and Chuang 2021, Confident learning: estimating uncertainty in dataset labels,
    JAIR 70, which also orders rows by out-of-sample answers; the test of levelling off is our own.
    """

    code: ClassVar[str] = "D125"
    name: ClassVar[str] = "label-noise"
    decline: float = 1 / 3  # of contradictions, from the middle tenths to the clearest; slower is levelling off
    witness: float = 1 / 3  # of the errors of the most frequent label, at most, among the clearest answers
    chance: float = 1e-4  # largest probability of so many contradictions
    rows: int = 20_000
    fewest: int = 300  # labelled training rows
    most_labels: int = 200

    def examine(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        yield from each_target(subject, self._of_one_target)

    def _of_one_target(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        drawn = training_labels(subject, rows=(self.fewest, self.rows), labels=(2, self.most_labels))
        if isinstance(drawn, str):
            yield Skipped(name=self.name, reason=drawn)
            return
        table, names, labels = drawn
        answers = simple_answers(table, subject.schema.inputs, labels)
        against = answers.decided != labels
        order = np.argsort(answers.margin, kind="stable")
        n = len(order)
        clear, middle = order[round(0.7 * n) :], order[round(0.4 * n) : round(0.7 * n)]
        suspects = clear[against[clear]][::-1]
        rate, usual = float(against[clear].mean()), float(against[middle].mean())
        if rate > self.witness * (1 - float(np.bincount(labels).max()) / n):
            return
        if binomial_p_value(len(suspects), len(clear), self.decline * usual) > self.chance:
            return
        bounds = wilson(len(suspects), len(clear))
        worst = [(str(table.ids[at]), names[labels[at]], names[answers.decided[at]]) for at in suspects]
        name, own, other = worst[0]
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.NOTE,
            strength=Strength.SUSPECTED,
            seen=f"{len(suspects):,} of {len(clear):,} training rows ({percent(rate)}, [{percent(bounds.low)},"
            f" {percent(bounds.high)}]) have another label than all others let one clearly expect, and clearer answers"
            f" are hardly less often contradicted: {name} has {own!r}, where {other!r} is expected.",
            advice="Look at these rows, the clearest first, and at what `kilter suspects` lists; mend wrong labels.",
            causes=("label_noise", "label_misaligned"),
            where=tuple(name for name, _, _ in worst[:50]),
            evidence={
                "suspects": [{"row": name, "label": own, "expected": other} for name, own, other in worst[:50]],
                "share of the clearest": rate,
                "share of the middle": usual,
            },
        )
