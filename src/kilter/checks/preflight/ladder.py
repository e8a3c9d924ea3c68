"""Counterfactuals: the same try with one thing changed. The change that restores learning is the diagnosis."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, final

import torch
from torch import nn

from kilter.checks.preflight.bench import Bench, Made
from kilter.checks.preflight.learning import Bar, Learning, learn
from kilter.values.finding import Severity

if TYPE_CHECKING:
    from kilter.values.batch import Batch


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One thing changed, and what it means if that restores learning."""

    changed: str  # completes "it is learnt with ..."
    advice: str
    causes: tuple[str, ...]
    severity: Severity
    attempt: Callable[[], Learning]


def climb(rungs: Iterator[Rung]) -> tuple[Rung, Learning] | None:
    """The first rung on which the batch is learnt."""
    for rung in rungs:
        learning = rung.attempt()
        if learning.learnt:
            return rung, learning
    return None


def ladder(bench: Bench, batch: Batch, bar: Bar, *, steps: int) -> Iterator[Rung]:
    """The rungs, from what is cheapest to mend; each starts from the run's own seed."""
    base = bench.pipeline.recipe.optimizer.learning_rate
    clip = bench.pipeline.recipe.train.clip_norm
    fresh = Bench(replace(bench.pipeline, make_optimizer=None))
    rates = (("a hundredth of the rate", 0.01), ("a tenth of the rate", 0.1), ("10 times the rate", 10.0))
    for said, factor in (*rates, ("100 times the rate", 100.0)):
        low = factor < 1
        yield Rung(
            changed=said,
            advice=f"{'Lower' if low else 'Raise'} `optimizer.learning_rate`: {base * factor:g} learns this batch.",
            causes=("lr_too_high", "missing_warmup") if low else ("lr_too_low",),
            severity=Severity.WARNING,
            attempt=partial(learn, bench, batch, bar, steps=steps, rate=base * factor),
        )
    if clip is not None:
        yield Rung(
            changed="no clipping of the gradient",
            advice=f"Raise `train.clip_norm` above {clip:g}, or leave it out.",
            causes=("grad_clip_too_small",),
            severity=Severity.WARNING,
            attempt=partial(learn, bench, batch, bar, steps=steps, clip_norm=None),
        )
    yield Rung(
        changed="dropout off and normalisations at their running statistics",
        advice="Lower the dropout; see that batches are large enough for batch normalisation.",
        causes=("dropout_too_high", "bn_tiny_batch"),
        severity=Severity.WARNING,
        attempt=partial(learn, bench, batch, bar, steps=steps, evaluation_mode=True),
    )
    if bench.pipeline.make_optimizer is not None:
        yield Rung(
            changed="the recipe's own optimizer over all trainable parameters",
            advice="See which parameters the optimizer holds, and its settings.",
            causes=("optimizer_missing_group", "optimizer_wrong_params", "adam_eps_wrong"),
            severity=Severity.FAILURE,
            attempt=partial(learn, fresh, batch, bar, steps=steps),
        )
    if any(not parameter.requires_grad for parameter in bench.model().parameters()):
        yield Rung(
            changed="no parameter frozen",
            advice="Unfreeze more layers, or see that what is frozen is pretrained.",
            causes=("unintended_frozen_layer",),
            severity=Severity.WARNING,
            attempt=partial(learn, fresh, batch, bar, steps=steps, make=partial(_unfrozen, fresh)),
        )
    yield Rung(
        changed="weights drawn anew (He's initialisation on all of them)",
        advice="Draw the weights at random, scaled by the width of the layer before.",
        causes=("constant_init", "dead_relu", "bad_output_init"),
        severity=Severity.FAILURE,
        attempt=partial(learn, bench, batch, bar, steps=steps, make=partial(_redrawn, bench)),
    )


def _unfrozen(bench: Bench) -> Made:
    model = bench.model()
    for parameter in model.parameters():
        if parameter.is_floating_point():
            parameter.requires_grad_(True)
    return Made(model, bench.optimizer(model))


def _redrawn(bench: Bench) -> Made:
    """The model with weights from He et al. 2015 (normal, variance 2 / fan-in), biases at 0, gains at 1."""
    made = bench.made()
    with torch.no_grad():
        for module in made.model.modules():
            for name, parameter in module.named_parameters(recurse=False):
                if parameter.ndim >= 2:
                    width = parameter.shape[1:].numel()
                    parameter.normal_(0.0, 0.1 if isinstance(module, nn.Embedding) else math.sqrt(2 / max(1, width)))
                elif name.startswith("bias"):
                    parameter.zero_()
    return made
