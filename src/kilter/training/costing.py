"""What a training has cost, from its record and one more look at its first batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kilter.engine.flops import count_flops
from kilter.values.cost import Cost
from kilter.values.curve_names import EVALUATING, EXAMPLES, MEASURING, MEMORY, SAVING, TOKENS, TOTAL, WAITING

if TYPE_CHECKING:
    from torch import nn

    from kilter.training.loop import Training
    from kilter.values.history import History
    from kilter.values.pipeline import Pipeline


def cost_of(pipeline: Pipeline, training: Training, history: History) -> Cost:
    """The account of a training that has ended, over all its sittings.

    The operations of a step are those of the first batch of the first epoch, times the batches of a step. They are
    counted now, when no step comes after, so that nothing of the training can hang on it.
    """

    def last(name: str) -> float:
        return history.last(name) or 0.0

    parameters = list(training.model.parameters())
    flops, unknown = _flops(pipeline, training.model, training.device)
    return Cost(
        parameters=sum(parameter.numel() for parameter in parameters),
        trained=sum(parameter.numel() for parameter in parameters if parameter.requires_grad),
        flops=flops,
        unknown=unknown,
        steps=training.steps,
        examples=int(last(EXAMPLES)),
        tokens=int(last(TOKENS)),
        seconds=last(TOTAL),
        waiting=last(WAITING),
        evaluating=last(EVALUATING),
        saving=last(SAVING),
        measuring=float(history[MEASURING].values.sum()) if MEASURING in history else 0.0,
        memory=int(last(MEMORY)) or None,
    )


def _flops(pipeline: Pipeline, model: nn.Module, device: str) -> tuple[float | None, str]:
    """Of a step; or why nobody knows."""
    recipe, source = pipeline.recipe, pipeline.splits["train"]
    try:
        batch = source.batch(source.plan(seed=recipe.train.seed, epoch=0)[0], seed=recipe.train.seed, epoch=0)
        counted = count_flops(pipeline, model, batch.to(device) if device != "cpu" else batch)
    except Exception as error:  # noqa: BLE001 - a model that trains, and that the counter cannot follow, has no fault
        return None, " ".join(f"{type(error).__name__}: {error}".split())[:200]
    if not counted:
        return None, "nothing in it is a product of matrices, a convolution or attention"
    return float(counted * recipe.batch.accumulate), ""
