"""A network can learn a handful of examples by heart."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple, final

from kilter.checks.preflight.bench import Bench
from kilter.checks.preflight.foreknowledge import Unknowable, unknowable
from kilter.checks.preflight.ladder import Rung, climb, ladder
from kilter.checks.preflight.learning import Bar, Learning, constant_targets, learn, rows_to_learn
from kilter.checks.preflight.probe import Probe
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.pipeline import Pipeline

if TYPE_CHECKING:
    from kilter.values.batch import Batch

ROOTS: Final = (
    "output-form",
    "gradients",
    "optimizer-membership",
    "movement",
    "inputs-matter",
    "batch-independence",
    "loss-adds-up",
    "strayed-parameters",
    "probe-failed",
)
"""Checks that see mechanisms by which a batch cannot be learnt."""

SETTINGS: Final = frozenset({"lr_too_high", "lr_too_low", "grad_clip_too_small", "dropout_too_high"})


class Marks(NamedTuple):
    """The losses between which a try moves: that of the best constant answer, and what nobody can know."""

    prior: float
    left: Unknowable

    def bar(self, share: float, seconds: float) -> Bar:
        """The bar at so much of the way between them."""
        low, high = self.left.loss, self.prior
        return Bar(learnt=low + share * (high - low), seconds=seconds, wrong=self.left.wrong)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OverfitOneBatch(Probe):
    """A few examples with different inputs are learnt by heart in a few hundred steps.

    **What it proves.** Whatever the task, a network with more weights than examples can know a handful of them by
    heart. If the same batch again and again does not bring the loss down, something on the way from input to update
    is broken, and no amount of data will mend it.

    **How.** `examples` training rows that differ in their inputs, with as many different targets as there are, at the
    recipe's full rate and clipping. Learnt is: every decision right, or a loss of at most `learnt` of the best
    constant answer's; where the next token is learnt, beyond what nobody can know, such as which text begins. Where
    that fails, the same try is repeated from the same seed with one thing changed: the rate, clipping, dropout, the
    optimizer, frozen layers, the initial weights. The change that restores learning (a loss of `enough` of the best
    constant answer's, and of the failed try's) names the cause.

    **When it stays silent.** The batch is learnt; or the loss still falls and is below `enough` of the best
    constant answer's, since that is slow and not broken. Where another rate is all it takes it is a warning, and a
    note if the loss was falling; where nothing helps it is a failure. Skipped where all targets are the same, where the
    first loss is no number, or where the clock ran out.

    **What it costs.** Usually some tens of steps on `examples` rows. At most `steps` of them, or `seconds`; where it
    fails, a third as much again for each change.

    **Source.** Goodfellow, Bengio and Courville 2016, Deep learning, section 11.5, "fit a tiny dataset"; Karpathy 2019,
    A recipe for training neural networks, "overfit one batch".
    """

    code: ClassVar[str] = "P102"
    name: ClassVar[str] = "overfit-one-batch"
    examples: int = 16  # rows of the batch
    steps: int = 300  # training steps, at most
    learnt: float = 0.1  # share of the best constant answer's loss at which the batch is known by heart
    enough: float = 0.5  # share of it below which a loss that still falls is on its way
    seconds: float = 5.0  # of the first try; the changes together may take three times as long

    def probe(self, pipeline: Pipeline) -> Iterator[Finding | Skipped]:
        bench = Bench(pipeline)
        rows = rows_to_learn(bench, self.examples)
        if len(rows) < 2 or constant_targets(bench, rows):
            yield Skipped(name=self.name, reason="no two training rows have different inputs and different targets")
            return
        batch = bench.batch(rows)
        marks = self._marks(bench, batch)
        if isinstance(marks, str):
            yield Skipped(name=self.name, reason=marks)
            return
        prior, left = marks.prior, marks.left
        learning = learn(bench, batch, marks.bar(self.learnt, self.seconds), steps=self.steps)
        if learning.learnt:
            return
        if not math.isfinite(learning.losses[0]):
            yield Skipped(name=self.name, reason="the loss of a fresh model is no finite number")
            return
        falling = learning.still_falling(prior)
        enough = marks.bar(self.enough, self.seconds / 2)
        if falling and learning.end < enough.learnt:
            return
        if learning.out_of_time:
            yield Skipped(
                name=self.name, reason=f"{len(learning.losses)} steps took {self.seconds:g} s and were too few"
            )
            return
        end = learning.end if math.isfinite(learning.end) else prior
        better = left.loss + self.enough * max(0.0, end - left.loss)
        tries = replace(enough, learnt=min(enough.learnt, better))
        found = climb(ladder(bench, batch, tries, learning, steps=max(50, self.steps // 3)))
        yield self._finding(learning, found, len(rows), prior, enough.learnt, falling=falling)

    def _marks(self, bench: Bench, batch: Batch) -> Marks | str:
        """The losses between which a try moves, or why there are none."""
        prior = bench.prior_loss(batch)
        prior = bench.chance_loss(batch) if prior is None else prior
        if prior is None or prior <= 0:
            return "the task knows no loss of the best constant answer, or of knowing nothing"
        left = unknowable(bench.pipeline.task, batch)
        if prior - left.loss < self.learnt * prior:
            return "hardly anything in the batch can be known by heart"
        return Marks(prior, left)

    def _finding(
        self,
        learning: Learning,
        found: tuple[Rung, Learning] | None,
        examples: int,
        prior: float,
        enough: float,
        *,
        falling: bool,
    ) -> Finding:
        end = learning.end
        said = (
            f"{examples} examples were not learnt by heart in {len(learning.losses)} steps: the loss went from"
            f" {learning.losses[0]:.4g} to {end:.4g}, and the best constant answer has {prior:.4g}"
        )
        evidence: dict[str, object] = {
            "first loss": learning.losses[0],
            "last loss": end,
            "lowest loss": learning.lowest,
            "best constant": prior,
            "examples": examples,
            "steps": len(learning.losses),
        }
        if found is not None:
            rung, cured = found
            slow = falling and rung.causes[0] == "lr_too_low"
            return self._said(
                Severity.NOTE if slow else rung.severity,
                seen=f"{said}; with {rung.changed} they are learnt in {len(cured.losses)} steps.",
                advice=rung.advice,
                causes=rung.causes,
                evidence={**evidence, "learnt with": rung.changed, "learnt in": len(cured.losses)},
                strength=Strength.PROVED,
            )
        numeric = not all(map(math.isfinite, learning.losses))
        return self._said(
            Severity.FAILURE if not end <= enough else Severity.WARNING,
            seen=f"{said}; no change of rate, clipping, dropout, optimizer or initial weights helped.",
            advice="Look at the way from input to output and loss; try the smallest model that should work.",
            causes=("numeric_instability", "wrong_loss_for_task")
            if numeric
            else ("underfit_capacity", "wrong_loss_for_task", "label_misaligned", "detached_graph"),
            evidence=evidence,
            strength=Strength.MEASURED,
        )

    def _said(
        self,
        severity: Severity,
        *,
        seen: str,
        advice: str,
        causes: tuple[str, ...],
        evidence: Mapping[str, object],
        strength: Strength,
    ) -> Finding:
        return Finding(
            code=self.code,
            name=self.name,
            severity=severity,
            strength=strength,
            seen=seen,
            advice=advice,
            causes=causes,
            evidence=evidence,
            # a rate or a clipping that is proved to be the cause explains itself
            follows=() if causes[0] in SETTINGS else ROOTS,
        )
