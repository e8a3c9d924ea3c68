"""A comparison in which more was tried on one side than on the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

from kilter.checks.check import Check
from kilter.checks.wording import counted
from kilter.values.comparison import Comparison, Effort
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.outcome import Outcome


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class UnequalEffort(Check[Outcome]):
    """The model wins against baselines on which less was tried: what wins may be the search, not the model.

    **What it proves.** More settings of the model than of each baseline that it beats were trained and judged on
    validation. The best of many settings is better than a usual one, of any model; a baseline that is given as many
    may close the gap.

    **How.** Settings that were tried are counted on both sides: of the model in all runs beside this one on the same
    training rows, of baselines as they are fitted. Of the baselines that the model beats, the one on which most was
    tried is looked at; one that has no settings, such as the majority, is left out.

    **When it stays silent.** The baseline got as much or more, the model does not win, or it has not been given
    `times` as many settings. Steps and seconds are told and do not decide: a network takes more of both than a linear
    model by its nature.

    **What it costs.** Nothing.

    **Source.** Dodge et al. 2019, Show your work: improved reporting of experimental results (EMNLP); Melis, Dyer and
    Blunsom 2018, On the state of the art of evaluation in neural language models (ICLR).
    """

    code: ClassVar[str] = "R108"
    name: ClassVar[str] = "unequal-effort"
    times: float = 2.0  # settings of the model for one of the baseline; a person's second try is no search

    def examine(self, subject: Outcome) -> Iterator[Finding | Skipped]:
        beaten = [
            (comparison, comparison.left_effort, comparison.right_effort)
            for comparison in subject.comparisons
            if comparison.left_effort is not None and comparison.right_effort is not None
        ]
        if not beaten:
            yield Skipped(name=self.name, reason="nobody counted what was tried on either side")
            return
        won = [each for each in beaten if each[0].winner == each[0].left and each[2].trials > 0]
        if not won:
            return
        comparison, ours, theirs = max(won, key=lambda each: each[2].trials)
        if ours.trials <= self.times * theirs.trials:
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            seen=f"{counted(ours.trials, 'setting')} of {comparison.left} were tried"
            f" on the same rows and {counted(theirs.trials, 'setting')} of {comparison.right}, which it beats on"
            f" {comparison.split}.",
            advice=f"Try as many settings of {comparison.right}, or say beside the score how many were tried of each.",
            causes=("wrong_metric",),
            evidence=_evidence(comparison, ours, theirs),
        )


def _evidence(comparison: Comparison, ours: Effort, theirs: Effort) -> dict[str, object]:
    return {
        "difference": comparison.difference.value,
        **{
            f"{word} of {name}": value
            for name, effort in ((comparison.left, ours), (comparison.right, theirs))
            for word, value in (("settings", effort.trials), ("steps", effort.steps), ("seconds", effort.seconds))
            if value is not None
        },
    }
