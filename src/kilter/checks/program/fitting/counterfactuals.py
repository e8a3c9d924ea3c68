"""A training that stays far behind what can be reached, and the one change that mends it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

from kilter.checks.program.fitting.changes import (
    WITHOUT_DROPOUT,
    all_by_adam,
    clipped,
    initialised_afresh,
    merged,
    scaled,
    split,
    with_momentum,
    with_setting,
)
from kilter.checks.program.fitting.judging import (
    attempt,
    learns_badly,
    learns_far_better,
    margin,
    reach,
    still_falling,
)
from kilter.checks.program.fitting.plan import first_length, ordinary_norm, planned
from kilter.checks.program.fitting.settings import groups_of, momentum_of, number, plain_momentum
from kilter.checks.program.mechanisms import MECHANISMS
from kilter.checks.program.probe import Effort, ProgramProbe
from kilter.engine.trees import size
from kilter.values.finding import Finding, Severity, Skipped, Strength

if TYPE_CHECKING:
    from kilter.checks.program.bench import Bench
    from kilter.checks.program.trials import Change, Trial


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """A change, and what is to blame if it mends the training."""

    change: Change
    causes: tuple[str, ...]
    advice: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Counterfactuals(ProgramProbe):
    """The training comes out badly, and with one thing changed it comes out far better, on training and validation.

    **What it proves.** What was changed is at fault, or stands before what is: the two trainings differ in nothing
    else.

    **How.** A training is bad if on its own training rows it is worse than a cheap learner on rows that one was not
    taught; where no such learner can be asked, if its loss falls by less than a quarter. Then changes are tried in
    turn, those that fit what was seen first, until one mends it or the budget is used up: batches merged or split,
    dropout off, no weight decay, the usual momentum, shorter and longer updates, the plain step with Adam on all
    parameters, weights drawn afresh. If none does and cheap learners are far ahead of all, the model is too poor.

    **When it stays silent.** The training is as good as cheap learners are; nothing mends it and nothing says that it
    can be better; or something else was found, which outranks it.

    **What it costs.** The program's own training, and for a bad one up to `budget` more.

    **Source.** Karpathy, "A recipe for training neural networks" (2019); Zeller, "Isolating cause-effect chains"
    (2002), for taking the change that makes the difference as the diagnosis.
    """

    code: ClassVar[str] = "H113"
    name: ClassVar[str] = "counterfactual"
    effort: ClassVar[Effort] = Effort.FULL
    share: float = 0.5  # of the epochs, for each change
    budget: float = 2.5  # trainings of the program's own length, together
    tiny: int = 4  # rows up to which a batch is small
    few: int = 2  # batches an epoch up to which they are large
    epsilon: float = 1e-4  # ten thousand times the usual one
    absurd: float = 0.3  # of the weights' own size: no clipping makes such updates right

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        base = attempt(bench)
        if base is None:
            yield Skipped(name=self.name, reason="the training breaks off with an error")
            return
        if not learns_badly(bench, base):
            return
        best = base
        spent = 0.0
        share = 1.0 if len(base.losses) < 100 else self.share  # half of a short one is no training
        for rung in self._rungs(bench, base):
            if spent + share > self.budget:
                break
            spent += share
            trial = attempt(bench, rung.change, share=share)
            if trial is not None and learns_far_better(bench, trial, base):
                yield self._finding(bench, rung, base, trial)
                return
            best = max((best, trial or best), key=_reached)
        if still_falling(base):
            best = max((best, attempt(bench, share=3.0) or best), key=_reached)
        yield from self._poor(bench, base, best)

    def _rungs(self, bench: Bench, base: Trial) -> Iterator[Rung]:
        recording, plan = bench.recording, planned(bench)
        rows = size(recording.steps[0].batch) or 0
        each = (plan.updates or 10**9) / (plan.epochs or 1)
        if 0 < rows <= self.tiny:
            yield Rung(
                change=merged(16),
                causes=("batch_too_small", "lr_too_high"),
                advice="Take larger batches, or lower the rate with them.",
            )
        if each <= self.few and (plan.updates or 10**9) < 100:  # as many updates train little
            yield Rung(
                change=split(8), causes=("batch_too_large", "too_few_epochs"), advice="Make the batches smaller."
            )
        if _spikes(base) and first_length(bench) < self.absurd * (1 - plain_momentum(bench)):
            yield Rung(
                change=clipped(min(1.0, ordinary_norm(bench))),
                causes=("missing_grad_clip", "lr_too_high"),
                advice="Clip the norm of the gradients to what it is in ordinary steps.",
            )
        yield (
            Rung(change=WITHOUT_DROPOUT, causes=("dropout_too_high",), advice="Lower the dropout, or take it out.")
            if _drops(bench)
            else _shorter()
        )
        if any(number(group.get("weight_decay")) for group in groups_of(bench)):
            yield Rung(
                change=with_setting("weight_decay", 0.0),
                causes=("weight_decay_too_high",),
                advice="Lower the weight decay a hundred times.",
            )
        if momentum_of(bench) > 0.95:  # more than the usual one, which is 0.9
            yield Rung(change=with_momentum(0.9), causes=("momentum_too_high",), advice="Lower the momentum to 0.9.")
        if _drops(bench):
            yield _shorter()
        if any(number(group.get("eps")) > self.epsilon for group in groups_of(bench)):
            yield Rung(
                change=with_setting("eps", 1e-8), causes=("adam_eps_wrong",), advice="Set the optimizer's eps to 1e-8."
            )
        few = plan.updates is not None and plan.updates < 100 and plan.travel / plan.updates > 1e-3
        yield Rung(
            change=scaled(10.0),
            causes=("too_few_epochs", "lr_too_low") if few else ("lr_too_low", "too_few_epochs"),
            advice="Train for more epochs, or raise the learning rate."
            if few
            else "Raise the learning rate ten times.",
        )
        yield Rung(
            change=all_by_adam(bench.program),
            causes=("lr_too_low", "unintended_frozen_layer", "optimizer_missing_group", "grad_clip_too_small"),
            advice="See what the step does otherwise than fresh gradients and Adam on all parameters.",
        )
        yield Rung(
            change=initialised_afresh(),
            causes=("constant_init", "vanishing_gradient", "saturated_activation", "exploding_gradient"),
            advice="Draw the weights as He et al. (2015) do.",
        )

    def _finding(self, bench: Bench, rung: Rung, base: Trial, trial: Trial) -> Finding:
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.MEASURED,
            seen=f"Trained {rung.change.name}, the program comes to {_told(trial)}, as it is to {_told(base)}.",
            advice=rung.advice,
            causes=rung.causes,
            evidence={
                "changed": rung.change.name,
                "train": base.train,
                "valid": base.valid,
                "train loss": base.train_loss,
                "changed train": trial.train,
                "changed valid": trial.valid,
                "changed train loss": trial.train_loss,
            },
            follows=_OTHERS,
        )

    def _poor(self, bench: Bench, base: Trial, best: Trial) -> Iterator[Finding]:
        """Nothing mends it, and cheap learners are far ahead of the best of all trials."""
        target = reach(bench)
        if target is None or best.train is None:
            return
        beyond = margin(max(base.rows, 100))
        if target.skill(best.train) > min(target.train, target.valid) - beyond:
            return
        yield Finding(
            code=self.code,
            name="underfit",
            severity=Severity.WARNING,
            strength=Strength.SUSPECTED,
            seen=f"No change of the training brings the model above {best.train:.2f} on its own training rows, where a"
            f" cheap learner has a skill of {target.valid:.2f} on validation.",
            advice="Give the model more capacity: wider layers, and activations between them.",
            causes=("underfit_capacity", "missing_activation"),
            evidence={"best": best.train, "reference train": target.train, "reference valid": target.valid},
            follows=_OTHERS,
        )


_OTHERS = ("little-way", "rate-too-high", "weight-decay", "optimizer-epsilon", "momentum", *MECHANISMS)


def _spikes(base: Trial) -> bool:
    """Whether single steps' losses stand far above the others, or the run broke: ten times the median."""
    losses = [abs(loss) for loss in base.losses]
    if not base.finite or not all(map(math.isfinite, losses)):
        return True
    return max(losses) > 10 * statistics.median(losses) > 0


def _shorter() -> Rung:
    return Rung(
        change=scaled(0.1), causes=("lr_too_high", "missing_warmup"), advice="Lower the learning rate ten times."
    )


def _drops(bench: Bench) -> bool:
    """Whether the model's answers differ between training with one draw and with another, in the same mode."""
    recording = bench.recording
    if not recording.steps:
        return False
    made = bench.made()
    losses = [bench.peek(made, recording.steps[0].batch, seed=seed).loss for seed in (0, 1)]
    first, second = losses
    return first is not None and second is not None and float(first.detach()) != float(second.detach())


def _reached(trial: Trial) -> float:
    return -math.inf if trial.train is None else trial.train


def _told(trial: Trial) -> str:
    if trial.train is not None and trial.valid is not None:
        return f"{trial.train:.2f} on training and {trial.valid:.2f} on validation"
    return f"a training loss of {trial.train_loss:.3g}"
