"""A held-out split that was looked at again and again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

from kilter.checks.check import Check
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.outcome import Outcome


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SplitConsultedOften(Check[Outcome]):
    """The rows that judge were consulted so often that the best score on them says little of new rows.

    **What it proves.** Nothing of this model; it says what the score may be worth. Whoever keeps what scored best of
    many looks keeps the one that erred upwards, too, and no interval of a single look reckons with that.

    **How.** Each evaluation, and each comparison of runs, on these rows is counted in the run's folder; those of all
    runs beside it on the same rows are added up. Evaluations in the course of a training are not among them: they
    consult the validation rows, which are there for it.

    **When it stays silent.** There were fewer looks than `often`. The best of 25 equally good models is expected to
    stand 1.97 standard errors above its worth, which is the half of a 95 % interval: from there on the interval holds
    nothing any more.

    **What it costs.** Reading one small file for each run in the folder.

    **Source.** Blum and Hardt 2015, The ladder: a reliable leaderboard for machine learning competitions (ICML);
    Harter 1961, Expected values of normal order statistics (Biometrika 48).
    """

    code: ClassVar[str] = "R112"
    name: ClassVar[str] = "split-consulted-often"
    often: int = 25  # looks, of which the best is expected to lie outside of its interval

    def examine(self, subject: Outcome) -> Iterator[Finding | Skipped]:
        if subject.consulted is None:
            yield Skipped(name=self.name, reason="nobody counted how often the split was looked at")
            return
        if subject.consulted < self.often:
            return
        split, primary = subject.evaluation.split, subject.evaluation.primary
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            seen=f"The rows of {split} were consulted {subject.consulted} times by the runs in this folder. The best of"
            " so many looks is expected to lie above its interval even if all were equally good.",
            advice="Judge the one model that was chosen, once, on rows that nobody has looked at; until then quote"
            " this score with the number of looks.",
            causes=("overfitting", "wrong_metric"),
            evidence={"looks": subject.consulted, "score": primary.value, "rows": primary.n},
        )
