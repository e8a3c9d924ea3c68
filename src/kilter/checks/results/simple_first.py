"""A simple model that does as well."""

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
class SimpleFirst(Check[Outcome]):
    """A baseline that takes seconds to fit is better than the network, or as good.

    **What it proves.** On the same examples the baseline's answers are better, beyond the interval of the difference.
    The network is not worth its cost as it is: either its training leaves something undone, or the task needs no
    network.

    **How.** The paired comparisons with all baselines but the simplest, which `no-better-than-chance` looks at.

    **When it stays silent.** The network beats each of them. A baseline that wins is a warning; one from which no
    difference is established is a note.

    **What it costs.** Nothing.

    **Source.** Grinsztajn, Oyallon and Varoquaux 2022, Why do tree-based models still outperform deep learning on
    typical tabular data? (NeurIPS).
    """

    code: ClassVar[str] = "R102"
    name: ClassVar[str] = "simple-first"

    def examine(self, subject: Outcome) -> Iterator[Finding | Skipped]:
        others = contests(subject)[1:]
        if not others:
            yield Skipped(name=self.name, reason="there is no baseline beside the simplest")
            return
        worse = [contest for contest in others if contest.verdict is Verdict.WORSE]
        equal = [contest for contest in others if contest.verdict is Verdict.OPEN]
        if not worse and not equal:
            return
        shown = worse or equal
        best = shown[0]
        for contest in shown[1:]:
            if contest.baseline.primary.beats(best.baseline.primary):
                best = contest
        names = ", ".join(contest.baseline.model for contest in shown)
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if worse else Severity.NOTE,
            seen=f"On {subject.evaluation.split}, {names} {agreeing(len(shown), 'beats', 'beat')}"
            f" {subject.evaluation.model}: {best.said}."
            if worse
            else f"On {subject.evaluation.split}, no difference between {subject.evaluation.model} and {names} is"
            f" established: {best.said}.",
            advice=f"Use {best.baseline.model}, or find out what it sees that the network does not."
            if worse
            else f"Prefer {best.baseline.model}, which is simpler, unless more test examples tell them apart.",
            causes=("underfit_capacity", "too_few_epochs", "lr_too_low", "too_little_data")
            if worse
            else ("too_little_data", "underfit_capacity"),
            where=tuple(contest.baseline.model for contest in shown),
            evidence={
                "model": subject.evaluation.primary.value,
                "baselines": {contest.baseline.model: contest.baseline.primary.value for contest in others},
                "verdicts": {contest.baseline.model: contest.verdict.value for contest in others},
            },
            follows=("no-better-than-chance",),
        )
