"""What was expected of a model, and did not come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

from kilter.checks.check import Check
from kilter.values.expectation import GAP, Expectation, Ruling
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.outcome import Outcome


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectationMissed(Check[Outcome]):
    """The result is not what was written down before the run.

    **What it proves.** The interval of what was measured holds nothing of what was expected. Either the training or
    what was known beforehand is not as it was thought to be, and which of both it is has to be found out: a result
    that is better than expected may mean that the inputs give the answer away.

    **How.** Each expectation of the project file (`expect:`) is held against the interval of its score, of the gap
    between training and held-out rows, or of the paired difference to a baseline. It is fingerprinted before anything
    is trained, so that it cannot be fitted to the result.

    **When it stays silent.** The expectation is met, or undecided: part of the interval is as expected.

    **What it costs.** Nothing.

    **Source.** Nosek et al. 2018, The preregistration revolution (PNAS 115).
    """

    code: ClassVar[str] = "R109"
    name: ClassVar[str] = "expectation-missed"

    def examine(self, subject: Outcome) -> Iterator[Finding | Skipped]:
        if not subject.judgements:
            yield Skipped(name=self.name, reason="nothing was expected (`expect:` in the project file)")
            return
        for judgement in subject.judgements:
            if judgement.ruling is not Ruling.MISSED:
                continue
            causes, advice = _why(judgement.expectation, subject)
            yield Finding(
                code=self.code,
                name=self.name,
                severity=Severity.WARNING,
                seen=f"Expected was: {judgement.expectation}. Measured: {judgement.seen}.",
                advice=advice,
                causes=causes,
                evidence={"expected": str(judgement.expectation), "measured": judgement.seen},
            )


def _why(expectation: Expectation, outcome: Outcome) -> tuple[tuple[str, ...], str]:
    """Likely causes, and what to do, by what was expected and on which side of it the result lies."""
    if expectation.rival is not None:
        return (
            ("underfit_capacity", "too_few_epochs", "lr_too_low", "too_little_data"),
            f"Use {expectation.rival}, or find out what it sees that the network does not.",
        )
    below = expectation.relation in {"<", "<="}
    if expectation.about == GAP:
        if below:
            return (
                ("overfitting", "too_little_data", "distribution_shift"),
                "Regularise (dropout, weight decay, augmentation), or say why such a gap does no harm here.",
            )
        return (("underfit_capacity", "too_few_epochs"), "Find out why the training rows are not learnt any better.")
    score = next((each for each in outcome.evaluation.scores if each.name == expectation.about), None)
    if score is not None and score.larger_is_better == below:  # better than anybody thought
        return (
            ("target_leak", "train_val_leak", "task_trivial"),
            "Look for what gives the answer away, such as rows of several splits or a column that knows the target.",
        )
    return (
        ("underfit_capacity", "too_few_epochs", "too_little_data", "label_noise"),
        "Find out which was wrong, training or expectation: curves, mistakes and slices say where it falls short.",
    )
