"""What the learning rate should become when the effective batch changes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from kilter.engine.attempt import begin
from kilter.engine.proportion import proportional
from kilter.values.batch_suggestion import NoiseScale, RateScaling

if TYPE_CHECKING:
    from kilter.finders.nursery import Nursery
    from kilter.values.pipeline import Pipeline
    from kilter.values.program import Program


def advise_rate(
    nursery: Nursery, *, effective: int, noise: NoiseScale | None = None, seed: int = 0
) -> RateScaling | None:
    """What the learning rate of a training should become with another number of examples a step.

    None where the number stays, or where there is no optimizer of torch.

    Args:
        nursery: where the subject is tried.
        effective: examples a step on all devices together.
        noise: the gradient noise scale, where it was measured.
        seed: of the weights that the optimizer is made for.

    Raises:
        TrainingError: the person's code raised an error.
    """
    ended = nursery.call(updating, doing="setting up the optimizer", seed=seed)
    if ended.answer is None or ended.answer["examples"] == effective:
        return None
    return scaled_rate(before=ended.answer["examples"], after=effective, linear=ended.answer["linear"], noise=noise)


def updating(subject: Pipeline | Program, *, seed: int) -> dict[str, Any] | None:
    """Examples a step, and whether steps are in proportion to gradients; None where there is no optimizer of torch."""
    attempt = begin(subject, seed=seed)
    if not attempt.optimizers:
        return None
    return {"examples": round(attempt.examples_a_step), "linear": proportional(attempt.optimizers[0])}


def scaled_rate(*, before: int, after: int, linear: bool | None, noise: NoiseScale | None = None) -> RateScaling:
    """The factor of the learning rate between two effective batches.

    With steps in proportion to gradients the rate goes with the batch (Goyal et al. 2017, section 2.1), with steps as
    Adam's with its square root (Malladi et al. 2022, section 5). Towards the noise scale both level off: the best
    rate of SGD goes with 1 / (1 + noise scale / batch) (McCandlish et al. 2018, section 2.2), and its square root is
    taken for the others.

    Args:
        before: examples a step so far.
        after: examples a step from now on.
        linear: whether steps are in proportion to gradients; None where nobody can tell, which is taken as no: the
            square root is the smaller change.
        noise: the gradient noise scale.

    >>> scaled_rate(before=64, after=256, linear=False).factor
    2.0
    """
    scale = None if noise is None else noise.examples
    ratio = after / before if scale is None else (1 + scale / before) / (1 + scale / after)
    said = "linear" if linear else "square root"
    source = "Goyal et al. 2017" if linear else "Malladi et al. 2022"
    rule = f"{said} in the examples a step ({source})"
    if scale is not None:
        rule += f", levelling off at the noise scale of {scale:,.0f} (McCandlish et al. 2018)"
    if linear is None:
        rule += (
            "; how this optimizer's steps go with gradients cannot be told, and the square root is the smaller change"
        )
    if ratio > 1:
        rule += "; warm up over the first epochs"
    return RateScaling(factor=ratio if linear else math.sqrt(ratio), rule=rule)
