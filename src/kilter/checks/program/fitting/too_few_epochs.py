"""A training that ends while it still learns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

from kilter.checks.program.fitting.judging import attempt, learns_far_better, margin, still_falling
from kilter.checks.program.mechanisms import MECHANISMS
from kilter.checks.program.probe import Effort, ProgramProbe
from kilter.values.finding import Finding, Severity, Skipped, Strength

if TYPE_CHECKING:
    from kilter.checks.program.bench import Bench
    from kilter.checks.program.trials import Trial


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TooFewEpochs(ProgramProbe):
    """Three times the epochs bring far more, on training and on validation, and nothing else is wrong.

    **What it proves.** The training stops too early: the same program, going on, is better beyond what chance explains.

    **How.** Only where the last third of the program's own steps still brought the loss down by a twentieth of its
    start: the same training for three times as many epochs.

    **When it stays silent.** The loss has settled, more epochs bring little, or something else was found.

    **What it costs.** Three trainings more where the loss still falls steeply, else nothing.
    """

    code: ClassVar[str] = "H112"
    name: ClassVar[str] = "too-few-epochs"
    effort: ClassVar[Effort] = Effort.FULL
    done: float = 0.8  # of the quality that more epochs reach, above which more of them are a note
    times: float = 3.0  # as many epochs
    steep: float = 0.05  # fall of the loss over the last third, as a share of its start

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        if bench.program.epochs is None:
            yield Skipped(name=self.name, reason="the number of epochs is not given")
            return
        base = attempt(bench)
        if base is None or not still_falling(base, self.steep):
            return
        if base.train is not None and base.train > 1 - max(0.1, margin(base.rows)):
            return  # nothing that could be told from chance is left to be reached
        longer = attempt(bench, share=self.times)
        if longer is None or not learns_far_better(bench, longer, base):
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if self._half_done(base, longer) else Severity.NOTE,
            strength=Strength.MEASURED,
            seen=f"{self.times:g} times the {bench.program.epochs} epochs bring the training loss from"
            f" {base.train_loss:.3g} to {longer.train_loss:.3g}, and that on validation from"
            f" {base.valid_loss:.3g} to {longer.valid_loss:.3g}.",
            advice="Train for more epochs.",
            causes=("too_few_epochs", "lr_too_low"),
            evidence={
                "train": base.train,
                "valid": base.valid,
                "train with more": longer.train,
                "valid with more": longer.valid,
            },
            follows=(
                "little-way",
                "rate-too-high",
                "weight-decay",
                "optimizer-epsilon",
                "momentum",
                "underfit",
                "counterfactual",
                *MECHANISMS,
            ),
        )

    def _half_done(self, base: Trial, longer: Trial) -> bool:
        """Whether the training stops well before what more of it reaches; the last tenths are a person's choice."""
        return base.train is None or longer.train is None or base.train < self.done * longer.train
