"""A model that is no better than an answer without inputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

from kilter.checks.check import Check
from kilter.checks.results.baselines import Verdict, contests
from kilter.checks.wording import agreeing
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.outcome import Outcome


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class NoBetterThanChance(Check[Outcome]):
    """The model does not beat the simplest baseline, which does not look at the inputs.

    **What it proves.** The score is that of always answering the most frequent class, or the mean, as far as these
    examples can tell; whatever was learnt does not hold for them.

    **How.** The paired comparison with the first baseline, which the task names as the simplest. The other baselines
    say whose fault it is: where one of them is better than the simplest, inputs do tell the target and the training
    of the network is at fault; where none is, it is the labels or the inputs.

    **When it stays silent.** The interval of the difference lies above 0. Below `fewest` examples nothing can be
    shown, and it is a note that there are too few.

    **What it costs.** Nothing.

    **Source.** Zhang et al. 2017, Understanding deep learning requires rethinking generalization (ICLR): networks fit
    random labels, so that the training score proves nothing.
    """

    code: ClassVar[str] = "R101"
    name: ClassVar[str] = "no-better-than-chance"
    fewest: int = 50  # examples

    def examine(self, subject: Outcome) -> Iterator[Finding | Skipped]:
        found = contests(subject)
        if not found:
            yield Skipped(name=self.name, reason="there is no baseline to compare with")
            return
        simplest, *others = found
        if simplest.verdict is Verdict.BETTER:
            return
        floor = simplest.baseline.primary
        learnable = [
            contest.baseline.model
            for contest in others
            if contest.baseline.primary.beats(floor) and _clear_of(contest.baseline.primary.low, floor.high)
        ]
        few = len(subject.predictions) < self.fewest
        causes: tuple[str, ...] = ("label_misaligned", "label_noise", "too_little_data", "wrong_metric")
        if few:
            causes = ("too_little_data",)
        elif learnable:
            causes = ("lr_too_high", "lr_too_low", "unnormalized_input", "overfitting", "model_ignores_input")
        how = "is worse than" if simplest.verdict is Verdict.WORSE else "is no better than"
        said = f"; {', '.join(learnable)} {agreeing(len(learnable), 'does', 'do')} better" if learnable else ""
        none = "; no other baseline is better, either" if others and not learnable else ""
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.NOTE if few else Severity.WARNING,
            seen=f"On {len(subject.predictions):,} examples of {subject.evaluation.split},"
            f" {subject.evaluation.model} {how} {simplest.said}{said}{none}.",
            advice="Gather more held-out examples before believing any difference."
            if few
            else "Look at the training: a simple model learns what this network does not."
            if learnable
            else "See whether labels stand beside their own inputs, and whether inputs can tell the target at all.",
            causes=causes,
            evidence={
                "model": subject.evaluation.primary.value,
                "baseline": floor.value,
                "baseline's name": simplest.baseline.model,
                "better baselines": learnable,
                "examples": len(subject.predictions),
            },
        )


def _clear_of(low: float | None, high: float | None) -> bool:
    return low is None or high is None or low > high
