"""The loss begins where a model that knows nothing must begin."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING, ClassVar, NamedTuple, final

import torch

from kilter.checks.preflight.bench import Bench, with_inputs
from kilter.checks.preflight.outputs import changed, tensors
from kilter.checks.preflight.probe import Probe
from kilter.engine.seeding import seed_everything
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.pipeline import Pipeline

if TYPE_CHECKING:
    from kilter.values.batch import Batch
    from kilter.values.task import Loss, Outputs


class Start(NamedTuple):
    """How a fresh model begins on a batch, and what it would be without its outputs."""

    losses: tuple[float, ...]  # of each fresh model
    error: float  # standard error of their mean, from the spread over examples or models, whichever is larger
    low: float  # the median of the losses, each less three standard errors over its examples
    chance: float  # of a model that knows nothing, by theory
    prior: float | None  # of the best constant answer on this batch; None where none can be named
    silent: float  # of outputs that are all zero
    unit: float  # of outputs drawn from a standard normal distribution

    @property
    def mean(self) -> float:
        """The mean over the fresh models."""
        return sum(self.losses) / len(self.losses)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class InitialLoss(Probe):
    """The loss of fresh models is about that of knowing nothing: log k for k classes, the targets' second moment.

    **What it proves.** Theory gives the loss at the start: the task says that of uniform probabilities or zero outputs
    (chance), and that of the best constant answer (prior). A loss below the prior is not that of a model that knows
    nothing; one far above chance means outputs that are confidently wrong, and the first epochs go into unlearning
    them.

    **How.** `models` fresh models on `examples` training rows, in training mode, from seeds of their own. Which number
    fits tells the cause: with all outputs set to zero, the task's loss must be exactly chance, and a multiple of it by
    the number of examples is a sum that should be a mean; if it is right, the outputs are too large, by unscaled inputs
    if scaling those cures it, by the initialisation if not; if unit outputs change the loss by less than `blind`,
    targets are so large that no ordinary output reaches them.

    **When it stays silent.** Most of the models begin within `note` times chance, or within three standard errors of
    that; and their mean lies above the prior, where one is known, or within five standard errors of it. Skipped where
    models begin with learnt weights (`train.weights`). A warning from `warn` times chance on; a failure where the loss
    is no number.

    **What it costs.** Five forward passes of `examples` rows.

    **Source.** Karpathy 2019, A recipe for training neural networks, "verify loss @ init"; Glorot and Bengio 2010,
    Understanding the difficulty of training deep feedforward neural networks (AISTATS).
    """

    code: ClassVar[str] = "P101"
    name: ClassVar[str] = "initial-loss"
    models: int = 3  # fresh models, each from a seed of its own
    examples: int = 128  # training rows
    note: float = 1.5  # times the loss of knowing nothing
    warn: float = 3.0  # times the loss of knowing nothing
    below: float = 0.1  # share of the prior loss that a start may lie below it
    blind: float = 0.01  # relative change of the loss by unit outputs below which targets are too large
    off: float = 0.01  # relative difference between the loss of zero outputs and theory

    def probe(self, pipeline: Pipeline) -> Iterator[Finding | Skipped]:
        if pipeline.recipe.train.weights is not None:
            yield Skipped(name=self.name, reason="models begin with learnt weights (train.weights), and know something")
            return
        bench = Bench(pipeline)
        batch = bench.sample(self.examples)
        batch = replace(batch, weight=torch.ones_like(batch.weight))  # theory knows the targets, not who counts more
        outputs = self._outputs(bench, batch)
        if not all(math.isfinite(bench.mean_loss(given, batch)) for given in outputs):
            yield self._no_number(bench, batch, outputs)
            return
        chance, prior = bench.chance_loss(batch), bench.prior_loss(batch)
        if chance is None or chance <= 0:
            yield Skipped(name=self.name, reason="the task knows no loss of a model that knows nothing")
            return
        start = self._start(bench, batch, outputs, chance, prior)
        if abs(start.silent - chance) > self.off * chance:
            yield self._loss_is_off(start, len(batch))
        elif prior is not None and start.mean < prior * (1 - self.below) - 5 * start.error:
            yield self._knows_too_much(start, prior)
        elif abs(start.unit - start.silent) < self.blind * start.silent:
            yield self._targets_too_large(start)
        elif start.low > self.note * chance:
            yield self._too_high(bench, batch, start)

    def _outputs(self, bench: Bench, batch: Batch) -> list[Outputs]:
        outputs = []
        for number in range(self.models):
            model = bench.model(bench.seed + number)
            outputs.append(bench.outputs(model, batch))
        return outputs

    def _start(
        self, bench: Bench, batch: Batch, outputs: Sequence[Outputs], chance: float, prior: float | None
    ) -> Start:
        losses = tuple(bench.mean_loss(given, batch) for given in outputs)
        within = [_error(bench.loss(given, batch)) for given in outputs]
        spread = torch.tensor(losses).std().item() / math.sqrt(len(losses)) if len(losses) > 1 else 0.0
        seed_everything(bench.seed)
        return Start(
            losses=losses,
            error=max(spread, *within),
            low=median(loss - 3 * error for loss, error in zip(losses, within, strict=True)),
            chance=chance,
            prior=prior,
            silent=bench.mean_loss(changed(outputs[0], torch.zeros_like), batch),
            unit=bench.mean_loss(changed(outputs[0], torch.randn_like), batch),
        )

    def _no_number(self, bench: Bench, batch: Batch, outputs: Sequence[Outputs]) -> Finding:
        given = [n for n, t in batch.inputs.items() if t.is_floating_point() and not bool(torch.isfinite(t).all())]
        target = batch.target
        holes = target is not None and target.is_floating_point() and not bool(torch.isfinite(target).all())
        if holes and not math.isfinite(bench.mean_loss(changed(outputs[0], torch.zeros_like), batch)):
            given.append("target")  # one that is unknown and left out does no harm
        finite = all(bool(torch.isfinite(tensor).all()) for tensor in tensors(outputs[0]))
        where = "is in the inputs already" if given else "comes from the loss" if finite else "comes from the model"
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE,
            strength=Strength.PROVED,
            seen=f"The loss of a fresh model is {bench.mean_loss(outputs[0], batch)} on {len(batch)} examples; what is"
            f" no finite number {where}.",
            advice="Mend the data that hold it."
            if given
            else "Look for a logarithm or root of 0, a division by 0, and exponentials of large numbers.",
            causes=("nan_in_data", "numeric_instability") if given else ("numeric_instability", "exploding_gradient"),
            where=tuple(given),
            evidence={"inputs": given, "outputs are finite": finite},
        )

    def _loss_is_off(self, start: Start, examples: int) -> Finding:
        times = start.silent / start.chance
        causes: tuple[str, ...] = ("wrong_loss_for_task", "numeric_instability")
        if abs(times / examples - 1) < 0.05:
            causes = ("loss_sum_reduction", "wrong_loss_for_task")
        elif start.silent < 0:
            causes = ("loss_sign_flipped", "wrong_loss_for_task")
        return self._finding(
            Severity.WARNING,
            f"With all outputs at zero the loss is {start.silent:.4g}, and the theory of the task says"
            f" {start.chance:.4g}: {times:.3g} times as much, over {examples} examples.",
            "Return the sum of the examples' losses with the sum of their weights, by the formula of the task.",
            causes,
            start,
        )

    def _knows_too_much(self, start: Start, prior: float) -> Finding:
        causes = ("loss_sign_flipped", "target_leak") if start.mean < 0 else ("target_leak", "loss_clipped")
        return self._finding(
            Severity.WARNING,
            f"Fresh models begin at a loss of {start.mean:.4g}, and the best constant answer has {prior:.4g}:"
            " they know what they cannot know.",
            "See whether the target is among the inputs, and whether the loss is clipped, masked or negated.",
            causes,
            start,
        )

    def _targets_too_large(self, start: Start) -> Finding:
        return self._finding(
            Severity.WARNING,
            f"Outputs of unit size change the loss from {start.silent:.4g} to {start.unit:.4g} only: targets are so"
            " large that the first steps cannot reach them.",
            "Scale the targets to mean 0 and standard deviation 1, by numbers of the training split.",
            ("unnormalized_target",),
            start,
        )

    def _too_high(self, bench: Bench, batch: Batch, start: Start) -> Finding:
        scaled = self._with_scaled_inputs(bench, batch)
        cured = scaled is not None and scaled - start.chance < 0.5 * (start.mean - start.chance)
        times = start.mean / start.chance
        said = f"; with inputs scaled to unit size it is {scaled:.4g}" if scaled is not None else ""
        causes: tuple[str, ...] = ("bad_output_init", "unnormalized_input")
        if cured:
            causes = ("unnormalized_input", "bad_output_init")
        elif start.unit > self.warn * start.chance:  # outputs of ordinary size are far beyond the targets
            causes = ("unnormalized_target", "bad_output_init")
        return self._finding(
            Severity.WARNING if median(start.losses) > self.warn * start.chance else Severity.NOTE,
            f"Fresh models begin at a loss of {start.mean:.4g}, {times:.1f} times that of knowing nothing"
            f" ({start.chance:.4g}), though zero outputs give exactly that{said}: outputs are too large.",
            "Scale the inputs to mean 0 and standard deviation 1."
            if cured
            else "Draw the last layer's weights smaller (its bias at the mean or the classes' log frequencies).",
            causes,
            start,
        )

    def _with_scaled_inputs(self, bench: Bench, batch: Batch) -> float | None:
        """The loss with every floating-point input at mean 0 and standard deviation 1."""
        scaled = {
            name: (tensor - tensor.mean()) / tensor.std()
            for name, tensor in batch.inputs.items()
            if tensor.is_floating_point() and float(tensor.std()) > 0
        }
        if not scaled:
            return None
        loss = bench.mean_loss(bench.outputs(bench.model(), with_inputs(batch, **scaled)), batch)
        return loss if math.isfinite(loss) else None

    def _finding(self, severity: Severity, seen: str, advice: str, causes: tuple[str, ...], start: Start) -> Finding:
        return Finding(
            code=self.code,
            name=self.name,
            severity=severity,
            seen=seen,
            advice=advice,
            causes=causes,
            evidence={
                "losses": start.losses,
                "standard error": start.error,
                "knowing nothing": start.chance,
                "best constant": start.prior,
                "zero outputs": start.silent,
                "unit outputs": start.unit,
            },
            follows=("output-form",),
        )


def _error(loss: Loss) -> float:
    """The standard error of a mean loss, from the spread over its examples; 0 where there is no loss of each.

    An example's loss may be a sum over its tokens; the spread is brought to the unit of the mean.
    """
    if loss.each is None or loss.each.numel() < 2 or not float(loss.weight):
        return 0.0
    each = loss.each.double()
    mean = abs(each.mean().item())
    unit = abs(float(loss.total / loss.weight)) / mean if mean else 1.0
    return unit * each.std().item() / math.sqrt(each.numel())
