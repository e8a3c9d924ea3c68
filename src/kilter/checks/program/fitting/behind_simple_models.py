"""A training that a cheap learner beats on validation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

from kilter.checks.program.fitting.judging import attempt, learns_as_reported, margin, reach
from kilter.checks.program.mechanisms import MECHANISMS
from kilter.checks.program.probe import Effort, ProgramProbe
from kilter.values.finding import Finding, Severity, Skipped, Strength

if TYPE_CHECKING:
    from kilter.checks.program.bench import Bench


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BehindSimpleModels(ProgramProbe):
    """The trained network is at least as good on validation as ridge regression or nearest neighbours.

    **What it proves.** What takes a fraction of a second answers better than the network: before the network is made
    larger or tuned, it has to reach that, or give way to it.

    **How.** The program's own training against least squares, least squares with products of columns, and nearest
    neighbours, all taught on training rows and asked on validation rows. Skill is the share of the way from the best
    constant answer to perfection.

    **When it stays silent.** The network is behind by less than .05 + .5 / sqrt(rows); up to twice that,
    or on few rows, it is a note.
    Skipped where cheap learners cannot be asked (inputs that are no table, one class with nearly all rows), or where
    outputs are in other units than targets; a mechanism or a change that was found explains it.

    **What it costs.** Nothing beyond the program's own training and the cheap learners, which other checks share.

    **Source.** Karpathy 2019, A recipe for training neural networks, "get dumb baselines"; Grinsztajn et al. 2022, Why
    do tree-based models still outperform deep learning on tabular data? (NeurIPS).
    """

    code: ClassVar[str] = "H115"
    name: ClassVar[str] = "behind-simple-models"
    effort: ClassVar[Effort] = Effort.FULL
    times: float = 2.0  # the margin, from which it is a warning
    rows: int = 150  # of validation; on fewer of a noisy set the order of two models is chance

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        base, target = attempt(bench), reach(bench)
        if base is None or base.valid is None or target is None:
            yield Skipped(name=self.name, reason="cheap learners cannot be asked, or nothing says how good answers are")
            return
        own, allowed = target.skill(base.valid), margin(base.rows)
        behind = target.valid - own
        if behind <= allowed or learns_as_reported(bench, base, target):
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if behind > self.times * allowed and base.rows >= self.rows else Severity.NOTE,
            strength=Strength.MEASURED,
            seen=f"A cheap learner, taught on the same rows, has a skill of {target.valid:.2f} on {base.rows}"
            f" validation rows, the trained network {own:.2f}.",
            advice="Take the simple model, or find out what the network is missing, before it is made larger or tuned.",
            causes=("underfit_capacity", "overfitting", "lr_too_low", "too_few_epochs"),
            evidence={"simple": target.valid, "network": own, "rows": base.rows},
            follows=(
                "little-way",
                "rate-too-high",
                "weight-decay",
                "optimizer-epsilon",
                "momentum",
                "rows-by-heart",
                "counterfactual",
                "underfit",
                "too-few-epochs",
                "nothing-learnt",
                *MECHANISMS,
            ),
        )
