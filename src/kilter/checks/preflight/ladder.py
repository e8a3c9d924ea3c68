"""Counterfactuals: the same try with one thing changed. The change that restores learning is the diagnosis."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final, final

import torch
from torch import nn

from kilter.checks.preflight.bench import Bench, Made
from kilter.checks.preflight.learning import Bar, Learning, learn
from kilter.values.finding import Severity

if TYPE_CHECKING:
    from kilter.values.batch import Batch


LOWER: Final = (0.1, 0.01, 0.001)
HIGHER: Final = (10.0, 100.0, 1e3, 1e4)
"""Factors of the learning rate."""

HARD: Final = 20.0  # times the clipping norm, beyond which clipping decides the length of a step


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


def ladder(bench: Bench, batch: Batch, bar: Bar, failed: Learning, *, steps: int) -> Iterator[Rung]:
    """The rungs, likely ones first; each starts from the run's own seed.

    Args:
        bench: the pipeline.
        batch: what was not learnt.
        bar: what counts as learnt now.
        failed: how the first try went; a loss that rose asks for lower rates first, gradients that were clipped
            hard for another clipping.
        steps: the most steps of a rung.
    """
    base = bench.pipeline.recipe.optimizer.learning_rate
    clip = bench.pipeline.recipe.train.clip_norm
    fresh = Bench(replace(bench.pipeline, make_optimizer=None))
    unclipped = Rung(
        changed="no clipping of the gradient",
        advice=f"Raise `train.clip_norm` above {clip or 0:g}, or leave it out.",
        causes=("grad_clip_too_small",),
        severity=Severity.WARNING,
        attempt=partial(learn, bench, batch, bar, steps=2 * steps, clip_norm=None),
    )
    clipped_hard = clip is not None and failed.usual_norm > HARD * clip
    if clipped_hard:
        yield unclipped
    for factor in (*LOWER, *HIGHER) if failed.rose else (*HIGHER, *LOWER):
        low = factor < 1
        yield Rung(
            changed=f"{factor:g} times the learning rate",
            advice=f"{'Lower' if low else 'Raise'} `optimizer.learning_rate`: {base * factor:g} learns this batch.",
            causes=("lr_too_high", "missing_warmup") if low else ("lr_too_low",),
            severity=Severity.WARNING,
            attempt=partial(learn, bench, batch, bar, steps=steps, rate=base * factor),
        )
    if clip is not None and not clipped_hard:
        yield unclipped
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
