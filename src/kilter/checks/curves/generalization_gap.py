"""The training loss is nearly gone, and most of the validation loss is still there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.curves.evaluations import Evaluations, evaluations, in_other_units, scores
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.history import History


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class GeneralizationGap(Check[History]):
    """Of what the training loss gave, the validation loss gave a small part, and it does not rise either.

    **What it proves.** The training rows are learnt, `learnt` of their loss is gone, and the validation rows profit
    little. More steps cannot help: there is nothing left to learn from. A gap that stands at the first evaluations
    already, when rows have been seen once, is more than learning by heart: the rows or the mode of the validation
    differ.

    **How.** The training loss about the last evaluations and the lowest mean of three neighbouring validation losses,
    as shares of the training loss at the start. A validation loss that gave less than `little` is a warning, less than
    `part` a note. Of means over epochs only what lies apart at once is noted: a validation loss `early` times the
    training loss after two epochs, with `unlearnt` or more of the start left, which falls all the same.

    **When it stays silent.** Losses of 0 or below, whose shares mean nothing; a validation loss that is a multiple of
    the training loss; a training loss logged as means over epochs only that parts from it later, or with more than a
    tenth left; fewer than `fewest` evaluations. What never helps at all is `validation-apart`.

    **What it costs.** One pass over the recorded losses.

    **Source.** Zhang et al. 2017, Understanding deep learning requires rethinking generalization (ICLR), section 2.
    """

    code: ClassVar[str] = "C128"
    name: ClassVar[str] = "generalization-gap"
    fewest: int = 4  # evaluations
    learnt: float = 0.9  # of the training loss at the start, gone at the end
    little: float = 0.35  # of it, given by the validation loss
    part: float = 0.6  # the same, for a note
    early: float = 1.4  # times the training loss, after two epochs
    unlearnt: float = 0.25  # of the training loss at the start
    steps: int = 10  # between evaluations, from which on a gap at the first ones is not learning by heart

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        run = evaluations(subject)
        if run is None or len(run.losses) < self.fewest:
            yield Skipped(name=self.name, reason=f"fewer than {self.fewest} evaluations beside a training loss")
            return
        if not run.by_step and (scores(subject) or not in_other_units(run)) and self._at_once(run):
            yield self._early(run)
            return
        start = run.origin
        if (
            not run.by_step
            or in_other_units(run)
            or start <= 0
            or run.losses.min() <= 0
            or run.beside[-1] > (1 - self.learnt) * start
        ):
            return
        best = float(np.convolve(run.losses, np.full(3, 1 / 3), mode="valid").min())
        given = 1 - best / start
        if given > self.part:
            return
        yield self._finding(run, best, given)

    def _at_once(self, run: Evaluations) -> bool:
        """Whether validation lies far above training after two epochs, with much left to learn, and still falls.

        What an epoch costs while it passes is what its rows cost when they were new: its mean is no lower than what
        unseen rows cost afterwards, unless rows that follow each other are alike.
        """
        if run.losses.min() <= 0 or run.beside.min() <= 0:
            return False
        ratios = run.losses / run.beside
        left = float(run.beside[1]) > self.unlearnt * run.origin
        falls = float(run.losses[-3:].mean()) < float(run.losses[:2].mean())
        return left and falls and float(ratios[1:3].min()) > self.early

    def _early(self, run: Evaluations) -> Finding:
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.NOTE,
            strength=Strength.SUSPECTED,
            seen=f"At the second evaluation the validation loss is {run.losses[1]:.4g} and the training loss beside it"
            f" {run.beside[1]:.4g}, of the {run.start.value:.4g} that it began with: too soon for learning by heart.",
            advice="See that training rows are shuffled, and that both splits reach the model in the same form.",
            causes=("bn_stats_stale", "val_preprocess_mismatch", "no_shuffle_sorted")
            if float(run.losses[1]) > run.origin  # worse than an untrained model
            else ("no_shuffle_sorted", "distribution_shift", "val_preprocess_mismatch"),
            experiment="Shuffle the rows in each epoch and train for two: a gap that closes was the order's; then"
            " evaluate training rows as validation rows, to tell form from rows.",
            where=(f"step {int(run.steps[1])}",),
            evidence={"validation loss": float(run.losses[1]), "training loss": float(run.beside[1])},
            follows=("validation-apart", "validation-constant", "overfitting"),
        )

    def _finding(self, run: Evaluations, best: float, given: float) -> Finding:
        start, end = run.origin, float(run.beside[-1])
        own, beside = start - run.losses[:2].mean(), start - run.beside[:2].mean()
        between = float(np.median(np.diff(run.steps)))
        at_once = between >= self.steps and beside > 0.2 * start and own < 0.5 * beside
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if given < self.little else Severity.NOTE,
            seen=f"The training loss went from {start:.4g} to {end:.4g}, and the validation loss was never below"
            f" {best:.4g}: it gave {100 * max(given, 0):.0f} % of that start, and the training loss"
            f" {100 * (1 - end / start):.0f} %.",
            advice="Compare how training and validation rows reach the model; then regularise, or gather more rows.",
            causes=("bn_stats_stale", "val_preprocess_mismatch", "distribution_shift", "overfitting")
            if at_once
            else ("too_little_data", "overfitting", "distribution_shift"),
            experiment="Evaluate training rows as if they were validation rows: a low loss means that they were learnt"
            " by heart, a high one that form or mode differ.",
            where=(f"step {int(run.steps[-1])}",),
            evidence={"start": start, "training loss": end, "lowest validation loss": best, "share given": given},
            follows=("validation-apart", "validation-constant", "overfitting"),
        )
